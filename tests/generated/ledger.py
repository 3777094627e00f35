"""Who put something into which `.grad` and who applied it, in one run of a program."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType, MappingProxyType
from typing import NamedTuple

from generated.chance import Chance

PROGRAM = "<program>"
"""The file name under which generated programs are compiled."""


@dataclass(eq=False, slots=True)
class Deposit:
    """What one backward put into one `.grad`; the rows of the backward and of the steps that applied it."""

    number: int
    row: int
    applied: list[int] = field(default_factory=list)
    doubtful: bool = False
    by: set[int] = field(default_factory=set)  # the optimizers that applied it
    known: frozenset[str] = frozenset()  # the flags that were asked for since it was applied, and around that


@dataclass(eq=False, slots=True)
class Gradient:
    """What is in a `.grad`."""

    deposits: list[Deposit]

    def zero_(self) -> Gradient:
        """Zeros are as good as nothing."""
        self.deposits.clear()
        return self


@dataclass(eq=False, slots=True)
class Leaf:
    """What has a gradient."""

    number: int
    grad: Gradient | None = None
    requires_grad: bool = True


@dataclass(frozen=True, slots=True)
class Stale:
    """A step that applied deposits anew, by rows: who had applied them, who added to them, who applied the sum."""

    applied: frozenset[int]
    added: int
    again: int


class Update(NamedTuple):
    """A step, by what it should apply: the numbers of deposits that are new to its optimizer."""

    optimizer: int
    parameter: int
    deposits: tuple[int, ...]


class Run:
    """One run of a program: the choices it gets, and what it does to gradients."""

    def __init__(
        self,
        chance: Chance,
        risky: Mapping[int, bool] = MappingProxyType({}),
        known: Mapping[int, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.chance = chance
        self._risky = risky  # rows in which something may raise, and whether it is what is tried first
        self._known = known  # the flags that are known in each row
        self.stale: set[Stale] = set()
        self.doubtful: set[Stale] = set()  # of these, all that was applied before is in doubt
        self.updates: list[Update] = []
        self.holding: dict[int, Leaf] = {}
        self._is_cut_short = False
        self._deposits = 0
        self._made = 0

    def number(self) -> int:
        """Leafs and optimizers are told apart by the order in which they are made."""
        self._made += 1
        return self._made

    def deposit(self, parameters: Iterable[Leaf]) -> None:
        """A backward puts something into the gradients of some parameters."""
        row = current_row()
        self._deposits += 1
        for parameter in parameters:
            if parameter.requires_grad:
                if parameter.grad is None:
                    parameter.grad = Gradient([])
                parameter.grad.deposits.append(Deposit(self._deposits, row, doubtful=self._is_cut_short))
                self.holding[parameter.number] = parameter

    def update(self, parameters: Iterable[Leaf], by: int) -> None:
        """A step applies what is in the gradients of some parameters."""
        row = current_row()
        for parameter in parameters:
            deposits = parameter.grad.deposits if parameter.grad is not None else []
            stale = [deposit for deposit in deposits if deposit.applied]
            fresh = [deposit for deposit in deposits if not deposit.applied]
            if stale and fresh:
                certain = [deposit for deposit in stale if not deposit.doubtful]
                rows = frozenset(row for deposit in certain or stale for row in deposit.applied)
                (self.stale if certain else self.doubtful).add(Stale(rows, fresh[-1].row, row))
            # What is applied once more beside something new should not have been there.
            own = fresh if stale and fresh else [deposit for deposit in deposits if by not in deposit.by]
            new = tuple(deposit.number for deposit in own)
            if new:
                self.updates.append(Update(by, parameter.number, new))
            for deposit in deposits:
                deposit.by.add(by)
                deposit.applied.append(row)
                deposit.known |= self._known.get(row, frozenset())

    def applied(self) -> Iterator[tuple[Leaf, Deposit]]:
        """The deposits that a step has applied and that are still there."""
        for parameter in self.holding.values():
            for deposit in parameter.grad.deposits if parameter.grad is not None else ():
                if deposit.applied:
                    yield parameter, deposit

    def cut_short(self) -> None:
        """From now on nothing is beyond doubt: a counter was asked for that does not come around often enough."""
        self._is_cut_short = True
        self.doubt_everything()

    def doubt_everything(self) -> None:
        """Nobody can tell how the program got here."""
        for parameter in self.holding.values():
            for deposit in parameter.grad.deposits if parameter.grad is not None else ():
                deposit.doubtful = True

    def may_raise(self, *, always_seen: bool = False) -> None:
        """A forward or a backward pass raises, or not, where the program is ready for it.

        The linter sees that of each backward, and of what is tried first.
        """
        row = current_row()
        if row in self._risky and self.chance.choose(2, rarely=True):
            if not always_seen and not self._risky[row]:
                self.doubt_everything()
            raise RuntimeError("out of memory")


def current_row() -> int:
    """The row of the program that is being executed."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != PROGRAM:
        frame = frame.f_back
    return frame.f_lineno if frame is not None else 0
