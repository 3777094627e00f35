"""Methods of the training loop that are named and not called."""

from __future__ import annotations

import libcst as cst

from gradlint.slips import Uncalled
from gradlint.syntax import catalogue
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import last_name
from gradlint.syntax.values import Instance, Made, Optimizer

_OF_MODULES = frozenset(
    "parameters named_parameters state_dict load_state_dict train eval zero_grad requires_grad_ to cuda".split()
)
"""What is called on modules: an object with one of these is taken for one where it is named with a mode."""


class Methods:
    """Answers for one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def named(self, value: cst.Attribute, statement: cst.CSTNode) -> Uncalled | None:
        """The call that a statement lacks its parentheses for."""
        name, receiver = value.attr.value, value.value
        if not self._is_lifecycle(name, receiver) or self._is_property(name, receiver):
            return None
        optimizer = self._objects.optimizer(receiver, self._scope)
        place = place_of(value, statement, receiver)
        path = self._objects.path(receiver, self._scope)
        fixable = self._is_enough(name, receiver, optimizer)
        params = self._objects.stepped_params(path) if optimizer is not None and path is not None else ()
        return Uncalled(place, fixable, name, path, name == "step" and not optimizer, params)

    def _is_enough(self, name: str, receiver: cst.BaseExpression, optimizer: Optimizer | None) -> bool:
        """Whether parentheses with nothing in them are all that it takes."""
        match name:
            case "backward":
                return "loss" in catalogue.tokens(last_name(receiver))  # `accelerator.backward` needs one
            case "step" if optimizer is not None:
                return not optimizer.repeats
            case "step":
                value = self._objects.value(receiver, self._scope)
                return not (isinstance(value, Made) and value.by.endswith("ReduceLROnPlateau"))
            case _:
                return True

    def _is_lifecycle(self, name: str, receiver: cst.BaseExpression) -> bool:
        """Whether a method of that name, of that object, is one of those that make a training loop."""
        if self._objects.qualified(receiver, self._scope).startswith("torch."):
            return False  # `nn.Module.train`: the function itself
        match name:
            case "zero_grad" | "backward":
                return True
            case "train" | "eval":
                return self._is_module(receiver)
            case "step":
                return self._objects.optimizer(receiver, self._scope) is not None or self._is_scheduler(receiver)
            case "update":
                return self._objects.is_scaler(receiver, self._scope)
            case _:
                return False

    def _is_module(self, receiver: cst.BaseExpression) -> bool:
        path = self._objects.path(receiver, self._scope)
        if path is None:
            return False
        if is_network(self._objects, path):
            return True
        return not isinstance(self._objects.value(receiver, self._scope), Instance) and (
            not catalogue.NETWORK_TOKENS.isdisjoint(catalogue.tokens(last_name(receiver)))
            or any(self._objects.uses(path, method) for method in _OF_MODULES)
        )

    def _is_scheduler(self, receiver: cst.BaseExpression) -> bool:
        value = self._objects.value(receiver, self._scope)
        made = isinstance(value, Made) and ".lr_scheduler." in value.by
        return made or not catalogue.SCHEDULER_TOKENS.isdisjoint(catalogue.tokens(last_name(receiver)))

    def _is_property(self, name: str, receiver: cst.BaseExpression) -> bool:
        """Whether the object's class says that naming it is all it takes."""
        path, value = self._objects.path(receiver, self._scope), self._objects.value(receiver, self._scope)
        of = [value.of] if isinstance(value, Instance) else []
        if path is not None and path.name == "self" and not path.fields:
            of.append(self._objects.program.scopes[path.scope])
        classes = [each for one in of for each in self._objects.lineage(one)]
        decorated = (method.decorators for each in classes for method in each.functions.get(name, ()))
        return any(decorated) or any(each.bindings.get(name) and name not in each.functions for each in classes)
