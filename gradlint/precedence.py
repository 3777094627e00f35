"""One cause, one report: which rule speaks where several could."""

from __future__ import annotations

from collections.abc import Set

from gradlint.events import Discarded, Event, Slip, Uncalled, Unstepped
from gradlint.flow.facts import Report

TELLERS: dict[type[Event], str] = {Uncalled: "GRD604", Discarded: "GRD603"}
"""Which rule tells of a kind of slip."""


def is_told_by_another(report: Report, selected: Set[str]) -> bool:
    """Whether another one of the selected rules, which are given by code, tells the cause of a report.

    A clear of what the report is about that is on the path, and does nothing, is what the path lacks.
    """
    slips = (moment.event for moment in report.path if moment.concerns and isinstance(moment.event, Slip))
    return any(TELLERS.get(type(slip)) in selected for slip in slips)


def is_slip_told_by_another(cause: Event, selected: Set[str]) -> bool:
    """Whether what something comes from is a slip that another one of the selected rules tells."""
    return isinstance(cause, Unstepped) and cause.named and TELLERS[Uncalled] in selected
