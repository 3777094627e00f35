"""Iterators over parameters, which can be run through once: where they are made, and where they are run through."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradlint.events import Consume, Event, Fill, Place
from gradlint.regions import Path
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import last_name, text_of, walk
from gradlint.syntax.values import Instance, Optimizer

_LAZY = frozenset({"filter", "map", "chain", "from_iterable"})
_METHODS = frozenset({"parameters", "named_parameters"})
_CLIPPING = frozenset({"clip_grad_norm_", "clip_grad_norm", "clip_grad_value_", "parameters_to_vector"})
_PASSING_ON = frozenset({"enumerate", "zip", "tqdm"})
_COLLECTING = frozenset({"list", "tuple", "set", "sorted", "sum", "dict", "max", "min"})


class Iterators:
    """Answers for the variables of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        self._variables = {name for name in scope.bindings if self._holds_iterator(name)}
        nodes = walk(scope.node) if self._variables else ()
        # The loops of generator expressions: whoever runs through these may stop early, as `any` does.
        self._lazy = {id(node.for_in) for node in nodes if isinstance(node, cst.GeneratorExp)}

    def made(self, target: cst.BaseExpression, value: cst.BaseExpression, statement: cst.CSTNode) -> Fill | None:
        """The iterator that an assignment makes."""
        path = self._variable(target)
        if path is None:
            return None
        return Fill(Place(value, statement, text_of(value), path.name), path)

    def looped(self, iterable: cst.BaseExpression, node: cst.CSTNode, statement: cst.CSTNode) -> Consume | None:
        """The variable that a loop runs through to its end."""
        if not self._variables or id(node) in self._lazy:
            return None
        found = next(filter(None, map(self._variable, _passed_on(iterable))), None)
        if found is None or any(isinstance(part, (cst.Break, cst.Return, cst.Raise)) for part in walk(node)):
            return None
        return Consume(Place(iterable, statement, text_of(iterable), found.name), found, "for")

    def given(self, call: cst.Call, statement: cst.CSTNode) -> Iterator[Event]:
        """The variables that a call runs through to their ends."""
        if not self._variables:
            return
        name = self._objects.callee_name(call)
        if name in _COLLECTING and isinstance(call.func, cst.Name):
            nodes: list[cst.CSTNode] = [_source(call.args[0].value)] if call.args else []
        elif name in _CLIPPING:
            nodes = [_source(argument.value) for argument in call.args]
        elif isinstance(self._objects.value(call, self._scope), Optimizer):
            nodes, name = [part for argument in call.args for part in walk(argument.value)], "optimizer"
        else:
            return
        for path in filter(None, map(self._variable, nodes)):
            yield Consume(Place(call, statement, text_of(call), path.name), path, name)

    def _variable(self, node: cst.CSTNode) -> Path | None:
        """A variable of the scope that holds an iterator."""
        known = isinstance(node, cst.Name) and node.value in self._variables
        return Path(self._scope.number, node.value) if known and isinstance(node, cst.Name) else None

    def _holds_iterator(self, name: str) -> bool:
        """Whether a variable of the scope is bound once, and to an iterator."""
        bindings = self._scope.bindings[name]
        if len(bindings) != 1 or name in self._scope.foreign:
            return False
        value = bindings[0].value
        plain = not bindings[0].each and not bindings[0].items and not bindings[0].changed
        return plain and value is not None and self._is_iterator(value)

    def _is_iterator(self, value: cst.BaseExpression) -> bool:
        """Whether an expression is an iterator over the parameters of modules."""
        match value:
            case cst.Call(func=cst.Attribute(value=module, attr=cst.Name(value=name))) if name in _METHODS:
                return self._yields(module, name)
            case cst.Call(func=func, args=arguments) if last_name(func) in _LAZY:
                return any(self._speaks(argument.value) for argument in arguments)
            case cst.GeneratorExp():
                return self._speaks(value)
            case _:
                return False

    def _speaks(self, node: cst.CSTNode) -> bool:
        calls = (part.func for part in walk(node) if isinstance(part, cst.Call))
        return any(isinstance(func, cst.Attribute) and func.attr.value in _METHODS for func in calls)

    def _yields(self, module: cst.BaseExpression, name: str) -> bool:
        """Whether a module's method gives an iterator: PyTorch's does, one of the project's own may give a list."""
        if not self._objects.program.home(self._scope).is_torch:
            return False
        path, value = self._objects.path(module, self._scope), self._objects.value(module, self._scope)
        of = value.of if isinstance(value, Instance) else None
        if path is not None and path.name == "self" and not path.fields:
            of = self._objects.program.scopes[path.scope]
        own = [each.functions[name][-1] for each in self._objects.lineage(of) if name in each.functions] if of else []
        return not own or any(isinstance(part, cst.Yield) for part in walk(own[0].node))


def _passed_on(iterable: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What a loop runs through, where a call only hands it on."""
    match iterable:
        case cst.Call(func=func, args=arguments) if last_name(func) in _PASSING_ON:
            return [argument.value for argument in arguments]
        case _:
            return [iterable]


def _source(node: cst.BaseExpression) -> cst.BaseExpression:
    """What a generator expression runs through, once somebody runs through it; anything else is itself."""
    return node.for_in.iter if isinstance(node, cst.GeneratorExp) else node
