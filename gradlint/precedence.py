"""One cause, one report: which rule speaks where several could."""

from __future__ import annotations

from collections.abc import Set

from gradlint.events import Accumulate, Discarded, Event, Slip, Uncalled
from gradlint.flow.facts import Report

TELLERS: dict[type[Event], str] = {Uncalled: "GRD604", Discarded: "GRD603"}
"""Which rule tells of a kind of slip."""


def is_told_by_another(report: Report, code: str, selected: Set[str]) -> bool:
    """Whether another one of the selected rules tells the cause of a report of one; rules are given by code.

    A clear of what the report is about that is on the path, and does nothing, is what the path lacks. A step finds
    nothing because of the clear before it, where that drops what was added in the same trip.
    """
    if code == "GRD201" and "GRD102" in selected and _drops_at_once(report):
        return True
    slips = (moment.event for moment in report.path if moment.concerns and isinstance(moment.event, Slip))
    return any(TELLERS.get(type(slip)) in selected for slip in slips)


def _drops_at_once(report: Report) -> bool:
    added = isinstance(report.path[0].event, Accumulate)
    return added and all(moment.loop is None for moment in report.path)
