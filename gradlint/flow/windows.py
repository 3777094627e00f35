"""Accumulation windows: what each update is made of, by running the skeleton of what is around it.

A window is decided for all small sizes, for loops that end with a window and for such that do not, and for every answer
to the tests that are no arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradlint.bounds import Bound
from gradlint.events import Accumulate, Call, Clear, Event, NextBatch, Read, Step
from gradlint.flow import guards
from gradlint.flow.conditions import CALLED, Condition, Cycle
from gradlint.flow.courses import Case, Course, Deposit, Doubt
from gradlint.flow.graph import Graph
from gradlint.flow.loops import Loops, window_counters
from gradlint.flow.prune import with_callers
from gradlint.flow.reach import Reach
from gradlint.flow.skeleton import Skeleton
from gradlint.regions import Region

SIZES = (2, 3, 4)
"""The sizes of windows that are tried where the code does not say one."""

_NUMBER = re.compile(r"[-+.\d]")
MAX_SIZE = Bound(32, "batches of a window")
MAX_WAYS = Bound(32, "ways through the tests around one step")


@dataclass(frozen=True, slots=True)
class Window:
    """A clear that drops what a backward added, before the step comes that would have applied it.

    `size` is the code of the size of the window, `share` how much of what the backward adds is applied where that is
    `tried`, `alone` says that the scope steps nothing else, `movable` that the clear could stand behind the step: it is
    the only one, in one scope with the step, that is the only one as well, and nobody looks at gradients there.
    """

    region: Region
    step: Step
    clear: Clear
    added: Accumulate
    size: str
    tried: int
    share: Fraction
    alone: bool
    movable: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """One set of answers to the tests, and what happened with it for each size and length."""

    answers: Mapping[Condition, bool]
    courses: Sequence[Course]


class Windows:
    """Judges the windows of some graphs."""

    def __init__(self, graphs: Mapping[int, Graph], reach: Reach) -> None:
        self._graphs = graphs
        self._reach = reach
        self._loops = Loops(graphs)
        self._counting = with_callers(graphs, [number for number, graph in graphs.items() if counts(graph)])

    def of(self, graph: Graph, region: Region, *, alone: bool) -> Iterator[Window]:
        """What is dropped too early of a region in a scope, and in what it calls: one for each backward."""
        if graph.scope not in self._counting or not self._loops.adds(graph.scope):
            return
        inside = [self._graphs[number] for number in self._entered(graph.scope)]
        periods = [period for each in inside for period in _periods(each)]
        named = {name: size for each in inside for name, size in each.sizes.items() if size > 0}
        sizes = self._sizes(periods, named)
        if not sizes:
            return
        try:
            ways = [way for way in self._ways(graph, region, sizes, named) if any(each.updates for each in way.courses)]
        except Doubt:
            return
        changing = _changing(inside, periods)
        steady: dict[frozenset[tuple[Condition, bool]], list[_Way]] = {}
        for way in ways:
            key = frozenset((test, answer) for test, answer in way.answers.items() if test not in changing)
            steady.setdefault(key, []).append(way)
        told: set[Accumulate] = set()
        for group in steady.values():
            for clear, added in _always_early(group):
                if added not in told:
                    told.add(added)
                    course = group[0].courses[-2]  # of the largest windows, all complete
                    step = next(each.step for each in course.updates if added in {d.event for d in each.applied})
                    share = _share(course, added)
                    if share == 1:
                        continue
                    size = next(_deciding(step, inside), periods[0])
                    movable = any({step, clear}.issubset(each.events()) for each in inside) and self._is_only(
                        (step, clear), region, inside
                    )
                    tried = named.get(size, sizes[-1])
                    yield Window(region, step, clear, added, size, tried, share, alone, movable)

    def _is_only(self, those: Sequence[Event], region: Region, graphs: Sequence[Graph]) -> bool:
        """Whether nothing else steps or clears a region, and nobody looks at gradients."""
        for event in (event for graph in graphs for event in graph.events()):
            if isinstance(event, Read) and event.seen:
                return False
            if isinstance(event, (Step, Clear)) and event not in those and self._reach.concerns(event, region):
                return False
        return True

    def _entered(self, scope: int) -> set[int]:
        found = {scope}
        waiting = [scope]
        while waiting:
            for event in self._graphs[waiting.pop()].events():
                if isinstance(event, Call) and event.target in self._graphs and event.target not in found:
                    found.add(event.target)
                    waiting.append(event.target)
        return found

    @staticmethod
    def _sizes(periods: Sequence[str], named: Mapping[str, int]) -> Sequence[int]:
        """The sizes to try: what the code says, or small ones; none where it is no size, or a large one."""
        known = [int(period) if period.isdigit() else named[period] for period in periods if _is_known(period, named)]
        if any(_NUMBER.match(period) and not period.isdigit() for period in periods):
            return ()
        if len(known) < len(periods):
            return SIZES
        return (max(known),) if MAX_SIZE.allows(max(known)) and min(known) > 0 else ()

    def _ways(self, graph: Graph, region: Region, sizes: Sequence[int], named: Mapping[str, int]) -> Iterator[_Way]:
        """Every set of answers to the tests that are asked for. Raises Doubt."""
        waiting: list[dict[Condition, bool]] = [{}]
        count = 0
        while waiting:
            answers = waiting.pop()
            courses = [
                Skeleton(self._graphs, self._loops, self._reach, Case(size, trips, named, answers)).run(graph, region)
                for size in sizes
                for trips in (3 * size, 3 * size + 1)
            ]
            count += 1
            if not MAX_WAYS.allows(count):
                raise Doubt
            given = dict(answers)
            for test in dict.fromkeys(test for course in courses for test in course.asked):
                if test not in given:
                    waiting.append({**given, test: False})
                    given[test] = True
            yield _Way(given, courses)


def counts(graph: Graph) -> bool:
    """Whether a scope asks whether a counter has come around, has a loop over a window, or a framework that counts."""
    return any(_periods(graph))


def _is_known(period: str, named: Mapping[str, int]) -> bool:
    return period.isdigit() or period in named


def _periods(graph: Graph) -> Iterator[str]:
    """The sizes of windows that a scope asks for, by its counters or by a framework's, or that its loops have."""
    conditions = (test.literal.condition for test in graph.tests)
    yield from (each.period for each in conditions if isinstance(each, Cycle))
    yield from (event.size for event in graph.events() if isinstance(event, NextBatch))
    yield from (graph.bounds[counter] for counter in window_counters(graph))


def _deciding(step: Step, graphs: Sequence[Graph]) -> Iterator[str]:
    """The sizes of the windows that a step hangs on."""
    for graph in graphs:
        if step.gated:
            yield from (event.size for event in graph.events() if isinstance(event, NextBatch))
        holds = (literal.condition for node in graph.nodes if node.event is step for literal in node.holds)
        tested = (test.literal.condition for test in graph.tests if step in test.guards)
        yield from (each.period for each in (*holds, *tested) if isinstance(each, Cycle))


def _changing(graphs: Sequence[Graph], periods: Sequence[str]) -> set[Condition]:
    """The tests that may come out one way in one trip and another way in the next, or that ask for a window's size."""
    return {
        test.literal.condition
        for graph in graphs
        for test in graph.tests
        if test.changes is None
        or guards.reads_any(test.literal, test.changes)
        or any(read.name == CALLED or str(read) in periods for read in test.literal.condition.reads)
    }


def _always_early(ways: Sequence[_Way]) -> list[tuple[Clear, Accumulate]]:
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
