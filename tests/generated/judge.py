"""Compares what the linter says of a program with what happens when it runs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from generated.instrument import runs
from generated.ledger import Stale
from gradlint.diagnostics import Diagnostic
from gradlint.fixer import fix
from gradlint.linter import lint
from gradlint.rule import all_rules
from gradlint.source import Source

LIMIT = 200
"""Runs of one program that look for bugs; half of them at random where it has more ways to go."""

SEARCH = 4000
"""Runs that look for what the linter says happens."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report by its rows: the steps that applied the gradients, the backward that added to them."""

    applied: int
    added: int

    @classmethod
    def of(cls, diagnostic: Diagnostic) -> Told:
        """Places are told in the order of the story, in which calls may come first."""
        added = diagnostic.span.start.row
        done = [each.span.start.row for each in diagnostic.related if each.message.startswith(("applied", "handed"))]
        return cls(done[0] if done else added, added)


class Broken(Exception):
    """The linter crashed, or found no program in a text."""


def told(text: str) -> list[Told]:
    """What GRD101 says of a program. Raises Broken."""
    return [Told.of(each) for each in _findings(Source("program.py", text))]


def _findings(source: Source) -> list[Diagnostic]:
    result = lint(source, all_rules())
    if result.failures or not result.parses:
        raise Broken("; ".join(result.failures) or "it does not parse")
    return [each for each in result.diagnostics if each.code == "GRD101"]


@dataclass(slots=True)
class Seen:
    """What the runs of a program showed: stale reuses beyond doubt, and those that hang on a hidden reason."""

    certain: set[Stale] = field(default_factory=set)
    doubtful: set[Stale] = field(default_factory=set)
    runs: int = 0

    def has(self, report: Told) -> bool:
        """Whether what is reported happened."""
        stale = (self.certain, self.doubtful)
        return any(report.added == s.added and report.applied in s.applied for each in stale for s in each)


def seen(text: str, reports: Sequence[Told] = (), limit: int = LIMIT) -> Seen:
    """Run a program in all small cases, or in many, and in more of them until what was reported has happened."""
    found = Seen()
    for run in runs(text, limit // 2, zlib.crc32(text.encode())):
        found.certain |= run.stale
        found.doubtful |= run.doubtful
        found.runs += 1
        if found.runs >= limit and (found.runs >= SEARCH or all(map(found.has, reports))):
            break
    return found


@dataclass(frozen=True, slots=True)
class Judged:
    """What happens when a program runs: it is right, wrong, or wrong for a reason that only the run can know
    (doubtful); and what the linter sees differently, in words."""

    verdict: str
    disagreements: tuple[str, ...]


def judge(text: str) -> Judged:
    """Compare what the linter says of a program with its runs."""
    try:
        reports = told(text)
    except Broken as error:
        return Judged("broken", (str(error),))
    what = seen(text, reports)
    verdict = "wrong" if what.certain else "doubtful" if what.doubtful else "right"
    return Judged(verdict, tuple(_disagreements(reports, what)))


def _disagreements(reports: Sequence[Told], what: Seen) -> Iterator[str]:
    for report in reports:
        if not what.has(report):
            yield f"false alarm: {report.added} adds to what {report.applied} applied"
    for stale in sorted(what.certain, key=lambda each: (each.added, each.again)):
        if not any(report.applied in stale.applied for report in reports):
            rows = ", ".join(map(str, sorted(stale.applied)))
            yield f"missed: {stale.added} adds to what {rows} applied, and {stale.again} applies it again"


def faults_of_fixes(text: str) -> Iterator[str]:
    """What the fixes of a program change that they should not, or leave as it was, in words."""
    source = Source("program.py", text)
    try:
        findings = _findings(source)
    except Broken as error:
        yield str(error)
        return
    fixed = fix(source, findings, _findings, unsafe=True).source.text if findings else text
    if fixed == text:
        return
    yield from (f"fixed, and {each}" for each in judge(fixed).disagreements)
    lines = {each.added for each in told(fixed)}
    for run in islice(runs(text, LIMIT // 2, zlib.crc32(text.encode())), LIMIT):
        choices = tuple(choice for choice, _ in run.chance.made)
        again = next(runs(fixed, 1, given=choices))
        if again.updates != run.updates:
            yield f"fixed, and steps apply {again.updates} instead of {run.updates}"
            return
        if again.stale and not lines:
            yield f"fixed, and still {again.stale}"
            return
