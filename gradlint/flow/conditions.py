"""What branches ask for: conditions, and literals, which are conditions that hold or do not."""

from __future__ import annotations

from dataclasses import dataclass

from gradlint.regions import Path

CALLED = "()"  # stands for the result of a call among what a condition reads: another trip may give another


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
    """The counter of a loop has reached the length of what the loop runs over; with `passed`, it has gone beyond."""

    counter: Path
    reads: frozenset[Path]
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """What a test like `counter - mark >= period` asks for that is a truth to everybody else: whether a window is over
    that began where `mark` was set to the counter; one later with `more`.
    """

    counter: Path
    mark: Path
    period: str
    more: bool


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
            case LastTrip(counter, passed=passed):
                shown = f"{counter} {'beyond' if passed else 'at'} its end"
            case Above(counter, constant):
                shown = f"{counter} > {constant}"
            case Computed(subject, networks):
                shown = f"{subject} by {', '.join(map(str, sorted(networks)))}"
        return shown if self.holds else f"not ({shown})"


Literals = frozenset[Literal]


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
