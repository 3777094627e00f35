"""What a scope does with a region beside the path of a report. It is worked out once, and only if somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property

from gradlint.events import Accumulate, Call, Clear, Event, Read, Step, UpdateScale
from gradlint.flow.graph import Graph
from gradlint.flow.reach import Reach
from gradlint.regions import Region


class Around:
    """One scope and one region. `leaves_some` tells whether something is yet to be applied after a call."""

    def __init__(self, graph: Graph, region: Region, reach: Reach, leaves_some: Callable[[Call], bool]) -> None:
        self._graph = graph
        self._region = region
        self._reach = reach
        self._leaves_some = leaves_some
        self.waiting = cache(self._waiting)

    @cached_property
    def clears(self) -> tuple[Event, ...]:
        """Where the scope clears the region, on any path."""
        events = (event for event in self._graph.events() if isinstance(event, (Call, Clear)))
        return tuple(event for event in events if self._reach.clears(event, self._region))

    def clear_beside(self, event: Event) -> Event | None:
        """Of the scope's clears that which stands nearest to an event."""
        order = {each: number for number, each in enumerate(self._graph.events())}
        here = order.get(event, 0)
        return min(self.clears, key=lambda clear: abs(order[clear] - here), default=None)

    @cached_property
    def updates_scale(self) -> bool:
        """Whether a gradient scaler goes on in the scope."""
        updates = (event for event in self._graph.events() if isinstance(event, UpdateScale))
        return any(event.place.subject for event in updates)

    @cached_property
    def looks(self) -> frozenset[Event]:
        """Where gradients are looked at."""
        return frozenset(event for event in self._graph.events() if isinstance(event, Read) and event.seen)

    @cached_property
    def gathering(self) -> frozenset[Event]:
        """The events that may add to the region's gradients again before a step or a clear: those of a window."""

        def settles(event: Event) -> bool:
            return isinstance(event, Call) or self._ends(event)

        nodes = enumerate(self._graph.nodes)
        added = ((number, node.event) for number, node in nodes if node.event is not None and self._adds(node.event))
        return frozenset(event for number, event in added if number in self._graph.reached(number, settles))

    @cached_property
    def pending(self) -> frozenset[Event]:
        """What may run while something that was added is yet to be applied. A call may apply it, or not."""
        found: set[Event] = set()
        for number, node in enumerate(self._graph.nodes):
            event = node.event
            if event is not None and (self._adds(event) or (isinstance(event, Call) and self._leaves_some(event))):
                found |= self._events(self._graph.reached(number, self._ends))
        return frozenset(found)

    def _waiting(self, step: Event) -> frozenset[Event]:
        """The steps that may apply the same gradients as one before them, before more is added or they are cleared."""

        def ends(event: Event) -> bool:
            return isinstance(event, (Accumulate, Call)) or self._reach.clears(event, self._region)

        starts = [number for number, node in enumerate(self._graph.nodes) if node.event is step]
        reached = (event for start in starts for event in self._events(self._graph.reached(start, ends)))
        return frozenset(event for event in reached if self._applies(event))

    def _events(self, numbers: set[int]) -> set[Event]:
        return {event for number in numbers if (event := self._graph.nodes[number].event) is not None}

    def _ends(self, event: Event) -> bool:
        return self._applies(event) or (not isinstance(event, Call) and self._reach.clears(event, self._region))

    def _adds(self, event: Event) -> bool:
        return isinstance(event, Accumulate) and self._reach.concerns(event, self._region)

    def _applies(self, event: Event) -> bool:
        return isinstance(event, Step) and self._reach.concerns(event, self._region)
