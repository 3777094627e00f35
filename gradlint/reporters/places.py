"""Places as their readers find them: by cell in a notebook, or in a file where only files are known."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from gradlint.diagnostics import Point, Span
from gradlint.reporters.report import Report
from gradlint.source import Place, Source


class Stretch(NamedTuple):
    """A span by cell (None outside notebooks); the end is in the cell of the start."""

    cell: int | None
    start: Point
    end: Point


def cell_rows(source: Source, row: int) -> range:
    """The rows of the cell that a row stands in; those of the whole text outside notebooks."""
    index = bisect_right(source.cells, row, key=lambda cell: cell.first_row)
    first = source.cells[index - 1].first_row if index else 1
    below = source.cells[index].first_row if index < len(source.cells) else source.rows + 1
    return range(first, below)


def stretch(report: Report, path: str, span: Span) -> Stretch:
    """A span of the text of that path, by cell."""
    start, end = report.place(path, span.start), report.place(path, span.end)
    if end.cell != start.cell:
        # The end of a line that is the last one of its cell is the start of the next cell.
        source = report.sources[path]
        row = cell_rows(source, span.start.row)[-1]
        end = source.place(Point(row, len(source.line(row)) + 1))
    return Stretch(start.cell, Point(start.row, start.column), Point(end.row, end.column))


def parts(place: Place) -> tuple[str, ...]:
    """What stands between the colons after a path: the cell, if there is one, the row, the column."""
    cell = () if place.cell is None else (f"cell {place.cell}",)
    return (*cell, str(place.row), str(place.column))


def shown(report: Report, path: str, point: Point) -> str:
    """`train.py:14:9`, or `nb.ipynb:cell 2:1:8`."""
    return ":".join((path, *parts(report.place(path, point))))


def is_notebook(report: Report, path: str) -> bool:
    """Whether rows of the text of that path are not rows of the file."""
    source = report.sources.get(path)
    return bool(source and source.cells) or path.endswith(".ipynb")


def in_file(report: Report, path: str, span: Span) -> Span | None:
    """A span for a program that knows files only; None in a notebook, whose cells are no rows of the file."""
    return None if is_notebook(report, path) else span


def spoken(report: Report, path: str, point: Point, message: str) -> str:
    """A message for a program that knows files only: in a notebook it says where."""
    place = report.place(path, point)
    return message if place.cell is None else f"cell {place.cell}, line {place.row}: {message}"
