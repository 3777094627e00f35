"""One cause, one report: which rule speaks where several could."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from gradlint.events import Call, Event, Uncalled
from gradlint.flow.facts import Report
from gradlint.flow.graph import Graph
from gradlint.flow.prune import scopes_with

UNCALLED = "GRD604"


def told_by_another(graphs: Mapping[int, Graph], selected: Set[str]) -> Callable[[Report], bool]:
    """A test of whether another one of the selected rules, which are given by code, tells the cause of a report.

    A clear that is on the path and was not called is what the path lacks.
    """
    if UNCALLED not in selected:
        return lambda report: False
    slipping = scopes_with(graphs, _is_uncalled_clear)

    def slips(event: Event | None) -> bool:
        return event is not None and (
            _is_uncalled_clear(event) or (isinstance(event, Call) and event.target in slipping)
        )

    return lambda report: any(slips(moment.event) for moment in report.path)


def _is_uncalled_clear(event: Event) -> bool:
    return isinstance(event, Uncalled) and event.method == "zero_grad"
