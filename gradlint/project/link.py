"""Which scopes are entered with which regions, and which calls may clear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gradlint.events import Accumulate, Call, Clear, Event, Forget, Rescale, Step
from gradlint.flow.graph import Graph
from gradlint.regions import Region

MAX_FIELDS = 8  # fields of a path that is renamed from caller to caller; recursion would make it ever longer


def roots(graphs: Mapping[int, Graph]) -> Iterator[tuple[int, Region]]:
    """Every scope with the regions that it, or what it calls, steps."""
    stepped = _stepped(graphs)
    for scope, regions in stepped.items():
        if _deposits(scope, graphs, set()):
            for region in regions:
                yield scope, region


def _stepped(graphs: Mapping[int, Graph]) -> dict[int, dict[Region, None]]:
    """The regions that each scope steps, itself or through its callees, in its own names."""
    found: dict[int, dict[Region, None]] = {
        scope: {region: None for e in graph.events() if isinstance(e, Step) for region in e.regions}
        for scope, graph in graphs.items()
    }
    calls = {scope: [e for e in graph.events() if isinstance(e, Call)] for scope, graph in graphs.items()}
    changed = True
    while changed:
        changed = False
        for scope, events in calls.items():
            for call in events:
                for region in list(found.get(call.target, ())):
                    seen = _renamed(region, call)
                    if seen not in found[scope] and len(seen.params.fields) <= MAX_FIELDS:
                        found[scope][seen] = None
                        changed = True
    return found


def _renamed(region: Region, call: Call) -> Region:
    for inner, outer in call.binds:
        if inner.holds(region.params) or inner.holds(region.owner):
            return region.rebase(inner, outer)
    return region


def _deposits(scope: int, graphs: Mapping[int, Graph], seen: set[int]) -> bool:
    """Whether a scope or something it calls runs a backward."""
    if scope in seen or scope not in graphs:
        return False
    seen.add(scope)
    return any(
        isinstance(e, Accumulate) or (isinstance(e, Call) and _deposits(e.target, graphs, seen))
        for e in graphs[scope].events()
    )


def clears(graphs: Mapping[int, Graph]) -> Callable[[Event, Region], bool]:
    """A test of whether an event may clear a region's gradients."""
    known: dict[tuple[int, Region], bool] = {}

    def inside(call: Call, region: Region) -> bool:
        for inner, outer in call.binds:
            if outer.holds(region.params) or outer.holds(region.owner):
                region = region.rebase(outer, inner)
        if call.target not in graphs or len(region.params.fields) > MAX_FIELDS:
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
            case Forget(given=None):
                return True
            case Forget(given=given):
                return any(path.holds(region.owner) for path in given or ())
            case Call():
                return inside(event, region)
            case _:
                return False

    return test
