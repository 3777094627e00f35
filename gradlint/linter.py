"""One text and the rules that apply to it -> what there is to say about it.

Prints nothing; other files are read only through the `Modules` of the `Workspace` that it is given.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradlint import bounds
from gradlint.diagnostics import Diagnostic, Point, Span
from gradlint.project.modules import Modules
from gradlint.rule import Rule, SlipRule, all_rules
from gradlint.selection import ALWAYS_ON
from gradlint.source import Source, UndecodableSource
from gradlint.suppressions import apply
from gradlint.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gradlint.project.analysis import Analysis, Project

PLAIN = Vocabulary()
"""The vocabulary of somebody who has taught nothing."""

LARGE = 8_000_000
"""Characters of files that a workspace keeps in mind; then it starts afresh."""


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


class Workspace:
    """The files among which each is judged. What was read for one of them serves the next one."""

    def __init__(self, modules: Modules | None = None) -> None:
        self._modules = modules
        self._projects: dict[Vocabulary, Project] = {}
        # Which signs are in the bytes of files that others import.
        self._signs: dict[tuple[str, bytes, Vocabulary], bool] = {}
        self._seen = 0

    def relevant(
        self, data: bytes, rules: Sequence[Rule], key: str, vocabulary: Vocabulary = PLAIN
    ) -> tuple[Rule, ...]:
        """The rules that a file can break: of their signs some are in its bytes, the others in what it imports.

        What is in one file and not in the other may come together where one calls the other.
        """
        return tuple(rule for rule in rules if rule.signs and self._is_relevant(data, rule, key, vocabulary))

    def _is_relevant(self, data: bytes, rule: Rule, key: str, vocabulary: Vocabulary) -> bool:
        missing = _missing(vocabulary.spelt_out(data), rule)
        if not missing or len(missing) == len(rule.signs) or self._modules is None:
            return not missing
        imported = list(self._modules.imported(key))
        return all(any(self._shows(other, sign, vocabulary) for other in imported) for sign in missing)

    def _shows(self, key: str, sign: bytes, vocabulary: Vocabulary) -> bool:
        asked = (key, sign, vocabulary)
        if asked not in self._signs and self._modules is not None:
            self._signs[asked] = re.search(sign, vocabulary.spelt_out(self._modules.content(key))) is not None
        return self._signs[asked]

    def analyse(self, source: Source, rules: Sequence[Rule], key: str, vocabulary: Vocabulary) -> Analysis:
        """What the rules say of a file, with its callees and callers. Raises BrokenSource.

        All are read by the file's own vocabulary.
        """
        # It imports libcst, which costs a quarter of a second: only for files that survive the search of their bytes.
        from gradlint.project.analysis import Project

        self._seen += len(source.text)
        if self._seen > LARGE:
            self._projects, self._seen = {}, 0
        if vocabulary not in self._projects:
            self._projects[vocabulary] = Project(self._modules, vocabulary)
        project = self._projects[vocabulary]
        if project.has_other_text(source, key):
            return project.edited(key, source).diagnose(source, rules, key)
        return project.diagnose(source, rules, key)


@dataclass(frozen=True, slots=True)
class _Broken:
    """Why and where a text does not parse."""

    message: str
    span: Span


def suspicious(data: bytes, rules: Sequence[Rule], vocabulary: Vocabulary = PLAIN) -> bool:
    """Whether a sign of some rule is in the bytes of a file."""
    data = vocabulary.spelt_out(data)
    return any(re.search(sign, data) for rule in rules for sign in rule.signs)


def _missing(data: bytes, rule: Rule) -> list[bytes]:
    return [sign for sign in rule.signs if not re.search(sign, data)]


def lint(
    source: Source,
    rules: Sequence[Rule],
    *,
    workspace: Workspace | None = None,
    key: str = "",
    check_syntax: bool = True,
    vocabulary: Vocabulary = PLAIN,
) -> LintResult:
    """Everything that `rules` have to say about a text, less what its comments silence.

    The text is that of the file `key` of a workspace; without one it is judged by itself. A text that no rule can say
    anything about is parsed only with `check_syntax`. Never raises: a crash is a failure.
    """
    with bounds.noted() as stops:
        result = _lint(source, rules, workspace or Workspace(), key, check_syntax, vocabulary)
    return replace(result, stops=tuple(sorted(stops.items()))) if stops else result


def _lint(
    source: Source, rules: Sequence[Rule], workspace: Workspace, key: str, check_syntax: bool, vocabulary: Vocabulary
) -> LintResult:
    try:
        possible = workspace.relevant(source.text.encode("utf-8", "surrogatepass"), rules, key, vocabulary)
        if possible:
            # To find a slip costs nothing where a file is read anyway, and others' reports may come from it.
            running = [rule for rule in rules if rule in possible or isinstance(rule, SlipRule)]
            return _finished(source, rules, *_diagnose(source, running, workspace, key, vocabulary))
        if check_syntax and (broken := _syntax_error(source)):
            return _finished(source, rules, broken)
        return LintResult()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the parser, which is no Exception, must not take the other files down
        return LintResult(failures=(f"{source.path}: gradlint crashed, which is a bug: {described(error)}",))


def described(error: BaseException) -> str:
    """An exception as part of one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")


def _diagnose(
    source: Source, rules: Sequence[Rule], workspace: Workspace, key: str, vocabulary: Vocabulary
) -> tuple[_Broken | None, Analysis | None]:
    from gradlint.project.analysis import BrokenSource

    try:
        analysis = workspace.analyse(source, rules, key, vocabulary)
    except BrokenSource as error:
        # Where the standard library rejects the text too, its reason is the better one to read.
        return _rejected_by_python(source) or _Broken(error.message, error.span), None
    return None, analysis


def _finished(
    source: Source, rules: Sequence[Rule], broken: _Broken | None, analysis: Analysis | None = None
) -> LintResult:
    diagnostics: tuple[Diagnostic, ...] = analysis.diagnostics if analysis is not None else ()
    if broken:
        diagnostics = tuple(_unparsable(source.path, rule, broken) for rule in rules if rule.code == ALWAYS_ON)
    others = analysis.others if analysis is not None else ()
    kept, remarks = apply(source, [each for each in diagnostics if each.path == source.path], all_rules())
    for other in others:
        kept += apply(other, [each for each in diagnostics if each.path == other.path], all_rules())[0]
    crashes = analysis.failures if analysis is not None else ()
    return LintResult(
        tuple(sorted(kept, key=Diagnostic.sort_key)),
        others,
        tuple(f"{source.path}: rule {each.rule} crashed: {each.error}" for each in crashes),
        tuple(remarks),
        parses=broken is None,
    )


def no_text(path: str, rules: Sequence[Rule], error: UndecodableSource) -> tuple[Diagnostic, ...]:
    """What there is to say about a file whose bytes are no text."""
    broken = _Broken(str(error), Span(Point(1, 1), Point(1, 1)))
    return tuple(_unparsable(path, rule, broken) for rule in rules if rule.code == ALWAYS_ON)


def _unparsable(path: str, rule: Rule, broken: _Broken) -> Diagnostic:
    return Diagnostic(
        path=path,
        span=broken.span,
        code=rule.code,
        name=rule.name,
        message=f"this is not valid Python, so nothing in the file was checked: {broken.message}",
        severity=rule.severity,
    )


def _syntax_error(source: Source) -> _Broken | None:
    """Why a text does not parse. The running Python may be older than the text's syntax: libcst has the last word."""
    broken = _rejected_by_python(source)
    return broken and _diagnose(source, (), Workspace(), "", PLAIN)[0]


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
