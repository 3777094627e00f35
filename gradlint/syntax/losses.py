"""Which networks a loss was computed by, where all of them are in sight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from gradlint.bounds import Bound
from gradlint.flow.conditions import Computed, Literal, Literals
from gradlint.regions import ELEMENT, GIVEN, Path
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Binding, Scope, Table
from gradlint.syntax.tree import elements_of, walk
from gradlint.syntax.values import Instance, Made

MAX_DEPTH = Bound(12, "parts of a loss inside one another")

Networks = frozenset[Path] | None
"""The networks whose parameters a gradient reaches; None where nobody can tell."""

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
        networks = self._of(call.func.value, holds, 0)
        return networks or None

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
            case cst.BinaryOperation(left=left, operator=cst.Divide(), right=right):
                return _all([self._of(left, holds, depth + 1), self._data(right, holds, depth)])
            case cst.BinaryOperation(left=left, right=right):
                return _all(self._of(each, holds, depth + 1) for each in (left, right))
            case cst.UnaryOperation(expression=inner):
                return self._of(inner, holds, depth + 1)
            case cst.Call(func=cst.Name(value="len" | "float" | "int")):
                return _NOTHING
            case cst.Call():
                return self._call(node, holds, depth)
            case cst.Subscript(value=inner):
                return self._of(inner, holds, depth + 1)
            case _:
                return None

    def _call(self, call: cst.Call, holds: Literals, depth: int) -> Networks:
        given = [argument.value for argument in call.args]
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
            case cst.Attribute(value=receiver, attr=cst.Name(value=name)) if name in catalogue.REDUCTIONS:
                return _all(self._of(each, holds, depth + 1) for each in (receiver, *given))
            case _:
                return None

    def _data(self, node: cst.BaseExpression, holds: Literals, depth: int) -> Networks:
        """By which networks something was computed that goes into one; what a function is given is data."""
        return _NOTHING if self._is_given(_copied(node), self._scope) else self._of(node, holds, depth + 1)

    def _variable(self, name: cst.Name, holds: Literals, depth: int) -> Networks:
        owner = self._scope.owner(name.value)
        bindings = owner.bindings[name.value] if owner is not None else []
        if name.value in self._names and not all(binding.each for binding in bindings):
            path = Path(self._scope.number, name.value)
            return next((found.networks for found in _computed(holds, path)), None)
        return _all(self._bound(binding, holds, depth) for binding in bindings) if bindings else None

    def _bound(self, binding: Binding, holds: Literals, depth: int) -> Networks:
        if binding.each:
            return _NOTHING if binding.value is not None and self._is_data(binding.value, binding.scope) else None
        if binding.value is None or binding.items or binding.changed or binding.scope is not self._scope:
            return None
        return self._of(binding.value, holds, depth + 1)

    def _is_given(self, node: cst.BaseExpression, scope: Scope) -> bool:
        """Whether a function was given something."""
        if not isinstance(node, cst.Name):
            return False
        owner = scope.owner(node.value)
        return owner is not None and owner.kind == "function" and node.value in owner.parameters

    def _is_data(self, iterable: cst.BaseExpression, scope: Scope) -> bool:
        """Whether a loop runs over data: something that a function was given, or numbers."""
        match iterable:
            case cst.Call(func=cst.Name(value="enumerate" | "zip" | "tqdm"), args=[argument, *_]):
                return self._is_data(argument.value, scope)
            case _:
                return self._is_given(iterable, scope) or not self._may_compute(iterable, scope, 0)

    def _may_compute(self, node: cst.BaseExpression, scope: Scope, depth: int) -> bool:
        """Whether networks may be behind an expression: it speaks of one, of a loss, or of something that is given and
        called.
        """
        if not MAX_DEPTH.allows(depth):
            return True
        for part in walk(node):
            if isinstance(part, cst.Call) and self._is_own_or_given(part.func, scope):
                return True
            if isinstance(part, (cst.Name, cst.Attribute)):
                path = self._objects.path(part, scope)
                if path is not None and is_network(self._objects, path):
                    return True
            if isinstance(part, cst.Name):
                owner = scope.owner(part.value)
                bindings = owner.bindings[part.value] if owner is not None else []
                values = [(each.value, each.scope) for each in bindings if each.value is not None]
                if part.value in self._names or any(self._may_compute(*each, depth + 1) for each in values):
                    return True
        return False

    def _is_own_or_given(self, func: cst.BaseExpression, scope: Scope) -> bool:
        """Whether what is called is a parameter of the function, or a method of one."""
        return self._is_given(_root(func), scope)

    def is_network(self, path: Path) -> bool:
        """Whether an object is a module that was made in sight, of its own parameters, or one that is a parameter."""
        if ELEMENT in path.fields:
            return False
        owner = self._objects.program.scopes[path.scope]
        is_given = not path.fields and path.name in owner.parameters
        return is_network(self._objects, path) or (is_given and owner in (self._scope, *self._scope.around))


def has_no_parameters(objects: Objects, path: Path) -> bool:
    """Whether an object is a module of PyTorch that only computes, as a loss function does."""
    made = objects.at(path, 0)
    return isinstance(made, Made) and _WITHOUT_PARAMETERS.fullmatch(made.by) is not None


def is_network(objects: Objects, path: Path) -> bool:
    """Whether an object is a module that was made in sight, by the name of its class."""
    if any(field.startswith("[") for field in path.fields):
        return False
    match objects.at(path, 0):
        case Made(by=name, part=False):
            return (
                name.startswith("torch.nn.") and name.rpartition(".")[2][:1].isupper() and not name.endswith(_TENSORS)
            )
        case Instance(of=class_):
            bases = [base for each in objects.lineage(class_) for base in each.bases]
            return any(objects.qualified(base, class_) == "torch.nn.Module" for base in bases)
        case _:
            return False


_WITHOUT_PARAMETERS = re.compile(
    r"torch\.nn\.(?:(?!Adaptive)\w*Loss|\w*(?:Sigmoid|Softmax|Tanh|Dropout\w*)|(?!P)\w*ReLU6?|GELU|Softplus|Identity|Flatten)"
)
_TENSORS = ("Parameter", "Buffer")  # of `torch.nn`, with and without `Uninitialized`


@lru_cache(maxsize=16)
def _losses(table: Table) -> frozenset[str]:
    """The names of variables that something is back-propagated by."""
    calls = [mention.call for mention in table.mentions.get("backward", ()) if mention.call is not None]
    nodes = [mention.receiver for mention in table.mentions.get("backward", ())]
    nodes += [argument.value for call in calls for argument in call.args]
    return frozenset(_names(nodes))


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


def _root(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, (cst.Attribute, cst.Subscript)):
        node = node.value
    return node


def _all(found: Iterable[Networks]) -> Networks:
    whole: frozenset[Path] = _NOTHING
    for each in found:
        if each is None:
            return None
        whole |= each
    return whole
