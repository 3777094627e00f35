"""The loops of graphs: which nodes each has, what it counts, and how many trips it is run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gradlint.events import Accumulate, Call, Clear, Step
from gradlint.flow.conditions import Cycle
from gradlint.flow.graph import Edge, Graph
from gradlint.flow.prune import doing
from gradlint.regions import Path

OUTER_TRIPS = 3  # of a loop around the one over batches: epochs
_ACCUMULATES = re.compile(
    r"accum|acc_|_acc\b|micro|subdivision|grad\w*_(?:step|iter|freq)|update_(?:freq|every|interval)|iter_size"
)
IDLE_TRIPS = 1  # of a loop that adds nothing, as over parameters


@dataclass(slots=True, eq=False)
class Loop:
    """A loop of a graph: its nodes, the counters that it advances, and whether it is the innermost that adds."""

    graph: Graph
    top: int
    nodes: set[int]
    counters: set[Path] = field(default_factory=set)
    adds: bool = False
    innermost: bool = False
    counts: bool = False
    """A test is made of whether its counter has come around."""
    is_window: bool = False
    """It has a trip for each batch of a window, by the name of what it stops before."""


class Loops:
    """Answers for some graphs."""

    def __init__(self, graphs: Mapping[int, Graph]) -> None:
        self._acting = doing(graphs, (Accumulate, Step, Clear))
        self._adding = doing(graphs, (Accumulate,))
        self._cycled = {
            test.literal.condition.counter
            for graph in graphs.values()
            for test in graph.tests
            if isinstance(test.literal.condition, Cycle)
        }
        self._known: dict[int, dict[int, Loop]] = {}

    def acts(self, scope: int) -> bool:
        """Whether a scope adds, steps or clears, itself or through what it calls."""
        return scope in self._acting

    def adds(self, scope: int) -> bool:
        """Whether a scope adds, itself or through what it calls."""
        return scope in self._adding

    def repeats(self, graph: Graph) -> bool:
        """Whether a loop of the scope repeats what adds."""
        return any(loop.adds for loop in self._of(graph).values())

    def of(self, graph: Graph, again: Edge) -> Loop:
        """The loop that an edge begins another trip of."""
        return self._of(graph)[again.target]

    def around(self, graph: Graph, number: int) -> Loop | None:
        """The innermost loop around a node."""
        loops = (loop for loop in self._of(graph).values() if number in loop.nodes)
        return min(loops, key=lambda loop: len(loop.nodes), default=None)

    def is_top(self, graph: Graph, number: int) -> bool:
        """Whether a loop begins at a node."""
        return number in self._of(graph)

    def entered_by(self, graph: Graph, edge: Edge) -> Loop | None:
        """The loop that an edge enters."""
        loop = self._of(graph).get(edge.target)
        return loop if loop is not None and edge.source not in loop.nodes else None

    def trips(self, loop: Loop, batches: int, size: int) -> int:
        """How many trips a loop is run, where one over batches has so many, and one over a window as many as that has
        batches.
        """
        if loop.is_window:
            return size
        if loop.innermost or (loop.adds and loop.counts):
            return batches
        return OUTER_TRIPS if loop.adds else IDLE_TRIPS

    def _of(self, graph: Graph) -> dict[int, Loop]:
        if id(graph) not in self._known:
            self._known[id(graph)] = self._found(graph)
        return self._known[id(graph)]

    def _found(self, graph: Graph) -> dict[int, Loop]:
        sources: dict[int, list[int]] = {}
        for number, node in enumerate(graph.nodes):
            for edge in node.edges:
                sources.setdefault(edge.target, []).append(number)
        found: dict[int, Loop] = {}
        for number, node in enumerate(graph.nodes):
            for edge in node.edges:
                if edge.loop is not None:
                    loop = found.setdefault(edge.target, Loop(graph, edge.target, {edge.target}))
                    loop.nodes |= _leading_to(number, edge.target, sources)
                    loop.counters.update(edge.advances)
        for loop in found.values():
            loop.adds = any(self._adds(graph, number) for number in loop.nodes)
        for loop in found.values():
            inner = (each for each in found.values() if each is not loop and each.top in loop.nodes and each.adds)
            loop.innermost = loop.adds and not any(inner)
            loop.counts = not self._cycled.isdisjoint(loop.counters)
            loop.is_window = loop.adds and any(each in loop.counters for each in window_counters(graph))
        return found

    def _adds(self, graph: Graph, number: int) -> bool:
        event = graph.nodes[number].event
        return isinstance(event, Accumulate) or (isinstance(event, Call) and event.target in self._adding)


def window_counters(graph: Graph) -> Iterator[Path]:
    """The counters of loops that stop before something whose name says that gradients are accumulated."""
    return (counter for counter, bound in graph.bounds.items() if speaks_of_accumulation(bound))


def speaks_of_accumulation(size: str) -> bool:
    """Whether the code of a window's size says that gradients are accumulated, and not that a step comes rarely."""
    return _ACCUMULATES.search(size.lower()) is not None


def _leading_to(foot: int, top: int, sources: Mapping[int, list[int]]) -> set[int]:
    """The nodes from which a way leads to the end of a loop without its beginning."""
    found = {foot, top}
    waiting = [foot] if foot != top else []
    while waiting:
        for number in sources.get(waiting.pop(), ()):
            if number not in found:
                found.add(number)
                waiting.append(number)
    return found
