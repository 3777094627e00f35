"""Gradients of a batch that was skipped."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Set
from dataclasses import dataclass

from gradlint.events import Accumulate, Event, SkipBatch, Step
from gradlint.flow.facts import Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.prune import scopes_with
from gradlint.regions import Region
from gradlint.slips import Slip


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a loss has added, whether its batch was `skipped` since, and whether more was `added` after that."""

    loss: Accumulate
    skipped: bool = False
    added: bool = False

    def __str__(self) -> str:
        return "added to" if self.added else "skipped" if self.skipped else "waiting"


class Skipped(Typestate):
    """Steps that apply what a batch has left which was skipped because of what its loss or gradients were."""

    heeds = (SkipBatch,)

    def concerns(self, graphs: Mapping[int, Graph]) -> Set[int]:
        """Those in which a batch may be skipped, and what calls them."""
        return scopes_with(graphs, lambda event: isinstance(event, SkipBatch))

    def start(self) -> None:
        """Nothing is known to wait."""
        return

    def flow(self, state: Hashable, event: Event, region: Region) -> Iterator[Waiting | None]:
        """What waits after an event; a step, or a clear, leaves nothing to follow."""
        if state is None:
            yield None
        match state, event:
            case None | Waiting(skipped=False), Accumulate():
                yield Waiting(event)
            case Waiting(loss=loss, skipped=False), SkipBatch(added=added) if loss in added:
                yield Waiting(loss, skipped=True)
            case Waiting() as waiting, SkipBatch() | Slip():
                yield waiting
            case Waiting(loss=loss, skipped=True), Accumulate():
                yield Waiting(loss, skipped=True, added=True)
            case _:
                return

    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """A step must not meet what a skipped batch has left."""
        return isinstance(state, Waiting) and state.added and isinstance(event, Step)

    def begins(self, event: Event, before: Hashable) -> bool:
        """The story begins with the backward of the batch that is skipped."""
        waits = before is None or (isinstance(before, Waiting) and not before.skipped)
        return isinstance(event, Accumulate) and waits

    def owes_clear(self, state: Hashable) -> bool:
        """Once its batch was skipped, what it has left has to be cleared, so going around a clear proves nothing."""
        return isinstance(state, Waiting) and state.skipped


SKIPPED = Skipped()
