"""Where the comments of a text are, which rows make one logical line, and where a comment can be put."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gradlint.source import Source

# From Python 3.12 on a formatted string is several tokens, of which the first and the last are named like this.
_OPENING = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")}
_CLOSING = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")}


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#` to the end of its row, and whether nothing but white space stands before it."""

    text: str
    row: int
    start: int
    alone: bool

    @property
    def end(self) -> int:
        """The offset into the text at which its row ends."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Layout:
    """The real comments of a text, in order, and the first and last row of the logical line of each row.

    `unfinished` are the rows that end inside of a string.
    """

    comments: tuple[Comment, ...] = ()
    logical_lines: Mapping[int, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    unfinished: frozenset[int] = frozenset()

    def rows(self, row: int) -> tuple[int, int]:
        """The first and the last row of the logical line that a row belongs to."""
        return self.logical_lines.get(row, (row, row))

    def comment(self, row: int) -> Comment | None:
        """The comment in a row."""
        return next((each for each in self.comments if each.row == row), None)


def lay_out(source: Source) -> Layout:
    """Read a text as far as it can be read: what comes before the place that cannot still counts."""
    comments: list[Comment] = []
    lines: dict[int, tuple[int, int]] = {}
    unfinished: set[int] = set()
    opened: list[int] = []
    first = 0
    try:
        # The universal newlines of StringIO are those of Source.
        for token in tokenize.generate_tokens(io.StringIO(source.text, newline=None).readline):
            row, column = token.start
            if token.type == tokenize.COMMENT:
                start = source.line_starts[row - 1] + column
                comments.append(Comment(token.string, row, start, not source.line(row)[:column].strip()))
            elif token.type == tokenize.NEWLINE:
                lines |= dict.fromkeys(range(first, row + 1), (first, row))
                first = 0
            elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                first = first or row
            if token.type == tokenize.STRING:
                unfinished.update(range(row, token.end[0]))
            elif token.type in _OPENING:
                opened.append(row)
            elif token.type in _CLOSING and opened:
                unfinished.update(range(opened.pop(), row))
    except (tokenize.TokenError, SyntaxError):
        pass
    return Layout(tuple(comments), MappingProxyType(lines), frozenset(unfinished))
