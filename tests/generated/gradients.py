"""What is in a `.grad` while a program runs, and what is known of how it came there."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FrameType

PROGRAM = "<program>"
"""The file name under which generated programs are compiled."""


def current_row() -> int:
    """The row of the program that is being executed."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != PROGRAM:
        frame = frame.f_back
    return frame.f_lineno if frame is not None else 0


@dataclass(slots=True)
class Excuse:
    """Why nobody has to say that something was not cleared: a hidden reason was in the way of a clear, or a clear was
    named and not called.
    """

    hidden: bool = False
    slipped: bool = False


@dataclass(eq=False, slots=True)
class Deposit:
    """What one backward put into one `.grad`; the rows of the backward and of the steps that applied it.

    `reach` is everything that this backward put something into; there are excuses since it came, and others since it
    was applied. `blurred`: a stranger was called since, who may have added something as well. `passed_by`: since then a
    loop that is taken to run had no trip.

    `scaled`: it is still multiplied by the scale of a scaler, `divided`: it was, ahead of any step. In rows `clipped`
    it was clipped while it was scaled, in those of `scaled_steps` a scaler has applied it.
    """

    number: int
    row: int
    reach: frozenset[Leaf]
    applied: list[int] = field(default_factory=list)
    by: set[int] = field(default_factory=set)  # the optimizers that applied it
    known: frozenset[str] = frozenset()  # the flags that were asked for since it was applied, and around that
    lying: Excuse = field(default_factory=Excuse)
    used: Excuse = field(default_factory=Excuse)
    blurred: bool = False
    passed_by: bool = False
    scaled: bool = False
    divided: bool = False
    clipped: set[int] = field(default_factory=set)
    scaled_steps: set[int] = field(default_factory=set)


@dataclass(eq=False, slots=True)
class Gradient:
    """What is in a `.grad`."""

    of: Leaf
    deposits: list[Deposit]

    def zero_(self) -> Gradient:
        """Zeros are as good as nothing."""
        self.of.cleared(self.deposits)
        self.deposits.clear()
        return self


@dataclass(slots=True)
class Emptied:
    """What has become of a `.grad` since something was put into it: by which rows it was cleared, and what they dropped
    that nobody had applied, as rows of backward and clear. `sure`: of something that was dropped everybody can tell.
    `lossy`: a loss was computed after the last clear. `excused`: since then a backward was named and not called.
    `blurred`: a stranger was called since, who may have added something. `passed_by`: a loop taken to run had no trip.
    """

    clears: set[int] = field(default_factory=set)
    dropped: set[tuple[int, int]] = field(default_factory=set)
    lossy: bool = False
    sure: bool = False
    excused: bool = False
    blurred: bool = False
    passed_by: bool = False


class Leaf:
    """What has a gradient."""

    __slots__ = ("_grad", "emptied", "lost", "number", "requires_grad")

    def __init__(self, number: int) -> None:
        self.number = number
        self.requires_grad = True
        self.emptied = Emptied()
        self.lost: set[tuple[int, int]] = set()  # the rows of backward and clear of what was dropped unapplied
        self._grad: Gradient | None = None

    @property
    def grad(self) -> Gradient | None:
        """What the program sees."""
        return self._grad

    @grad.setter
    def grad(self, value: Gradient | None) -> None:
        self.cleared(self.deposits)
        self._grad = value

    @property
    def deposits(self) -> list[Deposit]:
        """What is there."""
        return self._grad.deposits if self._grad is not None else []

    def add(self, deposit: Deposit) -> None:
        """A backward puts something into it."""
        if self._grad is None:
            self._grad = Gradient(self, [])
        self._grad.deposits.append(deposit)
        self.emptied = Emptied()

    def cleared(self, deposits: Iterable[Deposit]) -> None:
        """The program clears it, whatever was there."""
        row = current_row()
        self.emptied.clears.add(row)
        dropped = [each for each in deposits if not each.applied]
        self.emptied.dropped |= {(each.row, row) for each in dropped}
        self.lost |= {(each.row, row) for each in dropped}
        self.emptied.sure = self.emptied.sure or any(not (each.blurred or each.passed_by) for each in dropped)
        self.emptied.blurred = self.emptied.lossy = self.emptied.excused = False

    @property
    def has_been_passed_by(self) -> bool:
        """Whether a loop that is taken to run had no trip since what lies there came, or was cleared."""
        return self.emptied.passed_by or any(each.passed_by for each in self.deposits)

    def pass_by(self) -> None:
        """A loop that adds, or only clears, has no trip: the linter takes it to have one."""
        self.emptied.passed_by = True
        for each in self.deposits:
            each.passed_by = True

    def blur(self) -> None:
        """A stranger is called, who may have added something: what was dropped before tells nothing any more."""
        self.emptied.blurred = True
        self.emptied.sure = self.emptied.lossy = False
        for each in self.deposits:
            each.blurred = True
