"""Tabulation over the exploded graph (nodes x facts): facts flow one by one, calls by summaries.

Reps, Horwitz, Sagiv: Precise interprocedural dataflow analysis via graph reachability (POPL 1995). A callee is entered
with one fact at a time; what comes out is remembered and serves every caller. A fact never changes its region, so a
caller reads a callee's result in its own names.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from gradlint.bounds import Bound
from gradlint.events import Call, Event
from gradlint.flow.around import Around
from gradlint.flow.facts import Fact, Report, Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.guards import MAX_LITERALS
from gradlint.flow.prune import scopes_with
from gradlint.flow.reach import Reach
from gradlint.flow.sparse import Sparse
from gradlint.flow.transfer import Transfer
from gradlint.flow.witness import Origin, Run, stories
from gradlint.regions import Region

MAX_WORK = Bound(400_000, "states of all optimizers of one file")
"""Some 300 optimizers in one function would need more."""

MAX_FACTS = Bound(64, "states of one optimizer at one place")


class Solver:
    """Every report of one rule over the linked graphs of a project."""

    def __init__(
        self,
        graphs: Mapping[int, Graph],
        rule: Typestate,
        reach: Reach,
    ) -> None:
        self._graphs = graphs
        self._rule = rule
        self._reach = reach
        self._sparse = Sparse(graphs, reach)
        self._transfer = Transfer(rule, reach, self._sparse, scopes_with(graphs, rule.takes_for_run))
        self._runs: dict[tuple[Graph, Fact], Run] = {}
        self._work: deque[tuple[Run, int, Fact]] = deque()
        self._arounds: dict[tuple[Graph, Region], Around] = {}
        self._spared: set[tuple[Event, Region]] = set()
        self._lost = False
        self._met: dict[tuple[Event, Region], list[tuple[Run, int, Fact]]] = {}

    def reports(self, roots: Iterable[tuple[Graph, Region]]) -> Iterator[Report]:
        """Reports for each root and region: one for each beginning of a story, with the shortest path.

        A root need not be among the linked graphs: it may be one of them with a way from its exit to its entry.
        """
        for graph, region in roots:
            self._enter(graph, Fact(region, self._rule.start()))
        work = 0
        while self._work and work < MAX_WORK.limit:
            self._advance(*self._work.popleft())
            work += 1
        MAX_WORK.note(len(self._work))
        self._lost = self._lost or bool(self._work)
        for (event, region), ends in self._met.items():
            if self._is_spared(event, region):
                continue
            around = self._around(ends[0][0].graph, region)
            for story in stories(ends, self._rule, self._reach.concerns, self._sparse):
                yield Report(region, event, story.path, story.opened, around, story.again, self._inside)

    def _is_spared(self, event: Event, region: Region) -> bool:
        if self._lost and self._rule.certain:
            return True
        own = self._rule.together(event)
        if region in own:
            return any((event, each) in self._spared or (event, each) not in self._met for each in own)
        # A caller has named what the scope itself knows nothing of; it may have named several. What a `finally` does is
        # several events of one place.
        return any(each.place.node is event.place.node and other not in own for each, other in self._spared)

    def _around(self, graph: Graph, region: Region) -> Around:
        if (graph, region) not in self._arounds:
            self._arounds[graph, region] = Around(graph, region, self._reach, partial(self._leaves_some, region))
        return self._arounds[graph, region]

    def _inside(self, call: Call) -> tuple[Event, ...]:
        graph = self._graphs.get(call.target)
        return tuple(graph.events()) if graph is not None else ()

    def _leaves_some(self, region: Region, call: Call) -> bool:
        graph, inner = self._graphs.get(call.target), self._reach.within(call, region)
        runs = (run for (entered, fact), run in self._runs.items() if entered is graph and fact.region == inner)
        states = {fact.state for run in runs for fact in run.exits} - {self._rule.start()}
        return not all(map(self._rule.owes_clear, states))

    def facts(self) -> Iterator[tuple[int, int, Fact]]:
        """Every fact at every node: scope, node, fact (for golden texts)."""
        for (graph, _), run in self._runs.items():
            for node, fact in run.reached:
                yield graph.scope, node, fact

    def _enter(self, graph: Graph, fact: Fact) -> Run:
        run = self._runs.get((graph, fact))
        if run is None:
            run = self._runs[graph, fact] = Run(graph, fact, self._sparse.view(graph, fact.region))
            self._arrive(run, Graph.ENTRY, fact, None)
        return run

    def _arrive(self, run: Run, node: int, fact: Fact, origin: Origin | None) -> None:
        origins = run.reached.get((node, fact))
        if origins is None:
            run.count[node] = run.count.get(node, 0) + 1
            if run.count[node] > MAX_FACTS.limit or len(fact.literals) > MAX_LITERALS.limit:
                self._lost = True
                (MAX_FACTS if run.count[node] > MAX_FACTS.limit else MAX_LITERALS).note()
                return
            origins = run.reached[node, fact] = []
            self._work.append((run, node, fact))
        if origin is not None:
            origins.append(origin)

    def _advance(self, run: Run, number: int, fact: Fact) -> None:
        if number == Graph.EXIT:
            self._leave(run, fact)
            self._spread(run, number, fact, fact, None)
            return
        node = run.graph.nodes[number]
        event = node.event
        if isinstance(event, Call) and event.target in self._graphs:
            target = self._graphs[event.target]
            if self._sparse.passes_by(event, fact.region):
                self._spread(run, number, fact, self._transfer.past(run.graph, fact), None)
                return
            if (
                self._transfer.is_cleared_by_another_name(event, target, fact.region)
                and fact.state != self._rule.start()
                and not self._rule.certain
            ):
                return
            callee = self._enter(target, self._transfer.into(node, target, fact))
            callee.callers.append((run, number, fact))
            for result in callee.exits:
                self._return(run, number, fact, callee, result)
            return
        if event is not None and self._reach.concerns(event, fact.region):
            if self._rule.judge(fact.state, event, fact.region):
                self._met.setdefault((event, fact.region), []).append((run, number, fact))
            elif self._rule.spares(fact.state, event):
                self._spared.add((event, fact.region))
        for after in self._transfer.through(node, run.graph, fact):
            self._spread(run, number, fact, after, None)

    def _leave(self, run: Run, fact: Fact) -> None:
        run.exits.append(fact)
        for caller, number, before in run.callers:
            self._return(caller, number, before, run, fact)

    def _return(self, run: Run, number: int, before: Fact, callee: Run, result: Fact) -> None:
        after = self._transfer.back(run.graph.nodes[number], run.graph, callee.graph, before, result)
        if after is not None:
            self._spread(run, number, before, after, (callee, result))

    def _spread(self, run: Run, number: int, before: Fact, after: Fact, inner: tuple[Run, Fact] | None) -> None:
        for edge in run.seen_by(after.region, self._sparse).leaving(number):
            fact = self._transfer.along(edge, run.graph, after)
            if fact is not None:
                self._arrive(run, edge.target, fact, Origin(number, before, after.region, edge, inner))
