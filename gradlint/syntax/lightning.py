"""Lightning's modules: what they are given by a base class that nobody sees."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from gradlint.syntax import frameworks
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import last_name


def is_module(class_: Scope) -> bool:
    """Whether a class derives from Lightning's module, and says nothing itself of what it is given."""
    return any(last_name(base) == frameworks.MODULE for base in class_.bases) and not any(
        name in class_.functions for name in frameworks.LASTING
    )


def lasting_method(node: cst.BaseExpression) -> tuple[cst.BaseExpression, str] | None:
    """The object and the name of a method, of those that give back the same each time, where its call is given."""
    match node:
        case cst.Call(func=cst.Attribute(value=holder, attr=cst.Name(value=name))) if name in frameworks.LASTING:
            return holder, name
        case _:
            return None


def belongs(field: str, class_: Scope) -> bool:
    """Whether a field of a class's own object is such a thing."""
    return field.removesuffix("()") in frameworks.LASTING and field.endswith("()") and is_module(class_)


def is_run_by_framework(function: Scope, lineage: Iterable[Scope]) -> bool:
    """Whether a method of a class with these bases is what Lightning runs once a batch; it clears nothing around it."""
    return function.name == frameworks.TRAINING_STEP and any(map(is_module, lineage))
