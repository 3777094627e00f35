"""One cause, one report: which rule speaks where several could."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from gradlint.events import Accumulate, Call, Clear, Consume, Event, Step, Unstepped
from gradlint.flow.facts import Report
from gradlint.regions import Path
from gradlint.slips import Discarded, Slip, Uncalled

TELLERS: dict[type[Event], str] = {Uncalled: "GRD604", Discarded: "GRD603"}
"""Which rule tells of a kind of slip."""


AFTER = {
    "GRD105": ("GRD101", "GRD104"),
    "GRD106": ("GRD101", "GRD104", "GRD105"),
    "GRD401": ("GRD102", "GRD201"),
}
"""What a rule says of a step, or after a clear, comes after what these say of it."""


def is_explained(code: str, report: Report, told: Mapping[object, str]) -> bool:
    """Whether another rule has told already what is wrong with the step of a report, or with the clear that it begins
    with; `told` has rules by these.
    """
    first = report.path[0].event
    about = [report.event, *([first] if isinstance(first, Clear) else [])]
    return any(told.get(event.place.node) in AFTER.get(code, ()) for event in about)


def told_of(report: Report) -> Iterator[Event]:
    """What a report says all that is to be said of: its step, and the clears before it."""
    yield report.event
    yield from (moment.event for moment in report.path if isinstance(moment.event, Clear))


def is_told_by_another(report: Report, code: str, selected: Set[str]) -> bool:
    """Whether another one of the selected rules tells the cause of a report of one; rules are given by code.

    A clear of what the report is about that is on the path, and does nothing, is what the path lacks. A step finds
    nothing because of the clear before it, where that drops what was added in the same trip. Where another optimizer is
    cleared instead of the one that steps, it is not a clear that is missing. What an iterator over parameters gives is
    cleared once at most, so nobody can tell that a step finds nothing: GRD206 tells where it is empty.
    """
    if code in ("GRD102", "GRD201") and any(map(_is_loop, (m.event for m in report.path))):
        return True
    if code == "GRD101" and "GRD104" in selected and cleared_instead(report) is not None:
        return True
    if code == "GRD201" and "GRD102" in selected and _drops_at_once(report):
        return True
    if code in ("GRD102", "GRD201"):
        return False  # a clear that does not happen is no reason to find nothing
    slips = (moment.event for moment in report.path if moment.concerns and isinstance(moment.event, Slip))
    return any(TELLERS.get(type(slip)) in selected for slip in slips)


def is_echo(cause: Event, report: Report, others: Iterable[tuple[Event, Report]]) -> bool:
    """Whether what a report comes from would change nothing: another clear follows it on the way to the same step, and
    is told itself; or nothing but the step is at fault, which a clear is told to leave without gradients. `others` are
    the causes of other reports, and these.
    """
    if cause is report.event and any(each.event is cause and isinstance(other, Clear) for other, each in others):
        return True
    events = [moment.event for moment in report.path if moment.concerns]
    after = events[events.index(cause) + 1 :] if isinstance(cause, Clear) and cause in events else []
    return any(each.event is report.event and isinstance(other, Clear) and other in after for other, each in others)


def is_slip_told_by_another(cause: Event, selected: Set[str]) -> bool:
    """Whether what something comes from is a slip that another one of the selected rules tells."""
    return isinstance(cause, Unstepped) and cause.named and TELLERS[Uncalled] in selected


def _is_loop(event: Event | None) -> bool:
    return isinstance(event, Consume) and event.by == "for"


def _drops_at_once(report: Report) -> bool:
    added = isinstance(report.path[0].event, Accumulate)
    return added and all(moment.loop is None for moment in report.path)


def cleared_instead(report: Report) -> Clear | None:
    """What the path of a report clears in the place of what it should: another optimizer that never steps, or one of
    several by a function that is there to clear them.
    """
    for moment in report.path:
        match moment.event:
            case Clear(possible=False, apart=False, owner=Path(fields=()) | Path(name="self")) as cleared if (
                _is_by_optimizer(cleared) and not moment.concerns
            ):
                return cleared
            case Call(says_clear=True) as call if not moment.concerns:
                events = report.inside(call)
                clears = [event for event in events if isinstance(event, Clear) and _is_by_optimizer(event)]
                if clears and not any(isinstance(event, Step) for event in events):
                    return clears[0]
    return None


def _is_by_optimizer(clear: Clear) -> bool:
    """Whether an optimizer clears its parameters, and not a tensor its own gradient."""
    return clear.owner is not None and clear.owner not in clear.params
