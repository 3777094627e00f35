"""The sizes of accumulation windows: what a variable always is, and what an accelerator was made with."""

from __future__ import annotations

import libcst as cst

from gradlint.syntax import frameworks
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of, last_name, text_of


def meant(node: cst.BaseExpression, objects: Objects, scope: Scope) -> cst.BaseExpression:
    """What a variable was set to, where that was once; else itself."""
    owner = scope.owner(node.value) if isinstance(node, cst.Name) else None
    if owner is not None and isinstance(node, cst.Name):
        bindings = owner.bindings[node.value]
    else:
        path = objects.path(node, scope) if isinstance(node, cst.Attribute) else None
        bindings = objects.bindings_of(path) if path is not None else []
    plain = len(bindings) == 1 and not (bindings[0].each or bindings[0].items or bindings[0].changed)
    value = bindings[0].value if plain else None
    return value if value is not None else node


def number_of(node: cst.BaseExpression, objects: Objects, scope: Scope) -> int | None:
    """The number that an expression always is; None where it may be any."""
    known, number = constant_of(meant(node, objects, scope))
    return number if known and isinstance(number, int) and not isinstance(number, bool) else None


def size_of(accelerator: cst.BaseExpression, objects: Objects, scope: Scope) -> cst.BaseExpression | None:
    """The size of windows that an accelerator was made with; None where nobody says it."""
    path = objects.path(accelerator, scope)
    bindings = objects.bindings_of(path) if path is not None else []
    sizes = [_size_given(binding.value) for binding in bindings]
    return sizes[0] if sizes and len({text_of(size) if size is not None else "" for size in sizes}) == 1 else None


def _size_given(made: cst.BaseExpression | None) -> cst.BaseExpression | None:
    match made:
        case cst.Call(func=func, args=arguments) if last_name(func) == frameworks.WINDOWING:
            named = ((a.keyword.value, a.value) for a in arguments if a.keyword is not None)
            return next((value for name, value in named if name == frameworks.WINDOW_SIZE), None)
        case _:
            return None
