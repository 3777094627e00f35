"""Effects of one call that are more than one event after another."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from gradlint.events import Event


@dataclass(frozen=True, slots=True)
class Repeated:
    """A callee that its caller runs again and again before it goes on."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Guarded:
    """Events that happen only where an argument of the call is true."""

    test: cst.BaseExpression
    events: tuple[Event, ...]


Effect = Event | Repeated | Guarded
