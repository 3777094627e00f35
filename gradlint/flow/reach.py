"""Which events are about a region, and what it is in a scope that is entered."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace

from gradlint.events import (
    Accumulate,
    Call,
    Clear,
    Clip,
    Event,
    MayAdd,
    Read,
    Rescale,
    SkipBatch,
    Step,
    Unscale,
    UpdateScale,
)
from gradlint.regions import GIVEN, Path, Region
from gradlint.slips import Slip

IsNetwork = Callable[[Path], bool]
"""Whether an object is a network of which all is known."""


class Reach:
    """Answers for the objects of a program.

    `clears` tells whether an event may clear a region's gradients, `is_network` whether all is known of an object,
    `others` whether the steps and clears of all other optimizers are wanted as well, `reads` whether clipping and
    unscaling are.
    """

    def __init__(
        self,
        clears: Callable[[Event, Region], bool],
        is_network: IsNetwork,
        *,
        others: bool = False,
        reads: bool = False,
    ) -> None:
        self.clears = clears
        self.others = others
        self.reads = reads
        self.is_network = is_network

    def concerns(self, event: Event, region: Region) -> bool:
        """Whether what an event does reaches a region's gradients."""
        match event:
            case Accumulate(reach=None, networks=networks):
                return reaches(networks, region, self.is_network)
            case Accumulate(reach=reach):
                return any(path.touches(region.params) for path in reach or ())
            case Step(regions=regions):
                return self.others or any(
                    other.params.holds(region.params) or other.owner == region.owner for other in regions
                )
            case MayAdd() | SkipBatch():
                return True
            case Clear() if self.others:
                return True
            case Slip() | Rescale():
                return event.reaches(region)
            case Clip(params=params):
                own = (
                    event.may_be_of(region)
                    or any(path.touches(region.params) for path in params)
                    or (bool(params) and not region.known)
                )
                return self.reads and own
            case UpdateScale():
                return self.reads
            case Read(seen=True) if not isinstance(event, (Clip, Unscale)):
                return self.reads
            case Unscale(regions=regions):
                return self.reads and any(other.owner == region.owner for other in regions)
            case _:
                return self.clears(event, region)

    def settles(self, event: Event, region: Region) -> bool:
        """Whether an event may be what a region waits for: it clears, or ends what a scaler has begun."""
        return (self.reads and isinstance(event, UpdateScale)) or self.clears(event, region)

    def within(self, call: Call, region: Region) -> Region:
        """A region in the names of the scope that a call enters."""
        return within(call, region, self.is_network)


def reaches(networks: Set[Path] | None, region: Region, is_network: IsNetwork) -> bool:
    """Whether a region may have its parameters in some networks; None stands for any."""
    if networks is None or any(path.touches(region.params) for path in networks):
        return True
    unsure = [path for path in networks if not region.excludes(path)] if region.apart else networks
    return any(path.fields[-1:] == (GIVEN,) for path in unsure) or bool(unsure and not is_network(region.params))


def within(call: Call, region: Region, is_network: IsNetwork) -> Region:
    """A region in the names of the scope that a call enters, with what the call says of its parameters."""
    inner = region
    for inside, outside in call.binds:
        inner = inner.rebase(outside, inside)
    apart = [name for name, networks in call.networks if not reaches(networks, region, is_network)]
    if region.apart:
        apart += [name for name, own in call.handed_on if own in region.apart]
        apart += [path for path in region.apart if path.scope in call.sees]
    if not apart and not region.apart:
        return inner
    apart += [name.field(GIVEN) for name in apart if not name.fields]
    return replace(inner, apart=frozenset(apart))
