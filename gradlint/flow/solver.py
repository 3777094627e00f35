"""Tabulation over the exploded graph (nodes x facts): facts flow one by one, calls by summaries.

Reps, Horwitz, Sagiv: Precise interprocedural dataflow analysis via graph reachability (POPL 1995). A callee is entered
with one fact at a time; what comes out is remembered and serves every caller. A fact never changes its region, so a
caller reads a callee's result in its own names.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from gradlint.events import Accumulate, Assign, Call, Event, Forget, Step
from gradlint.flow import guards
from gradlint.flow.graph import Edge, Graph
from gradlint.flow.guards import Condition, Cycle, IsNone, LastTrip, Literals, Truth
from gradlint.regions import Path, Region

MAX_FACTS = 64  # facts of one region at one node; past it a further one is dropped, which can only silence


class Typestate(Protocol):
    """What the solver asks of a rule."""

    def start(self) -> Hashable:
        """The state of a region of which nothing is known."""

    def flow(self, state: Hashable, event: Event) -> Iterable[Hashable]:
        """The states after an event that concerns the region; none where nothing is left to follow."""

    def judge(self, state: Hashable, event: Event) -> bool:
        """Whether the event must not meet the state."""

    def owes_clear(self, state: Hashable) -> bool:
        """Whether a path in this state that goes around a clear proves nothing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One region in one state, under the conditions that the path so far has met."""

    region: Region
    state: Hashable
    literals: Literals = frozenset()


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a witness: an event, or the beginning of another trip through a loop."""

    event: Event | None = None
    loop: object | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """An event that met a state it must not meet, and the path that leads there."""

    region: Region
    state: Hashable
    event: Event
    path: tuple[Moment, ...]


@dataclass(eq=False, slots=True)
class _Run:
    """One scope entered with one fact: what was reached, from where, and who waits for its exit."""

    graph: Graph
    entry: Fact
    reached: dict[tuple[int, Fact], _Origin] = field(default_factory=dict)
    count: dict[int, int] = field(default_factory=dict)
    exits: list[Fact] = field(default_factory=list)
    callers: list[tuple[_Run, int, Fact]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a fact at a node came from; `inner` is the callee's run whose exit it was."""

    node: int
    fact: Fact
    edge: Edge
    inner: tuple[_Run, Fact] | None = None


class Solver:
    """Every report of one rule over the linked graphs of a project."""

    def __init__(self, graphs: Mapping[int, Graph], rule: Typestate, clears: Callable[[Event, Region], bool]) -> None:
        self._graphs = graphs
        self._rule = rule
        self._start = rule.start()
        self._clears = clears
        self._runs: dict[tuple[int, Fact], _Run] = {}
        self._work: deque[tuple[_Run, int, Fact]] = deque()
        self._reports: list[Report] = []
        self.dropped = 0

    def reports(self, roots: Iterable[tuple[int, Region]]) -> list[Report]:
        """Reports for each root scope and region, in the order in which shortest paths reach them."""
        for scope, region in roots:
            self._enter(scope, Fact(region, self._start))
        while self._work:
            self._advance(*self._work.popleft())
        return self._reports

    def facts(self) -> Iterator[tuple[int, int, Fact]]:
        """Every fact at every node: scope, node, fact (for golden texts)."""
        for (scope, _), run in self._runs.items():
            for node, fact in run.reached:
                yield scope, node, fact

    def _enter(self, scope: int, fact: Fact) -> _Run:
        run = self._runs.get((scope, fact))
        if run is None:
            graph = self._graphs[scope]
            run = self._runs[scope, fact] = _Run(graph, fact)
            self._reach(run, Graph.ENTRY, fact, _Origin(-1, fact, Edge(-1, Graph.ENTRY)))
        return run

    def _reach(self, run: _Run, node: int, fact: Fact, origin: _Origin) -> None:
        if (node, fact) in run.reached:
            return
        if run.count.get(node, 0) >= MAX_FACTS:
            self.dropped += 1
            return
        run.count[node] = run.count.get(node, 0) + 1
        run.reached[node, fact] = origin
        self._work.append((run, node, fact))

    def _advance(self, run: _Run, number: int, fact: Fact) -> None:
        node = run.graph.nodes[number]
        if number == Graph.EXIT:
            self._leave(run, fact)
            return
        match node.event:
            case Call(target=target) as call if target in self._graphs:
                callee = self._enter(target, self._inside(call, fact))
                callee.callers.append((run, number, fact))
                for result in callee.exits:
                    self._return(run, number, fact, callee, result)
            case None:
                self._spread(run, number, fact, fact)
            case event:
                if self._concerns(event, fact.region) and self._rule.judge(fact.state, event):
                    self._reports.append(Report(fact.region, fact.state, event, self._witness(run, number, fact)))
                for after in self._transfer(event, node.holds, run.graph, fact):
                    self._spread(run, number, fact, after)

    def _inside(self, call: Call, fact: Fact) -> Fact:
        """A fact in the names of the scope that a call enters, with what the call says of its parameters."""
        graph = self._graphs[call.target]
        region = fact.region
        for inner, outer in call.binds:
            region = region.rebase(outer, inner)
        known = guards.renamed(fact.literals, ((outer, inner) for inner, outer in call.binds))
        known |= {guards.settled(path, constant) for path, constant in call.constants}
        return Fact(
            region, fact.state, _bounded(frozenset(k for k in known if guards.family(k.condition) in graph.memory.tested))
        )

    def _leave(self, run: _Run, fact: Fact) -> None:
        result = fact if fact.state != self._start else Fact(fact.region, fact.state)
        if result not in run.exits:
            run.exits.append(result)
            for caller, number, before in run.callers:
                self._return(caller, number, before, run, result)

    def _return(self, run: _Run, number: int, before: Fact, callee: _Run, result: Fact) -> None:
        event = run.graph.nodes[number].event
        binds = event.binds if isinstance(event, Call) else ()
        literals = before.literals
        if result.state != self._start:
            found = guards.renamed(result.literals, binds, callee.graph.scope)
            literals = _bounded(guards.settle(literals, run.graph.volatile) | found)
        self._spread(run, number, before, replace(before, state=result.state, literals=literals), (callee, result))

    def _spread(
        self, run: _Run, number: int, before: Fact, after: Fact, inner: tuple[_Run, Fact] | None = None
    ) -> None:
        for edge in run.graph.nodes[number].edges:
            fact = self._traverse(edge, run.graph, after)
            if fact is not None:
                self._reach(run, edge.target, fact, _Origin(number, before, edge, inner))

    def _concerns(self, event: Event, region: Region) -> bool:
        """Whether what the event does reaches the region's gradients."""
        match event:
            case Accumulate(reach=reach):
                return reach is None or any(path.touches(region.params) for path in reach)
            case Step(regions=regions):
                return any(other.params.holds(region.params) or other.owner == region.owner for other in regions)
            case _:
                return self._clears(event, region)

    def _transfer(self, event: Event, holds: Literals, graph: Graph, fact: Fact) -> Iterator[Fact]:
        if fact.state == self._start:
            # Nothing is known of the region yet, so there is nothing to lose: only what begins a story counts.
            if isinstance(event, Assign):
                yield replace(fact, literals=guards.forget(fact.literals, event.target))
                return
            if not self._concerns(event, fact.region):
                yield fact
                return
            for state in self._rule.flow(fact.state, event):
                yield (
                    fact
                    if state == fact.state
                    else replace(fact, state=state, literals=_bounded(fact.literals | _kept(holds, graph)))
                )
        elif isinstance(event, Assign):
            if event.target.holds(fact.region.params):
                return
            if event.advance is not None:
                fact = replace(fact, literals=guards.advance(fact.literals, event.target, event.advance, graph.memory.phases))
            else:
                fact = replace(fact, literals=guards.forget(fact.literals, event.target))
            settled = graph.settled.get(event)
            if settled is not None and guards.family(settled.condition) in graph.memory.kept:
                fact = replace(fact, literals=_bounded(fact.literals | {settled}))
            yield fact
        elif isinstance(event, Forget) and self._clears(event, fact.region):
            return
        elif self._concerns(event, fact.region):
            for state in self._rule.flow(fact.state, event):
                yield Fact(fact.region, state, fact.literals)
        else:
            yield fact

    def _traverse(self, edge: Edge, graph: Graph, fact: Fact) -> Fact | None:
        if fact.state == self._start:
            return self._unbegun(edge, fact)
        literals = fact.literals
        if edge.literal is not None:
            condition = edge.literal.condition
            known = guards.decide(literals, condition)
            if known is None:
                known = _follows(condition, fact.region)
            if known is not None and known != edge.literal.holds:
                return None
            if known is None:
                arithmetic = _counter_of(condition) in graph.counters and guards.happens_both_ways(literals, condition)
                if not arithmetic and self._avoids(edge, fact):
                    return None
                if guards.family(condition) in graph.memory.kept and len(literals) < guards.MAX_LITERALS:
                    literals |= {edge.literal}
        elif edge.avoids and self._avoids(edge, fact):
            return None
        for path in edge.rebinds:
            if path.holds(fact.region.params):
                return None
            literals = guards.forget(literals, path)
        for path in edge.leaves:
            if path.holds(fact.region.params) or path.holds(fact.region.owner):
                return None
        for path in edge.advances:
            if any(
                isinstance(known.condition, LastTrip) and known.holds and known.condition.counter == path
                for known in literals
            ):
                return None
            literals = guards.advance(literals, path, 1, graph.memory.phases)
        if edge.loop is not None:
            literals = guards.settle(literals, graph.volatile)
        if edge.sets:
            literals = _bounded(
                literals | {literal for literal in edge.sets if guards.family(literal.condition) in graph.memory.kept}
            )
        return fact if literals is fact.literals else replace(fact, literals=literals)

    def _unbegun(self, edge: Edge, fact: Fact) -> Fact | None:
        """A fact of which nothing is known, along an edge: it only keeps what its caller said."""
        if not fact.literals:
            return fact
        if edge.literal is not None:
            known = guards.decide(fact.literals, edge.literal.condition)
            if known is not None and known != edge.literal.holds:
                return None
        literals = fact.literals
        for path in (*edge.rebinds, *edge.advances):
            literals = guards.forget(literals, path)
        return replace(fact, literals=literals)

    def _avoids(self, edge: Edge, fact: Fact) -> bool:
        """Whether the edge goes around a clear that this path would need: that proves nothing."""
        return (
            bool(edge.avoids)
            and self._rule.owes_clear(fact.state)
            and any(self._clears(event, fact.region) for event in edge.avoids)
        )

    def _witness(self, run: _Run, number: int, fact: Fact) -> tuple[Moment, ...]:
        """The path to a fact, from where its region's story began: back through this scope, its callees and callers."""
        moments: list[Moment] = []
        seen: set[_Run] = set()
        place: tuple[_Run, int, Fact] | None = (run, number, fact)
        while place is not None and place[0] not in seen:
            run, number, fact = place
            seen.add(run)
            moments.extend(self._back(run, (number, fact), seen))
            begun = run.entry.state != self._start
            place = run.callers[0] if begun and run.callers else None
        return tuple(reversed(moments))

    def _back(self, run: _Run, end: tuple[int, Fact], seen: set[_Run]) -> list[Moment]:
        """The path within one scope, last moment first; callees are gone through once."""
        moments: list[Moment] = []
        here = end
        while True:
            node, _ = here
            event = run.graph.nodes[node].event
            origin = run.reached[here]
            if event is not None:
                moments.append(Moment(event))
            if origin.edge.loop is not None:
                moments.append(Moment(loop=origin.edge.loop))
            if origin.inner is not None and origin.inner[0] not in seen:
                inner, result = origin.inner
                exit_ = next(
                    (key for key in inner.reached if key[0] == Graph.EXIT and key[1].state == result.state), None
                )
                if exit_ is not None:
                    moments.extend(self._back(inner, exit_, seen | {run, inner}))
            if origin.node < 0:
                return moments
            here = (origin.node, origin.fact)


def _follows(condition: Condition, region: Region) -> bool | None:
    """What a region with gradients says of a condition: its optimizer and its gradients exist."""
    match condition:
        case IsNone(Path() as subject) if _exists(subject, region):
            return False
        case Truth(Path() as subject) if _exists(subject, region):
            return True
        case _:
            return None


def _exists(subject: Path, region: Region) -> bool:
    return subject == region.owner or subject == region.params or subject.fields[-1:] == ("grad",)


def _counter_of(condition: Condition) -> Path | None:
    return condition.counter if isinstance(condition, Cycle) else None


def _kept(holds: Literals, graph: Graph) -> Literals:
    """The conditions under which a story begins, as far as they are worth remembering."""
    return _bounded(frozenset(literal for literal in holds if guards.family(literal.condition) in graph.memory.kept))


def _bounded(literals: Literals) -> Literals:
    return (
        literals
        if len(literals) <= guards.MAX_LITERALS
        else frozenset(sorted(literals, key=str)[: guards.MAX_LITERALS])
    )
