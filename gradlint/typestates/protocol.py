"""Where a gradient scaler stands with an optimizer, between two of its updates."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterator, Mapping, Set
from dataclasses import dataclass

from gradlint.events import Event, Forget, Lend, Step, Unscale, UpdateScale
from gradlint.flow.facts import Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.prune import scopes_with
from gradlint.regions import Region


class Done(enum.Enum):
    """What a scaler has done with an optimizer since its last update."""

    UNSCALED = "unscaled"  # it has divided the gradients
    STEPPED = "stepped"  # it has stepped the optimizer

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Turn:
    """What was done, and by which scaler, by its code."""

    done: Done
    scaler: str

    def __str__(self) -> str:
        return f"{self.done} by {self.scaler}"


class Protocol(Typestate):
    """Calls at which a gradient scaler raises, for it has not been updated since what it did before."""

    heeds = (UpdateScale, Unscale)
    heeds_reads = True
    trusts_names = True

    def concerns(self, graphs: Mapping[int, Graph]) -> Set[int]:
        """Those in which a scaler steps, and what calls them."""
        return scopes_with(graphs, lambda event: isinstance(event, Step) and bool(event.scaler))

    def start(self) -> None:
        """Nothing is known to have been done."""
        return

    def flow(self, state: Hashable, event: Event, region: Region) -> Iterator[Turn | None]:
        """What was done after an event; an update ends it, whatever that scaler is called."""
        if state is None:
            yield None
        match state, event:
            case Turn() as unchanged, Step() if not _is_own(event, region):
                yield unchanged
            case None, Step() if not _is_own(event, region):
                return
            case _, (Step() | Unscale()) if not _is_of_one(event):
                return
            case None, Unscale(scaler=scaler) if scaler:
                yield Turn(Done.UNSCALED, scaler)
            case ((None | Turn(done=Done.UNSCALED)), Step(scaler=scaler)) if scaler:
                yield Turn(Done.STEPPED, scaler)
            case Turn(), UpdateScale() | Forget() | Lend() | Unscale():
                return
            case Turn(), Step():
                return  # again, or by the optimizer itself, which is another program
            case Turn() as unchanged, _:
                yield unchanged
            case _:
                return

    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """Nothing can be unscaled twice, or after its step, nor stepped twice."""
        match state, event:
            case Turn(scaler=by), Unscale(scaler=scaler):
                return scaler == by and _is_of_one(event)
            case Turn(done=Done.STEPPED, scaler=by), Step(scaler=scaler) if _is_own(event, region):
                return scaler == by and _is_of_one(event)
            case _:
                return False

    def begins(self, event: Event, before: Hashable) -> bool:
        """The story begins with what was done first."""
        return before is None and isinstance(event, (Unscale, Step))

    def owes_clear(self, state: Hashable) -> bool:
        """An update is what a way must not go around for reasons that nobody knows."""
        return state is not None


def _is_of_one(event: Step | Unscale) -> bool:
    """Whether a single optimizer is meant, and not another one of several in each trip of a loop."""
    return len({region.owner for region in event.regions}) == 1


def _is_own(step: Step, region: Region) -> bool:
    """Whether it is the region's own optimizer that steps, and not one that has the same parameters."""
    return any(other.owner == region.owner for other in step.regions)


PROTOCOL = Protocol()
