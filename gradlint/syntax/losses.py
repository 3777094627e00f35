"""Which networks a loss was computed by, where all of them are in sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from gradlint.bounds import Bound
from gradlint.flow.conditions import Computed, Literal, Literals
from gradlint.flow.loops import speaks_of_accumulation
from gradlint.regions import ELEMENT, GIVEN, Path
from gradlint.syntax import catalogue, frameworks
from gradlint.syntax.data import Data, is_given
from gradlint.syntax.networks import has_no_parameters, is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Binding, Scope, Table
from gradlint.syntax.tree import elements_of, last_name, text_of, walk
from gradlint.syntax.values import Made

MAX_DEPTH = Bound(12, "parts of a loss inside one another")

Networks = frozenset[Path] | None
"""The networks whose parameters a gradient reaches; None where nobody can tell."""

_GIVEN_LOSSES = (frameworks.WINDOWING, "Fabric")
"""What is given a loss to go back from."""

_NOTHING: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Renewed:
    """A loss has another value, and this is known of it."""

    path: Path
    known: Literal | None

    def after(self, holds: Literals) -> Literals:
        """What holds then."""
        kept = frozenset(each for each in holds if each.condition not in set(_computed(holds, self.path)))
        return kept | {self.known} if self.known is not None else kept


class Losses:
    """Reads the losses of one scope.

    What a variable holds that is back-propagated is followed from one assignment to the next; of others all
    assignments count. Data is what a loop takes from something that is given, and a parameter that goes into a network.
    """

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        self._names = _losses(objects.program.home(scope).table)
        # Variables that are being looked into: one that is made from itself is not looked into again.
        self._asked: set[tuple[Scope | None, str]] = set()
        self._data_of = Data(objects, self._names)

    def assigned(self, target: cst.BaseExpression, value: cst.BaseExpression, holds: Literals) -> Renewed | None:
        """By which networks a loss is computed that is assigned here; None where the target is no loss."""
        if not isinstance(target, cst.Name) or target.value not in self._names:
            return None
        path = Path(self._scope.number, target.value)
        networks = self._of(value, holds, 0)
        return Renewed(path, Literal(Computed(path, networks, frozenset({path})), True) if networks else None)

    def of(self, call: object, holds: Literals) -> Networks:
        """The networks that a backward reaches."""
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            return None
        receiver = call.func.value
        made = self._objects.value(receiver, self._scope) if len(call.args) == 1 else None
        if isinstance(made, Made) and made.by.endswith(_GIVEN_LOSSES):
            receiver = call.args[0].value
        return self._of(receiver, holds, 0) or None

    def given(self) -> Literals:
        """What holds at first of losses that are parameters."""
        paths = [Path(self._scope.number, name) for name in self._scope.parameters if name in self._names]
        return frozenset(
            Literal(Computed(path, frozenset({path.field(GIVEN)}), frozenset({path})), True) for path in paths
        )

    def passed(
        self, arguments: Iterable[tuple[Path, object]], holds: Literals
    ) -> Iterator[tuple[Path, frozenset[Path]]]:
        """The parameters of a callee, and the networks that they are, optimize or, as losses, are computed by."""
        for parameter, value in arguments:
            if not isinstance(value, cst.BaseExpression) or self._is_as_given(value):
                continue
            path = self._objects.path(value, self._scope)
            optimizer = self._objects.optimizer_at(path) if path is not None else None
            if path is not None and self.is_network(path):
                yield parameter, frozenset(self._objects.around(path))
            elif optimizer is not None:
                if optimizer.params and all(map(self.is_network, optimizer.params)):
                    yield parameter, frozenset(a for each in optimizer.params for a in self._objects.around(each))
            elif networks := self._of(value, holds, 0):
                yield parameter, networks

    def handed_on(self, arguments: Iterable[tuple[Path, object]]) -> Iterator[tuple[Path, Path]]:
        """The parameters of a callee that are parameters of the scope, and these."""
        for parameter, value in arguments:
            if isinstance(value, cst.Name) and self._is_as_given(value):
                yield parameter, Path(self._scope.number, value.value, (GIVEN,))

    def _is_as_given(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a parameter of the function that has no other value in it."""
        name = node.value if isinstance(node, cst.Name) else ""
        return name in self._scope.parameters and len(self._scope.bindings[name]) == 1

    def _of(self, node: cst.BaseExpression, holds: Literals, depth: int) -> Networks:
        if not MAX_DEPTH.allows(depth):
            return None
        match node:
            case cst.Integer() | cst.Float() | cst.SimpleString() | cst.Comparison():
                return _NOTHING
            case cst.Name():
                return self._variable(node, holds, depth)
            case cst.BinaryOperation(left=left, operator=cst.Divide(), right=cst.Attribute() as right) if (
                speaks_of_accumulation(text_of(right))
            ):
                return self._of(left, holds, depth + 1)
            case cst.BinaryOperation(left=left, operator=cst.Divide(), right=right):
                return _all([self._of(left, holds, depth + 1), self._data(right, holds, depth)])
            case cst.BinaryOperation(left=left, right=right):
                return _all(self._of(each, holds, depth + 1) for each in (left, right))
            case cst.UnaryOperation(expression=inner):
                return self._of(inner, holds, depth + 1)
            case cst.Call(func=cst.Name(value="len" | "float" | "int")):
                return _NOTHING
            case cst.Call(func=cst.Attribute(attr=cst.Name(value="size" | "dim" | "numel"))):
                return _NOTHING
            case cst.Attribute(attr=cst.Name(value="shape" | "device" | "dtype" | "ndim")):
                return _NOTHING
            case cst.List() | cst.Tuple():
                return _all(self._of(each, holds, depth + 1) for each in elements_of(node) or ())
            case cst.Call():
                return self._call(node, holds, depth)
            case cst.Subscript(value=inner):
                return self._of(inner, holds, depth + 1)
            case _:
                return None

    def _call(self, call: cst.Call, holds: Literals, depth: int) -> Networks:
        named = ((each.keyword.value if each.keyword is not None else "", each.value) for each in call.args)
        given = [value for name, value in named if name not in catalogue.SETTINGS]
        path = self._objects.path(call.func, self._scope)
        if path is not None and self.is_network(path):
            own = _NOTHING if has_no_parameters(self._objects, path) else frozenset(self._objects.around(path))
            return _all([own, *(self._data(each, holds, depth) for each in given)])
        qualified = self._objects.qualified(call.func, self._scope)
        if qualified.startswith("torch."):
            if qualified.rpartition(".")[2] in catalogue.WITHOUT_GRADIENTS:
                return _NOTHING
            return _all(self._of(each, holds, depth + 1) for each in given)
        match call.func:
            case cst.Attribute(attr=cst.Name(value="detach" | "item")):
                return _NOTHING
            case cst.Attribute(value=inner, attr=cst.Name(value=name)) if name in catalogue.COPYING_METHODS:
                return self._of(inner, holds, depth + 1)
            case cst.Attribute(value=receiver, attr=cst.Name(value="scale")) if self._objects.is_scaler(
                receiver, self._scope
            ):
                return _all(self._of(each, holds, depth + 1) for each in given)
            case cst.Attribute(value=receiver, attr=cst.Name(value=name)) if (
                name in catalogue.REDUCTIONS or name in catalogue.SHAPING_METHODS
            ):
                return _all(self._of(each, holds, depth + 1) for each in (receiver, *given))
            case _:
                return None

    def _data(self, node: cst.BaseExpression, holds: Literals, depth: int) -> Networks:
        """By which networks something was computed that goes into one; what a function is given is data."""
        return _NOTHING if is_given(_copied(node), self._scope) else self._of(node, holds, depth + 1)

    def _variable(self, name: cst.Name, holds: Literals, depth: int) -> Networks:
        owner = self._scope.owner(name.value)
        bindings = owner.bindings[name.value] if owner is not None else []
        is_loss = name.value in self._names and not all(binding.each for binding in bindings)
        if is_loss:
            path = Path(self._scope.number, name.value)
            found = next((found.networks for found in _computed(holds, path)), None)
            if found is not None:
                return found
        if (owner, name.value) in self._asked:
            return _NOTHING  # what a variable is computed by from itself is what it was computed by before
        self._asked.add((owner, name.value))
        try:
            networks = _all(self._bound(binding, holds, depth) for binding in bindings) if bindings else None
            return networks if not is_loss or not networks else None
        finally:
            self._asked.remove((owner, name.value))

    def _bound(self, binding: Binding, holds: Literals, depth: int) -> Networks:
        if binding.each:
            return (
                _NOTHING if binding.value is not None and self._data_of.is_data(binding.value, binding.scope) else None
            )
        if binding.value is None or binding.items or binding.changed or binding.scope is not self._scope:
            return None
        if id(binding.value) in _recorded_nothing_of(self._scope):
            return _NOTHING
        return self._of(binding.value, holds, depth + 1)

    def is_network(self, path: Path) -> bool:
        """Whether an object is a module that was made in sight, of its own parameters, or one that is a parameter."""
        if ELEMENT in path.fields:
            return False
        owner = self._objects.program.scopes[path.scope]
        is_given = not path.fields and path.name in owner.parameters
        return is_network(self._objects, path) or (is_given and owner in (self._scope, *self._scope.around))


@lru_cache(maxsize=16)
def _recorded_nothing_of(scope: Scope) -> frozenset[int]:
    """The values that a function computes where no gradients are recorded."""
    blocks = (node for node in walk(scope.node) if isinstance(node, cst.With) and any(map(_stops, node.items)))
    return frozenset(id(each.value) for block in blocks for each in walk(block.body) if isinstance(each, cst.Assign))


def _stops(item: cst.WithItem) -> bool:
    return isinstance(item.item, cst.Call) and last_name(item.item.func) in ("no_grad", "inference_mode")


@lru_cache(maxsize=16)
def _losses(table: Table) -> frozenset[str]:
    """The names of variables that something is back-propagated by."""
    calls = [mention.call for mention in table.mentions.get("backward", ()) if mention.call is not None]
    nodes = [mention.receiver for mention in table.mentions.get("backward", ())]
    nodes += [argument.value for call in calls for argument in call.args]
    return frozenset(_names(nodes))


@lru_cache(maxsize=16)
def back_propagated_in(scope: Scope) -> frozenset[str]:
    """The names of variables that something is back-propagated by in a scope."""
    calls = (node for node in walk(scope.node) if isinstance(node, cst.Call) and last_name(node.func) == "backward")
    parts = (part for call in calls for part in (call.func, *(argument.value for argument in call.args)))
    return frozenset(_names(part.value if isinstance(part, cst.Attribute) else part for part in parts))


def _names(nodes: Iterable[cst.BaseExpression]) -> Iterator[str]:
    for node in nodes:
        match node:
            case cst.Name(value=name):
                yield name
            case cst.Call(func=cst.Attribute(value=receiver), args=arguments):
                yield from _names([receiver, *(argument.value for argument in arguments)])
            case _ if elements_of(node) is None and isinstance(node, cst.BinaryOperation):
                yield from _names([node.left, node.right])
            case _:
                pass


def _computed(holds: Literals, path: Path) -> Iterator[Computed]:
    """What holds of how a variable was computed."""
    for each in holds:
        if isinstance(each.condition, Computed) and each.condition.subject == path:
            yield each.condition


def _copied(node: cst.BaseExpression) -> cst.BaseExpression:
    """What an expression is a copy or a part of."""
    match node:
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value=name))) if name in catalogue.COPYING_METHODS:
            return _copied(inner)
        case cst.Subscript(value=inner):
            return _copied(inner)
        case _:
            return node


def _all(found: Iterable[Networks]) -> Networks:
    whole: frozenset[Path] = _NOTHING
    for each in found:
        if each is None:
            return None
        whole |= each
    return whole
