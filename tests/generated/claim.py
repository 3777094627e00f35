"""What the runs of a program showed, and what it is to claim something of them."""

from __future__ import annotations

import abc
from collections.abc import Set
from dataclasses import dataclass, field
from typing import ClassVar

from generated.ledger import Foreign, Found, Met, Run, Stale
from generated.scaling import Scaling
from generated.window import Windows


@dataclass(slots=True)
class Seen:
    """What the runs of a program showed."""

    stale: Found[Stale] = field(default_factory=Found)
    foreign: Found[Foreign] = field(default_factory=Found)
    met: set[Met] = field(default_factory=set)
    slips: set[int] = field(default_factory=set)
    applied: set[int] = field(default_factory=set)
    lost: set[tuple[int, int]] = field(default_factory=set)
    scaling: Scaling = field(default_factory=Scaling)
    windows: Windows = field(default_factory=Windows)
    runs: int = 0

    def add(self, run: Run) -> None:
        """One more run."""
        self.stale |= run.stale
        self.foreign |= run.foreign
        self.met |= run.met
        self.slips |= run.slips
        self.applied |= run.applied
        self.lost |= run.lost
        self.scaling |= run.scaling
        self.windows |= run.windows
        self.runs += 1


class Claim(abc.ABC):
    """What one report claims to happen; on a way that may go against what the program tests, if it is `any_way`."""

    any_way: ClassVar[bool] = False

    @property
    @abc.abstractmethod
    def steps(self) -> Set[int]:
        """The rows of steps without which nothing of it can happen."""

    @abc.abstractmethod
    def happens(self, seen: Seen) -> bool:
        """Whether it did, and no slip explains it."""

    @abc.abstractmethod
    def is_explained(self, seen: Seen) -> bool:
        """Whether it did, but only because of a slip, which is what has to be told."""

    def is_refuted(self, seen: Seen) -> bool:
        """Whether anything happened that must not, if it is true."""
        return False
