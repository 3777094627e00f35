"""One text and the rules that apply to it -> what there is to say about it.

Prints nothing; other files are read only through the `Modules` of the `Workspace` that it is given.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradlint import bounds
from gradlint.diagnostics import Diagnostic, Point, Span
from gradlint.rule import Rule, all_rules
from gradlint.selection import ABOUT_COMMENTS, ALWAYS_ON
from gradlint.source import Source, UndecodableSource
from gradlint.suppressions import apply
from gradlint.terms import USUAL, Terms
from gradlint.unused import unused
from gradlint.vocabulary import PLAIN, Vocabulary
from gradlint.workspace import Workspace, running

if TYPE_CHECKING:
    from gradlint.project.analysis import Analysis


@dataclass(frozen=True, slots=True)
class LintResult:
    """What there is to say about a text.

    `failures` are rules (or all of gradlint) that broke down over it, `warnings` are about suppression comments: one
    line each. `parses` is False for a text that does not, whether or not a diagnostic says so. `others` are the texts
    of the other files that the diagnostics speak of. `stops` are the bounds at which something was not followed
    further, and how often.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    others: tuple[Source, ...] = ()
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    parses: bool = True
    stops: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Broken:
    """Why and where a text does not parse."""

    message: str
    span: Span


def lint(
    source: Source,
    rules: Sequence[Rule],
    *,
    workspace: Workspace | None = None,
    key: str = "",
    check_syntax: bool = True,
    vocabulary: Vocabulary = PLAIN,
    terms: Terms = USUAL,
) -> LintResult:
    """Everything that `rules` have to say about a text, less what its comments silence.

    The text is that of the file `key` of a workspace; without one it is judged by itself. A text that no rule can say
    anything about is parsed only with `check_syntax`. Never raises: a crash is a failure.
    """
    if not terms.heed_comments:
        rules = [rule for rule in rules if rule.code != ABOUT_COMMENTS]
    with bounds.noted() as stops:
        result = _Linting(source, rules, workspace or Workspace(), key, vocabulary, terms, stops).result(check_syntax)
    return replace(result, stops=tuple(sorted(stops.items()))) if stops else result


@dataclass(frozen=True, slots=True)
class _Linting:
    """One text on its way through the rules; `stops` counts the bounds that are reached on it."""

    source: Source
    rules: Sequence[Rule]
    workspace: Workspace
    key: str
    vocabulary: Vocabulary
    terms: Terms
    stops: Counter[str]

    def result(self, check_syntax: bool) -> LintResult:
        try:
            data = self.source.text.encode("utf-8", "surrogatepass")
            possible = self.workspace.relevant(data, self.rules, self.key, self.vocabulary)
            if any(rule.code != ABOUT_COMMENTS for rule in possible):
                return self._finished(*self._diagnose(running(self.rules, possible)))
            broken = self._syntax_error() if check_syntax or possible else None
            return self._finished(broken) if broken or possible else LintResult()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of the parser, which is no Exception, must not take the others down
            crash = f"{self.source.path}: gradlint crashed, which is a bug: {described(error)}"
            return LintResult(failures=(crash,))

    def _diagnose(self, rules: Sequence[Rule]) -> tuple[_Broken | None, Analysis | None]:
        from gradlint.project.analysis import BrokenSource

        try:
            analysis = self.workspace.analyse(self.source, rules, self.key, self.vocabulary)
        except BrokenSource as error:
            # Where the standard library rejects the text too, its reason is the better one to read.
            return _rejected_by_python(self.source) or _Broken(error.message, error.span), None
        return None, analysis

    def _syntax_error(self) -> _Broken | None:
        """Why a text does not parse. The running Python may be older than its syntax: libcst has the last word."""
        return _rejected_by_python(self.source) and replace(self, workspace=Workspace(), key="")._diagnose(())[0]

    def _finished(self, broken: _Broken | None, analysis: Analysis | None = None) -> LintResult:
        diagnostics: tuple[Diagnostic, ...] = analysis.diagnostics if analysis is not None else ()
        if broken:
            diagnostics = _unparsable(self.source.path, self.rules, broken)
        others = analysis.others if analysis is not None else ()
        crashes = analysis.failures if analysis is not None else ()
        remarks: tuple[str, ...] = ()
        if self.terms.heed_comments:
            own = [each for each in diagnostics if each.path == self.source.path]
            kept, suppressions = apply(self.source, own, all_rules())
            if not (broken or crashes or self.stops):
                kept += unused(self.source, suppressions, own, self.rules, self._told_elsewhere)
            for other in others:
                kept += apply(other, [each for each in diagnostics if each.path == other.path], all_rules())[0]
            diagnostics, remarks = tuple(kept), suppressions.warnings
        return LintResult(
            tuple(sorted(self.terms.applied(diagnostics), key=Diagnostic.sort_key)),
            others,
            tuple(f"{self.source.path}: rule {each.rule} crashed: {each.error}" for each in crashes),
            remarks,
            parses=broken is None,
        )

    def _told_elsewhere(self, codes: Set[str]) -> list[Diagnostic] | None:
        return self.workspace.told_elsewhere(self.source, self.rules, self.key, self.vocabulary, codes)


def described(error: BaseException) -> str:
    """An exception as part of one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")


def no_text(path: str, rules: Sequence[Rule], error: UndecodableSource) -> tuple[Diagnostic, ...]:
    """What there is to say about a file whose bytes are no text."""
    return _unparsable(path, rules, _Broken(str(error), Span(Point(1, 1), Point(1, 1))))


def _unparsable(path: str, rules: Sequence[Rule], broken: _Broken) -> tuple[Diagnostic, ...]:
    message = f"this is not valid Python, so nothing in the file was checked: {broken.message}"
    return tuple(
        Diagnostic(path, broken.span, rule.code, rule.name, message, rule.severity)
        for rule in rules
        if rule.code == ALWAYS_ON
    )


def _rejected_by_python(source: Source) -> _Broken | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source.text)
    except SyntaxError as error:
        start = _clamped(source, error.lineno or 1, error.offset or 1)
        end = _clamped(source, error.end_lineno or start.row, error.end_offset or 0)
        return _Broken(error.msg, Span(start, max(start, end)))
    except (RecursionError, MemoryError, ValueError):
        # The parser's own limits say nothing about the text.
        return None
    return None


def _clamped(source: Source, row: int, column: int) -> Point:
    row = min(max(row, 1), source.rows)
    return Point(row, min(max(column, 1), len(source.line(row)) + 1))
