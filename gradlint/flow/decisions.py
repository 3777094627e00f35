"""What is known of some conditions decides others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set

from gradlint.bounds import Bound
from gradlint.flow.conditions import Above, Condition, Cycle, Equals, IsNone, Literal, Truth
from gradlint.regions import Path, Region

USUAL_PERIOD = 4  # of a cycle, where it is not known
COUNTED = 4  # trips of a loop up to which they are counted one by one
FULL_CYCLES = 3  # after so many any position of a cycle has come, and has come again
MAX_WINDOW = Bound(1000, "positions of a counter")


def decide(known: Iterable[Literal], condition: Condition) -> bool | None:
    """Whether the condition holds, given the literals; None where they do not tell."""
    for literal in known:
        verdict = _implied(literal, condition)
        if verdict is not None:
            return verdict
    if isinstance(condition, Cycle):
        residues = _residues(known, condition)
        if residues is not None and len(residues) == 1:
            return residues.pop()
    return None


def happens_both_ways(known: Iterable[Literal], condition: Condition) -> bool:
    """Whether arithmetic shows that the condition is met at one time and not at another."""
    residues = _residues(known, condition) if isinstance(condition, Cycle) else None
    return residues is not None and len(residues) == 2


def is_cut_short(condition: Condition, limits: Mapping[Path, Set[int]]) -> bool:
    """Whether a loop ends before its counter has gone through a cycle often enough for what comes again to come.

    `limits` are what each counter stops before in loops over ranges. With few trips each of them is known.
    """
    if not isinstance(condition, Cycle):
        return False
    sized = condition.period.isdigit()
    enough = FULL_CYCLES * (int(condition.period) if sized else USUAL_PERIOD)
    ends = limits.get(condition.counter, ())
    return any(limit < enough and not (sized and limit <= COUNTED) for limit in ends)


def _residues(known: Iterable[Literal], asked: Cycle) -> set[bool] | None:
    """The values of a cycle for all positions of its counter that fit the literals, where all periods are numbers."""
    periods = {asked.period}
    fitting: list[tuple[Cycle, bool]] = []
    for literal in known:
        if isinstance(literal.condition, Cycle) and literal.condition.counter == asked.counter:
            periods.add(literal.condition.period)
            fitting.append((literal.condition, literal.holds))
    if not all(period.isdigit() and int(period) > 0 for period in periods):
        return None
    whole = math.lcm(*(int(period) for period in periods))
    if not MAX_WINDOW.allows(whole):
        return None
    return {
        (at + asked.shift) % int(asked.period) == 0
        for at in range(whole)
        if all(((at + cycle.shift) % int(cycle.period) == 0) == holds for cycle, holds in fitting)
    }


def _implied(known: Literal, asked: Condition) -> bool | None:
    """What one literal says about a condition."""
    condition, holds = known.condition, known.holds
    if condition == asked:
        return holds
    match condition, asked:
        case Equals(one, a), Equals(other, b) if one == other and holds:
            return bool(a == b)
        case Equals(one, a), Truth(other) if one == other and holds:
            return bool(a)
        case Truth(one), Equals(other, a) if one == other and not a and holds:
            return False
        case Truth(one), IsNone(other) if one == other and holds:
            return False
        case IsNone(one), Truth(other) if one == other and holds:
            return False
        case IsNone(one), Equals(other, _) if one == other and holds:
            return False
        case Equals(one, _), IsNone(other) if one == other and holds:
            return False
        case Equals(one, a), Equals(other, b) if one == other and a == b:
            return holds
        case Above(one, low), Equals(other, int() as a) if one == other and a <= low:
            return False
        case Above(one, low), Truth(other) if one == other and low >= 0:
            return True
        case Equals(one, a), Cycle(counter, shift, period) if one == counter and holds and isinstance(a, int):
            return _meets(a + shift, period)
        case Cycle(counter, shift, period), Equals(one, a) if one == counter and not holds and isinstance(a, int):
            return False if _meets(a + shift, period) else None
        case Cycle(counter, shift, period), Equals(one, a) if one == counter and isinstance(a, int):
            return False if _meets(a + shift, period) is False else None
        case Cycle(counter, shift, period), Cycle(same, other, also) if (counter, period) == (same, also) and holds:
            return _meets(shift - other, period)
        case _:
            return None


def _meets(position: int, period: str) -> bool | None:
    """Whether a position is a multiple of a period.

    A window of one is no window, so of a period that is not known the neighbours of a multiple are taken to be none.
    """
    if period.isdigit() and int(period) > 0:
        return position % int(period) == 0
    return {0: True, 1: False}.get(abs(position))


def follows(condition: Condition, region: Region) -> bool | None:
    """What a region with gradients says of a condition: its optimizer and its gradients exist."""
    match condition:
        case IsNone(Path() as subject) if _exists(subject, region):
            return False
        case Truth(Path() as subject) if _exists(subject, region):
            return True
        case _:
            return None


def _exists(subject: Path, region: Region) -> bool:
    return subject.holds(region.owner) or subject.holds(region.params) or subject.fields[-1:] == ("grad",)
