"""Accumulation windows: what each update is made of, and what is dropped before it comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradlint.events import Accumulate, Clear, Event, Step
from gradlint.flow.courses import Course, Deposit
from gradlint.flow.trials import Trial, Way


@dataclass(frozen=True, slots=True)
class Window:
    """A clear that drops what a backward added, before the step comes that would have applied it.

    `size` is the code of the size of the window, `share` how much of what the backward adds is applied where that is
    `tried`. `movable` says that the clear could stand behind the step: it is the only one, in one scope with the step,
    that is the only one as well, and nobody looks at gradients there.
    """

    step: Step
    clear: Clear
    added: Accumulate
    size: str
    tried: int
    share: Fraction
    movable: bool


def cleared_early(trial: Trial) -> Iterator[Window]:
    """What is dropped too early of a region: one for each backward."""
    told: set[Accumulate] = set()
    for ways in trial.steady:
        for clear, added in _always_early(ways):
            if added in told:
                continue
            told.add(added)
            course = ways[0].whole[-1]  # of the largest windows
            step = next(each.step for each in course.updates if added in {d.event for d in each.applied})
            share = _share(course, added)
            if share != 1:
                size, tried = trial.size_of(step)
                movable = _is_movable(clear, step, trial)
                yield Window(step, clear, added, size, tried, share, movable)


def summed(trial: Trial, added: Accumulate) -> Step | None:
    """The step that applies what a backward adds as often as a window has batches; None where any applies it less
    often, or windows have one batch.
    """
    found: Step | None = None
    for way in trial.ways:
        for size, course in zip(trial.sizes, way.whole, strict=True):
            for update in course.updates:
                count = _count(added, update.applied)
                if count and (count != size or size < 2):
                    return None
                found = update.step if count and found is None else found
    return found


def _is_movable(clear: Clear, step: Step, trial: Trial) -> bool:
    """Whether a clear and a step in one scope are the only ones of a region, and nobody looks at gradients."""
    those: set[Event] = {step, clear}
    if trial.is_seen() or not any(those.issubset(graph.events()) for graph in trial.inside):
        return False
    others = (event for graph in trial.inside for event in graph.events() if event not in those)
    return not any(isinstance(e, (Step, Clear)) and trial.reach.concerns(e, trial.region) for e in others)


def _always_early(ways: Sequence[Way]) -> list[tuple[Clear, Accumulate]]:
    """The clears that drop what a backward added too early, whatever the answers and the numbers are.

    A backward of which nothing is ever applied serves another step. Where what is applied is never dropped, it is what
    the step is for, and what is dropped is not.
    """
    found: list[set[tuple[Clear, Accumulate]]] = []
    for course in (course for way in ways for course in way.courses):
        applied = {deposit.event for update in course.updates for deposit in update.applied}
        early = {(drop.clear, drop.deposit.event) for drop in course.drops if drop.early and not drop.deposit.seen}
        dropped = {added for _, added in early}
        found.append({pair for pair in early if pair[1] in applied} if applied <= dropped else set())
    common = set.intersection(*found) if found else set()
    return sorted(common, key=lambda pair: (pair[0].place.text, pair[1].place.text))


def _share(course: Course, added: Accumulate) -> Fraction:
    """How much of what a backward adds is applied, from the first step to the last if anything is added in between."""
    shares = [(_count(added, u.applied), _count(added, u.added)) for u in course.updates]
    later = shares[1:] if any(everything for _, everything in shares[1:]) else shares
    return Fraction(sum(applied for applied, _ in later), sum(everything for _, everything in later))


def _count(added: Accumulate, deposits: Sequence[Deposit]) -> int:
    return sum(deposit.event is added for deposit in deposits)
