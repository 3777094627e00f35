"""Batches that are skipped because of what a loss or a gradient is: `if not torch.isfinite(norm): continue`."""

from __future__ import annotations

import libcst as cst

from gradlint.events import Accumulate, Place, SkipBatch
from gradlint.syntax import catalogue
from gradlint.syntax.lowering.context import Loop, Lowering
from gradlint.syntax.tree import last_name, text_of, walk

_BROKEN = frozenset("nan inf finite infinite overflow overflowed".split())


def emit(low: Lowering, node: cst.If, arm: cst.CSTNode | None, other: cst.CSTNode | None) -> None:
    """Note, at the beginning of an arm, that it leaves this trip's gradients to the next one.

    It does so if it jumps, or does nothing, where the other arm steps.
    """
    if not _asks_for_values(node.test):
        return
    jump = _last_jump(arm)
    place = None
    if jump is not None:
        place = Place(jump[0], jump[1], text_of(jump[0]))
    elif _steps(other) and not _steps(arm):
        place = Place(node.test, low.statement, text_of(node.test))
    added = _added(low) if place is not None else frozenset()
    if place is not None and added:
        low.emit(SkipBatch(place, added, jumps=jump is not None))


def _added(low: Lowering) -> frozenset[Accumulate]:
    """What this trip of the innermost loop, or this call, has added so far."""
    first = next((frame.first for frame in reversed(low.frames) if isinstance(frame, Loop)), 0)
    events = (node.event for node in low.graph.nodes[first:])
    return frozenset(event for event in events if isinstance(event, Accumulate))


def _asks_for_values(test: cst.BaseExpression) -> bool:
    """Whether a test depends on a loss, on gradients, or on whether something is a number."""
    parts = [part for part in walk(test) if isinstance(part, (cst.Name, cst.Attribute))]
    words = {word for part in parts for word in catalogue.tokens(last_name(part))}
    if words & (catalogue.FINITENESS | _BROKEN):
        return True
    compared = any(isinstance(part, cst.Comparison) for part in walk(test))
    return compared and ("norm" in words or "loss" in words) and not words & {"best", "min", "step", "steps", "epoch"}


def _last_jump(arm: cst.CSTNode | None) -> tuple[cst.CSTNode, cst.CSTNode] | None:
    """The `continue` or bare `return` that an arm ends with, and the line that it stands in."""
    body = arm.body if isinstance(arm, cst.IndentedBlock) else () if arm is None else (arm,)
    last = body[-1] if body else None
    small = last.body[-1] if isinstance(last, (cst.SimpleStatementLine, cst.SimpleStatementSuite)) else None
    jumps = isinstance(small, cst.Continue) or (isinstance(small, cst.Return) and small.value is None)
    return (small, last) if jumps and small is not None and last is not None else None


def _steps(arm: cst.CSTNode | None) -> bool:
    if arm is None:
        return False
    calls = (part.func for part in walk(arm) if isinstance(part, cst.Call))
    return any(isinstance(func, cst.Attribute) and func.attr.value == "step" for func in calls)
