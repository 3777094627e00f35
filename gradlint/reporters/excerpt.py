"""Lines of a text with places underlined and labelled, in the frame that rustc and ruff draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradlint.diagnostics import Point, Span
from gradlint.reporters.places import cell_rows
from gradlint.reporters.terminal import Ink, Line, Pen, lay_out
from gradlint.source import Source

CONTEXT = 2
"""How many lines are shown above a marked one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to underline, with `^` in its own ink if it is what the finding is about, else with `-`."""

    span: Span
    label: str
    ink: Ink = Ink.FRAME
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The left edge: line numbers up to `digits` wide."""

    digits: int
    pen: Pen

    def row(self, number: int | None, text: str = "", *, edge: str = "|", ink: Ink = Ink.FRAME) -> str:
        """One line of the frame: a line number or none, the edge, the text."""
        margin = f"{'' if number is None else number:>{self.digits}} "
        body = f" {text.rstrip()}" if text.strip() else ""
        return f"{self.pen(Ink.FRAME, margin)}{self.pen(ink, edge)}{body}"

    def gap(self) -> str:
        """Lines were left out here."""
        return self.pen(Ink.FRAME, "...")


@dataclass(frozen=True, slots=True)
class _Underline:
    start: int
    end: int
    mark: Mark
    label: str

    def draw(self, line: Line, pen: Pen) -> str:
        start = line.stop(self.start)
        width = max(line.stop(self.end) - start, 1)
        text = ("^" if self.mark.primary else "-") * width + f" {self.label}".rstrip()
        return " " * start + pen(self.mark.ink, text)


def draw(source: Source, marks: Sequence[Mark], frame: Frame) -> Iterator[str]:
    """The marked lines and a little above them; marks on one line stand below each other in the given order.

    In a notebook, rows are numbered by cell, and the marks of one drawing stand in one cell.
    """
    underlines: dict[int, list[_Underline]] = {}
    for mark in marks:
        for row, underline in _underlines(source, mark):
            underlines.setdefault(row, []).append(underline)
    above = 0
    for row in shown_rows(source, underlines):
        if above and row > above + 1:
            yield frame.gap()
        line = lay_out(source.line(row))
        yield frame.row(source.place(Point(row, 1)).row, line.shown)
        for underline in underlines.get(row, ()):
            yield frame.row(None, underline.draw(line, frame.pen))
        above = row


def shown_rows(source: Source, marked: Iterable[int]) -> list[int]:
    """The marked rows, up to CONTEXT rows above each in its cell, and any row that would be hidden all by itself."""
    rows: list[int] = []
    above = 0
    for row in sorted(marked):
        top = cell_rows(source, row).start
        first = max(above + 1, row - CONTEXT, top)
        if top <= above == first - 2:
            first = above + 1
        while first < row and first > above + bool(above) and not source.line(first).strip():
            first += 1
        rows += range(first, row + 1)
        above = row
    return rows


def _underlines(source: Source, mark: Mark) -> Iterator[tuple[int, _Underline]]:
    # A stretch over several lines is underlined on its first and its last one: bars beside the text, as rustc draws
    # them, would collide with those of the story's other places.
    (row, column), (last, end) = mark.span
    row, last = min(row, source.rows), min(last, source.rows)
    below = cell_rows(source, row).stop
    if last >= below:
        last, end = below, 1
    if end == 1 and last > row:
        last, end = last - 1, len(source.line(last - 1)) + 1
    if last <= row:
        yield row, _Underline(column, end, mark, mark.label)
        return
    yield row, _Underline(column, len(source.line(row).rstrip()) + 1, mark, "")
    text = source.line(last)
    yield last, _Underline(len(text) - len(text.lstrip()) + 1, end, mark, mark.label)
