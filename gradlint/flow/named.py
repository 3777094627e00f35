"""Which events of a graph may be about a region, by the variables that they name."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.events import Accumulate, Assign, Clear, Event, Forget, Step
from gradlint.flow.graph import Graph
from gradlint.regions import GIVEN, Path, Region

Variable = tuple[int, str]


class Named:
    """The events of one graph, in source order; a step or clear may be about any region, if `others` count."""

    def __init__(self, graph: Graph, *, others: bool = False) -> None:
        self._all = tuple(graph.events())
        self._about: dict[Variable, list[int]] = {}
        self._anything: list[int] = []
        for number, event in enumerate(self._all):
            paths = None if others and isinstance(event, (Step, Clear)) else _names(event)
            if paths is None:
                self._anything.append(number)
            for variable in {variable_of(path) for path in paths or ()}:
                self._about.setdefault(variable, []).append(number)

    def candidates(self, region: Region, *, is_network: bool) -> Iterator[Event]:
        """The events that may be about a region, and more; all of them where nobody knows what its parameters are."""
        if not is_network or not region.known:
            return iter(self._all)
        variables = {variable_of(region.params), variable_of(region.owner)}
        numbers = {*self._anything, *(number for each in variables for number in self._about.get(each, ()))}
        return (self._all[number] for number in sorted(numbers))


def variable_of(path: Path) -> Variable:
    """The variable that holds an object: two that touch have one."""
    return path.scope, path.name


def _names(event: Event) -> Iterator[Path] | tuple[Path, ...] | None:
    """The objects that an event is about; None if that may be any."""
    match event:
        case Accumulate(reach=None, networks=networks):
            given = networks is None or any(path.fields[-1:] == (GIVEN,) for path in networks)
            return None if given else tuple(networks or ())
        case Accumulate(reach=reach):
            return reach
        case Step(regions=regions):
            return (path for region in regions for path in (region.params, region.owner))
        case Clear(possible=True):
            return None
        case Clear(params=params, owner=owner):
            return (*params, owner) if owner is not None else params
        case Forget(given=given):
            return given
        case Assign(target=target):
            return (target,)
        case _:
            return None
