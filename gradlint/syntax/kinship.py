"""Objects that may have parameters in common: what one was made from, taken out of, or put into.

What clears one may clear the other. That says less than that both are one network, or that a loss of one is of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from gradlint.bounds import Bound
from gradlint.regions import Path
from gradlint.syntax.parameter_lists import ParameterLists
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import elements_of

MAX_PARTS = Bound(5, "parts of an expression inside one another")

Links = dict[Path, set[Path]]

_FILLING = frozenset({"append", "add_module", "register_module", "register_parameter", "extend", "insert"})


class Kinship:
    """Answers for one program."""

    def __init__(self, objects: ParameterLists) -> None:
        self._objects = objects
        self._links: dict[File, tuple[Links, Links]] = {}

    def of(self, path: Path) -> tuple[Path, ...]:
        """What an object was made from, and what was made from it; not what only shares a maker with it."""
        file = self._objects.program.home(self._objects.program.scopes[path.scope])
        if file not in self._links:
            self._links[file] = self._read(file)
        older, younger = self._links[file]
        return (*reached(path, older), *reached(path, younger))

    def _read(self, file: File) -> tuple[Links, Links]:
        older: Links = {}
        younger: Links = {}
        for whole, part in self._pairs(file):
            if whole != part:
                older.setdefault(whole, set()).add(part)
                younger.setdefault(part, set()).add(whole)
        return older, younger

    def _pairs(self, file: File) -> Iterator[tuple[Path, Path]]:
        for scope in file.table.scopes:
            holders = [(Path(scope.number, name), bindings) for name, bindings in scope.bindings.items()]
            holders += [(Path(scope.number, "self", (name,)), each) for name, each in scope.attributes.items()]
            for made, bindings in holders:
                yield from ((made, part) for part in self._sources_of(bindings))
        for method in _FILLING:
            for mention in file.table.mentions.get(method, ()):
                whole = self._objects.path(mention.receiver, mention.scope)
                arguments = mention.call.args if mention.call is not None else ()
                parts = (part for each in arguments for part in self._sources(each.value, mention.scope, 0))
                yield from ((whole, part) for part in parts if whole is not None)

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
            case cst.Name() | cst.Attribute():
                path = None if _is_module(node, scope) else self._objects.path(node, scope)
                if path is not None:
                    yield path
            case cst.Call(func=func, args=arguments):
                inner = [each.value for each in arguments]
                inner += [func.value] if isinstance(func, cst.Attribute) else []
            case cst.IfExp(body=one, orelse=other):
                inner = [one, other]
            case cst.Subscript(value=base) | cst.StarredElement(value=base) | cst.Await(expression=base):
                inner = [base]
            case cst.List() | cst.Tuple() | cst.Set():
                inner = elements_of(node) or []
            case cst.Dict(elements=elements):
                inner = [each.value for each in elements]
            case cst.ListComp(for_in=loop) | cst.GeneratorExp(for_in=loop) | cst.SetComp(for_in=loop):
                inner = [loop.iter]
        for part in inner:
            yield from self._sources(part, scope, depth + 1)


def _is_module(node: cst.BaseExpression, scope: Scope) -> bool:
    """Whether an expression is an imported module, or something of it."""
    while isinstance(node, cst.Attribute):
        node = node.value
    owner = scope.owner(node.value) if isinstance(node, cst.Name) else None
    bindings = owner.bindings[node.value] if owner is not None and isinstance(node, cst.Name) else []
    return bool(bindings) and all(binding.imported for binding in bindings)


def reached(start: Path, links: Links) -> list[Path]:
    """All that links lead to from an object, one after the other, but for itself."""
    seen: dict[Path, None] = {}
    queue = [start]
    while queue:
        for other in sorted(links.get(queue.pop(), ())):
            if other not in seen and other != start:
                seen[other] = None
                queue.append(other)
    return list(seen)
