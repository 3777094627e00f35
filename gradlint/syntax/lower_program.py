"""Scopes of a program to their graphs, with all that they call."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator

import libcst as cst

from gradlint.events import Call, Lend
from gradlint.flow.graph import Graph
from gradlint.syntax.lowering import lower_scope
from gradlint.syntax.objects import Objects
from gradlint.syntax.program import File, Program
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import walk


class Lowerer:
    """Lowers the scopes of one program, each once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.objects = Objects(program)
        # Nobody changes a graph, so the one made for one file serves the next.
        self._graphs: dict[int, Graph] = {}
        self._watched: dict[File, frozenset[str]] = {}

    def graphs(self, scopes: Iterable[Scope]) -> dict[int, Graph]:
        """The graphs of some scopes and of all that they call, in other files as well, by scope number."""
        found: dict[int, Graph] = {}
        waiting = list(scopes)[::-1]
        while waiting:
            scope = waiting.pop()
            if scope.number not in found and self._runs(scope):
                graph = found[scope.number] = self._graph(scope)
                called = [event.target for event in graph.events() if isinstance(event, (Call, Lend))]
                waiting += (self.program.scopes[number] for number in reversed(called))
        return found

    def own_graphs(self, file: File) -> dict[int, Graph]:
        """The graphs of a file without what it calls, by scope number."""
        return {scope.number: self._graph(scope) for scope in file.table.scopes if self._runs(scope)}

    def _runs(self, scope: Scope) -> bool:
        return scope.kind != "class" and not self.program.home(scope).opaque

    def of_file(self, file: File) -> dict[int, Graph]:
        """The graphs of a file, and of all that it calls."""
        return self.graphs(file.table.scopes)

    def _graph(self, scope: Scope) -> Graph:
        if scope.number not in self._graphs:
            self._graphs[scope.number] = self._lower(scope)
        return self._graphs[scope.number]

    def _lower(self, scope: Scope) -> Graph:
        file = self.program.home(scope)
        if file not in self._watched:
            self._watched[file] = _watched(file, self.objects)
        return lower_scope(self.objects, scope, self._watched[file])


_BUILTINS = frozenset(dir(builtins))


def _watched(file: File, objects: Objects) -> frozenset[str]:
    """Names on which a test or a region may depend; assignments to others need no event."""
    table = file.table
    found = set(table.tested)
    for attribute in ("step", "zero_grad", "grad", "parameters", "data", "param_groups", "update"):
        for mention in table.mentions.get(attribute, ()):
            found.update(_identifiers(mention.receiver))
            if mention.call is not None:
                for argument in mention.call.args:
                    found.update(_identifiers(argument.value))
    for mention in table.mentions.get("step", ()):
        given = [argument.value for argument in mention.call.args] if mention.call is not None else []
        for expression in (mention.receiver, *given):
            for region in objects.regions(expression, mention.scope):
                found.update((region.params.name, *region.params.fields, region.owner.name, *region.owner.fields))
    found.update(_objects_made(table.scopes))
    found.update(_handed_on(table.scopes))
    vocabulary = objects.program.vocabulary
    for call, scope in objects.taught(file, (*vocabulary.clearing, *vocabulary.stepping)):
        found.update(_identifiers(call))
        for expression in (call.func, *(argument.value for argument in call.args)):
            path = objects.path(expression, scope)
            found.update((path.name, *path.fields) if path is not None else ())
    found.discard("self")
    return frozenset(found)


def _objects_made(scopes: Iterable[Scope]) -> Iterator[str]:
    """Names of what is made from classes, by their capitals: behind a new trainer there are new parameters."""
    for scope in scopes:
        for name, bindings in (*scope.bindings.items(), *scope.attributes.items()):
            made = (binding.value.func for binding in bindings if isinstance(binding.value, cst.Call))
            if any(word[:1].isupper() for func in made for word in _identifiers(func)):
                yield name


def _handed_on(scopes: Iterable[Scope]) -> Iterator[str]:
    """Names of what a call has made and a function is given: it may step, or clear, without a word of that here."""
    for scope in scopes:
        called = {name for name, bound in scope.bindings.items() if any(isinstance(b.value, cst.Call) for b in bound)}
        calls = (node for node in walk(scope.node) if isinstance(node, cst.Call)) if called else ()
        for call in calls:
            if isinstance(call.func, cst.Name) and call.func.value not in _BUILTINS:
                yield from called & {arg.value.value for arg in call.args if isinstance(arg.value, cst.Name)}


def _identifiers(node: cst.CSTNode) -> set[str]:
    return {part.value for part in walk(node) if isinstance(part, cst.Name)}
