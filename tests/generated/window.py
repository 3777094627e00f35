"""What the windows of one run of a program were made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from generated.gradients import Leaf, current_row


@dataclass(slots=True)
class Windows:
    """By rows: which `losses` were divided by something, and how many new deposits steps found in one `.grad`."""

    losses: set[tuple[int, bool]] = field(default_factory=set)
    sizes: set[tuple[int, int]] = field(default_factory=set)

    def __ior__(self, other: Windows) -> Windows:
        self.losses |= other.losses
        self.sizes |= other.sizes
        return self

    def add_loss(self, *, divided: bool) -> None:
        """Something is back-propagated."""
        self.losses.add((current_row(), divided))

    def step(self, parameters: Iterable[Leaf]) -> None:
        """An optimizer steps."""
        row = current_row()
        for parameter in parameters:
            self.sizes.add((row, sum(not each.applied for each in parameter.deposits)))
