"""How one fact changes: through an event, along an edge, into a call and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from gradlint.events import Assign, Call, Event
from gradlint.flow import conditions, decisions, guards
from gradlint.flow.conditions import Condition, Cycle, LastTrip, Literal, Literals
from gradlint.flow.facts import Fact, Typestate
from gradlint.flow.graph import Edge, Graph, Node
from gradlint.flow.loops import speaks_of_accumulation
from gradlint.flow.reach import Reach
from gradlint.flow.sparse import Sparse
from gradlint.regions import GROUPS, Path, Region


class Transfer:
    """The flow functions of one rule. `running` are the scopes for which it takes a loop to run that calls them."""

    def __init__(self, rule: Typestate, reach: Reach, sparse: Sparse, running: Set[int]) -> None:
        self._rule = rule
        self._running = running
        self._start = rule.start()
        self._reach = reach
        self._sparse = sparse

    def through(self, node: Node, graph: Graph, fact: Fact) -> Iterator[Fact]:
        """The facts after a node's event."""
        event = node.event
        if event is None:
            yield fact
        elif fact.state == self._start:
            yield from self._begin(event, node.holds, graph, fact)
        elif isinstance(event, Assign):
            after = self._after_assignment(event, graph, fact)
            if not event.target.holds(fact.region.params):
                yield replace(fact, region=fact.region.assigned(event.target), literals=after)
            elif event.target.name in graph.parameters and event.target.scope == graph.scope:
                # The caller's object is what it was, only this name means something else from now on.
                yield replace(fact, region=_unnamed(fact.region, event.target), literals=after)
            elif self._rule.certain:
                yield replace(fact, state=self._start, literals=after)
            # What else is new has no gradients yet.
        elif not self._reach.concerns(event, fact.region):
            yield fact
        else:
            for state in self._rule.flow(fact.state, event, fact.region):
                yield fact if state == fact.state else replace(fact, state=state)

    def _begin(self, event: Event, holds: Literals, graph: Graph, fact: Fact) -> Iterator[Fact]:
        """Nothing is known of the region yet, so there is nothing to lose: only what begins a story counts.

        None begins in a trip of a loop which is over before the same comes again.
        """
        if isinstance(event, Assign):
            region = fact.region.assigned(event.target)
            yield replace(fact, region=region, literals=self._after_assignment_at_first(event, holds, graph, fact))
        elif not self._reach.concerns(event, fact.region):
            yield fact
        else:
            for state in self._rule.flow(fact.state, event, fact.region):
                if state == fact.state:
                    yield fact
                elif not any(self._is_cut_short(each.condition, graph) for each in holds):
                    yield replace(fact, state=state, literals=self._with(fact.literals, holds, graph, fact.region))

    def along(self, edge: Edge, graph: Graph, fact: Fact) -> Fact | None:
        """The fact at the end of an edge; None where the path cannot be, or would prove nothing."""
        if edge.no_trip and any(map(self._takes_for_run, edge.avoids)):
            return None
        if fact.state == self._start:
            return None if self._rule.certain and self._finds_nothing(edge, fact) else _unbegun(edge, graph, fact)
        literals = self._tested(edge, graph, fact)
        if literals is None or any(path.holds(fact.region.params) for path in edge.rebinds):
            return None
        if any(path.holds(fact.region.params) or path.holds(fact.region.owner) for path in edge.leaves):
            return None
        if edge.ends_scope is not None:
            if _is_local(fact.region.params, edge, graph) or _is_local(fact.region.owner, edge, graph):
                return None
            literals = guards.renamed(literals, (), edge.ends_scope)
        region = fact.region
        for path in (*edge.rebinds, *edge.leaves):
            literals = guards.forget(literals, path)
            region = region.assigned(path)
        for path in edge.advances:
            if _is_over(literals, path):
                return None
            literals = guards.advance(literals, path, 1, graph.memory.phases, exactly=edge.counted)
        if edge.loop is not None:
            if any(_is_passed(literals, path) for path in edge.counts):
                return None
            literals = guards.settle(literals, graph.volatile)
        if not self._rule.certain:
            literals |= _first_trip(edge)
        if edge.sets:
            literals = self._with(literals, edge.sets, graph, fact.region)
        same = literals is fact.literals and region is fact.region
        return fact if same else replace(fact, region=region, literals=literals)

    def _tested(self, edge: Edge, graph: Graph, fact: Fact) -> Literals | None:
        """What is known once the edge's condition held; None where it cannot, or where a clear was gone around."""
        literals = fact.literals
        if edge.literal is None:
            return None if self._avoids(edge, fact) else literals
        condition = edge.literal.condition
        if self._is_cut_short(condition, graph):
            return None
        known = decisions.decide(literals, condition)
        if known is None:
            known = decisions.follows(condition, fact.region)
        if known is not None:
            return literals if known == edge.literal.holds else None
        # Where arithmetic shows that both ways are taken in turn, the way around the clear is no guess.
        arithmetic = _counter_of(condition) in graph.counters and self._happens_both_ways(literals, condition)
        if not arithmetic and self._avoids(edge, fact):
            return None
        if not self._rule.certain and conditions.family(condition) in self._sparse.view(graph, fact.region).kept:
            return literals | {edge.literal}
        return literals

    def _happens_both_ways(self, literals: Literals, condition: Condition) -> bool:
        named = self._rule.trusts_names and isinstance(condition, Cycle) and speaks_of_accumulation(condition.period)
        return named or decisions.happens_both_ways(literals, condition)

    def _takes_for_run(self, event: Event) -> bool:
        return event.target in self._running if isinstance(event, Call) else self._rule.takes_for_run(event)

    def _is_cut_short(self, condition: Condition, graph: Graph) -> bool:
        """Whether what happens under a condition is left out, for the same does not come again."""
        return not self._rule.certain and decisions.is_cut_short(condition, graph.limits)

    def _after_assignment(self, event: Assign, graph: Graph, fact: Fact) -> Literals:
        if event.advance is not None:
            literals = _counted(event, graph, fact)
        else:
            literals = guards.forget(fact.literals, event.target)
        settled = graph.settled.get(event)
        return literals if settled is None else self._with(literals, [settled], graph, fact.region)

    def _after_assignment_at_first(self, event: Assign, holds: Literals, graph: Graph, fact: Fact) -> Literals:
        """What is known of counters, where nothing was begun to be followed, and under which conditions it is."""
        if event.target not in graph.counters or event.target.fields:
            return guards.forget(fact.literals, event.target)
        counted = self._after_assignment(event, graph, fact)
        return self._with(counted, holds, graph, fact.region) if counted else counted

    def _with(self, literals: Literals, more: Iterable[Literal], graph: Graph, region: Region) -> Literals:
        """Literals with those of some more that are worth remembering, and what these say of cycles that are.

        Where a report has to hold on all ways, more of them do no harm, and what a caller says is enough.
        """
        if self._rule.certain:
            return literals
        kept = self._sparse.view(graph, region).kept
        told = {literal for literal in more if _family_of(literal) in kept}
        for literal in more:
            told.update(each for each in guards.positions(literal, graph.memory.phases) if _family_of(each) in kept)
        return literals | told

    def _avoids(self, edge: Edge, fact: Fact) -> bool:
        """Whether the edge goes around a clear that this path would need."""
        owes = bool(edge.avoids) and self._rule.owes_clear(fact.state)
        return owes and any(self._reach.settles(event, fact.region) for event in edge.avoids)

    def _finds_nothing(self, edge: Edge, fact: Fact) -> bool:
        """Whether the edge goes around a clear because there is no gradient, which is as good as the clear."""
        literal = edge.literal
        nothing = literal is not None and decisions.follows(literal.condition, fact.region) is (not literal.holds)
        return nothing and any(self._reach.clears(event, fact.region) for event in edge.avoids)

    def into(self, at: Node, callee: Graph, fact: Fact) -> Fact:
        """A fact in the names of the scope that the call of a node enters, with what the call says of its parameters,
        and what is known around it where nothing was begun to be followed.
        """
        call = at.event
        assert isinstance(call, Call)
        literals = fact.literals | at.holds if fact.state == self._start else fact.literals
        known = guards.renamed(literals, ((outer, inner) for inner, outer in call.binds))
        known |= {conditions.settled(path, constant) for path, constant in call.constants}
        told = frozenset(literal for literal in known if conditions.family(literal.condition) in callee.memory.tested)
        return Fact(self._reach.within(call, fact.region), fact.state, told)

    def back(self, at: Node, caller: Graph, callee: Graph, before: Fact, result: Fact) -> Fact | None:
        """What the caller knows after the call of a node: its own fact, in the callee's state, with what the callee
        found out, and the conditions around the call where the story began in it. None where these contradict.
        """
        assert isinstance(at.event, Call)
        if result.state == self._start:
            return replace(before, state=result.state, literals=guards.settle(before.literals, caller.volatile))
        found = guards.renamed(result.literals, at.event.binds, callee.scope)
        literals = guards.settle(before.literals, caller.volatile) | found
        if before.state == self._start:
            around = guards.settle(at.holds, caller.volatile)
            if any(decisions.decide(found, each.condition) is (not each.holds) for each in around):
                return None
            if any(self._is_cut_short(each.condition, caller) for each in around):
                return None
            return replace(before, state=result.state, literals=self._with(literals, around, caller, before.region))
        return replace(before, state=result.state, literals=literals)

    def past(self, caller: Graph, fact: Fact) -> Fact:
        """A fact after a call that does nothing to its region."""
        literals = guards.settle(fact.literals, caller.volatile)
        return fact if literals is fact.literals else replace(fact, literals=literals)

    def is_cleared_by_another_name(self, call: Call, callee: Graph, region: Region) -> bool:
        """Whether a call is given another optimizer that has a region's parameters as well, and clears that one."""
        objects = dict(call.binds)
        for inner, outer in call.binds:
            optimizer = objects.get(Path(inner.scope, inner.name, inner.fields[:-1]))
            if inner.fields[-1:] == (GROUPS,) and outer == region.params and optimizer != region.owner:
                other = Region(inner, region.owner)
                if any(self._reach.clears(event, other) for event in callee.events()):
                    return True
        return False


def _counted(event: Assign, graph: Graph, fact: Fact) -> Literals:
    assert event.advance is not None
    phases = graph.memory.phases
    return guards.advance(fact.literals, event.target, event.advance, phases, grows=event.advance > 0)


def _family_of(literal: Literal) -> object:
    return conditions.family(literal.condition)


def _unnamed(region: Region, target: Path) -> Region:
    """A region that a scope was given, once its name there means another object."""
    return region.rebase(target, Path(target.scope, f"{target.name}'", target.fields))


def _is_local(path: Path, edge: Edge, graph: Graph) -> bool:
    """Whether an object is the scope's own and ends with the call; a parameter is taken to be the same next time."""
    return path.scope == edge.ends_scope and path.name not in graph.parameters


def _first_trip(edge: Edge) -> Literals:
    """The value of a counter in the first trip of a loop whose trips are counted."""
    return frozenset(literal for literal in edge.sets if edge.counted and literal.holds)


def _unbegun(edge: Edge, graph: Graph, fact: Fact) -> Fact | None:
    """A fact of which nothing is known, along an edge: it keeps what its caller said, and counts trips."""
    first = _first_trip(edge)
    if not fact.literals and not fact.region.apart and not first:
        return fact
    if edge.literal is not None:
        known = decisions.decide(fact.literals, edge.literal.condition)
        if known is not None and known != edge.literal.holds:
            return None
    literals, region = fact.literals, fact.region
    for path in edge.rebinds:
        literals = guards.forget(literals, path)
        region = region.assigned(path)
    for path in edge.advances:
        literals = guards.advance(literals, path, 1, graph.memory.phases, exactly=edge.counted)
    if edge.ends_scope is not None:
        literals = guards.renamed(literals, (), edge.ends_scope)
    if edge.loop is not None:
        literals = guards.settle(literals, graph.volatile)
    return replace(fact, region=region, literals=literals | first)


def _is_over(literals: Literals, counter: Path) -> bool:
    """Whether a loop that counts has had its last trip."""
    return any(
        literal.holds and isinstance(literal.condition, LastTrip) and literal.condition.counter == counter
        for literal in literals
    )


def _is_passed(literals: Literals, counter: Path) -> bool:
    """Whether what a loop counts by hand is as much as there is."""
    return any(
        literal.holds
        and isinstance(literal.condition, LastTrip)
        and literal.condition.counter == counter
        and literal.condition.passed
        for literal in literals
    )


def _counter_of(condition: Condition) -> Path | None:
    return condition.counter if isinstance(condition, Cycle) else None
