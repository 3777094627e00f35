"""What hangs on a test: asking for its answer only pays where either way leads to something of its own."""

from __future__ import annotations

from collections.abc import Iterator, Set

from gradlint.events import Accumulate, Assign, Call, Clear, Event, Forget, Lend, NextBatch, Overwrite, Read, Step
from gradlint.flow.conditions import Cycle, Equals, LastTrip
from gradlint.flow.graph import Edge, Graph
from gradlint.flow.loops import Loops
from gradlint.flow.reach import Reach
from gradlint.regions import Path, Region


class Stakes:
    """Answers for the graphs that some loops are of."""

    def __init__(self, loops: Loops, reach: Reach) -> None:
        self.loops = loops
        self.reach = reach
        self._decisive: dict[tuple[int, Region], set[Edge]] = {}

    def hang_on(self, graph: Graph, edge: Edge, region: Region) -> bool:
        """Whether an edge of a test leads elsewhere than the other one, or past something else that matters."""
        if (graph.scope, region) not in self._decisive:
            counted = set(_counted(graph))
            self._decisive[graph.scope, region] = {
                each
                for test in graph.tests
                if test.jumps or any(self._matters(event, graph, region, counted) for event in test.guards)
                for each in test.edges
            }
        return edge in self._decisive[graph.scope, region]

    def _matters(self, event: Event, graph: Graph, region: Region, counted: Set[Path]) -> bool:
        match event:
            case Assign(target=target):
                return event in graph.settled or any(target.touches(path) for path in counted)
            case Call() if self.loops.acts(event.target):
                return True
            case Read():
                return event.seen
            case NextBatch():
                return True
            case Accumulate() | Step() | Clear() | Overwrite() | Forget() | Lend() | Call():
                return self.reach.concerns(event, region)
            case _:
                return False


def _counted(graph: Graph) -> Iterator[Path]:
    """The variables whose numbers decide tests of a scope."""
    for test in graph.tests:
        match test.literal.condition:
            case Cycle(counter=counter) | LastTrip(counter=counter) | Equals(subject=Path() as counter):
                yield counter
            case condition if condition in graph.spans:
                yield from (graph.spans[condition].counter, graph.spans[condition].mark)
            case _:
                pass
