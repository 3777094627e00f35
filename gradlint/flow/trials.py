"""Runs what is around a step on small numbers: for all small sizes of its windows, for loops that end with a window and
for such that do not, and for every answer to the tests that are no arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradlint.bounds import Bound
from gradlint.events import NextBatch, Read, Step
from gradlint.flow import guards
from gradlint.flow.conditions import CALLED, Condition, Cycle
from gradlint.flow.courses import Case, Course, Doubt
from gradlint.flow.graph import Graph
from gradlint.flow.loops import Loops, speaks_of_accumulation, window_counters
from gradlint.flow.prune import called_from, with_callers
from gradlint.flow.reach import Reach
from gradlint.flow.skeleton import Skeleton
from gradlint.flow.stakes import Stakes
from gradlint.regions import Region

SIZES = (2, 3, 4)
"""The sizes of windows that are tried where the code does not say one."""

WINDOWS = 3
"""The windows of a loop that ends with one; another one has one batch more."""

_NUMBER = re.compile(r"[-+.\d]")
MAX_SIZE = Bound(32, "batches of a window")
MAX_WAYS = Bound(32, "ways through the tests around one step")


@dataclass(frozen=True, slots=True)
class Way:
    """One set of answers to the tests, and what happened with it: for each size in turn, where the loop ends with a
    window, and where it has one batch more.
    """

    answers: Mapping[Condition, bool]
    whole: Sequence[Course]
    longer: Sequence[Course]

    @property
    def courses(self) -> Iterator[Course]:
        """All of them, the larger windows later."""
        for pair in zip(self.whole, self.longer, strict=True):
            yield from pair


@dataclass(frozen=True, slots=True)
class Trial:
    """What happened to a region in all runs of a scope.

    `inside` are the graphs of what it runs, `sizes` those of the windows that were tried, `alone` says that the scope
    steps nothing else, `again` that it has no loop of its own, and was run again and again. Ways on which nothing is
    stepped are left out.
    """

    region: Region
    inside: Sequence[Graph]
    sizes: Sequence[int]
    ways: Sequence[Way]
    alone: bool
    again: bool
    reach: Reach

    @property
    def steady(self) -> Iterator[Sequence[Way]]:
        """The ways, those together that differ only by what may come out otherwise from one trip to the next."""
        changing = _changing(self.inside, self.periods)
        found: dict[frozenset[tuple[Condition, bool]], list[Way]] = {}
        for way in self.ways:
            key = frozenset((test, answer) for test, answer in way.answers.items() if test not in changing)
            found.setdefault(key, []).append(way)
        yield from found.values()

    @property
    def periods(self) -> Sequence[str]:
        """The sizes of the windows, by their code."""
        return [period for each in self.inside for period in _periods(each)]

    @property
    def batches(self) -> int:
        """The batches of a loop that does not end with a window, with the largest windows."""
        return WINDOWS * self.sizes[-1] + 1

    def size_of(self, step: Step) -> tuple[str, int]:
        """The code of the size of the window that a step ends, and the largest number that was tried for it."""
        likely = next(filter(speaks_of_accumulation, self.periods), self.periods[0])
        size = next(_deciding(step, self.inside), likely)
        return size, _named(self.inside).get(size, self.sizes[-1])

    def is_seen(self) -> bool:
        """Whether anybody looks at gradients."""
        return any(isinstance(event, Read) and event.seen for graph in self.inside for event in graph.events())


class Trials:
    """Runs the scopes of some graphs."""

    def __init__(self, graphs: Mapping[int, Graph], reach: Reach) -> None:
        self._graphs = graphs
        self._reach = reach
        self._loops = Loops(graphs)
        self._stakes = Stakes(self._loops, reach)
        self._counting = with_callers(graphs, [number for number, graph in graphs.items() if counts(graph)])

    def of(self, graph: Graph, region: Region, *, alone: bool) -> Trial | None:
        """What happens to a region in a scope, and in what it calls; None where no window is, or nobody can tell."""
        if graph.scope not in self._counting or not self._loops.adds(graph.scope):
            return None
        entered = sorted({graph.scope} | called_from(self._graphs, [graph.scope]))
        inside = [self._graphs[number] for number in entered if number in self._graphs]
        periods = [period for each in inside for period in _periods(each)]
        named = _named(inside)
        sizes = _sizes(periods, named)
        if not sizes:
            return None
        try:
            ways = [way for way in self._ways(graph, region, sizes, named) if any(each.updates for each in way.courses)]
        except Doubt:
            return None
        again = not self._loops.repeats(graph)
        return Trial(region, inside, sizes, ways, alone, again, self._reach) if ways else None

    def _ways(self, graph: Graph, region: Region, sizes: Sequence[int], named: Mapping[str, int]) -> Iterator[Way]:
        """Every set of answers to the tests that are asked for. Raises Doubt."""
        waiting: list[dict[Condition, bool]] = [{}]
        count = 0
        while waiting:
            answers = waiting.pop()
            whole = [self._run(graph, region, Case(size, WINDOWS * size, named, answers)) for size in sizes]
            longer = [self._run(graph, region, Case(size, WINDOWS * size + 1, named, answers)) for size in sizes]
            count += 1
            if not MAX_WAYS.allows(count):
                raise Doubt
            given = dict(answers)
            for test in dict.fromkeys(test for course in (*whole, *longer) for test in course.asked):
                if test not in given:
                    waiting.append({**given, test: False})
                    given[test] = True
            yield Way(given, whole, longer)

    def _run(self, graph: Graph, region: Region, case: Case) -> Course:
        return Skeleton(self._graphs, self._stakes, case).run(graph, region)


def counts(graph: Graph) -> bool:
    """Whether a scope asks whether a counter has come around, has a loop over a window, or a framework that counts."""
    return any(_periods(graph))


def _is_known(period: str, named: Mapping[str, int]) -> bool:
    return period.isdigit() or period in named


def _periods(graph: Graph) -> Iterator[str]:
    """The sizes of windows that a scope asks for, by its counters or by a framework's, or that its loops have."""
    yield from _periods_of((test.literal.condition for test in graph.tests), graph)
    yield from (event.size for event in graph.events() if isinstance(event, NextBatch))
    yield from (graph.bounds[counter] for counter in window_counters(graph))


def _deciding(step: Step, graphs: Sequence[Graph]) -> Iterator[str]:
    """The sizes of the windows that a step hangs on."""
    for graph in graphs:
        if step.gated:
            yield from (event.size for event in graph.events() if isinstance(event, NextBatch))
        holds = (literal.condition for node in graph.nodes if node.event is step for literal in node.holds)
        tested = (test.literal.condition for test in graph.tests if step in test.guards)
        yield from _periods_of((*holds, *tested), graph)


def _periods_of(conditions: Iterable[Condition], graph: Graph) -> Iterator[str]:
    for each in conditions:
        if isinstance(each, Cycle):
            yield each.period
        elif each in graph.spans:
            yield graph.spans[each].period


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


def _named(graphs: Sequence[Graph]) -> Mapping[str, int]:
    """The sizes that the code has names for."""
    return {name: size for each in graphs for name, size in each.sizes.items() if size > 0}


def _sizes(periods: Sequence[str], named: Mapping[str, int]) -> Sequence[int]:
    """The sizes to try: what the code says, or small ones; none where it is no size, or a large one."""
    known = [int(period) if period.isdigit() else named[period] for period in periods if _is_known(period, named)]
    if any(_NUMBER.match(period) and not period.isdigit() for period in periods):
        return ()
    if len(known) < len(periods):
        return SIZES
    return (max(known),) if MAX_SIZE.allows(max(known)) and min(known) > 0 else ()
