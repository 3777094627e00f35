"""Who put something into which `.grad` and who applied it, in one run of a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from generated.chance import Chance
from generated.gradients import Deposit, Excuse, Leaf, current_row
from generated.scaling import Scaling
from generated.window import Windows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stale:
    """A step that applied deposits anew, by rows: who had applied them, who added to them, who applied the sum."""

    applied: frozenset[int]
    added: int
    again: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """A step that applied what the loss of another network had left beside a loss of its own, by rows: whose loss, the
    other optimizer's steps that it was for, the own loss, the step.
    """

    left: int
    served: frozenset[int]
    own: int
    again: int


@dataclass(frozen=True, slots=True)
class Met:
    """What a step of an optimizer found: nothing, after which clears of all that it has, and what these had dropped.

    `wasted`: everybody can tell that something was dropped, or a loss computed after the clear. `excused`: a backward
    would have added, had it been called. `blurred`: a stranger may have added, for all that anybody can tell.
    `passed_by`: a loop that is taken to run had no trip on the way.
    """

    row: int
    by: int
    idle: bool
    cleared: bool
    wasted: bool
    excused: bool
    blurred: bool
    passed_by: bool
    clears: frozenset[int]
    dropped: frozenset[tuple[int, int]]


@dataclass(slots=True)
class Found(Generic[T]):
    """What happened beyond doubt, what hangs on a hidden reason, and what a clear was meant for that was not called."""

    certain: set[T] = field(default_factory=set)
    hidden: set[T] = field(default_factory=set)
    slipped: set[T] = field(default_factory=set)

    def of(self, excuse: Excuse) -> set[T]:
        """Those with an excuse."""
        return self.hidden if excuse.hidden else self.slipped if excuse.slipped else self.certain

    @property
    def all(self) -> set[T]:
        """Whatever happened."""
        return self.certain | self.hidden | self.slipped

    def __ior__(self, other: Found[T]) -> Found[T]:
        self.certain |= other.certain
        self.hidden |= other.hidden
        self.slipped |= other.slipped
        return self


class Update(NamedTuple):
    """A step, by what it should apply: the numbers of deposits that are new to its optimizer."""

    optimizer: int
    parameter: int
    deposits: tuple[int, ...]


class Service(NamedTuple):
    """A step that applied a deposit, by its row, its optimizer, and how many deposits there were by then."""

    row: int
    by: int
    when: int


class Run:
    """One run of a program: the choices it gets, and what it does to gradients.

    A `free` one answers what the program tests as chance wants it, so that it goes wherever a way leads.
    """

    def __init__(
        self,
        chance: Chance,
        risky: Mapping[int, bool] = MappingProxyType({}),
        known: Mapping[int, frozenset[str]] = MappingProxyType({}),
        *,
        free: bool = False,
    ) -> None:
        self.chance = chance
        self.free = free
        self._risky = risky  # rows in which something may raise, and whether it is what is tried first
        self._known = known  # the flags that are known in each row
        self.stale: Found[Stale] = Found()
        self.foreign: Found[Foreign] = Found()
        self.met: set[Met] = set()
        self.slips: set[int] = set()  # the rows of statements that do nothing
        self.updates: list[Update] = []
        self.applied: set[int] = set()  # the rows of backwards that a step has applied
        self.scaling = Scaling()
        self.windows = Windows()
        self.holding: dict[int, Leaf] = {}
        self.leaves: list[Leaf] = []
        self._services: dict[int, list[Service]] = {}
        self._is_cut_short = False
        self._deposits = 0
        self._made = 0

    def number(self) -> int:
        """Leafs and optimizers are told apart by the order in which they are made."""
        self._made += 1
        return self._made

    def deposit(self, parameters: Iterable[Leaf], *, scaled: bool = False) -> None:
        """A backward puts something into the gradients of some parameters."""
        row = current_row()
        self._deposits += 1
        reach = frozenset(parameter for parameter in parameters if parameter.requires_grad)
        for parameter in reach:
            excuses = Excuse(self._is_cut_short), Excuse(self._is_cut_short)
            parameter.add(Deposit(self._deposits, row, reach, lying=excuses[0], used=excuses[1], scaled=scaled))
            self.holding[parameter.number] = parameter

    def update(self, parameters: Iterable[Leaf], by: int) -> None:
        """A step applies what is in the gradients of some parameters."""
        row = current_row()
        own = list(parameters)
        self._meet(own, row, by)
        self.scaling.step(own)
        self.windows.step(own)
        for parameter in own:
            deposits = parameter.deposits
            self._reuse(deposits, row)
            self._mix(deposits, frozenset(own), row)
            fresh = [deposit for deposit in deposits if not deposit.applied]
            # What is applied once more beside something new should not have been there.
            new = fresh if len(fresh) < len(deposits) and fresh else [d for d in deposits if by not in d.by]
            if new:
                self.updates.append(Update(by, parameter.number, tuple(deposit.number for deposit in new)))
        for parameter in own:
            for deposit in parameter.deposits:
                deposit.by.add(by)
                deposit.applied.append(row)
                self.applied.add(deposit.row)
                deposit.known |= self._known.get(row, frozenset())
                self._services.setdefault(deposit.number, []).append(Service(row, by, self._deposits))

    def _meet(self, own: list[Leaf], row: int, by: int) -> None:
        emptied = [parameter.emptied for parameter in own]
        self.met.add(
            Met(
                row,
                by,
                idle=not any(parameter.deposits for parameter in own),
                cleared=all(each.clears for each in emptied),
                wasted=any(each.sure or each.lossy for each in emptied),
                blurred=any(each.blurred for each in emptied),
                excused=any(each.excused for each in emptied),
                passed_by=any(each.passed_by for each in (*emptied, *(d for p in own for d in p.deposits))),
                clears=frozenset(row for each in emptied for row in each.clears),
                dropped=frozenset(pair for each in emptied for pair in each.dropped),
            )
        )
        for each in emptied:
            each.sure = False  # what was dropped is told of the first step that misses it, or of none

    def _reuse(self, deposits: list[Deposit], row: int) -> None:
        """Note what a step applies that was applied before, if there is something new beside it."""
        stale = [deposit for deposit in deposits if deposit.applied]
        fresh = [deposit for deposit in deposits if not deposit.applied]
        for found in (self.stale.certain, self.stale.hidden, self.stale.slipped) if fresh else ():
            those = [each for each in stale if self.stale.of(each.used) is found]
            if those:
                found.add(Stale(frozenset(row for each in those for row in each.applied), fresh[-1].row, row))

    def _mix(self, deposits: list[Deposit], own: frozenset[Leaf], row: int) -> None:
        """Note what a step applies that the loss of another network left before a loss of its own came."""
        for left, added in pairwise(deposits):
            if left.applied or added.applied or left.reach <= own or not added.reach <= own:
                continue
            served = frozenset(s.row for s in self._services.get(left.number, ()) if s.when < added.number)
            if served:
                self.foreign.of(left.lying).add(Foreign(left.row, served, added.row, row))

    @property
    def lost(self) -> set[tuple[int, int]]:
        """The rows of each backward and clear of which the one dropped what the other had added, and nobody applied."""
        return {pair for parameter in self.leaves for pair in parameter.lost}

    def lying(self) -> Iterator[tuple[Leaf, Deposit]]:
        """The deposits that are still there."""
        return ((parameter, deposit) for parameter in self.holding.values() for deposit in parameter.deposits)

    def cut_short(self) -> None:
        """From now on nothing is beyond doubt: a counter was asked for that does not come around often enough."""
        self._is_cut_short = True
        self.doubt_everything()

    def call_stranger(self) -> None:
        """Something is called that nobody can follow: it is not given any optimizer, but may go back from a loss."""
        for parameter in self.leaves:
            parameter.blur()

    def doubt_everything(self) -> None:
        """Nobody can tell how the program got here."""
        for _, deposit in self.lying():
            deposit.used.hidden = deposit.lying.hidden = True

    def may_raise(self, *, always_seen: bool = False) -> None:
        """A forward or a backward pass raises, or not, where the program is ready for it.

        The linter sees that of each backward, and of what is tried first.
        """
        row = current_row()
        if row in self._risky and self.chance.choose(2, rarely=True):
            if not always_seen and not self._risky[row]:
                self.doubt_everything()
            raise RuntimeError("out of memory")
