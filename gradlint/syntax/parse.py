"""Text to tree, with syntax errors as values."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst

from gradlint.diagnostics import Point, Span
from gradlint.source import Source

MAX_RECURSION = 12_000  # Python calls inside one another


class BrokenSource(Exception):
    """The text is not Python; `span` is where the parser gave up."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


def parse(source: Source, text: str | None = None) -> cst.Module:
    """The tree of a text, by default the source's own. Raises BrokenSource."""
    collecting = gc.isenabled()
    gc.disable()  # a tree is all new objects and no garbage: collecting while it grows doubles the time
    try:
        return cst.parse_module(source.text if text is None else text)
    except cst.ParserSyntaxError as error:
        row = min(max(error.raw_line, 1), source.rows)
        column = min(max(error.raw_column, 0), len(source.line(row)))
        point = Point(row, column + 1)
        raise BrokenSource(_first_line(error.message), Span(point, Point(row, column + 2))) from error
    finally:
        if collecting:
            gc.enable()


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Room for trees as deep as people write them: a long `elif` chain or sum is one level an arm or operand.

    Raises BrokenSource for a tree that is deeper still.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, MAX_RECURSION))
    try:
        yield
    except RecursionError as error:
        raise BrokenSource("nested too deeply to be analysed", Span(Point(1, 1), Point(1, 2))) from error
    finally:
        sys.setrecursionlimit(limit)


def _first_line(message: str) -> str:
    """The parser's reason without its advice."""
    reason = message.strip().splitlines()[0] if message.strip() else "invalid syntax"
    return reason.removeprefix("parser error: ").removeprefix("tokenizer error: ")
