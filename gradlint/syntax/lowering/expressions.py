"""Expressions: their events in the order in which Python evaluates them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import libcst as cst

from gradlint.events import Assign, Call, Clear, Event
from gradlint.flow.graph import Edge, Graph
from gradlint.regions import NAMELESS
from gradlint.syntax import catalogue
from gradlint.syntax.composite import Effect, Guarded, Repeated
from gradlint.syntax.lowering import branches, loops
from gradlint.syntax.lowering.context import Handlers, Lowering
from gradlint.syntax.tree import children


def lower(low: Lowering, node: cst.CSTNode) -> None:
    """Emit the events of an expression."""
    kind = type(node)
    if kind in _SILENT:
        return
    visitor = _VISITORS.get(kind)
    if visitor is not None:
        visitor(low, node)
        return
    for child in children(node):
        lower(low, child)


def _attribute(low: Lowering, node: cst.Attribute) -> None:
    lower(low, node.value)
    for event in low.effects.read(node, low.statement):
        low.emit(event)


def _call(low: Lowering, node: cst.Call) -> None:
    name = low.objects.callee_name(node)
    if isinstance(node.func, cst.Attribute):
        _receiver(low, node.func.value)
    else:
        lower(low, node.func)
    for argument in node.args:
        if name not in catalogue.UPDATING_METHODS:
            _argument(low, node, argument.value)
    scheduled = low.schedulers.stepped(node, low.statement)
    if scheduled is not None:  # that is all it does
        low.emit(scheduled)
        return
    waiting = low.asking > 0 or any(isinstance(frame, Handlers) for frame in low.frames)
    broken = low.closures.broken(node, low.statement, asking=waiting)
    if broken is not None:
        low.emit(broken)
    for effect in low.effects.call(node, low.statement):
        _effect(low, effect)
        unstepped = low.fates.of(effect) if isinstance(effect, Clear) else None
        if unstepped is not None:
            low.emit(unstepped)
    _emit(low, low.iterators.given(node, low.statement))


def _receiver(low: Lowering, node: cst.BaseExpression) -> None:
    """What a method is called on: computed, but a gradient whose method is called is not looked at."""
    if not isinstance(node, cst.Attribute):
        lower(low, node)
        return
    _receiver(low, node.value)
    if node.attr.value != "grad":
        for event in low.effects.read(node, low.statement):
            low.emit(event)


def _effect(low: Lowering, effect: Effect) -> None:
    match effect:
        case Repeated():
            _repeat(low, effect)
        case Guarded(test=test, events=events):
            branches.fork(low, test, lambda: _emit(low, events), _nothing)
        case Call(place=place, binds=binds):
            # What is made for this call has nothing to do with what was made for the last one.
            for made in dict.fromkeys(outer for _, outer in binds if outer.name == NAMELESS):
                low.emit(Assign(place, made))
            branches.call(low, effect)
        case _:
            low.emit(effect)


def _emit(low: Lowering, events: Iterable[Event]) -> None:
    for event in events:
        low.emit(event)


def _repeat(low: Lowering, effect: Repeated) -> None:
    top = low.build.add(None)
    _emit(low, effect.events)
    foot = low.build.add(None)
    if top is not None and foot is not None:
        low.build.connect([Edge(foot, loop=low.statement)], top)


def _comparison(low: Lowering, node: cst.Comparison) -> None:
    """Whoever asks if a gradient is there does not look at it."""
    match node:
        case cst.Comparison(
            left=cst.Attribute(value=tensor, attr=cst.Name(value="grad")),
            comparisons=[cst.ComparisonTarget(comparator=cst.Name(value="None"))],
        ):
            lower(low, tensor)
        case _:
            for child in children(node):
                lower(low, child)


def _boolean(low: Lowering, node: cst.BooleanOperation) -> None:
    """`a and b()` runs `b` only where `a` is true."""

    def right() -> None:
        lower(low, node.right)

    if isinstance(node.operator, cst.And):
        branches.fork(low, node.left, right, _nothing)
    else:
        branches.fork(low, node.left, _nothing, right)


def _nothing() -> None:
    """An arm without code."""


def _conditional(low: Lowering, node: cst.IfExp) -> None:
    branches.fork(low, node.test, lambda: lower(low, node.body), lambda: lower(low, node.orelse))


def _walrus(low: Lowering, node: cst.NamedExpr) -> None:
    lower(low, node.value)
    low.assign(node.target, node.value)


def _argument(low: Lowering, call: cst.Call, value: cst.BaseExpression) -> None:
    if isinstance(value, cst.Attribute) and value.attr.value == "grad":
        lower(low, value.value)
        _emit(low, low.effects.read(value, low.statement, given_to=call))
    else:
        lower(low, value)


def _yield(low: Lowering, node: cst.Yield) -> None:
    """A generator gives control back here, and may never get it again."""
    if node.value is not None:
        lower(low, node.value)
    low.build.branch_off(Graph.EXIT)
    low.jumps += 1
    low.give_control(node)


def _elements(low: Lowering, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> None:
    loops.comprehension(low, node.for_in, [node.elt])


def _pairs(low: Lowering, node: cst.DictComp) -> None:
    loops.comprehension(low, node.for_in, [node.key, node.value])


_SILENT = frozenset({cst.Name, cst.SimpleString, cst.Integer, cst.Float, cst.Imaginary, cst.Ellipsis, cst.Lambda})
_VISITORS: dict[type, Callable[[Lowering, Any], None]] = {  # Any: each visitor takes its own node class
    cst.Attribute: _attribute,
    cst.Call: _call,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.NamedExpr: _walrus,
    cst.Yield: _yield,
    cst.ListComp: _elements,
    cst.SetComp: _elements,
    cst.GeneratorExp: _elements,
    cst.DictComp: _pairs,
}
