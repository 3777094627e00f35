"""Gradients that a step has applied already."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterator

from gradlint.events import Accumulate, Event, Rescale, Step
from gradlint.flow.facts import Typestate
from gradlint.regions import Region
from gradlint.slips import Slip


class State(enum.Enum):
    """What is in a region's `.grad`."""

    CLEAN = "clean"  # nothing that is known of
    FRESH = "fresh"  # a deposit waits to be applied
    APPLIED = "applied"  # a step has applied what is there, and nothing has cleared it since
    MIXED = "mixed"  # applied gradients, and a deposit on top of them

    def __str__(self) -> str:
        return self.value


class Stale(Typestate):
    """Steps that apply gradients of which a part has been applied before."""

    def start(self) -> State:
        """Nothing is known of a region at first."""
        return State.CLEAN

    def flow(self, state: Hashable, event: Event, region: Region) -> Iterator[State]:
        """What is in `.grad` after an event; a clear leaves nothing to follow."""
        match state, event:
            case State.CLEAN, Accumulate():
                yield State.CLEAN
                yield State.FRESH
            case State.CLEAN, _:
                yield State.CLEAN
            case State.FRESH, Accumulate():
                yield State.FRESH
            case ((State.APPLIED | State.MIXED), Accumulate()):
                yield State.MIXED
            case _, Step():
                yield State.APPLIED
            case ((State.FRESH | State.MIXED), Rescale()):
                yield state
            case State() as unchanged, Slip():
                yield unchanged
            case _:
                return

    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """A step must not meet gradients of which a part has been applied before."""
        return state is State.MIXED and isinstance(event, Step)

    def begins(self, event: Event, before: Hashable) -> bool:
        """The story begins with the step that applied the gradients; one that only found them applied adds nothing."""
        return isinstance(event, Step) and before is not State.APPLIED

    def owes_clear(self, state: Hashable) -> bool:
        """Applied gradients have to be cleared, so going around a clear proves nothing."""
        return state is State.APPLIED or state is State.MIXED


STALE = Stale()
