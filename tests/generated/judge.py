"""Compares what the linter says of a program with what happens when it runs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from generated.claim import Claim, Seen
from generated.claims import claims
from generated.instrument import runs
from generated.missing import WAYS, missed
from generated.slips import slips
from gradlint.diagnostics import Diagnostic
from gradlint.fixer import fix
from gradlint.linter import lint
from gradlint.rule import all_rules
from gradlint.source import Source

LIMIT = 200
"""Runs of one program that look for bugs; half of them at random where it has more ways to go."""

SEARCH = 4000
"""Runs that look for what the linter says happens."""

FIXED = ("GRD101", "GRD104")
"""The rules whose fixes are applied and run."""


class Broken(Exception):
    """The linter crashed, or found no program in a text."""


def told(text: str) -> list[Diagnostic]:
    """What all rules say of a program. Raises Broken."""
    result = lint(Source("program.py", text), all_rules())
    if result.failures or not result.parses:
        raise Broken("; ".join(result.failures) or "it does not parse")
    return list(result.diagnostics)


def seen(text: str, said: Sequence[Claim] = (), limit: int = LIMIT) -> Seen:
    """Run a program in all small cases, or in many, and in more of them until what was reported has happened."""
    found = Seen()
    for run in runs(text, limit // 2, zlib.crc32(text.encode())):
        found.add(run)
        if found.runs >= limit and (found.runs >= SEARCH or all(claim.happens(found) for claim in said)):
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
        diagnostics = told(text)
    except Broken as error:
        return Judged("broken", (str(error),))
    said = list(claims(diagnostics))
    what = seen(text, said)
    verdict = "wrong" if what.stale.certain else "doubtful" if what.stale.hidden else "right"
    found = (*_false_alarms(text, said, what), *missed(text, said, what), *_slips(text, diagnostics, what))
    return Judged(verdict, found)


def _false_alarms(text: str, said: Sequence[Claim], what: Seen) -> Iterator[str]:
    """What is claimed and does not happen. Of a step that no run reaches nobody can tell: others might call it."""
    reached = {met.row for met in what.met}
    for claim in said:
        if claim.is_refuted(what):
            yield f"not always: {claim}"
        elif claim.steps <= reached and not claim.happens(what) and not (claim.any_way and claim.happens(_ways(text))):
            yield f"{'told twice' if claim.is_explained(what) else 'false alarm'}: {claim}"


def _ways(text: str) -> Seen:
    found = Seen()
    for run in islice(runs(text, 0, zlib.crc32(text.encode()), free=True), WAYS):
        found.add(run)
    return found


def _slips(text: str, diagnostics: Sequence[Diagnostic], what: Seen) -> Iterator[str]:
    """What does nothing is told, if a way leads there, and nothing else is told so."""
    made = set(slips(text))
    found = {(each.code, each.span.start.row) for each in diagnostics if each.code in ("GRD603", "GRD604")}
    yield from (f"missed: {code} in {row}" for code, row in sorted(made - found) if row in what.slips)
    yield from (f"false alarm: {code} in {row}" for code, row in sorted(found - made))


def faults_of_fixes(text: str) -> Iterator[str]:
    """What the fixes of a program change that they should not, or leave as it was, in words."""
    source = Source("program.py", text)
    try:
        findings = _fixable(source)
    except Broken as error:
        yield str(error)
        return
    fixed = fix(source, findings, _fixable, unsafe=True).source.text if findings else text
    if fixed == text:
        return
    yield from (f"fixed, and {each}" for each in judge(fixed).disagreements)
    left = _fixable(Source("program.py", fixed))
    for run in islice(runs(text, LIMIT // 2, zlib.crc32(text.encode())), LIMIT):
        choices = tuple(choice for choice, _ in run.chance.made)
        again = next(runs(fixed, 1, given=choices))
        if again.updates != run.updates:
            yield f"fixed, and steps apply {again.updates} instead of {run.updates}"
            return
        if again.stale.certain and not left:
            yield f"fixed, and still {again.stale.certain}"
            return


def _fixable(source: Source) -> list[Diagnostic]:
    return [each for each in told(source.text) if each.code in FIXED]
