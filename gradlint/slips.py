"""Code that does nothing, or not what it was meant to do: events that need no path to be told of."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from gradlint.events import Event
from gradlint.regions import Path, Region


@dataclass(frozen=True, eq=False, slots=True)
class Slip(Event):
    """Code that does nothing, where it was meant to do something. `fixable`: what was meant can be written there."""

    fixable: bool

    @property
    def means_clear(self) -> bool:
        """Whether what was meant would clear gradients."""
        return False

    def reaches(self, region: Region) -> bool:
        """Whether what was meant would clear the gradients of a region."""
        return False


@dataclass(frozen=True, eq=False, slots=True)
class Uncalled(Slip):
    """A method is named and not called: `optimizer.zero_grad`.

    `of` is the object whose method it is, `params` are those that it steps, if it is an optimizer, `schedules` says
    that it is a scheduler's.
    """

    method: str
    of: Path | None
    schedules: bool = False
    params: tuple[Path, ...] = ()

    @property
    def means_clear(self) -> bool:
        """Whether it is `zero_grad`."""
        return self.method == "zero_grad"

    def reaches(self, region: Region) -> bool:
        """Whether it is a clear of the region, or nobody can tell of what."""
        meant = self.of is None or self.of.touches(region.owner) or self.of.touches(region.params)
        meant = meant or any(path.touches(region.params) for path in self.params)
        return self.means_clear and (meant or not region.known)


@dataclass(frozen=True, eq=False, slots=True)
class Unread(Slip):
    """An attribute is set that PyTorch never reads: `p.require_grad = False`.

    `attribute` is its name, `meant` the code that does what was meant, `of_module` says that it belongs to parameters
    and was set on a module.
    """

    attribute: str
    meant: str
    of_module: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Unreached(Slip):
    """The only clear of a function that is there to clear stands where no way leads."""


@dataclass(frozen=True, eq=False, slots=True)
class DividedTwice(Slip):
    """A backward divides a loss by the `size` of a window, which `place.subject` has done already."""

    size: str


class Weight(enum.Enum):
    """What a loss weighs that is one of several whose gradients are accumulated."""

    WHOLE = "whole"  # as much as alone: it is divided by nothing
    LATE = "late"  # the same, for it is divided once it was back-propagated
    COUNTED = "counted"  # one by how many there were so far


@dataclass(frozen=True, eq=False, slots=True)
class Weighed(Slip):
    """A backward of a loss, `place.subject`, that is not divided by the size of a window.

    `by` is the counter that it is divided by, or the division that comes too late; else empty.
    """

    weight: Weight
    by: str = ""


class Miss(enum.Enum):
    """Why a tensor that is changed by its own gradient, without an optimizer, is not changed, or not any more."""

    NAME = "name"  # a name of it is given another tensor
    COMPUTED = "computed"  # the variable is, and that one was computed, so no backward fills its gradient
    FROZEN = "frozen"  # ... and that one needs no gradient
    FORBIDDEN = "forbidden"  # it is changed in place while a graph is recorded


@dataclass(frozen=True, eq=False, slots=True)
class Missed(Slip):
    """A tensor was to be changed by its own gradient, without an optimizer: `p = p - lr * p.grad`.

    `place.subject` is its name, `meant` the code that changes it, empty where nobody can tell.
    """

    miss: Miss
    meant: str


class Waste(enum.Enum):
    """What becomes of something that is made and not used."""

    CONTEXT = "context"  # a context that is never entered
    COPY = "copy"  # a detached tensor that nobody takes
    NUMBER = "number"  # a computed loss that nobody takes
    LAZY = "lazy"  # an iterator that is never run through


@dataclass(frozen=True, eq=False, slots=True)
class Discarded(Slip):
    """Something is made that does nothing by itself, and nobody uses it: `fake.detach()`, `torch.no_grad()`.

    `place.subject` is what it was made from, or the qualified name of what made it; `clears` says that what never runs
    would clear gradients.
    """

    waste: Waste
    clears: bool = False

    @property
    def means_clear(self) -> bool:
        """Whether what never runs would."""
        return self.clears

    def reaches(self, region: Region) -> bool:
        """Whether what never runs would clear: nobody asks what."""
        return self.clears


class Breach(enum.Enum):
    """What is wrong with the closure that a step is given."""

    ABSENT = "absent"  # there is none, and the optimizer cannot do without
    NOTHING = "nothing"  # it gives back nothing, where its loss is needed
    STALE = "stale"  # it back-propagates a loss that was computed outside of it
    NO_BACKWARD = "no backward"  # it computes a loss and no gradients
    KEPT = "kept"  # it adds to the gradients, which are cleared outside of it only


@dataclass(frozen=True, eq=False, slots=True)
class ClosureBreach(Event):
    """A step is given a closure that does not do its part; `place.subject` is the optimizer.

    `closure` is what the step is given, `target` its scope, if that is in the same file, `loss` the variable that it
    should give back or should not have taken from outside, `reaches_in` says that the optimizer goes by the same name
    in the closure. `by` is the class of `torch.optim` that the optimizer is of, empty where it may be of any.
    """

    breach: Breach
    closure: str = ""
    target: int | None = None
    loss: str = ""
    reaches_in: bool = False
    by: str = ""
