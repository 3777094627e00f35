"""Fixes in terms of events; `gradlint.syntax.edits` turns them into text."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from gradlint.events import Accumulate, Call, Event, Read, Step, Unscale, UpdateScale
from gradlint.flow.facts import Report
from gradlint.slips import ClosureBreach


class Where(enum.Enum):
    """Where something is inserted: a statement, unless another thing is said."""

    AFTER = "after"
    BEFORE = "before"
    FIRST = "first"  # as the first statement of the scope that the anchor calls
    LAST = "last"  # as the last statement of the scope that the anchor calls
    AHEAD = "ahead"  # right ahead of the anchor, in the same statement
    AROUND = "around"  # around the anchor, as the name of a function that is given it
    BEHIND = "behind"  # right behind the anchor, in the same expression
    INSTEAD = "instead"  # in the place of the anchor
    MOVED = "moved"  # the anchor's whole line, behind that of what it is beside
    AHEAD_OF = "ahead of"  # the same, before that of what it is beside
    CARRIED = "carried"  # the same, behind it, out of one block into another one of the same function


@dataclass(frozen=True, slots=True)
class Repair:
    """Insert something near an event, or in its place. `beside`: only where that event stands in the same block.

    `safe`: it cannot change what is trained.
    """

    text: str
    where: Where
    anchor: Event
    message: str
    beside: Event | None = None
    fallback: Repair | None = None
    safe: bool = False


CALL = "()"
_MESSAGE = "clear them once they are applied"
_BEFORE = "clear them before the loss adds to them"


def insert_clear(report: Report, applied: Step, again: Step) -> Repair | None:
    """Where the clear belongs that a path from one step to the next lacks.

    Right after the step, so that a window of several backward passes stays whole; after the scaler's update where
    there is one; before the backward where another loss deposits in between or the gradients are still read;
    first in a closure.
    """
    if not applied.place.subject or not again.place.subject:
        return None
    text, before = _clear(applied), _clear(again)  # each in the names of its own scope
    between = [moment.event for moment in report.path[1:-1] if moment.event is not None]
    closure = next((e for e in between if isinstance(e, Call) and e.place.node is again.place.node), None)
    if closure is not None and closure in report.around.pending:
        return None  # it would take away what was added before the closure
    if closure is not None:
        return Repair(before, Where.FIRST, closure, _BEFORE)
    concerning = {moment.event for moment in report.path if moment.concerns}
    deposits = [i for i, e in enumerate(between) if isinstance(e, Accumulate) and e in concerning]
    others = [i for i, e in enumerate(between) if isinstance(e, Step) and _is_apart(e, applied)]
    own = [i for i in deposits if not others or i > others[-1]] or deposits
    foreign = bool(own) and own != deposits
    read = bool(deposits) and any(isinstance(e, Read) and e.seen for e in between[: deposits[0]])
    # Gradients that are looked at elsewhere, as after the loop, have to be there until the next backward.
    if own and (foreign or read or report.looks_aside):
        if between[own[0]] in report.around.gathering:
            return None  # it would take away what the last trip added
        return Repair(before, Where.BEFORE, between[own[0]], _BEFORE, beside=again)
    # Another optimizer that has a part of the same parameters has yet to apply them.
    waiting = [e for e in between[: deposits[0] if deposits else None] if isinstance(e, Step) and _share(e, applied)]
    if any(isinstance(e, Step) and _share(e, applied) and e not in waiting for e in report.around.waiting(applied)):
        return None
    if waiting:
        return Repair(text, Where.AFTER, waiting[-1], _MESSAGE, beside=applied)
    after = Repair(text, Where.AFTER, applied, _MESSAGE)
    if applied.scaler:
        update = next((e for e in between if isinstance(e, UpdateScale) and e.place.subject == applied.scaler), None)
        if update is not None:
            return Repair(text, Where.AFTER, update, _MESSAGE, beside=applied, fallback=after)
    return after


def clear_before(added: Accumulate, step: Step) -> Repair | None:
    """Clear what a step is about to apply before its own loss adds to it, where no window is around the two."""
    return Repair(_clear(step), Where.BEFORE, added, _BEFORE, beside=step) if step.place.subject else None


def clear_skipped(skip: Event, step: Step) -> Repair | None:
    """Clear what a batch has added before the rest of it is skipped."""
    return Repair(_clear(step), Where.BEFORE, skip, "clear what the batch has added") if step.place.subject else None


def clear_in_closure(breach: ClosureBreach) -> Repair | None:
    """Clear in the closure, first of all; only where the optimizer goes by the same name there."""
    text = f"{breach.place.subject}.zero_grad()"
    return Repair(text, Where.FIRST, breach, _BEFORE) if breach.reaches_in else None


def give_back(breach: ClosureBreach) -> Repair | None:
    """Give back the loss at the end of the closure, where it is known which that is."""
    return Repair(f"return {breach.loss}", Where.LAST, breach, "give back the loss", safe=True) if breach.loss else None


def call(slip: Event) -> Repair:
    """Call what is only named."""
    return Repair(CALL, Where.BEHIND, slip, "call it")


def keep(slip: Event) -> Repair:
    """Give a result to what it was made from."""
    return Repair(f"{slip.place.subject} = ", Where.AHEAD, slip, "take the result")


def collect(iterator: Event) -> Repair:
    """Make a list of an iterator."""
    return Repair("list", Where.AROUND, iterator, "make a list of it, which can be run through again")


def move(late: Event, behind: Event) -> Repair:
    """Do something after something else."""
    return Repair("", Where.MOVED, late, f"do it after `{behind.place.text}`", beside=behind)


def carry(clear: Event, step: Step) -> Repair:
    """Clear once a step has applied what there is, under the same conditions."""
    return Repair("", Where.CARRIED, clear, _MESSAGE, beside=step)


def put_before(late: Event, step: Step) -> Repair:
    """Do something right before a step."""
    return Repair("", Where.AHEAD_OF, late, f"do it before `{step.place.text}`", beside=step)


def replace(slip: Event, text: str) -> Repair:
    """Write something else."""
    return Repair(text, Where.INSTEAD, slip, "write what was meant")


def unscale(clip: Event, step: Step) -> Repair | None:
    """Let the scaler that steps divide the gradients before they are clipped."""
    text = f"{step.scaler}.unscale_({step.place.subject})"
    return (
        Repair(text, Where.BEFORE, clip, "divide them by the scale first", beside=step) if step.place.subject else None
    )


def update_scale(step: Step | Unscale) -> Repair | None:
    """Let the scaler go on once it has stepped."""
    text = f"{step.scaler}.update()"
    return Repair(text, Where.AFTER, step, "update its scale") if isinstance(step, Step) else None


def _clear(step: Step) -> str:
    return f"{step.place.subject}.grad = None" if step.manual else f"{step.place.subject}.zero_grad()"


def _same_owner(one: Step, other: Step) -> bool:
    return any(a.owner == b.owner for a in one.regions for b in other.regions)


def _is_apart(one: Step, other: Step) -> bool:
    return not _same_owner(one, other) and not _share(one, other)


def _share(one: Step, other: Step) -> bool:
    """Whether two steps are of different optimizers and of some parameters that are the same."""
    shared = any(a.params.touches(b.params) for a in one.regions for b in other.regions)
    return shared and not _same_owner(one, other)
