"""What is called where the name does not say it: methods looked up by a name, bound to a variable, or of anybody."""

from __future__ import annotations

import libcst as cst

from gradlint.events import Place, Unresolved
from gradlint.regions import Path
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.program import Alone
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of, elements_of, last_name
from gradlint.syntax.values import Function, Items


class Called:
    """Answers for the calls of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def looked_up(self, func: cst.BaseExpression) -> cst.Call | None:
        """The `getattr(...)` whose result is called, as it is written or by a variable."""
        if isinstance(func, cst.Name):
            owner = self._scope.owner(func.value)
            bindings = owner.bindings[func.value] if owner is not None else []
            func = bindings[0].value or func if len(bindings) == 1 and not bindings[0].items else func
        found = isinstance(func, cst.Call) and self._objects.callee_name(func) == "getattr" and len(func.args) > 1
        return func if found and isinstance(func, cst.Call) else None

    def of_no_name(self, place: Place, lookup: cst.Call | None, given: tuple[Path, ...] | None) -> Unresolved:
        """What a function may do whose name nobody can tell; of `getattr(callback, "on_" + event)` one can in part."""
        beginning = _beginning(lookup.args[1].value) if lookup is not None else ""
        key = self._objects.program.home(self._scope).key
        return Unresolved(place, given, name=beginning, key=key, begins=True, apart=self._scope.name)

    def kept(self, call: cst.Call) -> list[cst.BaseExpression]:
        """What an attribute of an object of the project was set to that is called as if it were a method."""
        if not isinstance(call.func, cst.Attribute):
            return []
        path = self._objects.path(call.func.value, self._scope)
        instance = self._objects.instance_at(path) if path is not None else None
        holder = Path(instance.of.number, "self") if instance is not None else path
        bindings = self._objects.attribute_bindings(holder, call.func.attr.value) if holder is not None else []
        return [each for binding in bindings if binding.value is not None for each in _alternatives(binding.value)]

    def keeps_a_clear(self, call: cst.Call) -> bool:
        """Whether such an attribute was set to a function that speaks of clearing."""
        found = (self._objects.value(node, self._scope) for node in self.kept(call))
        return any(isinstance(each, Function) and self._objects.program.mentions_clear(each.scope) for each in found)

    def held_by(self, nodes: list[cst.BaseExpression]) -> list[cst.BaseExpression]:
        """What literal containers among some expressions hold, by the names of this scope."""
        found = [self._objects.value(node, self._scope) for node in nodes]
        mine = [each for each in found if isinstance(each, Items) and each.scope is self._scope]
        return [value for each in mine for value in each.values]

    def method_by_name(self, func: cst.BaseExpression) -> cst.Attribute | None:
        """The `zero_grad` or `step` of something that a name was bound to."""
        if not isinstance(func, cst.Name):
            return None
        owner = self._scope.owner(func.value)
        bindings = owner.bindings[func.value] if owner is not None else []
        value = bindings[0].value if len(bindings) == 1 and not bindings[0].each else None
        for item in bindings[0].items if value is not None else ():  # clear_one, clear_other = one.zero_grad, ...
            parts = elements_of(value) if value is not None else None
            value = parts[item] if parts is not None and item < len(parts) else None
        return value if isinstance(value, cst.Attribute) and value.attr.value in ("zero_grad", "step") else None

    def of_somebody(self, call: cst.Call, place: Place) -> Unresolved | None:
        """What a method of an object that nobody saw made may do; None where its name, or the object's, says enough."""
        alone = isinstance(self._objects.program.surroundings, Alone)
        if alone or not isinstance(call.func, cst.Attribute) or self._is_own_object(call.func.value):
            return None
        if self._is_of_a_package(call.func.value):
            return None
        name, holder = call.func.attr.value, last_name(call.func.value)
        if name == "__init__":  # of a base: it runs once, before the first step
            return None
        if name in catalogue.COMMON_METHODS or any(map(catalogue.cannot_clear, (name, holder))):
            return None
        if not catalogue.STRANGERS.isdisjoint(catalogue.tokens(holder)):
            return None
        return Unresolved(place, None, name=name, key=self._objects.program.home(self._scope).key)

    def _is_of_a_package(self, node: cst.BaseExpression) -> bool:
        """Whether what a function is called on was imported from outside of the project: `torch.rand(3)`."""
        while isinstance(node, cst.Attribute):
            node = node.value
        owner = self._scope.owner(node.value) if isinstance(node, cst.Name) else None
        bindings = owner.bindings[node.value] if owner is not None and isinstance(node, cst.Name) else []
        return any(each.imported for each in bindings) and self._objects.definition(node, self._scope) is None

    def _is_own_object(self, node: cst.BaseExpression) -> bool:
        return isinstance(node, cst.Name) and node.value == self._scope.receiver

    def is_nameless(self, func: cst.BaseExpression) -> bool:
        """Whether what is called is an element of something: of handlers, say, whose names nobody knows."""
        if isinstance(func, cst.Subscript):
            return True
        owner = self._scope.owner(func.value) if isinstance(func, cst.Name) else None
        bindings = owner.bindings[func.value] if owner is not None and isinstance(func, cst.Name) else []
        return any(binding.each for binding in bindings)

    def is_given_handler(self, func: cst.BaseExpression) -> bool:
        """Whether what is called is a parameter, and could by its name be a hook that clears: `on_step()`."""
        return (
            isinstance(func, cst.Name)
            and func.value in self._scope.parameters
            and catalogue.may_clear_or_step(func.value)
        )

    def hands_on(self, call: cst.Call) -> bool:
        """Whether a call gives on whatever its function was given: `handler(**kwargs)`."""
        given = (
            argument.value.value for argument in call.args if argument.star and isinstance(argument.value, cst.Name)
        )
        return any(name in self._scope.parameters for name in given)


def _alternatives(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    return [node.body, node.orelse] if isinstance(node, cst.IfExp) else [node]


def _beginning(node: cst.BaseExpression) -> str:
    """What a text is known to begin with."""
    match node:
        case cst.BinaryOperation(left=left, operator=cst.Add()):
            return _beginning(left)
        case cst.FormattedString(parts=[cst.FormattedStringText(value=text), *_]):
            return text
        case _:
            return str(constant_of(node)[1] or "")


def is_zero_grad(node: cst.BaseExpression) -> bool:
    """Whether an expression is a `zero_grad` that is given away, looked up by its name, or kept somewhere."""
    match node:
        case cst.Attribute(attr=cst.Name(value="zero_grad")):
            return True
        case cst.Call(args=arguments):  # getattr(optimizer, "zero_grad"), methodcaller("zero_grad")
            return any(constant_of(argument.value) == (True, "zero_grad") for argument in arguments)
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
            return "zero" in str(constant_of(key)[1])
        case _:
            return False
