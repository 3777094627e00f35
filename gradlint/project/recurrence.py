"""Scopes that nobody in sight calls, and that are taken to be called again and again: `agent.learn()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradlint.events import Accumulate, Call, Clear, Event, Forget
from gradlint.flow.graph import Edge, Graph
from gradlint.project.link import stepped_regions
from gradlint.regions import Region
from gradlint.syntax import lightning
from gradlint.syntax.scopes import Scope


def call_again(
    graphs: Mapping[int, Graph], scopes: Mapping[int, Scope], clears: Callable[[Event, Region], bool]
) -> None:
    """Let control go from the exit of such a method back to its entry.

    That is done for methods that step what their own object holds, where no other code of the file clears it. What is
    known of the method's own variables does not survive. A loss that the caller gives comes from a program that the
    caller decides about, and an optimizer that an unseen base class made may be cleared there.
    """
    called = {event.target for graph in graphs.values() for event in graph.events() if isinstance(event, Call)}
    stepped = stepped_regions(graphs)
    for number, graph in graphs.items():
        scope = scopes[number]
        if scope.receiver is None or number in called or _is_test(scope):
            continue
        if any(isinstance(event, Accumulate) and event.given for event in graph.events()):
            continue
        own = [region for region in stepped[number] if _belongs(region, scope)]
        if own and not any(_cleared_elsewhere(region, number, graphs, clears) for region in own):
            again = Edge(Graph.EXIT, Graph.ENTRY, loop=scope.node, ends_scope=number)
            graph.nodes[Graph.EXIT].edges.append(again)


def _belongs(region: Region, scope: Scope) -> bool:
    """Whether a region is the method's own object's: set in its class, or updated by hand in the method itself."""
    if region.owner.name != "self" or not region.owner.fields or scope.parent is None:
        return False
    field = region.owner.fields[0]
    given = lightning.belongs(field, scope.parent)
    return given or field in scope.parent.attributes or region.owner == region.params


def _is_test(scope: Scope) -> bool:
    names = (scope.name.lower(), scope.parent.name.lower() if scope.parent is not None else "")
    return any(name.startswith(("test", "setup")) or name.endswith("test") for name in names)


def _cleared_elsewhere(
    region: Region, number: int, graphs: Mapping[int, Graph], clears: Callable[[Event, Region], bool]
) -> bool:
    return any(
        clears(event, region)
        for other, graph in graphs.items()
        if other != number
        for event in graph.events()
        if isinstance(event, (Clear, Forget))
    )
