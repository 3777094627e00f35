"""Which scopes are entered with which regions, and which calls may clear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from gradlint.bounds import Bound
from gradlint.events import Accumulate, Call, Clear, Event, Forget, Lend, Rescale, Step, Unresolved
from gradlint.flow.graph import Graph
from gradlint.flow.prune import called_from, doing, seen_to_clear
from gradlint.flow.reach import IsNetwork, within
from gradlint.regions import GROUPS, Region

MAX_FIELDS = Bound(8, "attributes of one another, from caller to caller")
"""Recursion would make it ever more."""


def roots(graphs: Mapping[int, Graph]) -> Iterator[tuple[Graph, Region]]:
    """Every scope in which a backward may run, with the regions that it, or what it calls, steps."""
    stepped = stepped_regions(graphs)
    # Optimizers that a function clears which is somewhere else now: nobody can tell when it runs.
    lent = {event.target for graph in graphs.values() for event in graph.events() if isinstance(event, Lend)}
    given = ((target, event) for target in lent if target in graphs for event in graphs[target].events())
    clears = ((target, event.owner) for target, event in given if isinstance(event, Clear))
    # What a function clears that it has made itself is no other's.
    loose = [owner for target, owner in clears if owner is not None and owner.scope != target]
    for scope in sorted(doing(graphs, (Accumulate,))):
        for region in stepped[scope]:
            if not any(owner.touches(region.owner) for owner in loose):
                yield graphs[scope], region


def certain_roots(graphs: Mapping[int, Graph], kinds: tuple[type[Event], ...]) -> Iterator[tuple[Graph, Region]]:
    """Every scope in which something of some kinds may happen, with the regions that it, or what it calls, steps."""
    stepped = stepped_regions(graphs)
    for scope in sorted(doing(graphs, kinds)):
        for region in stepped[scope]:
            yield graphs[scope], region


def stepped_regions(graphs: Mapping[int, Graph]) -> dict[int, dict[Region, None]]:
    """The regions that each scope steps, itself or through its callees, in its own names."""
    found: dict[int, dict[Region, None]] = {scope: {} for scope in graphs}
    callers: dict[int, list[tuple[int, Call]]] = {}
    work: list[tuple[int, Region]] = []
    for scope, graph in graphs.items():
        for event in graph.events():
            if isinstance(event, Call):
                callers.setdefault(event.target, []).append((scope, event))
            elif isinstance(event, Step):
                work.extend((scope, region) for region in event.regions)
    while work:
        scope, region = work.pop()
        if region in found[scope] or not MAX_FIELDS.allows(len(region.params.fields)):
            continue
        found[scope][region] = None
        for caller, call in callers.get(scope, ()):
            for outside in _renamed(region, call):
                if scope not in (outside.params.scope, outside.owner.scope):  # what a call made is gone with it
                    work.append((caller, outside))
    return found


def _renamed(region: Region, call: Call) -> Iterator[Region]:
    """A region in the names of a caller, who may know of several networks that they are what is stepped."""
    outside = region
    for inner, outer in call.binds:
        if inner.holds(region.params) or inner.holds(region.owner):
            outside = region.rebase(inner, outer)
            break
    known = [outer for inner, outer in call.binds if inner == region.params and region.params.fields[-1:] == (GROUPS,)]
    yield from (replace(outside, params=params, apart=frozenset()) for params in known or [outside.params])


def clears(
    graphs: Mapping[int, Graph],
    resolve: Callable[[Unresolved], bool] = lambda event: False,
    is_network: IsNetwork = lambda path: False,
) -> Callable[[Event, Region], bool]:
    """A test of whether an event may clear a region's gradients.

    `resolve` tells of a call whether a function that it may be of speaks of clearing; asking that may cost much.
    """
    known: dict[tuple[int, Region], bool] = {}
    clearing = seen_to_clear(graphs)

    def inside(call: Call, region: Region) -> bool:
        region = within(call, region, is_network)
        if call.target not in graphs or not MAX_FIELDS.allows(len(region.params.fields)):
            return False
        key = (call.target, region)
        if key not in known:
            known[key] = False  # a scope that calls itself clears only what it clears besides
            known[key] = any(test(event, region) for event in graphs[call.target].events())
        return known[key]

    def test(event: Event, region: Region) -> bool:
        match event:
            case Rescale():
                return False
            case Clear():
                return event.reaches(region)
            case Forget(given=given):
                # A model alone cannot be stepped by what it is given to; its optimizer, or their holder, can.
                given_it = given is None or any(path.holds(region.owner) and path != region.params for path in given)
                return given_it and (not isinstance(event, Unresolved) or resolve(event))
            case Call(says_clear=True, target=target) if target not in clearing:
                return True
            case Call():
                return inside(event, region)
            case Lend(target=target):
                return inside(Call(event.place, target), region)
            case _:
                return False

    return test


def entered(start: int, graphs: Mapping[int, Graph], originals: Mapping[int, int]) -> set[int]:
    """The scopes that one runs, or that another view of the same code does, by way of others as well."""
    code = originals.get(start, start)
    found = called_from(graphs, [number for number in graphs if originals.get(number, number) == code])
    return found | {originals[number] for number in found if number in originals}
