"""Clips that find no gradients which a step has yet to apply."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Set
from typing import ClassVar

from gradlint.events import Clear, Clip, Event, Read, Step, Unscale, UpdateScale
from gradlint.flow.facts import Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.prune import doing, scopes_with
from gradlint.regions import Region
from gradlint.typestates.idle import IDLE, IdleSteps, Pending

DONE = (*IDLE, Pending.APPLIED)


class MisplacedClips(IdleSteps):
    """Clips that come when gradients are applied or cleared already, on whatever way they are reached.

    Of the first trip of a loop nobody knows what it finds, and that says nothing of the others.
    """

    heeds_reads = True
    begins_in: ClassVar[tuple[type[Event], ...]] = (Step, Clear)

    def concerns(self, graphs: Mapping[int, Graph]) -> Set[int]:
        """Those that clip, and step, and what calls them."""
        return scopes_with(graphs, _clips) & doing(graphs, (Step,))

    def flow(self, state: Hashable, event: Event, region: Region) -> Iterator[Pending]:
        """Clipping and unscaling change nothing of what waits. Whoever has gradients in hand may fill them, and what
        another optimizer applies may be a part of them.
        """
        if isinstance(event, (Clip, Unscale, UpdateScale)) and isinstance(state, Pending):
            yield state
        elif (isinstance(event, Read) and event.seen) or (
            isinstance(event, Step) and all(other.owner != region.owner for other in event.regions)
        ):
            yield Pending.UNKNOWN
        else:
            yield from super().flow(state, event, region)

    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """A clip must find something that is yet to be applied."""
        return state in DONE and _clips(event)

    def spares(self, state: Hashable, event: Event) -> bool:
        """A clip that may find something is none to speak of."""
        return isinstance(event, Clip) and state not in (*DONE, Pending.UNTOLD)

    def begins(self, event: Event, before: Hashable) -> bool:
        """The story begins with the step or the clear after which nothing is left to do."""
        return isinstance(event, (Step, Clear)) and before not in DONE


MISPLACED_CLIPS: Typestate = MisplacedClips()


def _clips(event: Event) -> bool:
    """Whether gradients are only changed, for nobody takes their norm."""
    return isinstance(event, Clip) and not event.seen
