"""Forgetting what cannot matter: calls without gradients in them, and the conditions of branches that guard nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace

from gradlint.events import OPTIONAL, Accumulate, Assign, Call, Clear, Event, Forget, Lend, Read, Step, Unresolved
from gradlint.flow import conditions, guards
from gradlint.flow.conditions import Cycle
from gradlint.flow.graph import Graph, Memory, Node, Test
from gradlint.regions import Path
from gradlint.slips import Slip


def pruned(
    graphs: Mapping[int, Graph],
    resolve: Callable[[Unresolved], bool] = lambda event: False,
    *,
    heeds: tuple[type[Event], ...] = (),
) -> dict[int, Graph]:
    """Copies of graphs, reduced to what concerns gradients, with the conditions that each has to remember.

    Without it every test of a long function doubles the facts, the ones about logging as well. Calls that nobody can
    follow are left where `resolve` says that a function which they may be of speaks of clearing. Of the optional
    events only those are left that somebody `heeds`.
    """
    graphs = {number: _resolved(graph, resolve) for number, graph in graphs.items()}
    steps = [event for graph in graphs.values() for event in graph.events() if isinstance(event, Step)]
    made = {region.params for step in steps for region in step.regions}
    owners = {region.owner for step in steps for region in step.regions}
    kinds = (Accumulate, Step, Clear, Forget, *heeds)
    told = tuple(kind for kind in heeds if kind not in OPTIONAL)
    effective = scopes_with(graphs, lambda e: isinstance(e, kinds) or _makes(e, made) or _means_clear(e))
    telling = doing(graphs, (Read, Slip))
    clearing = seen_to_clear(graphs)
    found: dict[int, Graph] = {}
    for number, graph in graphs.items():
        idle = {event for event in graph.events() if not _matters(event, owners, effective, told)}
        dead = {test for test in graph.tests if not test.jumps and idle.issuperset(test.guards)}
        unread = {edge for test in dead for edge in test.edges}
        events = {event: _reduced(event, idle, telling, clearing, heeds) for event in graph.events()}
        nodes = [
            Node(
                None if node.event is None else events[node.event],
                node.holds,
                [replace(edge, literal=None) if edge in unread else edge for edge in node.edges],
            )
            for node in graph.nodes
        ]
        live = [_with_guards(test, events) for test in graph.tests if test not in dead]
        found[number] = replace(graph, nodes=nodes, tests=live, memory=_memory(graph, live))
    return found


def _resolved(graph: Graph, resolve: Callable[[Unresolved], bool]) -> Graph:
    idle = {event for event in graph.events() if isinstance(event, Unresolved) and not resolve(event)}
    nodes = [replace(node, event=None) if node.event in idle else node for node in graph.nodes]
    return replace(graph, nodes=nodes) if idle else graph


def _with_guards(test: Test, events: Mapping[Event, Event | None]) -> Test:
    """A test that guards what its events have become. What is gone still hangs on it."""
    guards = [events.get(event) or event for event in test.guards]
    return test if guards == test.guards else replace(test, guards=guards)


def _reduced(
    event: Event, idle: set[Event], telling: set[int], clearing: set[int], heeds: tuple[type[Event], ...]
) -> Event | None:
    """What is left of an event. A callee that only looks decides nothing, but a fix has to know of it; and one with a
    method that is not called, whoever wonders what is missing."""
    if isinstance(event, OPTIONAL) and not isinstance(event, heeds):
        return None
    if not isinstance(event, Call):
        return event
    if event.says_clear and event.target not in clearing:
        return Forget(event.place, None)
    return None if event in idle and event.target not in telling else event


def seen_to_clear(graphs: Mapping[int, Graph]) -> set[int]:
    """The scopes that clear something that can be told; what others promise by their name has to be believed."""
    return scopes_with(graphs, lambda event: isinstance(event, Clear) and event.owner is not None)


def doing(graphs: Mapping[int, Graph], kinds: tuple[type[Event], ...]) -> set[int]:
    """The scopes with events of some kinds, themselves or through what they call."""
    return scopes_with(graphs, lambda event: isinstance(event, kinds))


def scopes_with(graphs: Mapping[int, Graph], wanted: Callable[[Event], bool]) -> set[int]:
    """The scopes with an event of some kind, themselves or in what they call."""
    return with_callers(graphs, [number for number, graph in graphs.items() if any(map(wanted, graph.events()))])


def with_callers(graphs: Mapping[int, Graph], scopes: Iterable[int]) -> set[int]:
    """Some scopes, and all that call them, or call what does."""
    callers: dict[int, list[int]] = {}
    for number, graph in graphs.items():
        for event in graph.events():
            if isinstance(event, Call):
                callers.setdefault(event.target, []).append(number)
    work = list(scopes)
    found: set[int] = set()
    while work:
        number = work.pop()
        if number not in found:
            found.add(number)
            work.extend(callers.get(number, ()))
    return found


def called_from(graphs: Mapping[int, Graph], scopes: Iterable[int]) -> set[int]:
    """The scopes that some run, by way of others as well."""
    found: set[int] = set()
    waiting = list(scopes)
    while waiting:
        graph = graphs.get(waiting.pop())
        targets = {event.target for event in graph.events() if isinstance(event, Call)} if graph is not None else set()
        waiting += targets - found
        found |= targets
    return found


def _makes(event: Event, params: Set[Path]) -> bool:
    return isinstance(event, Assign) and any(event.target.holds(path) for path in params)


def _matters(event: Event, owners: set[Path], effective: set[int], kinds: tuple[type[Event], ...]) -> bool:
    """Whether it matters if an event happens: it does something to gradients, or is of some other kinds."""
    if isinstance(event, kinds):
        return True
    match event:
        case Accumulate() | Step() | Clear() | Forget(given=None):
            return True
        case Forget(given=given):
            return any(path.holds(owner) for path in given or () for owner in owners)
        case Call(target=target) | Lend(target=target):
            return target in effective
        case _:
            return _means_clear(event)


def _means_clear(event: Event) -> bool:
    """Whether something was meant to clear: what it explains must not be told on a way around it that is none."""
    return isinstance(event, Slip) and event.means_clear


def _memory(graph: Graph, live: list[Test]) -> Memory:
    phases: dict[tuple[Path, str], tuple[int, int]] = {}
    for test in live:
        cycle = test.literal.condition
        if isinstance(cycle, Cycle):
            low, high = phases.get((cycle.counter, cycle.period), (cycle.shift, cycle.shift))
            phases[cycle.counter, cycle.period] = (min(low, cycle.shift), max(high, cycle.shift))
    tested = frozenset(conditions.family(test.literal.condition) for test in live)
    return Memory(frozenset(_kept(graph, live)), tested, phases)


def _kept(graph: Graph, tests: list[Test]) -> Iterator[object]:
    """Conditions that may decide another test: a second one, the same one in a later trip, or one of a caller."""
    seen: set[object] = set()
    told = {conditions.family(literal.condition) for literal in graph.settled.values()}
    for test in tests:
        family = conditions.family(test.literal.condition)
        reads = test.literal.condition.reads
        steady = test.changes is not None and not guards.reads_any(test.literal, test.changes)
        shared = any(read.scope != graph.scope or read.name in graph.parameters for read in reads)
        counted = any(counter.touches(read) for counter in graph.counters for read in reads)
        if family in seen or family in told or steady or shared or counted or family[0] in ("cycle", "last"):
            yield family
        seen.add(family)
