"""Growing a graph: loose ends, joins, and undoing what turned out to hold no event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gradlint.events import Event
from gradlint.flow.conditions import Literals
from gradlint.flow.graph import Edge, Graph, Node

Ends = list[Edge]


@dataclass(frozen=True, slots=True)
class Arms:
    """Where control goes on after a test, and which conditions hold there."""

    true: Ends
    true_holds: Literals
    false: Ends
    false_holds: Literals


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of growth to which the graph can be taken back."""

    nodes: int
    edges: tuple[tuple[int, int], ...]
    ends: tuple[Edge, ...]
    holds: Literals


class Builder:
    """A graph and the loose ends at which it grows; no ends means that the code here is never reached."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.ends: Ends = [Edge(Graph.ENTRY)]
        self.holds: Literals = frozenset()

    def add(self, event: Event | None) -> int | None:
        """A new node behind the current ends; None where nothing leads to it."""
        if not self.ends:
            return None
        self.graph.nodes.append(Node(event, self.holds))
        number = len(self.graph.nodes) - 1
        self.connect(self.ends, number)
        self.ends = [Edge(number)]
        return number

    def island(self) -> int:
        """A new node to which nothing leads yet."""
        self.graph.nodes.append(Node(None, self.holds))
        return len(self.graph.nodes) - 1

    def connect(self, ends: Iterable[Edge], target: int) -> None:
        """Tie loose ends to a node."""
        for end in ends:
            end.target = target
            self.graph.nodes[end.source].edges.append(end)

    def branch_off(self, target: int) -> None:
        """Let control also go from here to a node, as an exception does."""
        self.connect([replace(end) for end in self.ends], target)

    def mark(self) -> Mark:
        """The state of growth, to be able to come back."""
        sources = {end.source for end in self.ends}
        edges = tuple((source, len(self.graph.nodes[source].edges)) for source in sorted(sources))
        return Mark(len(self.graph.nodes), edges, tuple(self.ends), self.holds)

    def undo(self, mark: Mark) -> None:
        """Take back everything since a mark. Nothing outside may lead into it."""
        del self.graph.nodes[mark.nodes :]
        for source, count in mark.edges:
            del self.graph.nodes[source].edges[count:]
        self.ends = list(mark.ends)
        for end in self.ends:
            end.target = -1
        self.holds = mark.holds

    def events_since(self, mark: Mark) -> list[Event]:
        """What has been added since a mark."""
        return [node.event for node in self.graph.nodes[mark.nodes :] if node.event is not None]
