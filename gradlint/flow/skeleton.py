"""Runs a scope on small numbers: which gradients each step applies, and which are dropped before any does.

Guards over counters are arithmetic, so running them is exact, where following paths would have to guess how many trips
lie between one that clears and one that steps. Every other test is given one answer for the whole run; `windows` asks
for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradlint.bounds import Bound
from gradlint.events import (
    Accumulate,
    Assign,
    Call,
    Clear,
    Event,
    Forget,
    Lend,
    NextBatch,
    Overwrite,
    Read,
    Rescale,
    Step,
)
from gradlint.flow import decisions, guards
from gradlint.flow.conditions import Condition, Cycle, Equals, LastTrip, Literal, Literals, Span, Truth, settled
from gradlint.flow.courses import Case, Course, Deposit, Doubt, Drop, Update
from gradlint.flow.graph import Edge, Graph
from gradlint.flow.loops import Loop
from gradlint.flow.stakes import Stakes
from gradlint.regions import Path, Region

MAX_MOVES = Bound(20_000, "moves of one run")
MAX_COUNTED = 64  # trips of a loop over a range that are all run
MAX_CALLS = Bound(8, "calls inside one another in a run")


class Skeleton:
    """One run for one region."""

    def __init__(self, graphs: Mapping[int, Graph], stakes: Stakes, case: Case) -> None:
        self._graphs = graphs
        self._stakes = stakes
        self._loops = stakes.loops
        self._reach = stakes.reach
        self._case = case
        self._course = Course()
        self._values: dict[Path, int] = {}
        self._given: set[Path] = set()  # counters that others count
        self._unclear: set[Path] = set()
        self._begun: dict[Loop, int] = {}  # how many trips, in all its runs
        self._noted: dict[Path, int] = {}  # the batch in which something was noted down
        self._names: dict[Path, Path] = {}  # what callers call what a parameter was given
        self._known: Literals = frozenset()
        self._trips: dict[Loop, int] = {}
        self._entered: dict[Loop, int] = {}
        self._around: list[Loop] = []
        self._pending: list[Deposit] = []
        self._since: list[Deposit] = []
        self._moves = 0
        # What a framework has counted, for windows of which size, and for which networks.
        self._batches, self._window = 0, 1
        self._networks: tuple[Path, ...] = ()

    def run(self, graph: Graph, region: Region) -> Course:
        """Run a scope; if none of its loops repeats what it does, again and again with what others count one further.

        Raises Doubt.
        """
        for again in range(1 if self._loops.repeats(graph) else self._case.trips):
            for path in self._given if again else ():
                self._values[path] += 1
            self._run(graph, region, 0)
        return self._course

    def _run(self, graph: Graph, region: Region, depth: int) -> None:
        if not MAX_CALLS.allows(depth):
            raise Doubt
        around = len(self._around)
        number = Graph.ENTRY
        while number != Graph.EXIT:
            self._moves += 1
            if not MAX_MOVES.allows(self._moves):
                raise Doubt
            node = graph.nodes[number]
            if node.event is not None:
                self._happen(node.event, graph, region, depth)
            edge = self._choose(graph, number, region)
            if edge is None:
                break
            self._follow(graph, edge)
            number = edge.target
        del self._around[around:]

    def _happen(self, event: Event, graph: Graph, region: Region, depth: int) -> None:
        match event:
            case Assign():
                self._assign(event, graph)
            case Call() if event.target in self._graphs and self._loops.acts(event.target):
                self._call(event, region, depth)
            case NextBatch():
                self._batches += 1
                self._window, self._networks = self._case.size(event.size), event.networks
            case Step(gated=True) | Clear(gated=True) if not self._is_complete():
                pass
            case Accumulate() if self._reach.concerns(event, region):
                deposit = Deposit(event, self._here())
                self._pending.append(deposit)
                self._since.append(deposit)
            case Step() if self._reach.concerns(event, region):
                self._course.updates.append(Update(event, tuple(self._pending), tuple(self._since)))
                self._pending, self._since = [], []
            case Read() if event.seen:
                for each in self._pending:
                    each.seen = True
            case Rescale():
                pass
            case Overwrite() | Forget() | Lend() | Call() if self._pending and self._reach.clears(event, region):
                raise Doubt
            case Clear() if self._pending and event.reaches(region):
                self._clear(event, region)
            case _:
                pass

    def _is_complete(self) -> bool:
        """Whether the framework that counts batches has counted a whole window."""
        return self._batches % self._window == 0

    def _clear(self, clear: Clear, region: Region) -> None:
        gated = not region.known and any(path in self._networks for path in clear.params)
        if not (clear.covers(region) or gated or all(_is_of(clear, each.event) for each in self._pending)):
            raise Doubt
        running = set(zip(self._around, map(self._entered.__getitem__, self._around), strict=True)) | {(None, 0)}
        self._course.drops += [Drop(clear, each, each.loop in running) for each in self._pending]
        self._pending = []

    def _here(self) -> tuple[object, int]:
        loop = self._around[-1] if self._around else None
        return loop, self._entered[loop] if loop is not None else 0

    def _call(self, call: Call, region: Region, depth: int) -> None:
        self._names |= dict(call.binds)
        for parameter, constant in call.constants:
            self._known = guards.forget(self._known, parameter) | {settled(parameter, constant)}
        self._run(self._graphs[call.target], self._reach.within(call, region), depth + 1)

    def _assign(self, event: Assign, graph: Graph) -> None:
        target = self._named(event.target)
        literal = graph.settled.get(event)
        self._known = guards.forget(self._known, event.target)
        if literal is not None:
            self._known |= {literal}
        self._given.discard(target)
        if event.advance is not None:
            self._values[target] = self._values.get(target, 0) + event.advance
        elif event.is_constant and isinstance(event.constant, int):
            self._values[target] = int(event.constant)
            self._unclear.discard(target)
        else:
            self._values.pop(target, None)
            self._unclear.add(target)
            self._noted[target] = self._batch()

    def _named(self, path: Path) -> Path:
        """A path in the names of the outermost caller that has one for it."""
        for inner, outer in self._names.items():
            if inner.holds(path) and inner != outer:
                return self._named(path.rebase(inner, outer))
        return path

    def _choose(self, graph: Graph, number: int, region: Region) -> Edge | None:
        """The way to go on; None where there is none: something is raised, or a loop that never ends was left."""
        edges = graph.nodes[number].edges
        if len(edges) < 2:
            return edges[0] if edges and (edges[0].loop is None or self._goes_on(graph, edges[0])) else None
        again = next((edge for edge in edges if edge.loop is not None), None)
        if again is not None:
            goes_on = self._goes_on(graph, again)
            return again if goes_on else next((edge for edge in edges if edge.loop is None), None)
        tops = [edge for edge in edges if self._loops.is_top(graph, edge.target)]
        if len(tops) == 1:
            return tops[0]  # a loop has trips
        tested = [edge for edge in edges if edge.literal is not None]
        if tested:
            literal = tested[0].literal
            assert literal is not None
            if not self._stakes.hang_on(graph, tested[0], region):
                return tested[0]
            holds = self._decide(literal.condition, graph, region) == literal.holds
            fitting = [edge for edge in tested if edge.literal is not None and (edge.literal == literal) == holds]
            return fitting[0] if fitting else None
        return max(edges, key=lambda edge: edge.target)  # handlers of exceptions come before what they are for

    def _goes_on(self, graph: Graph, again: Edge) -> bool:
        """Whether a loop has another trip; how many it has is known of some."""
        loop = self._loops.of(graph, again)
        done = self._trips.get(loop, 0) + 1
        if again.literal is not None:
            known = self._value_of(again.literal)
            if known is not None:
                return known
        if done < self._loops.trips(loop, self._case.trips, self._case.period):
            return True
        self._trips[loop] = 0
        return False

    def _value_of(self, literal: Literal) -> bool | None:
        """Whether a loop over a range ends there; a long one is run as often as one of which nothing is known."""
        match literal.condition:
            case Equals(subject=Path() as subject, constant=int() as last) if last < MAX_COUNTED:
                value = self._values.get(self._named(subject))
                return None if value is None else (value == last) == literal.holds
            case _:
                return None

    def _follow(self, graph: Graph, edge: Edge) -> None:
        """What taking an edge does: a loop is entered, has another trip, or is left."""
        for path in (*edge.rebinds, *edge.advances):
            self._known = guards.forget(self._known, path)
        for path in edge.rebinds:
            self._values.pop(self._named(path), None)
            self._given.discard(self._named(path))
        for literal in edge.sets if edge.loop is None else ():
            match literal:
                case Literal(Equals(Path() as counter, int() as value), True):
                    self._values[self._named(counter)] = value
                case _:
                    pass
        for path in edge.advances:
            self._values[self._named(path)] = self._values.get(self._named(path), 0) + 1
        if edge.loop is not None:
            loop = self._loops.of(graph, edge)
            self._trips[loop] = self._trips.get(loop, 0) + 1
            self._begun[loop] += 1
            return
        entered = self._loops.entered_by(graph, edge)
        while self._around and self._around[-1].graph is graph and edge.target not in self._around[-1].nodes:
            self._around.pop()
        if entered is not None and entered not in self._around:
            self._around.append(entered)
            self._entered[entered] = self._entered.get(entered, 0) + 1
            self._trips[entered] = 0
            self._begun[entered] = self._begun.get(entered, 0) + 1

    def _decide(self, condition: Condition, graph: Graph, region: Region) -> bool:
        match condition:
            case Cycle(counter=counter, shift=shift, period=period):
                return (self._count(counter) + shift) % self._case.size(period) == 0
            case LastTrip(counter=counter):
                loop = next((each for each in reversed(self._around) if counter in each.counters), None)
                if loop is not None:
                    return self._trips.get(loop, 0) + 1 == self._loops.trips(loop, self._case.trips, self._case.period)
            case Equals(subject=Path() as subject, constant=int() as constant) if self._is_counter(subject):
                return self._count(subject) == constant
            case Truth(subject=Path(fields=(*_, "sync_gradients"))):
                return self._is_complete()
            case Truth() if condition in graph.spans:
                return self._is_over(graph.spans[condition])
            case _:
                pass
        known = decisions.follows(condition, region)
        if known is None:
            known = decisions.decide(self._known, condition)
        if known is not None:
            return known
        if condition not in self._course.asked:
            self._course.asked.append(condition)
        return self._case.answers.get(condition, True)

    def _is_over(self, span: Span) -> bool:
        """Whether a counter has come so far since it was noted down; one of which nothing is known counts batches."""
        counter, mark = self._named(span.counter), self._named(span.mark)
        now = self._values.get(counter, self._batch())
        began = self._values.get(mark, self._noted.get(mark))
        if began is None:
            raise Doubt
        return now - began >= self._case.size(span.period) + span.more

    def _batch(self) -> int:
        """How many batches there were before this one, in all epochs."""
        loop = next((each for each in reversed(self._around) if each.innermost), None)
        return self._begun[loop] - 1 if loop is not None else 0

    def _is_counter(self, path: Path) -> bool:
        return self._named(path) in self._values

    def _count(self, counter: Path) -> int:
        """The value of a counter. One that comes from outside begins at 0."""
        named = self._named(counter)
        if named in self._unclear:
            raise Doubt
        if named not in self._values:
            self._values[named] = 0
            self._given.add(named)
        return self._values[named]


def _is_of(clear: Clear, added: Accumulate) -> bool:
    """Whether a clear leaves nothing of what a backward has added, for it is of all networks that this reaches."""
    networks = added.networks or ()
    return bool(networks) and all(any(path.holds(network) for path in clear.params) for network in networks)
