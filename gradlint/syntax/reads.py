"""Who reads a variable once it has another value."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.tree import children, elements_of, walk


class Reads:
    """Answers for one variable of a scope. Whoever asks for its gradient, or changes it further, does not count."""

    def __init__(self, objects: Objects, scope: Scope, name: str) -> None:
        self._objects = objects
        self._scope = scope
        self._name = name

    def after(self, small: cst.CSTNode, loop: cst.For | None, since: cst.CSTNode | None = None) -> bool:
        """Whether anybody may read the value that a statement gives the variable.

        Each trip of `loop` gives it another one; or else the statement `since` does, right before.
        """
        if self._is_shared():
            return True
        if loop is not None:
            inside = list(self._in(loop.body, (small,)))
            return inside[-1] is not small or any(True for _ in self._in(self._scope.node, ()))
        between = False
        for node in self._in(self._scope.node, (small, since)):
            if node in (small, since):
                between = node is since
            elif not between:
                return True
        return False

    def changes_after(self, small: cst.CSTNode) -> bool:
        """Whether a statement further down changes the variable by what it is."""
        nodes = list(walk(self._scope.node))
        return any(self._is_further_change(node) for node in nodes[nodes.index(small) + 1 :])

    def _is_shared(self) -> bool:
        """Whether code of another scope means the same variable."""
        scopes = self._objects.program.home(self._scope).table.scopes
        others = (each for each in scopes if each.node is not self._scope.node and self._name in names_in(each))
        owners = (other.owner(self._name) for other in others)
        return any(owner is not None and owner.node is self._scope.node for owner in owners)

    def _in(self, node: cst.CSTNode, marks: tuple[cst.CSTNode | None, ...]) -> Iterator[cst.CSTNode]:
        """The places, in the order of the text, at which the variable is read, and some statements among them."""
        if any(node is mark for mark in marks):
            yield node
        elif isinstance(node, cst.Name):
            if node.value == self._name:
                yield node
        elif self._is_further_change(node):  # but what a call in it is given may be kept
            calls = [part for part in walk(node) if isinstance(part, cst.Call)]
            for argument in (argument for call in calls for argument in call.args):
                yield from self._in(argument, marks)
        else:
            for part in self._parts(node):
                yield from self._in(part, marks)

    def _parts(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """The parts of a node in which the variable may be read."""
        match node:
            case cst.Attribute(value=cst.Name(), attr=cst.Name(value="grad" | "_grad")):
                return []
            case cst.Attribute(value=value) | cst.Arg(value=value):
                return [value]
            case cst.Assign(targets=targets, value=value):
                return [value, *(each.target for each in targets if not self._binds(each.target))]
            case cst.AugAssign(target=target, value=value):
                return [value] if self._binds(target) else [value, target]
            case cst.For(target=target, iter=iterable, body=body, orelse=orelse):
                inner = [] if self._binds(target) else [body]
                return [iterable, *inner, *([orelse] if orelse is not None else [])]
            case cst.ListComp() | cst.SetComp() | cst.GeneratorExp() | cst.DictComp():
                return [node.for_in.iter] if self._binds(node.for_in.target) else children(node)
            case cst.Lambda() | cst.ClassDef() | cst.Import() | cst.ImportFrom() | cst.Global() | cst.Nonlocal():
                return []
            case cst.FunctionDef():
                return [node.body] if node is self._scope.node else []
            case _:
                return children(node)

    def _binds(self, target: cst.BaseExpression) -> bool:
        return self._name in names_of(target)

    def _is_further_change(self, node: cst.CSTNode) -> bool:
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=cst.BinaryOperation()):
                return name == self._name
            case cst.AugAssign(target=cst.Name(value=name)):
                return name == self._name
            case _:
                return False


def names_of(target: cst.BaseExpression) -> list[str]:
    """The variables that a target binds."""
    parts = elements_of(target)
    if parts is not None:
        return [n for part in parts for n in names_of(part.value if isinstance(part, cst.StarredElement) else part)]
    return [target.value] if isinstance(target, cst.Name) else []
