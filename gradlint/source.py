"""The text of a file: decoding that can be undone exactly, and places in it."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from gradlint.diagnostics import Point, Span

# Only these end a line for Python; str.splitlines knows many more.
_LINE_END = re.compile(r"\r\n|\r|\n")


class UndecodableSource(Exception):
    """The bytes are no text: a wrong or unknown encoding, or NUL bytes."""


class Cell(NamedTuple):
    """A code cell of a notebook: its number among all cells, from 1, and its first row in the text of them all."""

    number: int
    first_row: int


class Place(NamedTuple):
    """A place as people look for it: in a cell of a notebook, or in a file (`cell` None)."""

    cell: int | None
    row: int
    column: int


@dataclass(frozen=True)
class Source:
    """One text with its path as people should see it.

    `encoding` and `bom` are what turns `text` back into the bytes that were read. Of a notebook, the text is that of
    all its code `cells`, one after the other, and so are places in it.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    bom: bool = field(default=False)
    cells: tuple[Cell, ...] = ()

    @classmethod
    def decode(cls, path: str, data: bytes) -> Source:
        """Text of `data` by its byte-order mark or coding cookie (PEP 263), else UTF-8.

        Raises UndecodableSource.
        """
        bom = data.startswith(codecs.BOM_UTF8)
        body = data[len(codecs.BOM_UTF8) :] if bom else data
        if b"\0" in body:
            raise UndecodableSource("it holds NUL bytes, so it is not Python source")
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(body).readline)
            if bom:
                encoding = "utf-8"
            return cls(path, body.decode(encoding), encoding, bom)
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            raise UndecodableSource(f"it cannot be decoded: {error}") from error

    def encode(self, text: str | None = None) -> bytes:
        """Bytes of `text` (the own one by default) in the file's encoding, with its byte-order mark.

        Raises UnicodeEncodeError where the encoding has no such character.
        """
        body = (self.text if text is None else text).encode(self.encoding)
        return (codecs.BOM_UTF8 if self.bom else b"") + body

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of the first character of each line."""
        return (0, *(match.end() for match in _LINE_END.finditer(self.text)))

    @cached_property
    def newline(self) -> str:
        """The newline of the first line, `\\n` where there is none."""
        match = _LINE_END.search(self.text)
        return match.group() if match else "\n"

    @property
    def rows(self) -> int:
        """How many lines there are; an empty text has one."""
        return len(self.line_starts)

    def line(self, row: int) -> str:
        """Line `row` (from 1) without its newline."""
        start = self.line_starts[row - 1]
        match = _LINE_END.search(self.text, start)
        return self.text[start : match.start() if match else len(self.text)]

    def point(self, offset: int) -> Point:
        """Row and column of an offset into the text."""
        row = bisect_right(self.line_starts, offset)
        return Point(row, offset - self.line_starts[row - 1] + 1)

    def place(self, point: Point) -> Place:
        """The same place by cell, and row in that cell, in a notebook."""
        index = bisect_right(self.cells, point.row, key=lambda cell: cell.first_row) - 1
        if index < 0:
            return Place(None, point.row, point.column)
        cell = self.cells[index]
        return Place(cell.number, point.row - cell.first_row + 1, point.column)

    def offset(self, point: Point) -> int:
        """Offset into the text of a place."""
        return self.line_starts[point.row - 1] + point.column - 1

    def span(self, start: int, end: int) -> Span:
        """Span between two offsets."""
        return Span(self.point(start), self.point(end))

    def utf8_column(self, point: Point) -> int:
        """The same place's column in UTF-8 bytes, from 1."""
        start = self.line_starts[point.row - 1]
        return len(self.text[start : start + point.column - 1].encode("utf-8", "surrogatepass")) + 1

    def utf16_column(self, point: Point) -> int:
        """The same place's column in UTF-16 code units, from 0, as editors count."""
        start = self.line_starts[point.row - 1]
        return len(self.text[start : start + point.column - 1].encode("utf-16-le", "surrogatepass")) // 2
