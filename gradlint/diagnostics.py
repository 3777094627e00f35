"""What gradlint says: plain, frozen, picklable values that every output is made from."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NamedTuple


class Point(NamedTuple):
    """A place in a text: row and column, both counted from 1, columns in code points."""

    row: int
    column: int


class Span(NamedTuple):
    """A stretch of text; the end is exclusive."""

    start: Point
    end: Point


class Severity(enum.Enum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Applicability(enum.Enum):
    """Whether a fix may be applied without asking.

    A safe fix cannot change what is trained; an unsafe one changes training as intended.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of a span (empty for an insertion) by other text."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together, and what they do in a few words."""

    message: str
    applicability: Applicability
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A further place of the story; `path` is None for the finding's own file.

    `order` is the place's number in the story as it happens, counted from 1; 0 for a place beside the story.
    """

    span: Span
    message: str
    order: int
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `label` is the short text for the finding's own place, `order` its number in the story
    (0 where there is no story)."""

    path: str
    span: Span
    code: str
    name: str
    message: str
    severity: Severity
    label: str = ""
    order: int = 0
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    # Rows of the statement the finding stands in: a suppression comment on its first or last row counts.
    statement_rows: tuple[int, int] = field(default=(0, 0))

    def sort_key(self) -> tuple[str, Span, str, str]:
        """Stable output order: path, place, code, message."""
        return (self.path, self.span, self.code, self.message)
