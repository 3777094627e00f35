"""Objects that may have parameters in common: what one was made from, taken out of, or put into.

What clears one may clear the other. That says less than that both are one network, or that a loss of one is of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from gradlint.bounds import Bound
from gradlint.regions import GROUPS, Path
from gradlint.syntax.catalogue import PARAMETER_METHODS
from gradlint.syntax.links import Links
from gradlint.syntax.parameter_lists import ParameterLists
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import constant_of, elements_of, last_name

MAX_PARTS = Bound(5, "parts of an expression inside one another")

_FILLING = re.compile(r"append|extend|insert|(?:add|register|set|tie)_\w+")
"""Methods by which an object gets a part."""


class Kinship:
    """Answers for one program."""

    def __init__(self, objects: ParameterLists) -> None:
        self._objects = objects
        self._links: dict[File, Links] = {}
        self._known: dict[Path, tuple[Path, ...]] = {}

    def of(self, path: Path) -> tuple[Path, ...]:
        """What an object was made from, and what was made from it; not what only shares a maker with it."""
        file = self._objects.program.home(self._objects.program.scopes[path.scope])
        if file not in self._links:
            self._links[file] = self._read(file)
        if path not in self._known:
            kin = self._links[file].touching(path)
            self._known[path] = tuple(each for each in kin if not self._is_one_tensor(each))
        return self._known[path]

    def _is_one_tensor(self, path: Path) -> bool:
        """Whether a variable runs over the parameters of networks, and so stands for nothing beside these."""
        bindings = () if path.fields else self._objects.bindings_of(path)
        return bool(bindings) and all(each.each and _is_list_of_parameters(each.value) for each in bindings)

    def _read(self, file: File) -> Links:
        links = Links()
        for scope in file.table.scopes:
            for made, bindings in scope.holders():
                for part in self._sources_of(bindings):
                    links.add(made, part)
            for target, binding in scope.parts:
                holder = self._objects.path(target, scope)
                for part in self._sources(binding.value, scope, 0) if binding.value is not None else ():
                    if holder is not None:
                        links.add(holder, part)
        for method in filter(_FILLING.fullmatch, file.table.mentions):
            for mention in file.table.mentions[method]:
                whole = self._objects.path(mention.receiver, mention.scope)
                arguments = mention.call.args if mention.call is not None else ()
                for part in (each for a in arguments for each in self._sources(a.value, mention.scope, 0)):
                    if whole is not None:
                        links.add(whole, part)
        return links

    def _sources_of(self, bindings: Iterable[Binding]) -> Iterator[Path]:
        for binding in bindings:
            if binding.value is not None and not isinstance(binding.value, (cst.Name, cst.Attribute)):
                yield from self._sources(binding.value, binding.scope, 0)

    def _sources(self, node: cst.BaseExpression, scope: Scope, depth: int) -> Iterator[Path]:
        """What an expression is made from: what calls are given and methods are called on, both ways of a test."""
        if not MAX_PARTS.allows(depth):
            return
        inner: list[cst.BaseExpression] = []
        match node:
            case cst.Name(value="True" | "False" | "None"):
                return
            case cst.Name() | cst.Attribute():
                path = None if _is_module(node, scope) else self._objects.path(node, scope)
                if path is not None:
                    yield path
            case cst.Call(func=func, args=arguments):
                inner = [each.value for each in arguments]
                inner += [func.value] if isinstance(func, cst.Attribute) else []
            case cst.IfExp(body=one, orelse=other) | cst.BooleanOperation(left=one, right=other):
                inner = [one, other]
            case cst.Subscript(value=base) | cst.StarredElement(value=base) | cst.Await(expression=base):
                inner = [base]
            case cst.List() | cst.Tuple() | cst.Set():
                inner = elements_of(node) or []
            case cst.Dict(elements=elements):
                inner = [each.value for each in elements]
            case cst.BaseComp(for_in=loop):
                inner = [loop.iter]
        for part in inner:
            yield from self._sources(part, scope, depth + 1)


def _is_list_of_parameters(value: cst.BaseExpression | None) -> bool:
    match value:
        case cst.Call(func=func):
            return last_name(func) in PARAMETER_METHODS
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
            return constant_of(key) == (True, "params")
        case cst.Attribute(attr=cst.Name(value=name)):
            return name == GROUPS
        case _:
            return False


def _is_module(node: cst.BaseExpression, scope: Scope) -> bool:
    """Whether an expression is an imported module, or something of it."""
    while isinstance(node, cst.Attribute):
        node = node.value
    owner = scope.owner(node.value) if isinstance(node, cst.Name) else None
    bindings = owner.bindings[node.value] if owner is not None and isinstance(node, cst.Name) else []
    return bool(bindings) and all(binding.imported for binding in bindings)
