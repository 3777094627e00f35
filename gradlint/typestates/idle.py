"""What waits in a region's `.grad` for the next step, as far as it is certain."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import ClassVar

from gradlint.events import (
    Accumulate,
    Call,
    Clear,
    ComputeLoss,
    Event,
    Forget,
    MayAdd,
    Overwrite,
    Rescale,
    Step,
    Unresolved,
)
from gradlint.flow.facts import Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.prune import doing, scopes_with, with_callers
from gradlint.regions import Region
from gradlint.slips import Slip


class Pending(enum.Enum):
    """What the next step finds."""

    UNTOLD = "untold"  # nobody has said yet
    ADDED = "added"  # what a backward has added
    UNSURE = "unsure"  # what a backward has added, or nothing, if what may have cleared it did
    APPLIED = "applied"  # what a step has applied already
    DISCARDED = "discarded"  # nothing: what was added has been cleared
    NOTHING = "nothing"  # nothing: it was cleared, and nothing was added since
    UNKNOWN = "unknown"  # something may have been added, and may have been cleared

    def __str__(self) -> str:
        return self.value


IDLE = (Pending.DISCARDED, Pending.NOTHING)


class IdleSteps(Typestate):
    """Steps that find nothing to apply, on whatever way they are reached."""

    certain = True
    begins_in: ClassVar[tuple[type[Event], ...]] = (Clear,)
    heeds = (MayAdd, ComputeLoss)

    def concerns(self, graphs: Mapping[int, Graph]) -> Set[int]:
        """Those with a way from a clear to a step on which nothing is added, and what calls them."""
        adding = scopes_with(graphs, _adds)
        stepping = doing(graphs, (Step,)) - adding
        clearing = doing(graphs, (Clear,)) - doing(graphs, (Step,))

        def adds(event: Event, clear: Event) -> bool:
            if isinstance(event, Accumulate) and isinstance(clear, Clear):
                return _may_fill(event, clear)
            return _adds(event) or (isinstance(event, Call) and event.target in adding)

        def has_such_a_way(graph: Graph) -> bool:
            for number, node in enumerate(graph.nodes):
                event = node.event
                clears = isinstance(event, Clear) or (isinstance(event, Call) and event.target in clearing)
                if event is not None and clears and not isinstance(event, (Overwrite, Rescale)):
                    for each in graph.reached(number, partial(adds, clear=event)):
                        then = graph.nodes[each].event
                        if isinstance(then, Step) or (isinstance(then, Call) and then.target in stepping):
                            return True
            return False

        return with_callers(graphs, [number for number, graph in graphs.items() if has_such_a_way(graph)])

    def start(self) -> Pending:
        """A scope does not know what was there before."""
        return Pending.UNTOLD

    def flow(self, state: Hashable, event: Event, region: Region) -> Iterator[Pending]:
        """What waits after an event. Of a clear that need not be one, or of what may add, nobody knows."""
        match state, event:
            case Pending() as unchanged, Slip() | ComputeLoss():
                yield unchanged
            case _, Accumulate():
                yield Pending.ADDED
            case _, Overwrite() | Rescale():
                yield Pending.UNKNOWN
            case ((Pending.ADDED | Pending.UNSURE | Pending.DISCARDED), Clear()) if event.covers(region):
                yield Pending.DISCARDED
            case _, Clear() if event.covers(region):
                yield Pending.NOTHING
            case (Pending.DISCARDED | Pending.NOTHING) as unchanged, Clear():
                yield unchanged
            case ((Pending.ADDED | Pending.UNSURE), Clear()):
                yield Pending.UNSURE
            case ((Pending.DISCARDED | Pending.NOTHING), Step()):
                yield Pending.NOTHING
            case ((Pending.ADDED | Pending.APPLIED), Step()):
                yield Pending.APPLIED
            case _:
                yield Pending.UNKNOWN

    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """A step must not find nothing."""
        return state in IDLE and isinstance(event, Step)

    def together(self, event: Event) -> Sequence[Region]:
        """A step of several optimizers or networks finds something as soon as one of them has it."""
        return event.regions if isinstance(event, Step) else ()

    def begins(self, event: Event, before: Hashable) -> bool:
        """The story begins with the backward whose gradients are dropped, or with the clear where there was none."""
        if isinstance(event, Accumulate):
            return True
        return isinstance(event, Clear) and before not in (Pending.ADDED, Pending.UNSURE, Pending.DISCARDED)

    def spares(self, state: Hashable, event: Event) -> bool:
        """A step that may find something is none to speak of, whatever it finds on other ways."""
        return isinstance(event, Step) and state not in IDLE

    def takes_for_run(self, event: Event) -> bool:
        """Whoever adds gradients batch by batch has batches."""
        return isinstance(event, Accumulate)

    def owes_clear(self, state: Hashable) -> bool:
        """Going around a clear is a way like any other."""
        return False


IDLE_STEPS = IdleSteps()


def _may_fill(deposit: Accumulate, clear: Clear) -> bool:
    """Whether a backward may add to what a clear drops: not where other networks computed its loss."""
    if deposit.networks is None or not clear.params:
        return True
    return any(path.touches(params) for path in deposit.networks for params in clear.params)


def _adds(event: Event) -> bool:
    """Whether something may be added by an event; what a call may add that nobody can follow is an event of its own."""
    adding = isinstance(event, (Accumulate, MayAdd, Forget, Overwrite, Rescale))
    return adding and not isinstance(event, Unresolved)
