"""Statements of generated programs that do nothing, by what they say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

NAMED = ("zero_grad", "backward", "step")
"""Methods that may be named and not called."""


class Named(ast.Expr):
    """A statement that names a method."""

    value: ast.Attribute


def is_named(node: ast.AST) -> TypeGuard[Named]:
    """Whether a statement names a method and does not call it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute) and node.value.attr in NAMED


def is_map(node: ast.AST) -> bool:
    """Whether a statement makes an iterator that would clear if somebody ran through it."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "map"


def slips(text: str) -> Iterator[tuple[str, int]]:
    """The code of the rule that tells of each slip of a program, and its row."""
    for scope in ast.walk(ast.parse(text)):
        if isinstance(scope, ast.FunctionDef):
            parts = list(_own(scope))
            # Elsewhere nobody is looking for what is never run through.
            named = any(isinstance(each, ast.Attribute) and each.attr == "backward" for each in ast.walk(scope))
            goes_back = named and "backward(" in text
            yield from (("GRD604", each.lineno) for each in parts if is_named(each))
            yield from (("GRD603", each.lineno) for each in parts if goes_back and is_map(each))


def _own(scope: ast.FunctionDef) -> Iterator[ast.AST]:
    """The parts of a function, without those of functions that are defined in it."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        part = waiting.pop()
        yield part
        if not isinstance(part, ast.FunctionDef):
            waiting += ast.iter_child_nodes(part)
