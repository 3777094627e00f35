"""Updates of variables as they are written: `p = p - x` and its like, and `p -= x` and its like."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from gradlint.syntax.gradients import gradient_of
from gradlint.syntax.tree import text_of, walk

_METHODS = {"sub": "sub_", "subtract": "sub_", "add": "add_"}
_IN_PLACE = frozenset({"sub_", "subtract_", "add_", "addcdiv_", "addcmul_", "mul_", "copy_"})
_OPERATORS = (cst.AddAssign, cst.SubtractAssign, cst.MultiplyAssign, cst.DivideAssign)


@dataclass(frozen=True, slots=True)
class Difference:
    """A variable is given what is computed from it: `value`. `in_place` is the code that changes what it was instead.

    `detached` says that it is computed outside of the graph, whatever is recorded.
    """

    name: str
    value: cst.BaseExpression
    detached: bool
    in_place: str


def difference(statement: cst.BaseSmallStatement) -> Difference | None:
    """The sum or difference with something that a statement gives a variable."""
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            if any(_has_effect(part) for part in walk(value)):
                return None
            return _by_operator(name, value) or _by_method(name, value)
        case _:
            return None


def in_place(statement: cst.BaseSmallStatement) -> tuple[str, cst.BaseExpression] | None:
    """The variable that a statement changes in place, and what by."""
    match statement:
        case cst.AugAssign(target=cst.Name(value=name, lpar=[]), operator=operator, value=value):
            return (name, value) if isinstance(operator, _OPERATORS) else None
        case cst.Expr(
            value=cst.Call(func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=method))) as call
        ) if method in _IN_PLACE and not call.lpar:
            return name, call
        case _:
            return None


def is_grad_of(node: cst.CSTNode, name: str) -> bool:
    """Whether an expression is the gradient of a variable."""
    tensor = gradient_of(node)
    return isinstance(tensor, cst.Name) and tensor.value == name


def _by_operator(name: str, value: cst.BaseExpression) -> Difference | None:
    """`p - x`, `p + x`, and `p - x - y`."""
    if not isinstance(value, cst.BinaryOperation):
        return None
    first: cst.BaseExpression = value
    while isinstance(first, cst.BinaryOperation) and isinstance(first.operator, (cst.Add, cst.Subtract)):
        first = first.left
    base = _base(name, first)
    if base is None:
        return None
    if first is not value.left:
        return Difference(name, value, base, f"{name}.data.copy_({text_of(value)})")
    method = "sub_" if isinstance(value.operator, cst.Subtract) else "add_"
    return Difference(name, value, base, f"{name}.data.{method}({_bare(value.right)})")


def _by_method(name: str, value: cst.BaseExpression) -> Difference | None:
    """`p.sub(x)` and `torch.sub(p, x)`."""
    match value:
        case cst.Call(func=cst.Attribute(value=cst.Name(value="torch"), attr=cst.Name(value=method)), args=[of, *rest]):
            base = _base(name, of.value) if of.keyword is None and not of.star else None
        case cst.Call(func=cst.Attribute(value=tensor, attr=cst.Name(value=method)), args=rest):
            base = _base(name, tensor)
        case _:
            return None
    if base is None or method not in _METHODS or not rest:
        return None
    given = ", ".join(text_of(argument.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for argument in rest)
    return Difference(name, value, base, f"{name}.data.{_METHODS[method]}({given})")


def _base(name: str, node: cst.BaseExpression) -> bool | None:
    """Whether an expression is a variable without its graph, or with it; None for anything else."""
    match node:
        case cst.Name(value=found) if found == name:
            return False
        case cst.Attribute(value=cst.Name(value=found), attr=cst.Name(value="data")) if found == name:
            return True
        case cst.Call(func=cst.Attribute(value=cst.Name(value=found), attr=cst.Name(value="detach"))) if found == name:
            return True
        case _:
            return None


def _has_effect(node: cst.CSTNode) -> bool:
    """Whether a part of an expression changes a tensor."""
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))) if name.endswith("_"):
            return True
        case cst.Arg(keyword=cst.Name(value="out")) | cst.NamedExpr() | cst.Yield() | cst.Await():
            return True
        case _:
            return False


def _bare(node: cst.BaseExpression) -> str:
    """The code of an expression without parentheses around all of it."""
    return text_of(node.with_changes(lpar=node.lpar[1:], rpar=node.rpar[:-1]) if node.lpar else node)
