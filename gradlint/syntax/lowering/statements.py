"""Statements one by one; the compound ones go to the modules of their kind."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from gradlint.events import MayAdd, Step
from gradlint.slips import Uncalled
from gradlint.syntax.lowering import branches, jumps, loops
from gradlint.syntax.lowering.context import Handlers, Lowering
from gradlint.syntax.tree import elements_of


def lower(low: Lowering, node: cst.CSTNode) -> None:
    """Lower one statement. A nested function or class runs elsewhere, or not at all."""
    match node:
        case cst.SimpleStatementLine(body=body):
            for small in body:
                lower(low, small)
        case cst.AugAssign() | cst.Expr() if (missed := low.slips.in_update(node, low.statement)) is not None:
            low.emit(missed)  # it raises, and applies nothing
        case cst.Expr(value=value):
            low.evaluate(value)
            _slip(low, value)
        case cst.Assign():
            _assign(low, node)
            slip = low.slips.in_assignment(node, low.statement) or low.slips.in_update(node, low.statement)
            made = low.iterators.made(node.targets[0].target, node.value, low.statement)
            for found in (slip, made):
                if found is not None:
                    low.emit(found)
        case cst.AnnAssign(target=target, value=value) if value is not None:
            low.evaluate(value)
            low.assign(target, value)
            annotated = low.iterators.made(target, value, low.statement)
            if annotated is not None:
                low.emit(annotated)
        case cst.AugAssign():
            events = low.assignments.augment(node, low.statement)
            if not any(isinstance(event, Step) for event in events):  # an update's own reading is not looking
                low.evaluate(node.value)
            whole = cst.BinaryOperation(node.target, cst.Add(), node.value)
            renewed = low.losses.assigned(node.target, whole, low.build.holds)
            for event in events:
                low.emit(event)
            if renewed is not None:
                low.build.holds = renewed.after(low.build.holds)
        case cst.Del(target=target):
            for part in elements_of(target) or [target]:
                for event in low.assignments.delete(part, low.statement):
                    low.emit(event)
        case cst.Assert(test=test):
            low.evaluate(test)
        case cst.Return(value=value):
            if value is not None:
                low.evaluate(value)
            jumps.jump(low, "return")
        case cst.Break():
            jumps.jump(low, "break")
        case cst.Continue():
            jumps.jump(low, "continue")
        case cst.Raise():
            if node.exc is not None:
                low.evaluate(node.exc)
            jumps.leave(low)
        case cst.If():
            branches.if_(low, node)
        case cst.Match():
            branches.match_(low, node)
        case cst.For():
            loops.for_(low, node)
        case cst.While():
            loops.while_(low, node)
        case cst.Try() | cst.TryStar():
            jumps.try_(low, node)
        case cst.With():
            _with(low, node)
        case cst.FunctionDef(decorators=decorators):
            for decorator in decorators:
                low.evaluate(decorator.decorator)
        case _:
            pass


def _slip(low: Lowering, value: cst.BaseExpression) -> None:
    """A statement that does nothing. Where an exception is waited for, it may ask whether something is there."""
    asking = low.asking > 0 or any(isinstance(frame, Handlers) and frame.asks for frame in low.frames)
    slip = low.slips.in_expression(value, low.statement, asking=asking, recording=not low.silent)
    if slip is not None:
        low.emit(slip)
    if isinstance(slip, Uncalled) and slip.method == "backward":
        low.emit(MayAdd(slip.place))  # what it was meant to do, it does once it is called


def _assign(low: Lowering, node: cst.Assign) -> None:
    target = node.targets[0].target
    if not any(isinstance(event, Step) for event in low.assignments.assign(target, node.value, low.statement)):
        low.evaluate(node.value)
    for assigned in node.targets:
        _evaluate_target(low, assigned.target)
        low.assign(assigned.target, node.value)


def _evaluate_target(low: Lowering, target: cst.BaseExpression) -> None:
    """The parts of a target that are computed: what it is an attribute or an element of."""
    match target:
        case cst.Attribute(value=value):
            if not isinstance(value, (cst.Name, cst.Attribute)):
                low.evaluate(value)
        case cst.Subscript(value=value, slice=slices):
            if not isinstance(value, (cst.Name, cst.Attribute)):
                low.evaluate(value)
            for part in slices:
                low.evaluate(part)
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            for element in elements:
                _evaluate_target(low, element.value)


def _with(low: Lowering, node: cst.With) -> None:
    for item in node.items:
        low.evaluate(item.item)
        if item.asname is not None:
            low.assign(item.asname.name, item.item)
    around = [event for item in node.items for event in low.effects.around(item.item, low.statement)]
    for event in around:
        low.emit(event)
    asking = sum(low.slips.asks(item.item) for item in node.items)
    silent = sum(low.slips.stops_recording(item.item) for item in node.items)
    counted = (low.effects.counted(item.item, low.statement) for item in node.items)
    batches = [batch for batch in counted if batch is not None]
    for batch in batches:
        low.emit(batch)
    low.asking, low.silent, low.windowed = low.asking + asking, low.silent + silent, low.windowed + len(batches)
    low.run(node.body)
    low.asking, low.silent, low.windowed = low.asking - asking, low.silent - silent, low.windowed - len(batches)
    for event in around:
        low.emit(replace(event))
