"""What scalers and clips met in one run of a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from generated.gradients import Deposit, Leaf, current_row


@dataclass(slots=True)
class Scaling:
    """All by rows. Of what is not applied yet, unless another thing is said.

    `refused`: where a scaler would have raised. `clips`: each clip, and whether it found anything. `late`: a clip of
    what was scaled, and the step of a scaler that divided it afterwards. `early`: the steps of a scaler that found
    something that was divided before. `raw`: a backward of a scaled loss, and the step that applied it without one.
    `again`: a step of a scaler, and one without it that applies the same and nothing else. `plain`: steps without a
    scaler that found neither of these.
    """

    refused: set[int] = field(default_factory=set)
    clips: set[tuple[int, bool]] = field(default_factory=set)
    late: set[tuple[int, int]] = field(default_factory=set)
    early: set[int] = field(default_factory=set)
    raw: set[tuple[int, int]] = field(default_factory=set)
    again: set[tuple[int, int]] = field(default_factory=set)
    plain: set[int] = field(default_factory=set)
    _by_scaler: bool = False

    def __ior__(self, other: Scaling) -> Scaling:
        for name in ("refused", "clips", "late", "early", "raw", "again", "plain"):
            getattr(self, name).update(getattr(other, name))
        return self

    def refuse(self) -> None:
        """A scaler is asked for what it has done already."""
        self.refused.add(current_row())

    def clip(self, parameters: Iterable[Leaf]) -> None:
        """Gradients are clipped."""
        row, fresh = current_row(), list(_fresh(parameters))
        self.clips.add((row, bool(fresh)))
        for each in fresh:
            if each.scaled:
                each.clipped.add(row)

    def divide(self, parameters: Iterable[Leaf]) -> None:
        """A scaler divides gradients by its scale, before its step."""
        for parameter in parameters:
            for each in parameter.deposits:
                each.divided = each.divided or each.scaled
                each.scaled = False

    @contextmanager
    def stepping(self, parameters: Iterable[Leaf]) -> Iterator[None]:
        """A scaler steps an optimizer with some parameters, and divides what is left to be."""
        row, own = current_row(), list(parameters)
        for each in _fresh(own):
            self.late |= {(clip, row) for clip in each.clipped if each.scaled}
            if each.divided:
                self.early.add(row)
        self.divide(own)
        self._by_scaler = True
        yield
        self._by_scaler = False

    def step(self, parameters: Iterable[Leaf]) -> None:
        """An optimizer steps, called by a scaler or not."""
        row = current_row()
        for parameter in parameters:
            found = parameter.deposits
            for each in found if self._by_scaler else ():
                each.scaled_steps.add(row)
            if self._by_scaler:
                continue
            raw = {(each.row, row) for each in found if each.scaled}
            fresh = any(not each.applied for each in found)
            again = {(step, row) for each in found for step in each.scaled_steps if not fresh}
            self.raw |= raw
            self.again |= again
            if not raw and not again and not parameter.has_been_passed_by:
                self.plain.add(row)


def _fresh(parameters: Iterable[Leaf]) -> Iterator[Deposit]:
    return (each for parameter in parameters for each in parameter.deposits if not each.applied)
