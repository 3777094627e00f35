"""What is made, does nothing by itself, and is not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from gradlint.events import Place
from gradlint.slips import Discarded, Waste
from gradlint.syntax import catalogue
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import last_name, text_of, walk

_CONTEXTS = frozenset({"no_grad", "enable_grad", "inference_mode", "autocast"})
_CHANGING = frozenset({"zero_grad", "requires_grad_"})


class Discards:
    """Answers for one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def dropped(self, value: cst.BaseExpression, statement: cst.CSTNode) -> Discarded | None:
        """What a statement makes and drops."""
        match value:
            case cst.Call(func=func) if last_name(func) in _CONTEXTS:
                off = any(isinstance(a.value, cst.Name) and a.value.value == "False" for a in value.args)
                name = self._objects.qualified(func, self._scope)
                found = name.startswith("torch.") and not off
                return Discarded(self._place(value, statement, name), False, Waste.CONTEXT) if found else None
            case _ if not self._back_propagates():
                return None
            case cst.Call(func=cst.Attribute(value=cst.Name() as tensor, attr=cst.Name(value="detach")), args=[]):
                if self._is_computed(tensor) and self._is_given_later(tensor):
                    # Another use of it may need the gradients that the first one must not have.
                    fixable = self._is_own(tensor) and len(self._later_uses(tensor)) == 1
                    return Discarded(self._place(value, statement, tensor.value), fixable, Waste.COPY)
            case cst.BinaryOperation(
                left=cst.Name() | cst.Attribute() as loss, operator=cst.Divide() | cst.Multiply(), lpar=parentheses
            ):
                if "loss" in catalogue.tokens(last_name(loss)):
                    fixable = not parentheses and self._is_own(loss)
                    return Discarded(self._place(value, statement, text_of(loss)), fixable, Waste.NUMBER)
            case cst.Call(func=cst.Name(value="map"), args=[cst.Arg(value=cst.Lambda(body=done)), _, *_]) | (
                cst.GeneratorExp(elt=done)
            ):
                calls = [part for part in walk(done) if isinstance(part, cst.Call)]
                clears = any(map(self._clears, calls))
                if clears or any(self._objects.callee_name(call) in _CHANGING for call in calls):
                    return Discarded(self._place(value, statement, ""), False, Waste.LAZY, clears)
        return None

    @staticmethod
    def _place(value: cst.BaseExpression, statement: cst.CSTNode, subject: str) -> Place:
        return Place(value, statement, text_of(value), subject)

    def _clears(self, call: cst.Call) -> bool:
        name = self._objects.callee_name(call)
        return name == "zero_grad" or (name in catalogue.OVERWRITING_METHODS and ".grad." in text_of(call.func))

    def _back_propagates(self) -> bool:
        """Whether code of the scope, or of a closure in it, speaks of that."""
        mentions = self._objects.program.home(self._scope).table.mentions.get("backward", ())
        return any(self._scope in _around(mention.scope) for mention in mentions)

    def _is_own(self, target: cst.BaseExpression) -> bool:
        """Whether something can be assigned to here without another variable coming into being."""
        if not isinstance(target, cst.Name):
            return True
        return target.value in self._scope.bindings and target.value not in self._scope.foreign

    def _is_computed(self, tensor: cst.Name) -> bool:
        """Whether a variable is what a network gave back: that has a `detach` without effect."""
        owner = self._scope.owner(tensor.value)
        bindings = owner.bindings[tensor.value] if owner is not None else []
        return bool(bindings) and all(self._computes(binding) for binding in bindings)

    def _computes(self, binding: Binding) -> bool:
        value = binding.value
        if isinstance(value, cst.BinaryOperation):  # of something that a network gave back
            names = [part for part in walk(value) if isinstance(part, cst.Name) and part.value in self._scope.bindings]
            return any(not _is_sum(self._scope.bindings[name.value]) and self._is_computed(name) for name in names)
        while isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute):
            if not isinstance(value.func.value, cst.Call):
                break
            value = value.func.value  # `generator(noise).view(-1)`
        if not isinstance(value, cst.Call) or binding.each or binding.items:
            return False
        path = self._objects.path(value.func, binding.scope)
        given = isinstance(value.func, cst.Name) and value.func.value in binding.scope.parameters
        return path is not None and (given or is_network(self._objects, path))

    def _is_given_later(self, tensor: cst.Name) -> bool:
        """Whether a call further down is given the variable, as another network is: else it is dropped for good."""
        uses = set(map(id, self._later_uses(tensor)))
        return any(isinstance(node, cst.Arg) and id(node.value) in uses for node in walk(self._scope.node))

    def _later_uses(self, tensor: cst.Name) -> list[cst.Name]:
        """Where a variable stands again further down."""
        nodes = list(walk(self._scope.node))
        after = nodes[next((n for n, node in enumerate(nodes) if node is tensor), 0) + 1 :]
        return [node for node in after if isinstance(node, cst.Name) and node.value == tensor.value]


def _around(scope: Scope) -> Iterator[Scope]:
    """A scope, and the functions that it is defined in."""
    yield scope
    while scope.parent is not None and scope.parent.kind == "function":
        scope = scope.parent
        yield scope


def _is_sum(bindings: Iterable[Binding]) -> bool:
    """Whether a variable is calculated itself: one is followed, and not what that was calculated from."""
    return any(isinstance(binding.value, cst.BinaryOperation) for binding in bindings)
