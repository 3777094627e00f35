"""What a loop leaves over that does not end with a window: dropped, or applied with what the next loop adds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradlint.events import Accumulate, Clear, Step
from gradlint.flow.conditions import Cycle, Equals, LastTrip
from gradlint.flow.courses import Course, Update
from gradlint.flow.graph import Graph
from gradlint.flow.trials import Trial, Way
from gradlint.regions import is_one


@dataclass(frozen=True, slots=True)
class Tail:
    """What a backward has added in a loop since the last step there.

    `clear` drops it; where that is None, the next loop's first `step` applies it with its own window, so many batches
    `together`. That is so where `size`, the code of the size of a window, is the number that was `tried`, and a loop
    has so many `batches`, one more than whole windows.
    """

    step: Step
    added: Accumulate
    clear: Clear | None
    size: str
    tried: int
    batches: int
    together: int


_OF_A_LENGTH = re.compile(r"\b(?:islice|range|trange|arange|randperm|chunk|split|tensor_split|batched)\b|\[[^\]]*:")
"""What is made of as many parts as somebody asked for."""

_DIVISIBLE = re.compile(r"len\(.*\) *%")

_Loss = tuple[Clear | None, Accumulate]


def left_over(trial: Trial) -> Iterator[Tail]:
    """What the loops of a scope leave over, on all ways and with windows of all sizes: one for each backward."""
    if not is_one(trial.region.owner):
        return  # an element of a container: what each has is not told apart
    if trial.again or any(map(_ends_where_it_says, trial.inside)):
        return
    ways = [way for way in trial.ways if _runs_again(way)]
    common = set.intersection(*map(_of, ways)) if ways else set()
    told: set[Accumulate] = set()
    for clear, added in sorted(common, key=lambda each: (each[0] is None, each[1].place.text)):
        if added in told:
            continue
        told.add(added)
        updates = [update for update in ways[0].longer[-1].updates if _count(added, update)]
        size, tried = trial.size_of(updates[0].step)
        together = max(_count(added, update) for update in updates)
        yield Tail(updates[0].step, added, clear, size, tried, trial.batches, together)


def _ends_where_it_says(graph: Graph) -> bool:
    """Whether a scope does something only until a counter has come far enough, or counts windows in a loop over as many
    things as somebody has asked for: both may end with a window. So may what is known to be a multiple of something.
    """
    for test in graph.tests:
        condition = test.literal.condition
        if isinstance(condition, Cycle):
            bound, over = graph.bounds.get(condition.counter, "len("), graph.over.get(condition.counter, "")
            if "len(" not in bound or _OF_A_LENGTH.search(over):
                return True
            continue
        if isinstance(condition, LastTrip | Equals):
            continue
        if _DIVISIBLE.search(str(test.literal)):
            return True
        decides = test.jumps or any(isinstance(event, (Accumulate, Step)) for event in test.guards)
        counted = any(counter.touches(read) for counter in graph.counters for read in condition.reads)
        if decides and counted and condition not in graph.spans:
            return True
    return False


def _runs_again(way: Way) -> bool:
    """Whether the loop over batches is run again: it may be that training ends with the first time."""
    applied = {(each.event, each.loop) for update in way.longer[-1].updates for each in update.applied}
    return len(applied) > len({event for event, _ in applied})


def _of(way: Way) -> set[_Loss]:
    """What is lost whatever the size of a window is, and only where a loop does not end with one."""
    found = []
    for whole, longer in zip(way.whole, way.longer, strict=True):
        usual = max((_count(e, update) for update in whole.updates for e in _applied(whole)), default=0)
        found.append((_dropped(longer) | _mixed(longer, usual)) - (_dropped(whole) | _mixed(whole, 0)))
    return set.intersection(*found)


def _dropped(course: Course) -> set[_Loss]:
    """What is dropped when the loop that added it is over, of what is applied at other times; not by a clear that drops
    something too early as well, which is another matter.
    """
    applied = _applied(course)
    early = {drop.clear for drop in course.drops if drop.early}
    drops = (drop for drop in course.drops if drop.clear not in early and not drop.deposit.seen)
    return {(drop.clear, drop.deposit.event) for drop in drops if drop.deposit.event in applied}


def _mixed(course: Course, usual: int) -> set[_Loss]:
    """What is applied together with what another run of its loop has added, more of it than usual."""
    return {
        (None, deposit.event)
        for update in course.updates
        for deposit in update.applied
        if _count(deposit.event, update) > usual
        and any(each.event is deposit.event and each.loop != deposit.loop for each in update.applied)
    }


def _applied(course: Course) -> set[Accumulate]:
    return {deposit.event for update in course.updates for deposit in update.applied}


def _count(added: Accumulate, update: Update) -> int:
    return sum(deposit.event is added for deposit in update.applied)
