"""What the linter says of a program, by rows, and whether its runs bear that out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from generated.claim import Claim, Seen
from generated.claims_of_scaling import ClippedScaled, Refused, Unscaled, Useless
from generated.claims_of_windows import Divided, Early, Incomplete, Uneven, Whole
from generated.ledger import Foreign, Met, Stale
from gradlint.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Reused(Claim):
    """A backward adds to what a step has applied, and that is applied again; not `added` where another row is told."""

    applied: int
    added: int
    again: int

    def __str__(self) -> str:
        return f"{self.added} adds to what {self.applied} applied"

    @property
    def steps(self) -> Set[int]:
        return {self.applied, self.again}

    def happens(self, seen: Seen) -> bool:
        return any(map(self._is, seen.stale.certain | seen.stale.hidden))

    def is_explained(self, seen: Seen) -> bool:
        return any(map(self._is, seen.stale.slipped))

    def _is(self, stale: Stale) -> bool:
        return self.added == stale.added and self.applied in stale.applied


@dataclass(frozen=True, slots=True)
class Idle(Claim):
    """A step never finds anything after a clear; `added` is what that drops, if anything (0: nothing).

    That it finds nothing holds in every run; what is dropped is read off any way.
    """

    any_way = True

    idle: int
    clear: int
    added: int

    def __str__(self) -> str:
        return f"{self.idle} finds nothing, for {self.clear} drops what {self.added or 'nobody'} added"

    @property
    def steps(self) -> Set[int]:
        return {self.idle}

    def happens(self, seen: Seen) -> bool:
        return any(self._is(met) and not met.excused for met in seen.met)

    def is_explained(self, seen: Seen) -> bool:
        return any(map(self._is, seen.met))

    def is_refuted(self, seen: Seen) -> bool:
        return any(met.row == self.idle and not met.idle and not met.passed_by for met in seen.met)

    def _is(self, met: Met) -> bool:
        # Where nothing was added, nothing may have been left to clear.
        return met.row == self.idle and met.idle and (not self.added or (self.added, self.clear) in met.dropped)


@dataclass(frozen=True, slots=True)
class Polluted(Claim):
    """A step applies what the loss of another network has left, beside one of its own."""

    left: int
    served: int
    own: int
    again: int

    def __str__(self) -> str:
        return f"{self.own} adds to what {self.left} left for {self.served}, and {self.again} applies both"

    @property
    def steps(self) -> Set[int]:
        return {self.again}

    def happens(self, seen: Seen) -> bool:
        return any(map(self._is, seen.foreign.certain | seen.foreign.hidden))

    def is_explained(self, seen: Seen) -> bool:
        return any(map(self._is, seen.foreign.slipped))

    def _is(self, foreign: Foreign) -> bool:
        rows = (foreign.left, foreign.own, foreign.again)
        return rows == (self.left, self.own, self.again) and self.served in foreign.served


def claims(diagnostics: Iterable[Diagnostic]) -> Iterator[Claim]:
    """What some reports claim. Rules that are not judged claim nothing here."""
    for each in diagnostics:
        rows = _Rows(each)
        match each.code:
            case "GRD101":
                added = each.span.start.row
                applied = rows.of("applied here", "handed over here", default=added)
                yield Reused(applied, added, rows.of("and applied again", "and handed over again", default=applied))
            case "GRD103":
                yield Early(rows.of("adds the gradients"), rows.of("drops them"), rows.of("applies what is left"))
            case "GRD104":
                applied = rows.of("applies gradients")
                yield Reused(applied, rows.of("adds to what"), rows.of("applies it again", default=applied))
            case "GRD102":
                yield Idle(rows.of("finds none"), rows.of("drops them"), rows.of("adds gradients"))
            case "GRD201":
                clear = rows.of("clears them", "clears the gradients")
                yield Idle(rows.of("finds no"), clear, rows.of("adds gradients"))
            case "GRD105":
                left, served = rows.of("adds to what"), rows.of("applies only")
                yield Polluted(left, served, rows.of("adds to the rest"), rows.of("applies both"))
            case "GRD501":
                yield Incomplete(rows.of("should apply"))
            case "GRD502" if rows.of("drops what"):
                added, clear = rows.of("adds the gradients"), rows.of("drops what")
                yield Early(added, clear, rows.of("does not come after"))
            case "GRD502":
                yield Uneven(rows.of("does not come after"))
            case "GRD503":
                yield Whole(each.span.start.row)
            case "GRD504":
                yield Divided(each.span.start.row)
            case "GRD401":
                yield Useless(each.span.start.row, rows.of("applies the gradients", "clears them"))
            case "GRD402":
                yield ClippedScaled(rows.of("clips them"), rows.of("divides and applies"))
            case "GRD403":
                source = rows.of("adds scaled") if each.label != "applies them again" else rows.just("applies them")
                yield Unscaled(source, each.span.start.row)
            case "GRD404":
                yield Refused(each.span.start.row)
            case _:
                pass


class _Rows:
    """The rows of a report by what is said of them. Calls may come first in its story, so their order says nothing."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self._told = [(diagnostic.label or "", diagnostic.span.start.row)]
        self._told += [(each.message, each.span.start.row) for each in diagnostic.related]

    def just(self, label: str) -> int:
        """The row of the place with a label."""
        return next((row for told, row in self._told if told == label), 0)

    def of(self, *beginnings: str, default: int = 0) -> int:
        """The row of the first place whose label begins in one of some ways."""
        return next((row for label, row in self._told if label.startswith(beginnings)), default)
