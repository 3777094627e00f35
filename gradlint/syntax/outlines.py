"""What a function does as a whole, as far as its statements show at a glance."""

from __future__ import annotations

import libcst as cst

from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import walk_everything


def is_stub(function: Scope) -> bool:
    """Whether a function does nothing but wait to be overridden."""
    body = function.node.body if isinstance(function.node, cst.FunctionDef) else None
    lines = body.body if body is not None else ()
    return bool(lines) and all(
        isinstance(line, cst.SimpleStatementLine)
        and all(isinstance(part, (cst.Pass, cst.Raise)) or _is_literal(part) for part in line.body)
        for line in lines
    )


def only_steps_or_clears(function: Scope) -> bool:
    """Whether all that a function does is to call `step` and `zero_grad`."""
    body = function.node.body if isinstance(function.node, cst.FunctionDef) else None
    lines = body.body if body is not None else ()
    return bool(lines) and all(
        isinstance(line, cst.SimpleStatementLine)
        and all(_is_literal(part) or _calls_one_of(part, ("step", "zero_grad")) for part in line.body)
        for line in lines
    )


def refuses(function: Scope) -> bool:
    """Whether the first thing that a function does is to leave: it was put out of action on purpose."""
    body = function.node.body if isinstance(function.node, cst.FunctionDef) else None
    lines = [line for line in (body.body if body is not None else ()) if not _is_docstring(line)]
    first = lines[0].body[0] if lines and isinstance(lines[0], cst.SimpleStatementLine) else None
    return isinstance(first, (cst.Return, cst.Raise))


def _is_docstring(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and all(map(_is_literal, line.body))


def _calls_one_of(statement: cst.CSTNode, names: tuple[str, ...]) -> bool:
    match statement:
        case cst.Expr(value=cst.Call(func=cst.Attribute(attr=cst.Name(value=name)))):
            return name in names
        case _:
            return False


_NO_TRAINING = frozenset("print len str repr format gc logging logger log warnings time torch np numpy".split())


def is_idle(function: Scope) -> bool:
    """Whether what a function does can be seen, and concerns no gradients: it prints, or sets something else."""
    if function.words.idle is None:
        function.words.idle = _does_nothing(function)
    return function.words.idle


def _does_nothing(function: Scope) -> bool:
    body = function.node.body if isinstance(function.node, cst.FunctionDef) else None
    nodes = list(walk_everything(body)) if body is not None else []
    names = (node.value for node in nodes if isinstance(node, cst.Name))
    called = (_root(node.func) for node in nodes if isinstance(node, cst.Call))
    return body is not None and not any("grad" in n or "zero" in n for n in names) and _NO_TRAINING.issuperset(called)


def _root(node: cst.BaseExpression) -> str:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""


def _is_literal(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Expr) and isinstance(
        node.value, (cst.Ellipsis, cst.SimpleString, cst.ConcatenatedString)
    )
