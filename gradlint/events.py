"""The vocabulary in which syntax and rules talk: what code does to gradients.

An event is one occurrence in a program: two events are the same only if they are the same object.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gradlint.regions import GROUPS, Path, Region, is_one


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands. The two handles are opaque outside `gradlint.syntax`.

    `text` is the code of the expression, on one line; `subject` that of the object it works on.
    """

    node: object = field(repr=False)
    statement: object = field(repr=False)
    text: str = ""
    subject: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Event:
    """Something that happens at a place."""

    place: Place

    def __str__(self) -> str:
        return f"{type(self).__name__.lower()} {self.place.text}"


@dataclass(frozen=True, eq=False, slots=True)
class Accumulate(Event):
    """A backward adds to `.grad`. `reach` None: of everything; else only of these parameters.

    `given` says that the loss is a parameter of the scope, `networks` which ones computed it, where all are known, and
    `sure` that it adds to the gradients of each of them: nothing in the file freezes any. `scaler` is the text of the
    gradient scaler that the loss was multiplied by, None where nobody can tell whether it was by one.
    """

    reach: tuple[Path, ...] | None = None
    given: bool = False
    networks: frozenset[Path] | None = None
    sure: bool = False
    scaler: str | None = ""


@dataclass(frozen=True, eq=False, slots=True)
class Step(Event):
    """The gradients of some regions are applied to their parameters; they stay where they are.

    `scaler` is the text of the gradient scaler that does it, `manual` says that no optimizer is involved, `hands_over`
    that another tensor is given the gradients, for its optimizer to apply. What is `gated` does nothing but in the last
    batch of a window that a framework counts.
    """

    regions: tuple[Region, ...]
    scaler: str = ""
    manual: bool = False
    hands_over: bool = False
    gated: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Clear(Event):
    """Gradients are dropped or overwritten: of these parameters.

    `possible`: the object could not be told, so the gradients of optimizers seen nowhere may be meant as well.
    `owner` is the optimizer that clears, if it is one; `apart` says that it steps as well, and so clears what it steps:
    of another's parameters it leaves something even where it has a part of them. `whole` are those of which nothing is
    left. What is `gated` does nothing but in the last batch of a window that a framework counts.
    """

    params: tuple[Path, ...]
    possible: bool = False
    owner: Path | None = None
    apart: bool = False
    whole: tuple[Path, ...] = ()
    gated: bool = False

    def covers(self, region: Region) -> bool:
        """Whether the gradients of a region are gone after it, beyond doubt.

        Another optimizer may have a part of the same network only; of elements of containers, this may be another one.
        """
        if not (is_one(region.owner) and is_one(region.params)):
            return False
        if self.owner is not None:
            return self.owner == region.owner
        if region.owner.field(GROUPS) in self.whole:
            return True
        return region.known and not region.more and any(path.holds(region.params) for path in self.whole)

    def reaches(self, region: Region) -> bool:
        """Whether the gradients of a region may be meant.

        Parameters that nobody saw given to an optimizer may be any; an optimizer's own are its own, and those of
        what it wraps (`x` and `x.optimizer`) or is an element of. Optimizers that nobody sees may be any.
        """
        if self.params and all(map(region.excludes, self.params)):
            return False
        if self.possible or region.unseen or (self.owner is not None and self.owner.touches(region.owner)):
            return True
        if region.owner == region.params and any(path.fields[-1:] == (GROUPS,) for path in self.params):
            return True  # what is updated by hand may be an optimizer's as well of which nobody knows what it has
        if any(path.holds(region.params) if self.apart else path.touches(region.params) for path in self.params):
            return True
        return not region.known and self.owner is None


@dataclass(frozen=True, eq=False, slots=True)
class Overwrite(Clear):
    """Gradients are replaced by other ones: what was there is gone, and a step has something to apply."""


@dataclass(frozen=True, eq=False, slots=True)
class Rescale(Clear):
    """Gradients are multiplied or masked: a deposit stays one, and what was applied before is kept on purpose."""


@dataclass(frozen=True, eq=False, slots=True)
class Read(Event):
    """Gradients are looked at; not `seen` where that only changes them, as clipping does whose result nobody takes."""

    seen: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Clip(Read):
    """Gradients of some parameters are clipped; of none where nobody can tell of which.

    `whole` is the network whose gradients, all of them, are clipped by their norm. `as_scaled` says that
    nothing in the file unscales any: those of a scaled loss are clipped while they are scaled.
    """

    params: tuple[Path, ...] = ()
    whole: Path | None = None
    as_scaled: bool = False

    def may_be_of(self, region: Region) -> bool:
        """Whether scaled gradients of a region may be clipped, for nobody can tell of one of the two what it has."""
        return self.as_scaled and (not self.params or not region.known)


@dataclass(frozen=True, eq=False, slots=True)
class Unscale(Read):
    """A gradient scaler, by its text, divides the gradients of some regions by its scale; `place.subject` names the
    optimizer.
    """

    regions: tuple[Region, ...] = ()
    scaler: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class UpdateScale(Event):
    """A gradient scaler ends its iteration; `place.subject` names it, unless it is a new one."""


@dataclass(frozen=True, eq=False, slots=True)
class Forget(Event):
    """Nobody can tell what this does to the gradients of these optimizers (None: of any).

    `target` is the scope of the project that it may run, where that much is known.
    """

    given: tuple[Path, ...] | None
    target: int | None = None

    @property
    def may_step(self) -> bool:
        """Whether an optimizer may be stepped."""
        return True


@dataclass(frozen=True, eq=False, slots=True)
class Unresolved(Forget):
    """A call that may be of a function of the project, if one that fits speaks of clearing: else it does nothing.

    One fits if it is called `name`, or with `begins` if its name begins so and is not `apart`; it is looked for within
    reach of the file `key`.
    """

    name: str = ""
    key: str = ""
    begins: bool = False
    apart: str = ""

    @property
    def may_step(self) -> bool:
        """Whether an optimizer may be stepped: what is given none could only do so by a name that nobody knows."""
        return self.begins


@dataclass(frozen=True, eq=False, slots=True)
class MayAdd(Event):
    """Nobody can tell whether this adds gradients: a call that cannot be followed, or somebody else's turn."""


@dataclass(frozen=True, eq=False, slots=True)
class ComputeLoss(Event):
    """A loss is computed, and somebody takes it."""


@dataclass(frozen=True, eq=False, slots=True)
class SkipBatch(Event):
    """The rest of a trip, or of a call, is skipped because of what a loss or a gradient is.

    `added` is what this trip has added so far, `jumps` says that it is a `continue` or a `return`; else the step stands
    under the condition.
    """

    added: frozenset[Accumulate]
    jumps: bool


@dataclass(frozen=True, eq=False, slots=True)
class NextBatch(Event):
    """A framework that counts batches counts another one, for some networks; `size` is what it calls the size of its
    windows.
    """

    size: str
    networks: tuple[Path, ...] = ()


OPTIONAL = (MayAdd, ComputeLoss, SkipBatch, NextBatch)
"""What only matters to who heeds it."""


@dataclass(frozen=True, eq=False, slots=True)
class Schedule(Event):
    """A scheduler sets the learning rate of an optimizer's next step."""

    optimizer: Path


@dataclass(frozen=True, eq=False, slots=True)
class Unstepped(Event):
    """An optimizer is cleared that nothing anywhere steps; `place` is where it is made, if that is in the same file.

    `params` are its parameters, `near` what may have some of them, `apart` optimizers that are known to have none,
    whatever theirs are. `saved`: the file takes the state of it or of them, as for a checkpoint. `named`: a step is
    named somewhere, and not called.
    """

    clear: Clear
    optimizer: Path
    params: tuple[Path, ...]
    near: tuple[Path, ...]
    apart: frozenset[Path]
    saved: bool
    named: bool


@dataclass(frozen=True, eq=False, slots=True)
class Fill(Event):
    """A variable holds a new iterator over parameters, which can be run through once.

    `fixable`: a list could stand in its place.
    """

    variable: Path
    fixable: bool


@dataclass(frozen=True, eq=False, slots=True)
class Consume(Event):
    """An iterator over parameters is run through to its end: `by` a `for`, an `optimizer`, or a function of a name."""

    variable: Path
    by: str


@dataclass(frozen=True, eq=False, slots=True)
class Lend(Event):
    """Another scope of the project is given to a call that nobody can follow and that may run it."""

    target: int


@dataclass(frozen=True, eq=False, slots=True)
class Assign(Event):
    """A variable gets another value: what was known of it, or lies inside it, is void.

    `advance` is set where a number is added to a counter, `constant` where the value is known.
    """

    target: Path
    advance: int | None = None
    constant: object = field(default=None)
    is_constant: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Call(Event):
    """Another scope of the project runs.

    `binds` pairs what it calls an object with what the caller calls it, `constants` its parameters with the values
    that are written in the call or are their defaults. `says_clear`: its name promises that it clears gradients.
    `arguments` pairs its parameters with what the call gives them, as it is written, `networks` with the networks that
    these are, optimize or were computed by, where all are known, `handed_on` with those of the caller's parameters that
    they are. `sees` are the functions around it, whose variables it sees.
    """

    target: int
    binds: tuple[tuple[Path, Path], ...] = ()
    constants: tuple[tuple[Path, object], ...] = ()
    says_clear: bool = False
    arguments: tuple[tuple[Path, object], ...] = field(default=(), repr=False)
    networks: tuple[tuple[Path, frozenset[Path]], ...] = ()
    handed_on: tuple[tuple[Path, Path], ...] = ()
    sees: frozenset[int] = frozenset()
