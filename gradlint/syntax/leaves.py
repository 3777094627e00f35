"""Leaf tensors: variables whose gradient a backward fills, and of which PyTorch allows no change in the graph."""

from __future__ import annotations

import libcst as cst

from gradlint.syntax.iterators import Iterators
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import constant_of, elements_of, last_name, walk

_FACTORIES = frozenset(
    """tensor as_tensor from_numpy Tensor FloatTensor DoubleTensor randn rand randint normal zeros ones full empty eye
    arange linspace logspace randn_like rand_like zeros_like ones_like full_like empty_like""".split()
)
_COUNTING = frozenset({"enumerate", "zip"})
_HANDING_ON = frozenset({"list", "tuple", "reversed", "tqdm"})
_PARAMETERS = frozenset({"torch.nn.Parameter", "torch.nn.parameter.Parameter"})
_COPYING = frozenset("clone cpu cuda double float to view reshape".split())


class Leaves:
    """Answers for one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def is_made(self, binding: Binding) -> bool:
        """Whether a binding makes its variable a new leaf that needs a gradient, or one that a method makes need it."""
        plain = not binding.each and not binding.items and not binding.changed
        return plain and isinstance(binding.value, cst.Call) and self._is_leaf(binding.value)

    def is_one_of(self, variable: str, loop: cst.For) -> bool:
        """Whether a loop binds a variable to one leaf after another: to parameters of modules, or to some in sight."""
        found = [binding for binding in self._scope.bindings[variable] if binding.value is loop.iter]
        if len(found) != 1:
            return False
        value: cst.BaseExpression = loop.iter
        items = list(found[0].items)
        while isinstance(value, cst.Call):
            name, arguments = last_name(value.func), value.args
            if name in _COUNTING and items:
                position = items.pop(0) - (name == "enumerate")
                if not 0 <= position < len(arguments):
                    return False
                value = arguments[position].value
            elif name in _HANDING_ON and arguments:
                value = arguments[0].value
            else:
                break
        source = self._meant(value)
        if items == [1] and isinstance(source, cst.Call) and last_name(source.func) == "named_parameters":
            items = []
        parts = elements_of(source)
        if items:
            return False
        if parts is not None:
            return bool(parts) and all(map(self._is_element, parts))
        return Iterators(self._objects, self._scope).is_iterator(source)

    def _meant(self, value: cst.BaseExpression) -> cst.BaseExpression:
        """What a variable of the scope was bound to, once; through a list of it."""
        if isinstance(value, cst.Name):
            bindings = self._scope.bindings.get(value.value, [])
            only = bindings[0] if len(bindings) == 1 else None
            plain = only is not None and not only.each and not only.items and not only.changed
            value = only.value if plain and only is not None and only.value is not None else value
        match value:
            case cst.Call(func=cst.Name(value="list" | "tuple"), args=[cst.Arg(value=inner)]):
                return inner
            case _:
                return value

    def _is_element(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.Name):
            return self.are_made(node.value)
        return isinstance(node, cst.Call) and self._is_leaf(node)

    def are_made(self, name: str) -> bool:
        """Whether a variable of the scope never holds anything but new leaves that need a gradient."""
        bindings = self._scope.bindings.get(name, [])
        return bool(bindings) and all(map(self.is_made, bindings)) and self.needs_gradient(name)

    def needs_gradient(self, name: str) -> bool:
        """Whether all leaves that a variable is bound to need a gradient: when they are made, or by a later word."""
        made = [b.value for b in self._scope.bindings[name] if isinstance(b.value, cst.Call) and self.is_made(b)]
        return all(map(self._needs_gradient, made)) or self._is_made_to_need_one(name)

    def _is_made_to_need_one(self, name: str) -> bool:
        for node in walk(self._scope.node):
            match node:
                case cst.Call(func=cst.Attribute(value=cst.Name(value=of), attr=cst.Name(value="requires_grad_"))):
                    if of == name:
                        return True
                case cst.AssignTarget(
                    target=cst.Attribute(value=cst.Name(value=of), attr=cst.Name(value="requires_grad"))
                ) if of == name:
                    return True
        return False

    def _is_leaf(self, call: cst.Call) -> bool:
        qualified = self._objects.qualified(call.func, self._scope)
        if qualified in _PARAMETERS or (qualified.startswith("torch.") and self._needs_gradient(call)):
            return True
        match call.func:
            case cst.Attribute(value=cst.Call() as inner, attr=cst.Name(value="requires_grad_")):
                return self._is_plain(inner)
        return self._is_plain(call)

    def _is_plain(self, call: cst.Call) -> bool:
        """Whether a call gives a tensor that no gradient flows through, until somebody says that it needs one."""
        match call.func:
            case cst.Attribute(attr=cst.Name(value="detach")):
                return True
            case cst.Attribute(value=cst.Call() as inner, attr=cst.Name(value=name)) if name in _COPYING:
                return self._is_plain(inner)
        qualified = self._objects.qualified(call.func, self._scope)
        made = qualified.startswith("torch.") and qualified.rpartition(".")[2] in _FACTORIES
        return made and not any(a.keyword is not None and a.keyword.value == "requires_grad" for a in call.args)

    def _needs_gradient(self, call: cst.Call) -> bool:
        if last_name(call.func) == "requires_grad_":
            return not call.args or constant_of(call.args[0].value) == (True, True)
        said = [a.value for a in call.args if a.keyword is not None and a.keyword.value == "requires_grad"]
        if self._objects.qualified(call.func, self._scope) in _PARAMETERS:
            return not said and len(call.args) == 1
        return bool(said) and constant_of(said[0]) == (True, True)
