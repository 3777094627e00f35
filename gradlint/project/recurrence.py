"""Scopes that may be called again and again: `agent.learn()`, `train_step(batch)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import replace

from gradlint.events import Accumulate, Call, Clear, Event, Forget, Step
from gradlint.flow.graph import Edge, Graph, Node
from gradlint.flow.prune import doing
from gradlint.project.link import roots, stepped_regions
from gradlint.regions import Path, Region
from gradlint.syntax import lightning
from gradlint.syntax.callees import is_wrapped
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope, is_reachable


class Recurrence:
    """Which scopes of a program's graphs are taken to be called again, and for which regions that is fair.

    At first every function that deposits and steps is, for that asks little. A report that rests on it then makes
    somebody look for callers. Once they were looked for (`asked`), they decide; where there are none, the rules of
    `is_fair` do.
    """

    def __init__(self, graphs: Mapping[int, Graph], objects: Objects, clears: Callable[[Event, Region], bool]) -> None:
        self._graphs = graphs
        self._objects = objects
        self._clears = clears
        events = [event for graph in graphs.values() for event in graph.events()]
        called = {event.target for event in events if isinstance(event, (Call, Forget)) and event.target is not None}
        originals = objects.program.originals
        self._called = called | {originals[number] for number in called if number in originals}
        self._deposit = doing(graphs, (Accumulate,))
        self._stepped = stepped_regions(graphs)

    def roots(self, asked: Set[int]) -> Iterator[tuple[Graph, Region]]:
        """The scopes to begin in and their regions; those that may be called again with a way back to the entry."""
        again: dict[int, Graph] = {}
        for graph, region in roots(self._graphs):
            number = graph.scope
            if self._may_repeat(number, region, asked):
                if number not in again:
                    again[number] = _with_way_back(graph, self._objects.program.scopes[number])
                yield again[number], region
            else:
                yield graph, region

    def _may_repeat(self, number: int, region: Region, asked: Set[int]) -> bool:
        scope = self._objects.program.scopes[number]
        if scope.kind != "function" or is_wrapped(self._objects, scope):
            return False
        # Callers are not followed into what the configuration speaks of, so they cannot be asked.
        if scope.name in self._objects.program.vocabulary.words:
            return False
        if number not in asked and is_reachable(scope):
            return True
        return number not in self._called and not _is_test(scope) and self.is_fair(region, number)

    def is_fair(self, region: Region, number: int) -> bool:
        """Whether a scope that nobody calls is to answer for a region that is still uncleared at its end.

        Not where the loss comes from outside, for then the caller has more to say about the order of things; not for
        the optimizer that an unseen base class made, which may be cleared there; not where a sibling clears it.
        """
        scope = self._objects.program.scopes[number]
        if any(isinstance(event, Accumulate) and event.given for event in self._graphs[number].events()):
            return False
        if not self._is_from_outside(region, scope):
            return False
        return not any(self._cleared_in(region, other, number) for other in self._siblings(scope))

    def _is_from_outside(self, region: Region, scope: Scope) -> bool:
        owner = region.owner
        if owner.name == "self" and scope.receiver is not None and scope.parent is not None:
            if not owner.fields:
                return False
            home = self._objects.program.scopes[owner.scope]
            if any(lightning.belongs(owner.fields[0], class_) for class_ in self._objects.lineage(home)):
                return True
            own = self._objects.attribute_bindings(Path(owner.scope, "self"), owner.fields[0])
            return bool(own) or owner == region.params
        if owner.scope == scope.number:
            # A tensor that is updated by hand is another one in each call.
            return owner.name in scope.parameters and owner != region.params
        # What the function around it made, for whoever was given this function to call again.
        home = self._objects.program.scopes[owner.scope]
        return home.kind in ("module", "function") and owner.name in home.bindings

    def _siblings(self, scope: Scope) -> Iterator[int]:
        """The other scopes of the file, and those of the classes that the scope's own class derives from."""
        program = self._objects.program
        files = {program.home(scope)}
        if scope.parent is not None and scope.parent.kind == "class":
            files |= {program.home(base) for base in self._objects.lineage(scope.parent)}
        for other in self._graphs:
            if other != scope.number and program.home(program.scopes[other]) in files:
                yield other

    def _cleared_in(self, region: Region, other: int, number: int) -> bool:
        """Whether a sibling clears a region without being a training step of its own."""
        owners = {stepped.owner for stepped in self._stepped[other]}
        if region.owner in owners and other in self._deposit:
            return False
        if region.owner.scope == number:
            last = region.owner.fields[-1] if region.owner.fields else region.owner.name
            return any(
                isinstance(event, Clear) and event.place.subject.rpartition(".")[2] == last
                for event in self._graphs[other].events()
                if not any(isinstance(e, Step) for e in self._graphs[other].events())
            )
        kin = self._are_kin(number, other)
        return any(
            self._clears(event, region)
            for event in self._graphs[other].events()
            if isinstance(event, (Clear, Forget)) and (kin or not _is_vague(event))
        )

    def _are_kin(self, number: int, other: int) -> bool:
        """Whether two scopes share a class or an outer function, or one is the module's own code."""
        program = self._objects.program
        mine, its = program.scopes[number].parent, program.scopes[other].parent
        if its is None or mine is None:
            return True
        if mine.kind == "class" and its.kind == "class":
            return its.number in {class_.number for class_ in self._objects.lineage(program.scopes[mine.number])}
        return mine.number == its.number


def _is_vague(event: Event) -> bool:
    """Whether nobody can tell which object an event clears, if any."""
    return isinstance(event, Forget) or (isinstance(event, Clear) and event.possible)


def _with_way_back(graph: Graph, scope: Scope) -> Graph:
    leave = graph.nodes[Graph.EXIT]
    again = Edge(Graph.EXIT, Graph.ENTRY, loop=scope.node, ends_scope=scope.number)
    nodes = list(graph.nodes)
    nodes[Graph.EXIT] = Node(leave.event, leave.holds, [*leave.edges, again])
    return replace(graph, nodes=nodes)


def _is_test(scope: Scope) -> bool:
    names = (scope.name.lower(), scope.parent.name.lower() if scope.parent is not None else "")
    return any(name.startswith(("test", "setup")) or name.endswith("test") for name in names)
