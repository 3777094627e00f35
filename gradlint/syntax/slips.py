"""Statements that do nothing, where they were meant to: a method that is named and not called."""

from __future__ import annotations

import libcst as cst

from gradlint.events import Place, Uncalled
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import last_name, text_of
from gradlint.syntax.values import Instance, Made

EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns", "suppress"})
"""Contexts in which somebody may name an attribute only to see whether it is there."""


class Slips:
    """Answers for the statements of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def in_statement(self, value: cst.BaseExpression, statement: cst.CSTNode) -> Uncalled | None:
        """What a statement that is only an expression was meant to do."""
        if not isinstance(value, cst.Attribute):
            return None
        name, receiver = value.attr.value, value.value
        if not self._is_lifecycle(name, receiver) or self._is_property(name, receiver):
            return None
        schedules = name == "step" and self._objects.optimizer(receiver, self._scope) is None
        return Uncalled(Place(value, statement, text_of(value), text_of(receiver)), name, schedules)

    def expects_failure(self, context: cst.BaseExpression) -> bool:
        """Whether a context waits for an exception."""
        return isinstance(context, cst.Call) and self._objects.callee_name(context) in EXPECTING

    def _is_lifecycle(self, name: str, receiver: cst.BaseExpression) -> bool:
        """Whether a method of that name, of that object, is one of those that make a training loop."""
        if self._objects.qualified(receiver, self._scope).startswith("torch."):
            return False  # `nn.Module.train`: the function itself
        match name:
            case "zero_grad" | "backward":
                return True
            case "train" | "eval":
                imports = self._objects.program.home(self._scope).table.imports
                return any(map(catalogue.TORCH_LIKE.match, imports.values()))
            case "step":
                return self._objects.optimizer(receiver, self._scope) is not None or self._is_scheduler(receiver)
            case "update":
                return self._objects.is_scaler(receiver, self._scope)
            case _:
                return False

    def _is_scheduler(self, receiver: cst.BaseExpression) -> bool:
        value = self._objects.value(receiver, self._scope)
        made = isinstance(value, Made) and ".lr_scheduler." in value.by
        return made or not catalogue.SCHEDULER_TOKENS.isdisjoint(catalogue.tokens(last_name(receiver)))

    def _is_property(self, name: str, receiver: cst.BaseExpression) -> bool:
        """Whether the object's class says that naming it is all it takes."""
        path = self._objects.path(receiver, self._scope)
        value = self._objects.value(receiver, self._scope)
        of = [value.of] if isinstance(value, Instance) else []
        if path is not None and path.name == "self" and not path.fields:
            of.append(self._objects.program.scopes[path.scope])
        methods = (
            method for one in of for each in self._objects.lineage(one) for method in each.functions.get(name, ())
        )
        return any(method.decorators for method in methods)
