"""What still holds of the conditions that a path has met, once something has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gradlint.bounds import Bound
from gradlint.flow.conditions import CALLED, Above, Condition, Cycle, Equals, LastTrip, Literal, Literals
from gradlint.regions import Path

MAX_LITERALS = Bound(10, "conditions remembered on one path")


def settle(known: Literals, volatile: frozenset[str]) -> Literals:
    """What still holds in the next trip of a loop, where other scopes may have written attributes in between."""
    kept = frozenset(literal for literal in known if not may_change(literal.condition, volatile))
    return known if len(kept) == len(known) else kept


def may_change(condition: Condition, volatile: frozenset[str]) -> bool:
    """Whether other scopes may change what a condition reads, by writing some variables and some `.attributes`."""
    if isinstance(condition, Cycle) and condition.counter.fields:
        return True  # nobody can see an attribute being counted in another scope
    return any(
        read.name == CALLED or read.name in volatile or any(f".{field}" in volatile for field in read.fields)
        for read in condition.reads
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
            if by == 1 and isinstance(condition, LastTrip) and literal.holds:
                kept.add(Literal(replace(condition, passed=True), True))
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
