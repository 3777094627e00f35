"""The format for people: every place of the story in its lines, numbered as it happens, then the advice as a diff."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Applicability, Diagnostic, Fix, Related
from gradlint.reporters import excerpt, patch
from gradlint.reporters.excerpt import Frame, Mark
from gradlint.reporters.report import Report
from gradlint.reporters.terminal import Ink, Pen, lay_out, plain
from gradlint.source import Source

_CAUTION = {
    Applicability.SAFE: "safe fix",
    Applicability.UNSAFE: "unsafe fix: it changes what is trained",
}


def render(report: Report) -> str:
    """Each finding in its frame, an empty line between two."""
    return "\n".join("".join(f"{line}\n" for line in _finding(each, report)) for each in report.diagnostics)


def _finding(diagnostic: Diagnostic, report: Report) -> Iterator[str]:
    pen = Pen(report.color)
    source = report.sources.get(diagnostic.path)
    changes = list(patch.hunks(source, diagnostic.fix.edits)) if source and diagnostic.fix else []
    frame = Frame(len(str(_last_row(diagnostic, changes))), pen)
    code = pen(Ink.of(diagnostic.severity), f"{diagnostic.code} {diagnostic.name}")
    yield f"{code}{pen(Ink.STRONG, ': ' + plain(diagnostic.message))}"
    for path, marks in _story(diagnostic):
        arrow = " -->" if path == diagnostic.path else " :::"
        start = next((mark for mark in marks if mark.primary), marks[0]).span.start
        yield f"{pen(Ink.FRAME, arrow)} {plain(path)}:{start.row}:{start.column}"
        yield frame.row(None)
        if text := report.sources.get(path):
            yield from excerpt.draw(text, marks, frame)
        else:
            yield from (frame.row(None, mark.label, edge="=") for mark in marks)
        yield frame.row(None)
    if source and diagnostic.fix:
        yield from _advice(diagnostic.fix, changes, source, frame)


def _story(diagnostic: Diagnostic) -> Iterator[tuple[str, list[Mark]]]:
    """The places of the story by file, the finding's own file first, in the order in which they happen."""
    own = Related(diagnostic.span, diagnostic.label, diagnostic.order)
    marks: dict[str, list[Mark]] = {diagnostic.path: []}
    for place in sorted((own, *diagnostic.related), key=lambda each: each.order):
        label = plain(f"{place.order}: {place.message}" if place.order else place.message)
        mark = Mark(place.span, label)
        if place is own:
            mark = Mark(place.span, label, Ink.of(diagnostic.severity), primary=True)
        marks.setdefault(diagnostic.path if place.path is None else place.path, []).append(mark)
    yield from marks.items()


def _advice(fix: Fix, changes: list[patch.Hunk], source: Source, frame: Frame) -> Iterator[str]:
    yield f"{frame.pen(Ink.NOTE, 'help')}: {plain(fix.message)} ({_CAUTION[fix.applicability]})"
    yield frame.row(None)
    below = 0
    for hunk in changes:
        if below and hunk.row > below + 1:
            yield frame.gap()
        if hunk.row > max(below, 1):
            context = lay_out(source.line(hunk.row - 1)).shown
            yield frame.row(hunk.new_row - 1, context)
        for text in hunk.removed:
            yield frame.row(None, frame.pen(Ink.REMOVED, lay_out(text).shown), edge="-", ink=Ink.REMOVED)
        for number, text in enumerate(hunk.added, hunk.new_row):
            yield frame.row(number, frame.pen(Ink.ADDED, lay_out(text).shown), edge="+", ink=Ink.ADDED)
        below = hunk.row + len(hunk.removed)


def _last_row(diagnostic: Diagnostic, changes: list[patch.Hunk]) -> int:
    # One width for the whole finding, or the diff would not line up with the lines above it.
    rows = [diagnostic.span.end.row, *(place.span.end.row for place in diagnostic.related)]
    rows += [max(hunk.row + len(hunk.removed), hunk.new_row + len(hunk.added)) - 1 for hunk in changes]
    return max(rows)
