"""What the linter says of clips and gradient scalers, by rows, and whether runs bear that out."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from generated.claim import Claim, Seen


class ScalingClaim(Claim):
    """What a report of clips or scalers claims: no slip explains it."""

    any_way = True

    def is_explained(self, seen: Seen) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Useless(ScalingClaim):
    """A clip never finds anything that a step has yet to apply."""

    clip: int
    after: int

    def __str__(self) -> str:
        return f"{self.clip} clips nothing after {self.after}"

    @property
    def steps(self) -> Set[int]:
        return set()

    def happens(self, seen: Seen) -> bool:
        return (self.clip, False) in seen.scaling.clips

    def is_refuted(self, seen: Seen) -> bool:
        return (self.clip, True) in seen.scaling.clips


@dataclass(frozen=True, slots=True)
class ClippedScaled(ScalingClaim):
    """A clip finds scaled gradients, which a scaler divides when it steps, and never earlier."""

    clip: int
    step: int

    def __str__(self) -> str:
        return f"{self.clip} clips what {self.step} divides"

    @property
    def steps(self) -> Set[int]:
        return {self.step}

    def happens(self, seen: Seen) -> bool:
        return (self.clip, self.step) in seen.scaling.late

    def is_refuted(self, seen: Seen) -> bool:
        return self.step in seen.scaling.early


@dataclass(frozen=True, slots=True)
class Unscaled(ScalingClaim):
    """A step without a scaler finds scaled gradients, or what a scaler has just applied, and never others."""

    source: int
    step: int

    def __str__(self) -> str:
        return f"{self.step} applies what {self.source} scaled"

    @property
    def steps(self) -> Set[int]:
        return {self.step}

    def happens(self, seen: Seen) -> bool:
        return (self.source, self.step) in seen.scaling.raw | seen.scaling.again

    def is_refuted(self, seen: Seen) -> bool:
        return self.step in seen.scaling.plain


@dataclass(frozen=True, slots=True)
class Refused(ScalingClaim):
    """A scaler raises."""

    row: int

    def __str__(self) -> str:
        return f"{self.row} raises"

    @property
    def steps(self) -> Set[int]:
        return set()

    def happens(self, seen: Seen) -> bool:
        return self.row in seen.scaling.refused
