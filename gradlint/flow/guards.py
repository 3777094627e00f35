"""Which branches can happen together: conditions, what is known of them, and what that decides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from gradlint.bounds import Bound
from gradlint.regions import Path

MAX_LITERALS = Bound(10, "conditions remembered on one path")
CALLED = "()"  # stands for the result of a call among what a condition reads: another trip may give another
USUAL_PERIOD = 4  # of a cycle, where it is not known
COUNTED = 4  # trips of a loop up to which they are counted one by one
FULL_CYCLES = 3  # after so many any position of a cycle has come, and has come again
MAX_WINDOW = Bound(1000, "positions of a counter")


@dataclass(frozen=True, slots=True)
class Truth:
    """The value of something that is only tested: an object, or an expression by its text."""

    subject: Path | str
    reads: frozenset[Path]


@dataclass(frozen=True, slots=True)
class IsNone:
    """`subject is None`."""

    subject: Path
    reads: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Equals:
    """`subject == constant`."""

    subject: Path | str
    constant: object
    reads: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Cycle:
    """`(counter + shift) % period == 0`, the period an expression or a number."""

    counter: Path
    shift: int
    period: str
    reads: frozenset[Path]


@dataclass(frozen=True, slots=True)
class LastTrip:
    """The counter of a loop has reached the length of what the loop runs over."""

    counter: Path
    reads: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Above:
    """`counter > constant`; nothing tests that, it is what is left of a value once it was counted up."""

    counter: Path
    constant: int
    reads: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Computed:
    """A variable holds what some networks computed; nothing tests that, but it holds as far as a condition does."""

    subject: Path
    networks: frozenset[Path]
    reads: frozenset[Path]


Condition = Truth | IsNone | Equals | Cycle | LastTrip | Above | Computed


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition or its negation."""

    condition: Condition
    holds: bool

    def negated(self) -> Literal:
        """The opposite."""
        return Literal(self.condition, not self.holds)

    def __str__(self) -> str:
        match self.condition:
            case Truth(subject):
                shown = str(subject)
            case IsNone(subject):
                shown = f"{subject} is None"
            case Equals(subject, constant):
                shown = f"{subject} == {constant!r}"
            case Cycle(counter, shift, period):
                shown = f"({counter} + {shift}) % {period} == 0"
            case LastTrip(counter):
                shown = f"{counter} at its end"
            case Above(counter, constant):
                shown = f"{counter} > {constant}"
            case Computed(subject, networks):
                shown = f"{subject} by {', '.join(map(str, sorted(networks)))}"
        return shown if self.holds else f"not ({shown})"


Literals = frozenset[Literal]


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
            return _cycle(shift - other, period)
        case _:
            return None


def _meets(position: int, period: str) -> bool | None:
    """Whether a position is a multiple of a period; of one that is not known only 0 is sure to be."""
    if period.isdigit() and int(period) > 0:
        return position % int(period) == 0
    return True if position == 0 else None


def _cycle(distance: int, period: str) -> bool | None:
    """Whether a counter that stands at a multiple is also `distance` away from one.

    A window of one is no window, so for a period that is not known neighbours are taken to differ.
    """
    if period.isdigit() and int(period) > 0:
        return distance % int(period) == 0
    return {0: True, 1: False}.get(abs(distance))


def family(condition: Condition) -> tuple[object, ...]:
    """What conditions that can decide each other have in common."""
    match condition:
        case Cycle(counter, _, period):
            return ("cycle", counter, period)
        case Equals(subject) | Truth(subject) | IsNone(subject):
            return ("value", subject)
        case LastTrip(counter):
            return ("last", counter)
        case Above(counter):
            return ("above", counter)
        case Computed(subject):
            return ("computed", subject)


def settled(target: Path, constant: object) -> Literal:
    """What giving a variable a constant makes true."""
    reads = frozenset({target})
    if constant is None:
        return Literal(IsNone(target, reads), True)
    if isinstance(constant, bool):
        return Literal(Truth(target, reads), constant)
    return Literal(Equals(target, constant, reads), True)


def settle(known: Literals, volatile: frozenset[str]) -> Literals:
    """What still holds in the next trip of a loop, where other scopes may have written attributes in between."""
    kept = frozenset(literal for literal in known if not may_change(literal.condition, volatile))
    return known if len(kept) == len(known) else kept


def may_change(condition: Condition, volatile: frozenset[str]) -> bool:
    """Whether other scopes may change what a condition reads, by writing some attributes and globals."""
    if isinstance(condition, Cycle) and condition.counter.fields:
        return True  # nobody can see an attribute being counted in another scope
    return any(
        read.name == CALLED or read.name in volatile or not volatile.isdisjoint(read.fields) for read in condition.reads
    )


Phases = Mapping[tuple[Path, str], tuple[int, int]]
"""The smallest and largest shift at which a scope tests each counter and period."""


def advance(
    known: Literals, counter: Path, by: int, phases: Phases, *, exactly: bool = False, grows: bool = False
) -> Literals:
    """What still holds, and still matters, once `by` was added to a counter; its value as well with `exactly`, that it
    is larger than before with `grows`.
    """
    if not any(_mentions(literal.condition, counter) for literal in known):
        return known
    kept: set[Literal] = set()
    for literal in known:
        condition = literal.condition
        if not _mentions(condition, counter):
            kept.add(literal)
        elif isinstance(condition, Cycle) and condition.counter == counter:
            moved = _shifted(Literal(replace(condition, shift=condition.shift - by), literal.holds), phases)
            if moved is not None:
                kept.add(moved)
        elif exactly and literal.holds and isinstance(condition, Equals) and isinstance(condition.constant, int):
            kept.add(Literal(replace(condition, constant=condition.constant + by), True))
        elif grows and by > 0:
            kept.update(_larger(literal, counter, by))
    return frozenset(kept)


def _larger(literal: Literal, counter: Path, by: int) -> Iterator[Literal]:
    """What is left of what is known of a counter once something was added to it."""
    match literal:
        case Literal(Above(), _):
            yield literal
        case Literal(Equals(_, int() as value, reads), True):
            yield Literal(Above(counter, value + by - 1, reads), True)
        case _:
            pass


def positions(literal: Literal, phases: Phases) -> Iterator[Literal]:
    """Where a counter stands in each cycle that a scope tests, once its value is known."""
    match literal:
        case Literal(Equals(Path() as counter, int() as value), True):
            for of, period in phases:
                if of == counter:
                    at = Literal(Cycle(counter, -value, period, frozenset({counter})), True)
                    shifted = _shifted(at, phases)
                    if shifted is not None:
                        yield shifted
        case _:
            pass


def _shifted(literal: Literal, phases: Phases) -> Literal | None:
    """A literal about a cycle in its simplest form; None once no test of the scope can be decided by it any more."""
    cycle = literal.condition
    assert isinstance(cycle, Cycle)
    low, high = phases.get((cycle.counter, cycle.period), (0, 0))
    if cycle.period == "2" and not literal.holds:
        literal = Literal(replace(cycle, shift=cycle.shift + 1), True)
        cycle = replace(cycle, shift=cycle.shift + 1)
    if literal.holds and cycle.period.isdigit() and int(cycle.period) > 0:
        return Literal(replace(cycle, shift=low + (cycle.shift - low) % int(cycle.period)), True)
    # With a period that is not known, a multiple still tells its neighbours apart.
    reach = 1 if literal.holds else 0
    return literal if low - reach <= cycle.shift <= high + reach else None


def renamed(known: Literals, binds: Iterable[tuple[Path, Path]], hidden: int | None = None) -> Literals:
    """Literals in the names of another scope: each pair is an object's old and new path there.

    What reads a variable of the `hidden` scope that has no other name is dropped.
    """
    pairs = tuple(binds)
    return frozenset(
        Literal(condition, literal.holds)
        for literal in known
        if (condition := _renamed(literal.condition, pairs, hidden)) is not None
    )


def _renamed(condition: Condition, pairs: tuple[tuple[Path, Path], ...], hidden: int | None) -> Condition | None:
    reads: set[Path] = set()
    moved = False
    for read in condition.reads:
        bound = next(((old, new) for old, new in pairs if old.holds(read)), None)
        if bound is not None:
            reads.add(read.rebase(*bound))
            moved = True
        elif read.scope == hidden:
            return None
        else:
            reads.add(read)
    if not moved:
        return condition
    if isinstance(condition, Cycle | LastTrip | Above):
        return replace(condition, counter=_moved(condition.counter, pairs), reads=frozenset(reads))
    if isinstance(condition.subject, str):
        return None  # its text is in the names of the old scope
    return replace(condition, subject=_moved(condition.subject, pairs), reads=frozenset(reads))


def _moved(path: Path, pairs: tuple[tuple[Path, Path], ...]) -> Path:
    return next((path.rebase(old, new) for old, new in pairs if old.holds(path)), path)


def forget(known: Literals, target: Path) -> Literals:
    """What still holds once a variable has another value."""
    if not any(_mentions(literal.condition, target) for literal in known):
        return known
    return frozenset(literal for literal in known if not _mentions(literal.condition, target))


def _mentions(condition: Condition, target: Path) -> bool:
    return any(target.touches(read) for read in condition.reads)


def reads_any(literal: Literal, changes: frozenset[Path]) -> bool:
    """Whether a condition depends on a changed variable."""
    return any(change.touches(read) for change in changes for read in literal.condition.reads)
