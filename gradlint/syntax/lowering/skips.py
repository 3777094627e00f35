"""Batches that are skipped because of what a loss or a gradient is: `if not torch.isfinite(norm): continue`."""

from __future__ import annotations

import libcst as cst

from gradlint.events import Accumulate, Place, SkipBatch
from gradlint.syntax import catalogue
from gradlint.syntax.lowering.context import Loop, Lowering
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import last_name, text_of, walk

_BROKEN = frozenset("nan overflow overflowed".split())
_FOUND = frozenset("found has is any".split())
_OTHER = frozenset("best min step steps epoch count num len interval every total sum".split())
"""Words of what is compared with the best so far, counted, or added up."""


def emit(low: Lowering, node: cst.If, arm: cst.CSTNode | None, other: cst.CSTNode | None) -> None:
    """Note, at the beginning of an arm, that it leaves this trip's gradients to the next one.

    It does so if it jumps, or does nothing, where the other arm steps.
    """
    if not _is_for_values(node.test, low.scope, holds=arm is node.body):
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
    # What was added under a condition of its own may not have been.
    surely = (node for node in low.graph.nodes[first:] if node.holds <= low.build.holds)
    return frozenset(node.event for node in surely if isinstance(node.event, Accumulate))


def _is_for_values(test: cst.BaseExpression, scope: Scope, *, holds: bool) -> bool:
    """Whether it is for a loss, for gradients, or for something that is no number, that a test holds or does not."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return _is_for_values(inner, scope, holds=not holds)
        case cst.BooleanOperation(left=left, operator=operator, right=right):
            parts = (_is_for_values(part, scope, holds=holds) for part in (left, right))
            return any(parts) if isinstance(operator, cst.And) is holds else all(parts)
        case cst.Name() if (value := _only_value(test, scope)) is not None:
            return _asks_for_a_value(test, scope, holds=holds) or _is_for_values(value, scope, holds=holds)
        case _:
            return _asks_for_a_value(test, scope, holds=holds)


def _only_value(name: cst.Name, scope: Scope) -> cst.BaseExpression | None:
    """What a variable of the scope always holds: a test, or a norm."""
    bindings = scope.bindings.get(name.value, [])
    only = bindings[0] if len(bindings) == 1 else None
    if only is None or only.each or only.items or only.changed:
        return None
    return (
        only.value
        if isinstance(only.value, (cst.Call, cst.Comparison, cst.UnaryOperation, cst.BooleanOperation))
        else None
    )


def _asks_for_a_value(test: cst.BaseExpression, scope: Scope, *, holds: bool) -> bool:
    """Whether something is no number, or too large, where a test holds, or does not."""
    calls = {last_name(part.func) for part in walk(test) if isinstance(part, cst.Call)}
    if not calls.isdisjoint(catalogue.FINITENESS):
        return True
    match test:
        case cst.Name() | cst.Attribute() | cst.Call():
            words = set(catalogue.tokens(last_name(test.func if isinstance(test, cst.Call) else test)))
            return bool(words & _BROKEN) or ("inf" in words and not words.isdisjoint(_FOUND))
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=operator, comparator=right)]):
            larger = right if isinstance(operator, (cst.LessThan, cst.LessThanEqual)) else left
            smaller = left if larger is right else right
            if isinstance(operator, cst.NotEqual) and left.deep_equals(right):
                return holds  # `loss != loss`
            ordered = isinstance(operator, (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual))
            return ordered and _is_size(larger if holds else smaller, scope)
        case _:
            return False


def _is_size(node: cst.BaseExpression, scope: Scope) -> bool:
    """Whether an expression is a loss or a norm, by its name or what it holds, and no count or best value so far."""
    value = _only_value(node, scope) if isinstance(node, cst.Name) else None
    if isinstance(value, cst.Call) and last_name(value.func) in catalogue.GRADIENT_READERS:
        return True
    parts = [part for part in walk(node) if isinstance(part, (cst.Name, cst.Attribute))]
    words = {word for part in parts for word in catalogue.tokens(last_name(part))}
    counts = any(isinstance(part, cst.BinaryOperation) for part in walk(node))
    return bool(words & {"norm", "loss"}) and words.isdisjoint(_OTHER) and not counts


def _last_jump(arm: cst.CSTNode | None) -> tuple[cst.CSTNode, cst.CSTNode] | None:
    """The `continue` or bare `return` that an arm ends with, and the line that it stands in.

    `return None` is an answer, for the caller to act on.
    """
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
