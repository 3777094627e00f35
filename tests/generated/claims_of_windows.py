"""What the linter says of accumulation windows, by rows, and whether runs bear that out."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import ClassVar

from generated.claim import Claim, Seen


@dataclass(frozen=True, slots=True)
class Early(Claim):
    """A clear drops what a backward has added, which a step applies another time."""

    added: int
    clear: int
    due: int

    def __str__(self) -> str:
        return f"{self.clear} drops what {self.added} added before {self.due} is due"

    @property
    def steps(self) -> Set[int]:
        return {self.due}

    def happens(self, seen: Seen) -> bool:
        return (self.added, self.clear) in seen.lost and self.added in seen.applied

    def is_explained(self, seen: Seen) -> bool:
        return False


class StepClaim(Claim):
    """What a report claims of what a step finds: no slip explains it."""

    row: int

    @property
    def steps(self) -> Set[int]:
        return {self.row}

    def is_explained(self, seen: Seen) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Incomplete(StepClaim):
    """A step comes before its window is complete: it finds what a single backward has added."""

    row: int

    def __str__(self) -> str:
        return f"{self.row} applies incomplete windows"

    def happens(self, seen: Seen) -> bool:
        return (self.row, 1) in seen.windows.sizes


@dataclass(frozen=True, slots=True)
class Uneven(StepClaim):
    """A step finds more at one time than at another."""

    row: int

    def __str__(self) -> str:
        return f"{self.row} applies what is left over as well"

    def happens(self, seen: Seen) -> bool:
        return len({size for row, size in seen.windows.sizes if row == self.row and size}) > 1


class LossClaim(Claim):
    """What a report claims of each loss that is back-propagated in a row: no slip explains it."""

    row: int
    divided: ClassVar[bool]

    @property
    def steps(self) -> Set[int]:
        return set()

    def happens(self, seen: Seen) -> bool:
        return (self.row, self.divided) in seen.windows.losses

    def is_explained(self, seen: Seen) -> bool:
        return False

    def is_refuted(self, seen: Seen) -> bool:
        return (self.row, not self.divided) in seen.windows.losses


@dataclass(frozen=True, slots=True)
class Whole(LossClaim):
    """Nothing divides it."""

    divided = False

    row: int

    def __str__(self) -> str:
        return f"{self.row} adds whole losses"


@dataclass(frozen=True, slots=True)
class Divided(LossClaim):
    """It is divided before a framework divides it."""

    divided = True

    row: int

    def __str__(self) -> str:
        return f"{self.row} divides once more"
