"""What loops take their batches from: data, behind which no network is."""

from __future__ import annotations

from collections.abc import Set

import libcst as cst

from gradlint.bounds import Bound
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import walk

MAX_DEPTH = Bound(12, "variables that are made of one another")


class Data:
    """Answers for one program; `losses` are the names of variables that something is back-propagated by."""

    def __init__(self, objects: Objects, losses: Set[str]) -> None:
        self._objects = objects
        self._names = losses
        # Variables that are being looked into: one that is made from itself is not looked into again.
        self._looked_at: set[tuple[Scope | None, str]] = set()

    def is_data(self, iterable: cst.BaseExpression, scope: Scope) -> bool:
        """Whether a loop runs over data: something that a function was given, or numbers."""
        match iterable:
            case cst.Call(func=cst.Name(value="enumerate" | "zip" | "tqdm"), args=[argument, *_]):
                return self.is_data(argument.value, scope)
            case _:
                return is_given(iterable, scope) or not self._may_compute(iterable, scope, 0)

    def _may_compute(self, node: cst.BaseExpression, scope: Scope, depth: int) -> bool:
        """Whether networks may be behind an expression: it speaks of one, of a loss, or of something that is given and
        called.
        """
        if not MAX_DEPTH.allows(depth):
            return True
        for part in walk(node):
            if isinstance(part, cst.Call) and is_given(_root(part.func), scope):
                return True
            if isinstance(part, (cst.Name, cst.Attribute)):
                path = self._objects.path(part, scope)
                if path is not None and is_network(self._objects, path):
                    return True
            if isinstance(part, cst.Name):
                owner = scope.owner(part.value)
                bindings = owner.bindings[part.value] if owner is not None else []
                if part.value in self._names:
                    return True
                if (owner, part.value) in self._looked_at:
                    continue
                self._looked_at.add((owner, part.value))
                values = [(each.value, each.scope) for each in bindings if each.value is not None]
                found = any(self._may_compute(*each, depth + 1) for each in values)
                self._looked_at.remove((owner, part.value))
                if found:
                    return True
        return False


def is_given(node: cst.BaseExpression, scope: Scope) -> bool:
    """Whether a function was given something."""
    if not isinstance(node, cst.Name):
        return False
    owner = scope.owner(node.value)
    return owner is not None and owner.kind == "function" and node.value in owner.parameters


def _root(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, (cst.Attribute, cst.Subscript)):
        node = node.value
    return node
