"""Attributes that are set and that PyTorch never reads: `requires_grad`, misspelt or of a module."""

from __future__ import annotations

import re

import libcst as cst

from gradlint.events import Place
from gradlint.slips import Unread
from gradlint.syntax import catalogue
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.spoken import about
from gradlint.syntax.tree import last_name, text_of, walk
from gradlint.syntax.values import Instance, Made

_MISSPELT = re.compile(r"(?!requires_grad$)req[a-z]*_?grad(s|ients?)?_?")
_METHOD = "requires_grad_"
_SETTINGS = frozenset("args cfg config configs conf flags hparams info opt opts options settings spec state".split())
"""Words in the names of objects whose attributes are the project's own."""

_FACTORIES = re.compile(r"^torchvision\.models\.|^torch\.hub\.load$|^timm\.create_model$|\.from_pretrained$")
_MODULES = frozenset({"children", "modules", "named_children", "named_modules"})
_BLANK = cst.Module([])


class Attributes:
    """Answers for one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        self._file = objects.program.home(scope)

    def written(self, node: cst.Assign, statement: cst.CSTNode) -> Unread | None:
        """What an assignment to an attribute was meant to do that PyTorch never reads."""
        target = node.targets[0].target
        if len(node.targets) != 1 or not isinstance(target, cst.Attribute):
            return None
        name, receiver, owner = target.attr.value, target.value, text_of(target.value)
        if _MISSPELT.fullmatch(name) and self._may_be_tensor(receiver) and not self._is_read(name):
            return Unread(Place(target, statement, text_of(target), owner), True, name, f"{owner}.requires_grad")
        if name == "requires_grad" and self._is_module(receiver) and not self._is_read_of(name, receiver):
            meant = f"{owner}.requires_grad_({text_of(node.value)})"
            place = Place(node, statement, text_of(target), owner)
            return Unread(place, _is_plain(node), name, meant, of_module=True)
        return None

    def _may_be_tensor(self, receiver: cst.BaseExpression) -> bool:
        """Whether an object may be a tensor, or a module: not of others' own classes, nor part of some settings."""
        value, path = self._objects.value(receiver, self._scope), self._objects.path(receiver, self._scope)
        if isinstance(value, Instance):
            return path is not None and is_network(self._objects, path)
        if isinstance(value, Made) and "." in value.by and not catalogue.TORCH_LIKE.match(value.by):
            return False
        own = path is not None and path.name == "self" and not path.fields
        return not own and not _is_settings(receiver)

    def _is_module(self, receiver: cst.BaseExpression) -> bool:
        """Whether an object is a module: one that was made in sight, or an element of what gives modules."""
        path = self._objects.path(receiver, self._scope)
        if path is None or (path.name == "self" and not path.fields):
            return False
        owner = self._scope.owner(receiver.value) if isinstance(receiver, cst.Name) else None
        bindings = owner.bindings[receiver.value] if owner is not None and isinstance(receiver, cst.Name) else []
        if is_network(self._objects, path) or self._is_ready_made(receiver):
            return all(isinstance(binding.value, cst.Call) for binding in bindings)
        if any(self._is_annotated(binding) for binding in bindings):
            return len(bindings) == 1
        return bool(bindings) and all(
            binding.each and binding.value is not None and _gives_modules(binding.value) for binding in bindings
        )

    def _is_ready_made(self, receiver: cst.BaseExpression) -> bool:
        """Whether an object comes from a package of networks."""
        value = self._objects.value(receiver, self._scope)
        return isinstance(value, Made) and not value.part and _FACTORIES.search(value.by) is not None

    def _is_annotated(self, binding: Binding) -> bool:
        """Whether an annotation says that a variable is a module."""
        says = self._objects.qualified(binding.annotation, binding.scope) if binding.annotation is not None else ""
        return says == "torch.nn.Module"

    def _is_read_of(self, name: str, receiver: cst.BaseExpression) -> bool:
        """Whether the file asks for an attribute of an object, or the object's class has it: then it has a meaning."""
        value, wanted = self._objects.value(receiver, self._scope), self._objects.path(receiver, self._scope)
        classes = self._objects.lineage(value.of) if isinstance(value, Instance) else ()
        if any(name in each.functions or name in each.attributes or name in each.bindings for each in classes):
            return True
        mentions = (each for each in self._file.table.mentions.get(name, ()) if not each.written)
        return any(self._objects.path(each.receiver, each.scope) == wanted for each in mentions)

    def _is_read(self, name: str) -> bool:
        """Whether anybody within reach asks for an attribute of this name, or speaks of it as a text."""
        if name == _METHOD:
            return False
        mentions = (each for each in self._file.table.mentions.get(name, ()) if not each.written)
        if not all(_is_settings(each.receiver) for each in mentions):
            return True
        scopes = self._file.table.scopes
        if any(isinstance(node, cst.SimpleString) for scope in scopes for node in about(scope, name)):
            return True
        return self._is_read_elsewhere(name)

    def _is_read_elsewhere(self, name: str) -> bool:
        surroundings = self._objects.program.surroundings
        read = re.compile(rf"\.{name}\b(?!\s*=[^=])|[\"']{name}[\"']")
        others = (key for key in surroundings.within_reach(self._file.key, name) or () if key != self._file.key)
        sources = (surroundings.source(key) for key in others)
        return any(source is not None and read.search(source.text) for source in sources)


def _is_settings(receiver: cst.BaseExpression) -> bool:
    """Whether an object is one of settings, or what is kept there."""
    while True:
        if not _SETTINGS.isdisjoint(catalogue.tokens(last_name(receiver))):
            return True
        if not isinstance(receiver, cst.Attribute):
            return False
        receiver = receiver.value


def _gives_modules(iterable: cst.BaseExpression) -> bool:
    calls = (part.func for part in walk(iterable) if isinstance(part, cst.Call))
    return any(isinstance(func, cst.Attribute) and func.attr.value in _MODULES for func in calls)


def _is_plain(node: cst.Assign) -> bool:
    """Whether the value can be written as an argument: on one line, and one value."""
    code = _BLANK.code_for_node(node.value)
    return code == text_of(node.value) and not isinstance(node.value, (cst.Tuple, cst.Yield, cst.StarredElement))
