"""Comments that silence findings: `noqa`, and gradlint's own `ignore[...]` and `file-ignore[...]`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gradlint.diagnostics import Diagnostic
from gradlint.rule import Rule
from gradlint.selection import ALWAYS_ON, UnknownSelector, named, suggestion
from gradlint.source import Source

NEVER_ON_A_LINE = frozenset({ALWAYS_ON})
"""Codes that only a whole file can ignore: where a text does not parse, nothing says what stands on a line."""

_NOQA = re.compile(
    # A colon must be followed by codes: `noqa: see the paper` is read as a slip, as ruff does, not as "everything".
    r"#\s*noqa\b(?:\s*(?P<colon>:)\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]*[A-Z]+[0-9]+\b)*)?)?",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Z]+[0-9]+", re.IGNORECASE)
_WORDS = re.compile(r"[^\s,]+")
_OWN = re.compile(r"#\s*gradlint:\s*(?P<form>[\w-]+)\s*(?P<list>\[(?P<words>[^\]]*)\])?")
_FORMS = ("ignore", "file-ignore")


@dataclass(frozen=True, slots=True)
class _Comment:
    text: str
    row: int
    alone: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """The real comments of a text, and the first and last row of the logical line that each row belongs to."""

    comments: tuple[_Comment, ...]
    logical_lines: Mapping[int, tuple[int, int]]

    def rows(self, row: int) -> tuple[int, int]:
        return self.logical_lines.get(row, (row, row))


@dataclass(frozen=True, slots=True)
class _Suppression:
    """What one comment silences, and where. No codes: everything."""

    codes: frozenset[str]
    comment: _Comment
    # The row that the comment speaks of: its own, or the next line of code where it stands alone. None: the whole file.
    row: int | None
    is_noqa: bool

    def silences(self, diagnostic: Diagnostic, layout: _Layout) -> bool:
        if self.codes and not any(diagnostic.code.startswith(code) for code in self.codes):
            return False
        if self.row is None:
            return True
        if diagnostic.code in NEVER_ON_A_LINE:
            return False
        start = diagnostic.span.start.row
        first, last = diagnostic.statement_rows if all(diagnostic.statement_rows) else layout.rows(start)
        if self.is_noqa:
            return self.row in (first, last) or layout.rows(self.row) == layout.rows(start)
        if self.comment.alone:
            return self.row in (first, start)
        return self.row in (first, last, start)


def apply(
    source: Source, diagnostics: Sequence[Diagnostic], rules: Sequence[Rule]
) -> tuple[list[Diagnostic], list[str]]:
    """The findings that no comment of the file silences, and warnings (`path:row: ...`) about comments.

    `rules` are all there are, not only those that run: a comment may name any of them.
    """
    if not _worth_reading(source.text, diagnostics, rules):
        return list(diagnostics), []
    layout = _read(source)
    reader = _Reader(source.path, rules)
    suppressions = [found for comment in layout.comments for found in reader.suppressions(comment, layout)]
    kept = [each for each in diagnostics if not any(one.silences(each, layout) for one in suppressions)]
    return kept, reader.warnings


def _worth_reading(text: str, diagnostics: Sequence[Diagnostic], rules: Sequence[Rule]) -> bool:
    # Most files have no findings, many of those have a `noqa` for another linter, and to tokenise them all would take
    # longer than everything else that is done with them.
    lowered = text.lower()
    if diagnostics or "gradlint:" in lowered:
        return "noqa" in lowered or "gradlint:" in lowered
    names = "|".join(re.escape(rule.name) for rule in rules)
    return "noqa" in lowered and bool(re.search(rf"noqa\s*:.*?\b(?:grd[0-9]|{names}\b)", lowered))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads comments into suppressions and takes note of what it does not understand."""

    path: str
    rules: Sequence[Rule]
    warnings: list[str] = field(default_factory=list)

    def suppressions(self, comment: _Comment, layout: _Layout) -> Iterator[_Suppression]:
        for match in _OWN.finditer(comment.text):
            yield from self._own(match, comment, layout)
        for match in _NOQA.finditer(comment.text):
            yield from self._noqa(match, comment)

    def _own(self, match: re.Match[str], comment: _Comment, layout: _Layout) -> Iterator[_Suppression]:
        form = match["form"]
        if form not in _FORMS:
            if match["list"]:
                self._warn(comment, f"unknown form '{form}'{suggestion(form, _FORMS)}")
            return
        words = _WORDS.findall(match["words"] or "")
        codes = frozenset(code for word in words if (code := self._code(word, comment)))
        if not words:
            self._warn(comment, f"'{form}' silences nothing without rules in brackets, as in '{form}[GRD101]'")
        if not codes:
            return
        row = None if form == "file-ignore" else _target(comment, layout)
        yield _Suppression(codes, comment, row, is_noqa=False)

    def _noqa(self, match: re.Match[str], comment: _Comment) -> Iterator[_Suppression]:
        codes = frozenset(word.upper() for word in _CODE.findall(match["codes"] or ""))
        if match["colon"] and not codes:
            word = _WORDS.search(comment.text, match.end())
            if word and (rule := next((rule for rule in self.rules if rule.name == word[0].lower()), None)):
                self._warn(comment, f"noqa takes codes only: write '{rule.code}' for '{word[0]}'")
            return
        for code in sorted(code for code in codes if code.startswith("GRD")):
            # The beginning of a code counts, as it does for flake8.
            if not any(rule.code.startswith(code) for rule in self.rules):
                self._code(code, comment)
        yield _Suppression(codes, comment, comment.row, is_noqa=True)

    def _code(self, word: str, comment: _Comment) -> str | None:
        try:
            return named(word, self.rules).code
        except UnknownSelector as error:
            self._warn(comment, str(error))
            return None

    def _warn(self, comment: _Comment, text: str) -> None:
        self.warnings.append(f"{self.path}:{comment.row}: {text}")


def _read(source: Source) -> _Layout:
    comments: list[_Comment] = []
    lines: dict[int, tuple[int, int]] = {}
    first = 0
    try:
        # The universal newlines of StringIO are those of Source.
        for token in tokenize.generate_tokens(io.StringIO(source.text, newline=None).readline):
            row, column = token.start
            match token.type:
                case tokenize.COMMENT:
                    comments.append(_Comment(token.string, row, not token.line[:column].strip()))
                case tokenize.NEWLINE:
                    lines |= dict.fromkeys(range(first, row + 1), (first, row))
                    first = 0
                case tokenize.NL | tokenize.INDENT | tokenize.DEDENT:
                    pass
                case _:
                    first = first or row
    except (tokenize.TokenError, SyntaxError):
        # What comes before the place that cannot be read still counts.
        pass
    return _Layout(tuple(comments), MappingProxyType(lines))


def _target(comment: _Comment, layout: _Layout) -> int:
    if not comment.alone:
        return comment.row
    alone = {each.row for each in layout.comments if each.alone}
    row = comment.row + 1
    while row in alone:
        row += 1
    return row
