"""Losses that are divided by the size of a window, and given to a backward that divides them by it as well."""

from __future__ import annotations

import libcst as cst

from gradlint.slips import DividedTwice
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import text_of, walk
from gradlint.syntax.window_sizes import size_of


class Divisions:
    """Answers for one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def twice(self, call: cst.Call, statement: cst.CSTNode) -> DividedTwice | None:
        """The division of a loss by what the backward divides it by again."""
        match call:
            case cst.Call(
                func=cst.Attribute(value=receiver, attr=cst.Name(value="backward")), args=[cst.Arg(value=loss)]
            ):
                size = size_of(receiver, self._objects, self._scope)
            case _:
                return None
        if size is None:
            return None
        by = text_of(size)
        if isinstance(loss, cst.BinaryOperation):
            return self._divided(loss, by, call, statement)
        if not isinstance(loss, cst.Name):
            return None
        found: DividedTwice | None = None
        for node in walk(self._scope.node):
            if node is call:
                return found
            match node:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value) if (
                    name == loss.value
                ):
                    found = self._divided(value, by, call, statement)
                case cst.AugAssign(target=cst.Name(value=name), operator=operator, value=value) if name == loss.value:
                    divides = isinstance(operator, cst.DivideAssign) and text_of(value) == by
                    found = DividedTwice(place_of(call, statement, node), False, by) if divides else None
                case _:
                    pass
        return None

    def _divided(
        self, value: cst.BaseExpression, size: str, call: cst.Call, statement: cst.CSTNode
    ) -> DividedTwice | None:
        match value:
            case cst.BinaryOperation(operator=cst.Divide(), right=right) if text_of(right) == size:
                return DividedTwice(place_of(call, statement, value), False, size)
            case _:
                return None
