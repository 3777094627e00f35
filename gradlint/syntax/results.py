"""What functions give back, and what is done with it where that is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradlint.syntax.backpropagation import back_propagated
from gradlint.syntax.identity import MAX_DEPTH
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of, walk
from gradlint.syntax.values import Function, Instance


def gives_nothing(objects: Objects, function: Scope, depth: int = 0) -> bool:
    """Whether a function gives back nothing on every way through it."""
    if not MAX_DEPTH.allows(depth):
        return False
    match function.node:
        case cst.Lambda(body=body):
            return _is_nothing(objects, body, function, depth)
        case cst.FunctionDef(asynchronous=None, body=cst.IndentedBlock(body=[*_, last]) as body):
            nodes = list(walk(body))
            if function.unread or any(isinstance(node, cst.Yield) for node in nodes) or _only_raises(last):
                return False
            values = [node.value for node in nodes if isinstance(node, cst.Return) and node.value is not None]
            return all(_is_nothing(objects, value, function, depth) for value in values)
        case _:
            return False


def _is_nothing(objects: Objects, value: cst.BaseExpression, scope: Scope, depth: int) -> bool:
    if constant_of(value) == (True, None):
        return True
    if not isinstance(value, cst.Call):
        return False
    found = objects.value(value.func, scope)
    if isinstance(found, Function):
        plain = not found.scope.decorators and found.scope.receiver is None
        return plain and gives_nothing(objects, found.scope, depth + 1)
    loss = back_propagated(value)
    return loss is not None and not value.args and not isinstance(objects.value(loss, scope), Instance)


def _only_raises(statement: cst.CSTNode) -> bool:
    """Whether a function that ends in a statement does not come back from it."""
    match statement:
        case cst.SimpleStatementLine(body=[*_, cst.Raise()]):
            return True
        case cst.While(test=test):
            return constant_of(test)[0]
        case _:
            return False


def loss_at_end(function: Scope) -> str:
    """The loss that a function without a `return` has back-propagated; empty where it cannot be told at its end."""
    if not isinstance(function.node, cst.FunctionDef) or not isinstance(function.node.body, cst.IndentedBlock):
        return ""
    nodes = list(walk(function.node.body))
    losses = [loss for node in nodes if (loss := back_propagated(node)) is not None]
    if len(losses) != 1 or any(isinstance(node, (cst.Return, cst.Del)) for node in nodes):
        return ""
    loss, lines = losses[0], function.node.body.body
    if not isinstance(loss, cst.Name) or len(function.bindings.get(loss.value, ())) != 1:
        return ""
    return loss.value if any(_binds(part, loss.value) for line in lines for part in _parts(line)) else ""


def _parts(line: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return line.body if isinstance(line, cst.SimpleStatementLine) else ()


def _binds(part: cst.CSTNode, name: str) -> bool:
    match part:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=bound))]):
            return bound == name
        case _:
            return False


# -- as a number ------------------------------------------------------------------------------------------------------


def is_used_as_number(call: cst.Call, statement: cst.CSTNode, scope: Scope) -> bool:
    """Whether the result of a call is taken for a number, or a tensor, where it stands or by its only name."""
    if any(_needs_number(node, call) for node in walk(statement)):
        return True
    name = _kept_as(call, statement)
    if name is None or scope.kind != "function" or len(scope.bindings.get(name, ())) != 1:
        return False
    nodes = list(walk(scope.node))
    if any(_reads(part, name) for node in nodes for test in _tests(node) for part in walk(test)):
        return False  # it may be asked whether there is any
    reads = [node for node in nodes if _reads(node, name)]
    return any(_needs_number(node, part) for node in nodes for part in reads)


def _kept_as(call: cst.Call, statement: cst.CSTNode) -> str | None:
    """The variable that holds the result of a call, which is all that a statement is about."""
    match statement:
        case cst.SimpleStatementLine(
            body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]) as line]
        ):
            return name if line.value is call else None
        case _:
            return None


def _reads(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _needs_number(node: cst.CSTNode, part: cst.CSTNode) -> bool:
    """Whether a node can do nothing with a part of it that is None."""
    match node:
        case cst.Attribute(value=value) | cst.AugAssign(value=value):
            return value is part
        case cst.BinaryOperation(left=left, right=right):
            return part in (left, right) and not isinstance(node.operator, cst.BitOr)
        case cst.UnaryOperation(operator=cst.Minus(), expression=inner):
            return inner is part
        case cst.FormattedStringExpression(expression=inner, format_spec=spec):
            return inner is part and bool(spec)
        case cst.Call(func=cst.Name(value="float" | "int" | "round"), args=[argument]):
            return argument.value is part
        case _:
            return False


def _tests(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What a node asks for before it goes on."""
    match node:
        case cst.If(test=test) | cst.IfExp(test=test) | cst.While(test=test) | cst.Assert(test=test):
            yield test
        case cst.BooleanOperation() | cst.Comparison():
            yield node
        case cst.Try():
            yield node.body
        case _:
            pass
