"""Gradients that the loss of another network has left, by which its own optimizer has been served."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Set
from dataclasses import dataclass

from gradlint.events import Accumulate, Clear, Event, Step
from gradlint.flow.facts import Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.prune import scopes_with
from gradlint.regions import Region
from gradlint.slips import Slip


@dataclass(frozen=True, slots=True)
class Left:
    """What a loss has left in a region: it is of this region and of others.

    `served` is the step of another optimizer that has applied the rest, `own` a later loss of the region alone.
    """

    loss: Accumulate
    served: Step | None = None
    own: Accumulate | None = None

    def __str__(self) -> str:
        return "polluted" if self.own else "left by another loss" if self.served else "shared"


class Foreign(Typestate):
    """Steps that apply what the loss of another network has left in theirs.

    Only losses count of which all networks are known, and where nothing freezes any.
    """

    heeds_others = True

    def concerns(self, graphs: Mapping[int, Graph]) -> Set[int]:
        """Those with a loss of several networks, and what calls them."""
        return scopes_with(graphs, lambda event: isinstance(event, Accumulate) and _is_of_several(event))

    def start(self) -> None:
        """Nothing is known to be left."""
        return

    def flow(self, state: Hashable, event: Event, region: Region) -> Iterator[Left | None]:
        """Who has added to the region, and who has applied it."""
        if state is None:
            yield None
        match state, event:
            case None, Accumulate() if _is_shared(event, region):
                yield Left(event)
            case Left() as left, Slip():
                yield left
            case Left(served=None) as left, Step() if not _is_of(event, region):
                yield Left(left.loss, event) if serves(event, left.loss) else left
            case Left() as left, Step() if not _is_of(event, region):
                yield left
            # What was left is another loss's only as long as the rest of it is there to be applied.
            case Left(served=Step()) as left, Clear() if not event.reaches(region):
                yield left
            case Left(own=Accumulate()) as left, Accumulate() if event.networks is not None:
                yield left
            case Left(served=Step() as served) as left, Accumulate() if _is_own(event, region):
                yield Left(left.loss, served, event)
            case _:
                return

    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """A step of the region's own optimizer must not meet what another loss has left."""
        if not isinstance(state, Left) or state.own is None or not isinstance(event, Step):
            return False
        return _is_of(event, region) and not _has_all(event, state.loss)

    def begins(self, event: Event, before: Hashable) -> bool:
        """The story begins with the loss that was another's."""
        return isinstance(event, Accumulate) and before is None

    def owes_clear(self, state: Hashable) -> bool:
        """What was left has to be cleared, so going around a clear proves nothing."""
        return state is not None


FOREIGN = Foreign()


def _is_of(step: Step, region: Region) -> bool:
    return any(each.params.touches(region.params) or each.owner == region.owner for each in step.regions)


def _touches(loss: Accumulate, region: Region) -> bool:
    return any(path.touches(region.params) for path in loss.networks or ())


def _is_of_several(loss: Accumulate) -> bool:
    return loss.sure and loss.reach is None and len(loss.networks or ()) > 1


def _is_shared(loss: Accumulate, region: Region) -> bool:
    """Whether a loss reaches a region, beyond doubt, and other networks as well."""
    others = [path for path in loss.networks or () if not path.touches(region.params)]
    return _is_of_several(loss) and region.known and _touches(loss, region) and bool(others)


def serves(step: Step, loss: Accumulate) -> bool:
    """Whether a step applies what a loss has added to some networks."""
    return all(each.known and _touches(loss, each) for each in step.regions)


def _has_all(step: Step, loss: Accumulate) -> bool:
    """Whether one of several optimizers that step together has all networks of a loss, which is meant for it then."""
    owners = {
        each.owner: [other.params for other in step.regions if other.owner == each.owner] for each in step.regions
    }
    return any(
        all(any(path.touches(params) for params in own) for path in loss.networks or ()) for own in owners.values()
    )


def _is_own(loss: Accumulate, region: Region) -> bool:
    """Whether a loss reaches a region, and nothing else: else both may be meant for what they share."""
    networks = loss.networks if loss.reach is None else None
    return bool(networks) and all(path.touches(region.params) for path in networks or ())
