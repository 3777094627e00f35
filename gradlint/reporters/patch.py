"""Edits as the lines that go and the lines that come."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradlint.diagnostics import Edit
from gradlint.reporters.places import cell_rows
from gradlint.source import Source

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Hunk:
    """From `row` on (counted in the old text), these lines give way to those.

    `new_row` is the row of the first added line in the new text. In a notebook, the rows of the old text `within` the
    same cell are what counts: changes to cells above do not move it.
    """

    row: int
    new_row: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    within: range


def hunks(source: Source, edits: Sequence[Edit]) -> Iterator[Hunk]:
    """What the edits change, from the top; the cost depends on the lines that they touch only."""
    shift, above = 0, 0
    for group in _by_lines(sorted(edits, key=lambda edit: edit.span)):
        first, last = group[0].span.start.row, group[-1].span.end.row
        within = cell_rows(source, first)
        shift = shift if within.start == above else 0
        above = within.start
        removed = [source.line(row) for row in range(first, last + 1)]
        added = _LINE_END.split(_edited(source, group, first, last))
        top = _shared(removed, added)
        bottom = _shared(removed[top:][::-1], added[top:][::-1])
        removed, added = removed[top : len(removed) - bottom], added[top : len(added) - bottom]
        yield Hunk(first + top, first + top + shift, tuple(removed), tuple(added), within)
        shift += len(added) - len(removed)


def _by_lines(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    group: list[Edit] = []
    last = 0
    for edit in edits:
        if group and edit.span.start.row > last:
            yield group
            group = []
        group.append(edit)
        last = edit.span.end.row
    if group:
        yield group


def _edited(source: Source, group: Sequence[Edit], first: int, last: int) -> str:
    at = source.line_starts[first - 1]
    pieces: list[str] = []
    for edit in group:
        pieces += source.text[at : source.offset(edit.span.start)], edit.content
        at = source.offset(edit.span.end)
    end = source.line_starts[last - 1] + len(source.line(last))
    return "".join(pieces) + source.text[at:end]


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
