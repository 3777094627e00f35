"""Guarded control-flow graphs of events, one a scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gradlint.events import Event
from gradlint.flow.conditions import Condition, Literal, Literals, Span
from gradlint.regions import Path


@dataclass(slots=True, eq=False)
class Edge:
    """From one node to another; `target` is -1 while it hangs loose.

    `literal` is the condition under which it is taken, `avoids` the events of the arms that are not taken with it.
    `rebinds` are the variables that a loop sets on it, `advances` the counters that it adds one to, `sets` what is
    known of counters at their first value; the trips of a loop that is `counted` are told apart. `loop` is the loop
    that begins another trip with it, and has counted one by its `counts`; `leaves` are the containers whose current
    element it leaves behind. With `ends_scope` that scope's variables are new. With `no_trip` it goes around a loop
    over something that may be empty.
    """

    source: int
    target: int = -1
    literal: Literal | None = None
    avoids: list[Event] = field(default_factory=list)
    rebinds: tuple[Path, ...] = ()
    advances: tuple[Path, ...] = ()
    leaves: tuple[Path, ...] = ()
    sets: tuple[Literal, ...] = ()
    counted: bool = False
    loop: object | None = None
    counts: frozenset[Path] = frozenset()
    ends_scope: int | None = None
    no_trip: bool = False


@dataclass(slots=True)
class Node:
    """A point of the program: what happens there and which conditions hold whenever it is reached."""

    event: Event | None = None
    holds: Literals = frozenset()
    edges: list[Edge] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Test:
    """A condition that is tested somewhere: its two edges, and what the loop around it changes (None outside loops).

    `guards` are the events on the two ways, `jumps` says that one of the ways leaves.
    """

    literal: Literal
    edges: tuple[Edge, Edge]
    changes: frozenset[Path] | None
    guards: list[Event] = field(default_factory=list)
    jumps: bool = True


@dataclass(slots=True, eq=False)
class Graph:
    """The events of one scope. Node 0 is the entry, node 1 the exit."""

    scope: int
    name: str
    nodes: list[Node] = field(default_factory=lambda: [Node(), Node()])
    tests: list[Test] = field(default_factory=list)
    parameters: frozenset[str] = frozenset()
    # Variables that the scope counts up or down.
    counters: set[Path] = field(default_factory=set)
    # What those stop before that are counted by loops over ranges, where it is a number.
    limits: dict[Path, set[int]] = field(default_factory=dict)
    # The code of what they stop before.
    bounds: dict[Path, str] = field(default_factory=dict)
    # The code of what those run over that are counted by loops.
    over: dict[Path, str] = field(default_factory=dict)
    # The sizes of windows that the code gives a name, where that is set once.
    sizes: dict[str, int] = field(default_factory=dict)
    # The tests that ask how far a counter has come.
    spans: dict[Condition, Span] = field(default_factory=dict)
    # The condition that an assignment of a constant settles.
    settled: dict[Event, Literal] = field(default_factory=dict)
    # The variables and `.attributes` that other scopes write: what is known of them does not survive a loop.
    volatile: frozenset[str] = frozenset()
    memory: Memory = field(default_factory=lambda: Memory())
    _is_left: bool | None = None

    ENTRY = 0
    EXIT = 1

    def reached(
        self, start: int, ends: Callable[[Event], bool], around: Callable[[Event], bool] = lambda event: False
    ) -> set[int]:
        """The nodes to which a way leads from another one, whatever its conditions.

        Not beyond events that end it, nor over edges that go around some events, as past a loop that has no trip.
        """
        found: set[int] = set()
        waiting = [start]
        while waiting:
            for edge in self.nodes[waiting.pop()].edges:
                if edge.target not in found and not any(map(around, edge.avoids)):
                    found.add(edge.target)
                    event = self.nodes[edge.target].event
                    if event is None or not ends(event):
                        waiting.append(edge.target)
        return found

    @property
    def is_left(self) -> bool:
        """Whether any way leads from the entry to the exit."""
        if self._is_left is None:
            self._is_left = self.EXIT in self.reached(self.ENTRY, lambda event: False)
        return self._is_left

    def events(self) -> Iterator[Event]:
        """Every event, in source order."""
        return (node.event for node in self.nodes if node.event is not None)


@dataclass(frozen=True, slots=True)
class Memory:
    """Which conditions are worth remembering in a scope (`gradlint.flow.prune` decides)."""

    # Kept along a path: tested more than once, counted, in a loop that does not change them, or known outside.
    kept: frozenset[object] = frozenset()
    # Tested at all: what a caller knows of them is worth taking in.
    tested: frozenset[object] = frozenset()
    # The smallest and largest shift at which each counter and period is tested.
    phases: Mapping[tuple[Path, str], tuple[int, int]] = field(default_factory=dict)
