"""What is given to a run of a scope on small numbers, and what happens to gradients in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradlint.events import Accumulate, Clear, Step
from gradlint.flow.conditions import Condition


class Doubt(Exception):
    """Something happens of which nobody can tell what it does to the gradients."""


@dataclass(frozen=True, slots=True)
class Case:
    """The numbers of a run: the size of windows whose size is not known, the trips of loops over batches, the sizes
    that the code has names for; and the answers to tests that are no arithmetic.
    """

    period: int
    trips: int
    sizes: Mapping[str, int]
    answers: Mapping[Condition, bool]

    def size(self, period: str) -> int:
        """The size of a window by its code."""
        return int(period) if period.isdigit() and int(period) > 0 else self.sizes.get(period, self.period)


@dataclass(slots=True, eq=False)
class Deposit:
    """What one backward added; `loop` is the one it ran in, and how often that had been entered.

    `seen`: somebody looked at it.
    """

    event: Accumulate
    loop: tuple[object, int]
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """What one step applied, and how often each backward had run since the one before."""

    step: Step
    applied: tuple[Deposit, ...]
    added: tuple[Deposit, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """What a clear dropped that no step had applied. `early`: the loop was still running in which that was added."""

    clear: Clear
    deposit: Deposit
    early: bool


@dataclass(slots=True)
class Course:
    """What happened in one run, in order; `asked` are the tests that the case has to answer."""

    updates: list[Update] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)
    asked: list[Condition] = field(default_factory=list)
