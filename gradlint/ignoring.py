"""Silences findings by comments: the text of a file with `# gradlint: ignore[...]` beside each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gradlint.comments import Layout
from gradlint.diagnostics import Diagnostic
from gradlint.rule import Rule
from gradlint.selection import ABOUT_COMMENTS
from gradlint.source import Source
from gradlint.suppressions import NEVER_ON_A_LINE, Suppressions, read

_INDENT = re.compile(r"[ \t\f]*")
# `see #12` stays. Any other `#` would begin a comment of its own, perhaps an instruction to some tool.
_BEGINS_COMMENT = re.compile(r"#(?!\d)")
# In the first two rows it would say how the file is encoded.
_COOKIE = re.compile(r"coding(?=[:=])")


class _Place(NamedTuple):
    """Where a comment goes: at the end of a row, or in a row of its own above it."""

    row: int
    above: bool


class _Insertion(NamedTuple):
    """Text that comes in the place of what is between two offsets."""

    start: int
    end: int
    text: str


def add_ignores(
    source: Source, findings: Iterable[Diagnostic], rules: Sequence[Rule], reason: str = ""
) -> tuple[Source, int]:
    """The text with comments that silence findings, and how many of these it silences.

    Left out are findings of other files, what no comment on a line can silence, comments that silence nothing, and what
    stands where no comment can. `rules` are all there are.
    """
    suppressions = read(source, rules)
    placing = _Placing(source, suppressions.layout)
    codes: dict[_Place, set[str]] = {}
    count = 0
    for finding in suppressions.left(findings):
        if finding.path != source.path or finding.code in (*NEVER_ON_A_LINE, ABOUT_COMMENTS):
            continue
        place = placing.place(finding)
        if place is not None:
            codes.setdefault(place, set()).add(finding.code)
            count += 1
    remark = _remark(source, reason)
    insertions = [_insertion(source, suppressions, place, sorted(codes[place]), remark) for place in codes]
    return replace(source, text=_with(source.text, insertions)), count


@dataclass(frozen=True, slots=True)
class _Placing:
    """Where in a text the comments for findings go."""

    source: Source
    layout: Layout

    def place(self, finding: Diagnostic) -> _Place | None:
        """The end of the last row of its statement, else another row that counts, else above it; None for nowhere."""
        start = finding.span.start.row
        first, last = finding.statement_rows if all(finding.statement_rows) else self.layout.rows(start)
        for row in self._rows(start, first, last):
            if self._takes_comment(row):
                return _Place(row, above=False)
        # A row more would belong to no cell of a notebook.
        if self.layout.logical_lines.get(first, (0, 0))[0] == first and not self.source.cells:
            return _Place(first, above=True)
        return None

    def _rows(self, start: int, first: int, last: int) -> Iterator[int]:
        """The rows that count. Of a statement with a body the last one comes last, for it is another statement's."""
        if self.layout.rows(last) == self.layout.rows(start):
            yield last
        yield from (start, first, last)

    def _takes_comment(self, row: int) -> bool:
        if row not in self.layout.logical_lines or row in self.layout.unfinished:
            return False
        return self.layout.comment(row) is not None or not self.source.line(row).endswith("\\")


def _insertion(
    source: Source, suppressions: Suppressions, place: _Place, codes: Sequence[str], remark: str
) -> _Insertion:
    start = source.line_starts[place.row - 1]
    comment = f"# gradlint: ignore[{', '.join(codes)}]{remark}"
    line = source.line(place.row)
    if place.above:
        indent = _INDENT.match(line)
        return _Insertion(start, start, f"{indent[0] if indent else ''}{comment}{source.newline}")
    for one in suppressions.each:
        if one.row == one.comment.row == place.row and not one.is_noqa:
            new = (code for code in codes if not any(code in word.codes for word in one.words))
            end = one.words[-1].end
            return _Insertion(end, end, "".join(f", {code}" for code in new))
    return _Insertion(start + len(line.rstrip()), start + len(line), f"  {comment}")


def _remark(source: Source, reason: str) -> str:
    """A reason as the end of a comment: one line without what would end the comment or begin another one."""
    plain = "".join(each if each.isprintable() else " " for each in _BEGINS_COMMENT.sub(" ", reason))
    text = _COOKIE.sub("coding ", " ".join(plain.split()))
    written = text.encode(source.encoding, "replace").decode(source.encoding)
    return f" {written}" if written else ""


def _with(text: str, insertions: Iterable[_Insertion]) -> str:
    for each in sorted(insertions, reverse=True):
        text = f"{text[: each.start]}{each.text}{text[each.end :]}"
    return text
