"""Whether the gradients of a region are multiplied by the scale of a gradient scaler, as far as it is certain."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterator, Mapping, Set

from gradlint.events import (
    Accumulate,
    Clear,
    Clip,
    Event,
    MayAdd,
    Overwrite,
    Read,
    Rescale,
    Step,
    Unscale,
    UpdateScale,
)
from gradlint.flow.facts import Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.prune import scopes_with
from gradlint.regions import Region, is_one
from gradlint.slips import Slip


class Scale(enum.Enum):
    """What lies in `.grad`."""

    UNTOLD = "untold"  # nobody has said yet
    EMPTY = "empty"  # nothing
    PLAIN = "plain"  # gradients as they are
    SCALED = "scaled"  # gradients times the scale
    CLIPPED = "clipped"  # the same, clipped by a norm that is meant for gradients as they are
    DIVIDED = "divided"  # gradients that a scaler has divided by its scale again
    APPLIED = "applied"  # the same, and the scaler has stepped the optimizer
    UNKNOWN = "unknown"  # somebody has changed them

    def __str__(self) -> str:
        return self.value


SCALED = (Scale.SCALED, Scale.CLIPPED)


class Scaled(Typestate):
    """Steps that apply scaled gradients, or what was clipped while it was scaled, on whatever way they are reached."""

    certain = True
    heeds = (MayAdd,)
    begins_in = (Accumulate,)
    heeds_reads = True

    def concerns(self, graphs: Mapping[int, Graph]) -> Set[int]:
        """Those with a loss that a scaler has multiplied, and what calls them."""
        return scopes_with(graphs, lambda event: isinstance(event, Accumulate) and bool(event.scaler))

    def start(self) -> Scale:
        """A scope does not know what was there before."""
        return Scale.UNTOLD

    def flow(self, state: Hashable, event: Event, region: Region) -> Iterator[Scale]:
        """What lies there after an event."""
        match state, event:
            case ((Scale.PLAIN | Scale.DIVIDED | Scale.UNKNOWN), Accumulate(scaler=str() as by)) if by:
                yield Scale.UNKNOWN
            case _, Accumulate(scaler=str() as by) if by:
                yield Scale.SCALED
            case ((Scale.UNTOLD | Scale.EMPTY | Scale.PLAIN), Accumulate(scaler="")):
                yield Scale.PLAIN
            case (Scale.SCALED, Clip()) if _clips(event, region):
                yield Scale.CLIPPED
            case Scale.EMPTY | Scale.UNTOLD | Scale.PLAIN as unchanged, Unscale():
                yield unchanged
            case _, Unscale():
                yield Scale.DIVIDED
            case ((Scale.SCALED | Scale.CLIPPED), Read(seen=True)) if not isinstance(event, Clip):
                yield Scale.UNKNOWN  # whoever has them in hand may divide them
            case ((Scale.SCALED | Scale.CLIPPED), MayAdd()):
                yield Scale.UNKNOWN  # nobody sees what that does; it may unscale
            case Scale() as unchanged, Read() | Slip() | UpdateScale() | MayAdd():
                yield unchanged
            case _, Overwrite() | Rescale():
                yield Scale.UNKNOWN
            case _, Clear() if event.covers(region):
                yield Scale.EMPTY
            case (Scale.UNTOLD | Scale.EMPTY) as unchanged, Clear():
                yield unchanged
            case (Scale.SCALED | Scale.CLIPPED | Scale.DIVIDED | Scale.APPLIED) as unchanged, Clear() if not is_one(
                region.owner
            ):
                yield from (unchanged, Scale.EMPTY)  # it may be another element of a list that is cleared
            case ((Scale.SCALED | Scale.CLIPPED | Scale.DIVIDED), Step()) if event.scaler:
                yield Scale.APPLIED
            case (Scale.EMPTY | Scale.UNTOLD) as unchanged, Step():
                yield unchanged
            case _:
                yield Scale.UNKNOWN

    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """A step must not find scaled gradients without their scaler, or with it what was clipped too early."""
        if not isinstance(event, Step) or event.manual:
            return False
        return state is Scale.CLIPPED if event.scaler else state in (*SCALED, Scale.APPLIED)

    def begins(self, event: Event, before: Hashable) -> bool:
        """The story begins with the loss that was scaled."""
        return isinstance(event, Accumulate) and before not in SCALED

    def spares(self, state: Hashable, event: Event) -> bool:
        """A step that may find gradients as they should be is none to speak of."""
        fine = (
            (Scale.DIVIDED, Scale.UNKNOWN)
            if isinstance(event, Step) and event.scaler
            else (Scale.PLAIN, Scale.DIVIDED, Scale.UNKNOWN, Scale.UNTOLD, Scale.EMPTY)
        )
        return isinstance(event, Step) and state in fine

    def owes_clear(self, state: Hashable) -> bool:
        """Going around a clear is a way like any other."""
        return False


def _clips(clip: Clip, region: Region) -> bool:
    """Whether the gradients of a region are clipped; where nobody can tell, those that nobody unscales are."""
    return clip.may_be_of(region) or any(path.holds(region.params) for path in clip.params)


SCALED_STEPS = Scaled()
