"""Iterators over parameters, which can be run through once: where they are made, and where they are run through."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradlint.events import Consume, Event, Fill, Place
from gradlint.regions import Path
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import children, last_name, text_of, walk
from gradlint.syntax.values import Instance, Optimizer

_CHAINS = frozenset({"itertools.chain", "itertools.chain.from_iterable"})
_METHODS = frozenset({"parameters", "named_parameters"})
_CLIPPING = frozenset({"clip_grad_norm_", "clip_grad_norm", "clip_grad_value_", "parameters_to_vector"})
_PASSING_ON = frozenset({"enumerate", "tqdm"})
_COLLECTING = frozenset({"list", "tuple", "set", "sorted", "sum", "max", "min"})


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
        return Fill(Place(value, statement, text_of(value), path.name), path, not self._is_taken_from(path.name))

    def _is_taken_from(self, name: str) -> bool:
        """Whether the next element of a variable is asked for: a list has none."""
        taking = (
            node
            for node in walk(self._scope.node)
            if isinstance(node, cst.Call) and self._objects.callee_name(node) in ("next", "__next__")
        )
        return any(isinstance(part, cst.Name) and part.value == name for call in taking for part in walk(call))

    def looped(self, iterable: cst.BaseExpression, node: cst.CSTNode, statement: cst.CSTNode) -> Consume | None:
        """The variable that a loop runs through to its end."""
        if not self._variables or id(node) in self._lazy or _may_stop(node):
            return None
        found = next(filter(None, map(self._variable, _passed_on(iterable))), None)
        return Consume(Place(iterable, statement, text_of(iterable), found.name), found, "for") if found else None

    def given(self, call: cst.Call, statement: cst.CSTNode) -> Iterator[Event]:
        """The variables that a call runs through to their ends."""
        if not self._variables:
            return
        name, first = self._objects.callee_name(call), _first(call)
        if name in _COLLECTING and isinstance(call.func, cst.Name):
            nodes = [_source(first)] if first is not None else []
        elif name in _CLIPPING:
            nodes = [_source(argument.value) for argument in call.args]
        elif isinstance(self._objects.value(call, self._scope), Optimizer):
            nodes, name = list(_groups(first)) if first is not None else [], "optimizer"
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
        return plain and value is not None and self.is_iterator(value)

    def is_iterator(self, value: cst.BaseExpression) -> bool:
        """Whether an expression is an iterator over the parameters of modules."""
        match value:
            case cst.Call(func=cst.Attribute(value=module, attr=cst.Name(value=name))) if name in _METHODS:
                return self._yields(module, name)
            case cst.Call(func=cst.Name(value="map" | "filter" as name), args=[_, *sources]):
                builtin = self._scope.owner(name) is None
                return builtin and any(self.is_iterator(source.value) for source in sources)
            case cst.Call(func=func, args=sources) if self._objects.qualified(func, self._scope) in _CHAINS:
                return any(self.is_iterator(source.value) or source.star for source in sources)
            case cst.GeneratorExp(for_in=cst.CompFor(iter=source)):
                return self.is_iterator(source)
            case _:
                return False

    def _is_in_network(self, path: Path) -> bool:
        """Whether an object is a network, or part of one."""
        return any(
            is_network(self._objects, Path(path.scope, path.name, path.fields[:count]))
            for count in range(len(path.fields) + 1)
        )

    def _yields(self, module: cst.BaseExpression, name: str) -> bool:
        """Whether a module's method gives an iterator: PyTorch's does, one of the project's own may give a list."""
        if not self._objects.program.home(self._scope).is_torch:
            return False
        path, value = self._objects.path(module, self._scope), self._objects.value(module, self._scope)
        of = value.of if isinstance(value, Instance) else None
        if path is not None and path.name == "self" and not path.fields:
            of = self._objects.program.scopes[path.scope]
        if of is None and path is not None and self._is_in_network(path):
            return True
        if of is None:  # it may be of any class, as one of this file
            classes = [each for each in self._objects.program.home(self._scope).table.scopes if each.kind == "class"]
        else:
            classes = list(self._objects.lineage(of))
        own = [each.functions[name][-1] for each in classes if name in each.functions]
        return all(any(isinstance(part, cst.Yield) for part in walk(each.node)) for each in own)


def _may_stop(loop: cst.CSTNode) -> bool:
    """Whether a loop may be left before its end; a `break` in a loop inside leaves that one only."""
    waiting = children(loop)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (cst.Return, cst.Raise, cst.Break)):
            return True
        if isinstance(node, (cst.For, cst.While)):
            if any(isinstance(part, (cst.Return, cst.Raise)) for part in walk(node)):
                return True
        elif not isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            waiting += children(node)
    return False


def _first(call: cst.Call) -> cst.BaseExpression | None:
    """The first argument of a call, or its parameters."""
    plain = (a for a in call.args if not a.star and (a.keyword is None or a.keyword.value == "params"))
    return next((argument.value for argument in plain), None)


def _groups(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """What an optimizer runs through of its first argument: groups are lists and dictionaries."""
    match node:
        case cst.List(elements=elements) | cst.Tuple(elements=elements) | cst.Dict(elements=elements):
            for element in elements:
                yield from _groups(element.value)
        case cst.Call(func=cst.Name(value="dict"), args=arguments):
            for argument in arguments:
                yield from _groups(argument.value)
        case _:
            yield _source(node)


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
