"""Losses that are divided by the size of a window, and given to a backward that divides them by it as well."""

from __future__ import annotations

import re
from collections.abc import Set

import libcst as cst

from gradlint.slips import DividedTwice
from gradlint.syntax import frameworks
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import text_of, walk
from gradlint.syntax.window_sizes import size_of

_RESIZED = re.compile(rf"\.{frameworks.WINDOW_SIZE}\s*=[^=]")
"""A size that is set once the framework is made."""


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
                own = f"{text_of(receiver)}.{frameworks.WINDOW_SIZE}"
            case _:
                return None
        by = {own} | ({text_of(size)} if size is not None and self._is_steady(size) else set())
        if isinstance(loss, cst.BinaryOperation):
            return self._divided(loss, by, call, statement)
        if not isinstance(loss, cst.Name):
            return None
        found: DividedTwice | None = None
        summed = False  # as of several losses, of which it is the mean then
        elsewhere = _on_other_ways(self._scope.node, call)
        for node in walk(self._scope.node):
            if node is call:
                return None if summed else found
            if id(node) in elsewhere:
                continue
            summed = summed or _adds_to(node, loss.value)
            match node:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value) if (
                    name == loss.value
                ):
                    found = self._divided(value, by, call, statement)
                case cst.AugAssign(target=cst.Name(value=name), operator=operator, value=value) if name == loss.value:
                    divides = isinstance(operator, cst.DivideAssign) and text_of(value) in by
                    found = DividedTwice(place_of(call, statement, node), False, text_of(value)) if divides else None
                case _:
                    pass
        return None

    def _is_steady(self, size: cst.BaseExpression) -> bool:
        """Whether the code of a size means the same everywhere: a name that is set once. A number may be another one
        that happens to be the same, and the framework may be given another size later.
        """
        path = self._objects.path(size, self._scope) if isinstance(size, (cst.Name, cst.Attribute)) else None
        if path is None or _RESIZED.search(self._objects.program.home(self._scope).source.text):
            return False
        bindings = self._objects.bindings_of(path)
        return len(bindings) < 2 and not any(binding.each or binding.changed for binding in bindings)

    def _divided(
        self, value: cst.BaseExpression, sizes: Set[str], call: cst.Call, statement: cst.CSTNode
    ) -> DividedTwice | None:
        match value:
            case cst.BinaryOperation(left=cst.Call(func=cst.Name(value="sum"))):
                return None  # the mean of as many things
            case cst.BinaryOperation(operator=cst.Divide(), right=right) if text_of(right) in sizes:
                return DividedTwice(place_of(call, statement, value), False, text_of(right))
            case _:
                return None


def _on_other_ways(scope: cst.CSTNode, call: cst.Call) -> Set[int]:
    """What does not run where a call does: the other arms of the tests around it, by identity."""
    found: set[int] = set()
    for fork in (node for node in walk(scope) if isinstance(node, cst.If) and node.orelse is not None):
        arms = [{id(part) for part in walk(arm)} for arm in (fork.body, fork.orelse) if arm is not None]
        for arm in arms if any(id(call) in arm for arm in arms) else ():
            found |= arm if id(call) not in arm else set()
    return found


def _adds_to(node: cst.CSTNode, name: str) -> bool:
    """Whether a statement adds something to a variable."""
    match node:
        case cst.AugAssign(target=cst.Name(value=target), operator=cst.AddAssign()):
            return target == name
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=target))],
            value=cst.BinaryOperation(left=cst.Name(value=left), operator=cst.Add()),
        ):
            return target == name == left
        case _:
            return False
