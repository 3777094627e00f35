"""Statements that do nothing, where they were meant to: a method that is not called, an attribute that nobody reads."""

from __future__ import annotations

import re

import libcst as cst

from gradlint.events import Discarded, Place, Uncalled, Unread, Waste
from gradlint.syntax import catalogue
from gradlint.syntax.losses import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import last_name, text_of, walk
from gradlint.syntax.values import Instance, Made

EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns", "suppress"})
"""Contexts in which somebody may name an attribute only to see whether it is there."""

_MISSPELT = re.compile(r"(?!requires_grad$)req[a-z]*_?grads?_?")
_SETTINGS = frozenset("args cfg config configs conf flags hparams opt opts options settings spec".split())
"""Words in the names of objects whose attributes are the project's own."""

_MODULES = frozenset({"children", "modules", "named_children", "named_modules"})

_CONTEXTS = frozenset(
    "torch.no_grad torch.enable_grad torch.inference_mode torch.autograd.no_grad torch.autograd.enable_grad".split()
)
_CHANGING = frozenset({"zero_grad", "requires_grad_"})


class Slips:
    """Answers for the statements of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def in_statement(self, value: cst.BaseExpression, statement: cst.CSTNode) -> Uncalled | Discarded | None:
        """What a statement that is only an expression was meant to do."""
        if not isinstance(value, cst.Attribute):
            return self._discarded(value, statement) if self._is_torch() else None
        name, receiver = value.attr.value, value.value
        if not self._is_lifecycle(name, receiver) or self._is_property(name, receiver):
            return None
        schedules = name == "step" and self._objects.optimizer(receiver, self._scope) is None
        return Uncalled(Place(value, statement, text_of(value), text_of(receiver)), name, schedules)

    def _discarded(self, value: cst.BaseExpression, statement: cst.CSTNode) -> Discarded | None:
        """What is made and not used."""
        match value:
            case cst.Call(func=func) if (name := self._objects.qualified(func, self._scope)) in _CONTEXTS:
                return Discarded(Place(value, statement, text_of(value), name), Waste.CONTEXT)
            case _ if not self._back_propagates():
                return None
            case cst.Call(func=cst.Attribute(value=cst.Name() as tensor, attr=cst.Name(value="detach")), args=[]):
                if self._is_computed(tensor):
                    return Discarded(Place(value, statement, text_of(value), tensor.value), Waste.COPY)
            case cst.BinaryOperation(left=cst.Name(value=name), operator=cst.Divide() | cst.Multiply()):
                if "loss" in catalogue.tokens(name):
                    return Discarded(Place(value, statement, text_of(value), name), Waste.NUMBER)
            case cst.Call(func=cst.Name(value="map"), args=[cst.Arg(value=cst.Lambda(body=done)), _, *_]) | (
                cst.GeneratorExp(elt=done)
            ):
                if any(isinstance(part, cst.Call) and self._changes(part) for part in walk(done)):
                    return Discarded(Place(value, statement, text_of(value)), Waste.LAZY)
        return None

    def _back_propagates(self) -> bool:
        mentions = self._objects.program.home(self._scope).table.mentions.get("backward", ())
        return any(mention.scope is self._scope for mention in mentions)

    def _is_computed(self, tensor: cst.Name) -> bool:
        """Whether a variable is what a network gave back, or was calculated: that has a `detach` without effect."""
        owner = self._scope.owner(tensor.value)
        bindings = owner.bindings[tensor.value] if owner is not None else []
        return bool(bindings) and all(self._computes(binding) for binding in bindings)

    def _computes(self, binding: Binding) -> bool:
        match binding.value:
            case cst.BinaryOperation():
                return True
            case cst.Call(func=func):
                if self._objects.qualified(func, binding.scope).startswith("torch."):
                    return True
                path = self._objects.path(func, binding.scope)
                given = isinstance(func, cst.Name) and func.value in binding.scope.parameters
                return path is not None and (given or is_network(self._objects, path))
            case _:
                return False

    def _changes(self, call: cst.Call) -> bool:
        """Whether a call would change gradients, or what is trained."""
        name = self._objects.callee_name(call)
        return name in _CHANGING or (name in catalogue.OVERWRITING_METHODS and ".grad." in text_of(call.func))

    def in_assignment(self, node: cst.Assign, statement: cst.CSTNode) -> Unread | None:
        """What an assignment to an attribute was meant to do that PyTorch never reads."""
        target = node.targets[0].target
        if len(node.targets) != 1 or not isinstance(target, cst.Attribute) or not self._is_torch():
            return None
        name, receiver = target.attr.value, text_of(target.value)
        if _MISSPELT.fullmatch(name) and self._is_tensors(target.value) and not self._is_read(name):
            return Unread(Place(target, statement, text_of(target), receiver), name, f"{receiver}.requires_grad")
        if name == "requires_grad" and self._is_module(target.value) and not self._is_read(name, target.value):
            meant = f"{receiver}.requires_grad_({text_of(node.value)})"
            return Unread(Place(node, statement, text_of(target), receiver), name, meant, of_module=True)
        return None

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
                return self._is_torch()
            case "step":
                return self._objects.optimizer(receiver, self._scope) is not None or self._is_scheduler(receiver)
            case "update":
                return self._objects.is_scaler(receiver, self._scope)
            case _:
                return False

    def _is_torch(self) -> bool:
        imports = self._objects.program.home(self._scope).table.imports
        return any(map(catalogue.TORCH_LIKE.match, imports.values()))

    def _is_tensors(self, receiver: cst.BaseExpression) -> bool:
        """Whether an object may be a tensor, or a module: not of the project's own classes, nor a bag of settings."""
        value = self._objects.value(receiver, self._scope)
        path = self._objects.path(receiver, self._scope)
        if isinstance(value, Instance):
            return path is not None and is_network(self._objects, path)
        own = path is not None and path.name == "self" and not path.fields
        return not own and not _is_settings(receiver)

    def _is_module(self, receiver: cst.BaseExpression) -> bool:
        """Whether an object is a module: one that was made in sight, or an element of what gives modules."""
        path = self._objects.path(receiver, self._scope)
        if path is None or (path.name == "self" and not path.fields):
            return False
        if is_network(self._objects, path):
            return True
        owner = self._scope.owner(receiver.value) if isinstance(receiver, cst.Name) else None
        bindings = owner.bindings[receiver.value] if owner is not None and isinstance(receiver, cst.Name) else []
        return bool(bindings) and all(
            binding.each
            and isinstance(binding.value, cst.Call)
            and self._objects.callee_name(binding.value) in _MODULES
            for binding in bindings
        )

    def _is_read(self, name: str, receiver: cst.BaseExpression | None = None) -> bool:
        """Whether the file asks for an attribute, of an object or at all: then somebody gives it a meaning."""
        mentioned = self._objects.program.home(self._scope).table.mentions.get(name, ())
        mentions = [
            each for each in mentioned if not each.written and each.call is None and not _is_settings(each.receiver)
        ]
        if receiver is None:
            return bool(mentions)
        value, wanted = self._objects.value(receiver, self._scope), self._objects.path(receiver, self._scope)
        if isinstance(value, Instance) and any(
            name in each.functions or name in each.attributes for each in self._objects.lineage(value.of)
        ):
            return True
        return any(self._objects.path(mention.receiver, mention.scope) == wanted for mention in mentions)

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


def _is_settings(receiver: cst.BaseExpression) -> bool:
    return not _SETTINGS.isdisjoint(catalogue.tokens(last_name(receiver)))
