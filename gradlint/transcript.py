"""What came of a file as JSON, and back again.

What comes back is not trusted: it may be damaged, or somebody else's. Codes must be those of rules that ran, places
must be in the texts that they speak of, files must be such as the project has, and no text may hold control characters,
which a terminal would obey. So the worst there can be is a wrong finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gradlint.checking import Outcome, Task
from gradlint.diagnostics import Applicability, Diagnostic, Edit, Fix, Point, Related, Severity, Span
from gradlint.rule import Rule
from gradlint.source import Source, UndecodableSource

Json = dict[str, object]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# A fix may add lines.
_CONTROL_IN_CODE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


class Damaged(Exception):
    """What was read is not what an outcome is written as, or does not fit the files."""


def has_something_to_say(outcome: Outcome) -> bool:
    """Whether there is anything in an outcome besides its text."""
    return bool(outcome.diagnostics or outcome.warnings or outcome.stops)


def written(outcome: Outcome) -> Json:
    """An outcome without fixes and failures as JSON. Of texts, only the paths are in it."""
    return {
        "diagnostics": [_diagnostic(each) for each in outcome.diagnostics],
        "warnings": list(outcome.warnings),
        "others": [each.path for each in outcome.others],
        "stops": [list(each) for each in outcome.stops],
    }


def read(row: object, task: Task, other: Callable[[str], Source | None]) -> Outcome:
    """The outcome of a task; its text is None where nothing was found in it.

    `other` has the texts of the project's files by what people call them. Raises Damaged.
    """
    match row:
        case {"diagnostics": [*diagnostics], "warnings": [*warnings], "others": [*others], "stops": [*stops]}:
            reader = _Reader({rule.code: rule for rule in task.rules}, task, other)
            found = tuple(reader.diagnostic(each) for each in diagnostics)
            return Outcome(
                task.path,
                reader.source(task.path) if found else None,
                found,
                warnings=tuple(map(_words, warnings)),
                others=tuple(reader.source(_path(each)) for each in others),
                stops=tuple(map(_stop, stops)),
            )
    raise Damaged


def _diagnostic(found: Diagnostic) -> Json:
    return {
        "path": found.path,
        "span": _numbers(found.span),
        "code": found.code,
        "message": found.message,
        "severity": found.severity.value,
        "label": found.label,
        "order": found.order,
        "related": [[_numbers(each.span), each.message, each.order, each.path] for each in found.related],
        "fix": found.fix and _fix(found.fix),
        "rows": list(found.statement_rows),
    }


def _fix(fix: Fix) -> Json:
    return {
        "message": fix.message,
        "applicability": fix.applicability.value,
        "edits": [[_numbers(each.span), each.content] for each in fix.edits],
    }


def _numbers(span: Span) -> list[int]:
    return [*span.start, *span.end]


@dataclass(frozen=True, slots=True)
class _Reader:
    rules: dict[str, Rule]
    task: Task
    other: Callable[[str], Source | None]

    def source(self, path: str) -> Source:
        if path == self.task.path:
            try:
                return Source.decode(path, self.task.data)
            except UndecodableSource as error:
                raise Damaged from error
        source = self.other(path)
        if source is None:
            raise Damaged
        return source

    def diagnostic(self, row: object) -> Diagnostic:
        match row:
            case {
                "path": str(path),
                "span": span,
                "code": str(code),
                "message": message,
                "severity": severity,
                "label": label,
                "order": order,
                "related": [*related],
                "fix": fix,
                "rows": [first, last],
            } if code in self.rules:
                source = self.source(path)
                return Diagnostic(
                    path,
                    _span(span, source),
                    code,
                    self.rules[code].name,
                    _words(message),
                    _severity(severity),
                    _words(label),
                    _number(order),
                    tuple(self.related(each, source) for each in related),
                    None if fix is None else self.fix(fix, source),
                    (_number(first, source.rows), _number(last, source.rows)),
                )
        raise Damaged

    def related(self, row: object, own: Source) -> Related:
        match row:
            case [span, message, order, path]:
                name = None if path is None else _path(path)
                source = own if name is None else self.source(name)
                return Related(_span(span, source), _words(message), _number(order), name)
        raise Damaged

    def fix(self, row: object, source: Source) -> Fix:
        match row:
            case {"message": message, "applicability": "safe" | "unsafe" as how, "edits": [*edits]}:
                found = tuple(self.edit(each, source) for each in edits)
                return Fix(_words(message), Applicability(how), found)
        raise Damaged

    def edit(self, row: object, source: Source) -> Edit:
        match row:
            case [span, str(content)] if not _CONTROL_IN_CODE.search(content):
                return Edit(_span(span, source), content)
        raise Damaged


def _span(row: object, source: Source) -> Span:
    match row:
        case [*numbers] if len(numbers) == 4:
            places = [_number(each) for each in numbers]
            span = Span(Point(*places[:2]), Point(*places[2:]))
            if span.start <= span.end and _is_in(span.start, source) and _is_in(span.end, source):
                return span
    raise Damaged


def _is_in(point: Point, source: Source) -> bool:
    if not (1 <= point.row <= source.rows and point.column >= 1):
        return False
    end = source.line_starts[point.row] if point.row < source.rows else len(source.text)
    return source.offset(point) <= end


def _severity(value: object) -> Severity:
    try:
        return Severity(value)
    except ValueError as error:
        raise Damaged from error


def _stop(row: object) -> tuple[str, int]:
    match row:
        case [what, times]:
            return _words(what), _number(times)
    raise Damaged


def _number(value: object, limit: int | None = None) -> int:
    # True is an int for Python.
    if type(value) is not int or value < 0 or (limit is not None and value > limit):
        raise Damaged
    return value


def _words(value: object) -> str:
    if not isinstance(value, str) or _CONTROL.search(value):
        raise Damaged
    return value


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise Damaged
    return value
