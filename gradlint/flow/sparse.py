"""The part of a graph that matters to one region. What lies between is gone past at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gradlint.events import Assign, Call, Event, Read
from gradlint.flow import conditions, guards
from gradlint.flow.graph import Edge, Graph, Test
from gradlint.flow.named import Named, Variable, variable_of
from gradlint.flow.reach import Reach
from gradlint.regions import Path, Region


class Sparse:
    """Answers for the linked graphs of a program."""

    def __init__(self, graphs: Mapping[int, Graph], reach: Reach) -> None:
        self._graphs = graphs
        self._reach = reach
        self._views: dict[tuple[Graph, Region], View] = {}
        self._named: dict[Graph, Named] = {}
        self._passed_by: dict[tuple[int, Region], bool] = {}
        self._last: View | None = None  # asked for most often

    def view(self, graph: Graph, region: Region) -> View:
        """What matters of a graph to a region."""
        if self._last is not None and self._last.graph is graph and self._last.region is region:
            return self._last
        key = (graph, region)
        if key not in self._views:
            acting = {event for event in self._candidates(graph, region) if self._matters(event, region)}
            self._views[key] = View(graph, region, acting)
        self._last = self._views[key]
        return self._last

    def _candidates(self, graph: Graph, region: Region) -> Iterator[Event]:
        if graph not in self._named:
            self._named[graph] = Named(graph, others=self._reach.others)
        return self._named[graph].candidates(region, is_network=self._reach.is_network(region.params))

    def _matters(self, event: Event, region: Region) -> bool:
        if isinstance(event, Call) and event.target in self._graphs:
            return not self.passes_by(event, region)
        return _acts(event, region, self._reach)

    def passes_by(self, call: Call, region: Region) -> bool:
        """Whether nothing that a call runs is about a region, and it comes back."""
        start = (call.target, self._reach.within(call, region))
        if start not in self._passed_by:
            self._look_into(start)
        return self._passed_by[start]

    def _look_into(self, start: tuple[int, Region]) -> None:
        """Decide for a scope and all that it calls: one acts if it does so itself, or what it calls does."""
        callers: dict[tuple[int, Region], list[tuple[int, Region]]] = {start: []}
        work, acting = [start], []
        while work:
            scope = work.pop()
            graph, region = self._graphs[scope[0]], scope[1]
            events = list(self._candidates(graph, region))
            calls = [event for event in events if isinstance(event, Call) and event.target in self._graphs]
            inside = {(event.target, self._reach.within(event, region)) for event in calls}
            others = (event for event in events if not isinstance(event, Call))
            if not graph.is_left or any(_acts(event, region, self._reach) for event in others):
                acting.append(scope)
            if any(self._passed_by.get(each) is False for each in inside):
                acting.append(scope)
            for each in inside:
                if each in self._passed_by:
                    continue
                if each not in callers:
                    callers[each] = []
                    work.append(each)
                callers[each].append(scope)
        self._passed_by |= dict.fromkeys(callers, True)
        while acting:
            scope = acting.pop()
            if self._passed_by[scope]:
                self._passed_by[scope] = False
                acting += callers[scope]


def _acts(event: Event, region: Region, reach: Reach) -> bool:
    """Whether an event does something about a region, makes its parameters anew, or looks at gradients."""
    match event:
        case Read():
            return True
        case Assign(target=target):
            return target.touches(region.params)
        case _:
            return reach.concerns(event, region)


class View:
    """A graph, as it matters to a region. `kept` are the families of the conditions that are worth remembering."""

    def __init__(self, graph: Graph, region: Region, acting: set[Event]) -> None:
        self.graph = graph
        self.region = region
        self._acting = acting
        decisive = {test for test in graph.tests if test.jumps or not acting.isdisjoint(test.guards)}
        self.kept = graph.memory.kept & set(map(_family, decisive))
        # One that decides nothing here may still tell what another one will find.
        idle = (test for test in graph.tests if test not in decisive and _family(test) not in self.kept)
        self._idle = {edge for test in idle for edge in test.edges}
        # Variables of which it matters that they are assigned to.
        self._watched: dict[Variable, list[Path]] = {}
        reads = {read for test in decisive for read in test.literal.condition.reads}
        for path in {*reads, region.params, *region.apart}:
            self._watched.setdefault(variable_of(path), []).append(path)
        self._calls_matter = _may_change(decisive, graph)
        self._leaving: dict[int, Sequence[Edge]] = {}

    def leaving(self, number: int) -> Sequence[Edge]:
        """The edges that lead from a node, or from what is gone past after it, to what matters next."""
        work = [number]
        past: dict[int, list[Edge]] = {}  # of the nodes that are being looked at
        while work:
            node = work[-1]
            if node in past or node in self._leaving:
                work.pop()
                if node not in self._leaving:
                    self._leaving[node] = self._joined(node, past[node])
                continue
            past[node] = ahead = [edge for edge in self.graph.nodes[node].edges if self._is_gone_past(edge)]
            for edge in ahead:
                if edge.target not in past:
                    work.append(edge.target)
        return self._leaving[number]

    def between(self, number: int, edge: Edge) -> tuple[Event, ...]:
        """What is gone past on the shortest way from a node to an edge that leads on."""
        ways: dict[int, tuple[Event, ...]] = {number: ()}
        work = deque(ways)
        while edge.source not in ways:
            node = work.popleft()
            for past in self.graph.nodes[node].edges:
                if past.target not in ways and self._is_gone_past(past):
                    event = self.graph.nodes[past.target].event
                    ways[past.target] = (*ways[node], event) if event is not None else ways[node]
                    work.append(past.target)
        return ways[edge.source]

    def _joined(self, node: int, past: Sequence[Edge]) -> Sequence[Edge]:
        """The edges of a node; instead of those that are gone past, what leads on from their ends, unless that is a
        circle."""
        edges = self.graph.nodes[node].edges
        if not past:
            return edges
        ways = [self._leaving.get(edge.target, (edge,)) if edge in past else (edge,) for edge in edges]
        first, *others = ways
        if not others or all(way is first for way in others):
            return first
        return tuple(dict.fromkeys(edge for way in ways for edge in way))

    def _is_gone_past(self, edge: Edge) -> bool:
        """Whether nothing happens on an edge and at its end."""
        if edge.target in (Graph.ENTRY, Graph.EXIT) or (edge.literal is not None and edge not in self._idle):
            return False
        if edge.loop is not None or edge.ends_scope is not None or edge.rebinds or edge.leaves or edge.sets:
            return False
        if edge.avoids and not self._acting.isdisjoint(edge.avoids):
            return False
        event = self.graph.nodes[edge.target].event
        return event is None or not self._matters(event)

    def _matters(self, event: Event) -> bool:
        match event:
            case Assign(target=target):
                return any(target.touches(path) for path in self._watched.get(variable_of(target), ()))
            case Call():
                return self._calls_matter or event in self._acting
            case _:
                return event in self._acting


def _may_change(tests: Iterable[Test], graph: Graph) -> bool:
    """Whether another scope may change what some tests ask for."""
    return any(guards.may_change(test.literal.condition, graph.volatile) for test in tests)


def _family(test: Test) -> object:
    return conditions.family(test.literal.condition)
