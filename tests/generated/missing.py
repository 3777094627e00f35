"""What happens in a program and the linter does not say, although it should."""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from generated.claim import Claim, Seen
from generated.claims import Idle, Polluted, Reused
from generated.instrument import runs
from generated.ledger import Met

WAYS = 300
"""Free runs of a program that look for a way on which a step finds something."""


def missed(text: str, said: Sequence[Claim], what: Seen) -> Iterator[str]:
    """In words."""
    yield from _missed_reuse(text, [claim for claim in said if isinstance(claim, Reused)], what)
    yield from _missed_idle(text, [claim for claim in said if isinstance(claim, Idle)], what)
    yield from _missed_foreign(text, [claim for claim in said if isinstance(claim, Polluted)], what)


def _missed_reuse(text: str, said: Sequence[Reused], what: Seen) -> Iterator[str]:
    """Of a helper that gets optimizers of several classes nobody is asked which of them repeat a closure."""
    kinds = {name for name in ("LBFGS", "SGD", "Adam") if f"optim.{name}(" in text}
    mixed = _rows_given(text, "optimizer") if "LBFGS" in kinds and len(kinds) > 1 else frozenset()
    for stale in sorted(what.stale.certain, key=lambda each: (each.added, each.again)):
        if stale.applied == {stale.again} <= mixed and stale.added in mixed:
            continue
        if not any(claim.applied in stale.applied for claim in said):
            rows = ", ".join(map(str, sorted(stale.applied)))
            yield f"missed: {stale.added} adds to what {rows} applied, and {stale.again} applies it again"


def _missed_idle(text: str, said: Sequence[Idle], what: Seen) -> Iterator[str]:
    """Steps that never find anything after a clear, although something was dropped or a loss was computed: one is told
    for each clear that drops, or for each step.
    """
    lines = text.splitlines()
    for row in sorted(_idle(what.met)):
        if "each.step()" in lines[row - 1]:
            continue  # it steps several, of which another may have something
        clears = {clear for met in what.met if met.row == row for clear in met.clears}
        if any(claim.idle == row or claim.clear in clears for claim in said):
            continue
        ways = islice(runs(text, 0, zlib.crc32(text.encode()), free=True), WAYS)
        if row in _idle({met for run in ways for met in run.met}):
            yield f"missed: {row} finds nothing"


def _idle(met: Iterable[Met]) -> set[int]:
    """The steps that never find anything, and that somebody has to wonder about."""
    rows: dict[int, list[Met]] = {}
    for each in met:
        if not each.passed_by:
            rows.setdefault(each.row, []).append(each)
    return {
        row
        for row, each in rows.items()
        if all(m.idle and m.cleared and not (m.excused or m.blurred) for m in each) and any(m.wasted for m in each)
    }


def _rows_given(text: str, parameter: str) -> frozenset[int]:
    """The rows of functions with a parameter of some name."""
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    given = (each for each in functions if any(arg.arg == parameter for arg in each.args.args))
    return frozenset(row for each in given for row in range(each.lineno, (each.end_lineno or each.lineno) + 1))


def _missed_foreign(text: str, said: Sequence[Polluted], what: Seen) -> Iterator[str]:
    """One is told for each loss that is left; not where the step is told to apply something again, nor where a helper
    is given the optimizer that steps after it, or the loss that is added to it.
    """
    told = {stale.again for stale in what.stale.all}
    stepping, adding = _rows_given(text, "optimizer"), _rows_given(text, "loss")
    for each in sorted(what.foreign.certain, key=lambda each: (each.left, each.own, each.again)):
        if each.own in adding or each.served <= stepping:
            continue
        if each.again not in told and not any(claim.left == each.left for claim in said):
            yield f"missed: {each.own} adds to what {each.left} left, and {each.again} applies both"
