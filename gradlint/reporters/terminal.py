"""What a terminal shows: how wide text is, where tabs go, colours, and nothing that could steer it."""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass

from gradlint.diagnostics import Severity

TAB_WIDTH = 4
# With the indentation that follows: a call over several lines reads on.
_LINE_BREAK = re.compile(r"\s*[\r\n]\s*|\t")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# They reorder what stands around them, so that a line could be shown as something it is not (CVE-2021-42574).
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_WITHOUT_WIDTH = frozenset({"Mn", "Me", "Cf"})


class Ink(enum.Enum):
    """What a piece of text is for; the value is its ANSI style."""

    ERROR = "1;31"
    WARNING = "1;33"
    NOTE = "1;36"
    STRONG = "1"
    FRAME = "1;34"
    ADDED = "32"
    REMOVED = "31"

    @classmethod
    def of(cls, severity: Severity) -> Ink:
        """The ink of a finding's code and underline."""
        return cls[severity.name]


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes text in colour, or without."""

    color: bool

    def __call__(self, ink: Ink, text: str) -> str:
        """The text in that ink; empty text stays empty."""
        return f"\x1b[{ink.value}m{text}\x1b[0m" if self.color and text else text


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is shown; `stops[i]` is the screen column (from 0) at which its code point `i` starts.

    The last stop is the width of the line.
    """

    shown: str
    stops: tuple[int, ...]

    def stop(self, column: int) -> int:
        """Screen column of a column in code points (from 1); places beyond the end count as the end."""
        return self.stops[min(max(column, 1), len(self.stops)) - 1]


def lay_out(text: str) -> Line:
    """The line with tabs expanded and without characters that would steer the terminal."""
    shown: list[str] = []
    stops = [0]
    for char in text:
        if char == "\t":
            width = TAB_WIDTH - stops[-1] % TAB_WIDTH
            shown.append(" " * width)
        else:
            char = _printable(char)
            width = _width(char)
            shown.append(char)
        stops.append(stops[-1] + width)
    return Line("".join(shown), tuple(stops))


def plain(text: str) -> str:
    """Text for one line: line breaks and tabs as spaces, no character that would steer the terminal."""
    return "".join(_printable(char) for char in _LINE_BREAK.sub(" ", text))


def _printable(char: str) -> str:
    unsafe = char in _REORDERING or unicodedata.category(char) in _UNPRINTABLE
    return _REPLACEMENT if unsafe else char


def _width(char: str) -> int:
    if unicodedata.category(char) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
