"""Comments that silence findings: `noqa`, and gradlint's own `ignore[...]` and `file-ignore[...]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gradlint.comments import Comment, Layout, lay_out
from gradlint.diagnostics import Diagnostic
from gradlint.rule import Rule
from gradlint.selection import ABOUT_COMMENTS, ALWAYS_ON, UnknownSelector, named, suggestion
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
_OWN = re.compile(r"#\s*gradlint:\s*(?P<form>[\w-]+)\s*(?P<list>\[(?P<words>[^\]]*)\])?", re.IGNORECASE)
_FORMS = ("ignore", "file-ignore")
# What other linters call it.
_ELSEWHERE = (
    "disable",
    "disable-next",
    "noqa",
    "skip",
    "skip-file",
    "off",
    "suppress",
    "nolint",
    "ignore-file",
    "allow",
)


class Word(NamedTuple):
    """What names rules in a comment, where it stands in the text, and the codes of the rules that it stands for."""

    text: str
    start: int
    end: int
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Suppression:
    """What a comment, or a part of it, silences, and where. No words: everything.

    `start` and `end` are the offsets of its `#` and of what is understood of it. `row` is the one that it speaks of:
    its own, or the next line of code where it stands alone; None is the whole file.
    """

    comment: Comment
    start: int
    end: int
    words: tuple[Word, ...]
    row: int | None
    is_noqa: bool

    def names(self, code: str) -> bool:
        """Whether a rule is among those that it silences."""
        return not self.words or any(code in word.codes for word in self.words)

    def reaches(self, finding: Diagnostic, layout: Layout) -> bool:
        """Whether a finding lies where it silences, whatever it names."""
        if self.row is None:
            return True
        if finding.code in NEVER_ON_A_LINE:
            return False
        start = finding.span.start.row
        if finding.code == ABOUT_COMMENTS and start == self.comment.row:
            return True
        first, last = finding.statement_rows if all(finding.statement_rows) else layout.rows(start)
        if self.is_noqa:
            return self.row in (first, last) or layout.rows(self.row) == layout.rows(start)
        if self.comment.alone:
            return self.row in (first, start)
        return self.row in (first, last, start)


@dataclass(frozen=True, slots=True)
class Suppressions:
    """All suppressions of a text, and what is to be said about comments that are not understood (`path:row: ...`)."""

    layout: Layout = field(default_factory=Layout)
    each: tuple[Suppression, ...] = ()
    warnings: tuple[str, ...] = ()

    def left(self, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings that nothing silences."""
        return [
            finding
            for finding in findings
            if not any(one.names(finding.code) and one.reaches(finding, self.layout) for one in self.each)
        ]

    def unused(self, findings: Sequence[Diagnostic]) -> Iterator[tuple[Suppression, tuple[Word, ...]]]:
        """The suppressions with words that silence none of some findings, and these words."""
        for one in self.each:
            silenced = {finding.code for finding in findings if one.reaches(finding, self.layout)}
            if words := tuple(word for word in one.words if word.codes and word.codes.isdisjoint(silenced)):
                yield one, words


def read(source: Source, rules: Sequence[Rule]) -> Suppressions:
    """The suppressions of a text. `rules` are all there are, not only those that run: a comment may name any."""
    layout = lay_out(source)
    reader = _Reader(source.path, rules)
    found = tuple(one for comment in layout.comments for one in reader.suppressions(comment, layout))
    return Suppressions(layout, found, tuple(reader.warnings))


def apply(
    source: Source, findings: Sequence[Diagnostic], rules: Sequence[Rule]
) -> tuple[list[Diagnostic], Suppressions]:
    """The findings that no comment of the file silences, and what was read of its comments."""
    if not _worth_reading(source.text, findings, rules):
        return list(findings), Suppressions()
    suppressions = read(source, rules)
    return suppressions.left(findings), suppressions


def _worth_reading(text: str, findings: Sequence[Diagnostic], rules: Sequence[Rule]) -> bool:
    # Most files have no findings, many of those have a `noqa` for another linter, and to tokenise them all would take
    # longer than everything else that is done with them.
    lowered = text.lower()
    if findings or "gradlint:" in lowered:
        return "noqa" in lowered or "gradlint:" in lowered
    names = "|".join(re.escape(rule.name) for rule in rules)
    return "noqa" in lowered and bool(re.search(rf"noqa\s*:.*?\b(?:grd[0-9]|{names}\b)", lowered))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads comments into suppressions and takes note of what it does not understand."""

    path: str
    rules: Sequence[Rule]
    warnings: list[str] = field(default_factory=list)

    def suppressions(self, comment: Comment, layout: Layout) -> Iterator[Suppression]:
        for match in _OWN.finditer(comment.text):
            yield from self._own(match, comment, layout)
        for match in _NOQA.finditer(comment.text):
            yield from self._noqa(match, comment)

    def _own(self, match: re.Match[str], comment: Comment, layout: Layout) -> Iterator[Suppression]:
        form = match["form"].lower()
        if form not in _FORMS:
            if form in _ELSEWHERE and not match["list"]:
                self._warn(comment, f"'{form}' is not understood: write 'ignore[GRD101]', with the rule's code or name")
            elif match["list"]:
                self._warn(comment, f"unknown form '{form}'{suggestion(form, _FORMS)}")
            return
        words = tuple(
            Word(word[0], comment.start + word.start(), comment.start + word.end(), self._exactly(word[0], comment))
            for word in _WORDS.finditer(comment.text, *match.span("words") if match["words"] else (0, 0))
        )
        if not words:
            self._warn(comment, f"'{form}' silences nothing without rules in brackets, as in '{form}[GRD101]'")
        if any(word.codes for word in words):
            row = None if form == "file-ignore" else _target(comment, layout)
            start, end = match.span()
            yield Suppression(comment, comment.start + start, comment.start + end, words, row, is_noqa=False)

    def _noqa(self, match: re.Match[str], comment: Comment) -> Iterator[Suppression]:
        if match["colon"] and not match["codes"]:
            word = _WORDS.search(comment.text, match.end())
            if word and (rule := next((rule for rule in self.rules if rule.name == word[0].lower()), None)):
                self._warn(comment, f"noqa takes codes only: write '{rule.code}' for '{word[0]}'")
            return
        words = tuple(
            Word(word[0], comment.start + word.start(), comment.start + word.end(), self._beginning(word[0]))
            for word in _CODE.finditer(comment.text, *match.span("codes") if match["codes"] else (0, 0))
        )
        for code in sorted({word.text.upper() for word in words if not word.codes}):
            if code.startswith("GRD"):
                self._exactly(code, comment)
        start, end = match.span()
        yield Suppression(comment, comment.start + start, comment.start + end, words, comment.row, is_noqa=True)

    def _beginning(self, word: str) -> frozenset[str]:
        # The beginning of a code counts, as it does for flake8.
        return frozenset(rule.code for rule in self.rules if rule.code.startswith(word.upper()))

    def _exactly(self, word: str, comment: Comment) -> frozenset[str]:
        try:
            return frozenset({named(word, self.rules).code})
        except UnknownSelector as error:
            self._warn(comment, str(error))
            return frozenset()

    def _warn(self, comment: Comment, text: str) -> None:
        self.warnings.append(f"{self.path}:{comment.row}: {text}")


def _target(comment: Comment, layout: Layout) -> int:
    if not comment.alone:
        return comment.row
    alone = {each.row for each in layout.comments if each.alone}
    row = comment.row + 1
    while row in alone:
        row += 1
    return row
