"""What bounds the work on one file: beyond a bound nothing is looked at, which is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_noted: ContextVar[Counter[str] | None] = ContextVar("noted", default=None)


class Bound:
    """A number that is not gone beyond, and `what` it counts, in words."""

    def __init__(self, limit: int, what: str) -> None:
        self.limit = limit
        self._what = what

    def allows(self, count: int) -> bool:
        """Whether so many are not too many; where they are, something is not looked at, and that is noted."""
        if count <= self.limit:
            return True
        self.note()
        return False

    def note(self, times: int = 1) -> None:
        """Say that something beyond the bound was left."""
        stops = _noted.get()
        if stops is not None and times:
            stops[str(self)] += times

    def __str__(self) -> str:
        return f"{self.limit:,} {self._what}"


@contextmanager
def noted() -> Iterator[Counter[str]]:
    """How often each bound was reached while the `with` block ran, by its words."""
    stops: Counter[str] = Counter()
    token = _noted.set(stops)
    try:
        yield stops
    finally:
        _noted.reset(token)
