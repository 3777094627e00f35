"""One file to the graphs of its scopes."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from gradlint.flow.graph import Graph
from gradlint.source import Source
from gradlint.syntax import catalogue
from gradlint.syntax.collect import collect
from gradlint.syntax.lowering import lower_scope
from gradlint.syntax.objects import Objects
from gradlint.syntax.parse import parse
from gradlint.syntax.positions import Positions
from gradlint.syntax.scopes import Scope, Table
from gradlint.syntax.slicing import cut
from gradlint.syntax.tree import walk


@dataclass(frozen=True, slots=True)
class Lowered:
    """A file's graphs, and what is needed to speak about them."""

    source: Source
    module: cst.Module
    scopes: dict[int, Scope]
    graphs: dict[int, Graph]
    positions: Positions


def lower(source: Source) -> Lowered:
    """Parse and lower a file. Raises BrokenSource."""
    part = cut(source)
    module = parse(source, part.text)
    table = collect(module, part.written)
    graphs = {} if _speaks_of_others(table, source) else _graphs(table)
    return Lowered(source, module, {s.number: s for s in table.scopes}, graphs, Positions(module))


def _graphs(table: Table) -> dict[int, Graph]:
    objects = Objects(table)
    watched = _watched(table, objects)
    return {scope.number: lower_scope(objects, scope, watched) for scope in table.scopes if scope.kind != "class"}


def _speaks_of_others(table: Table, source: Source) -> bool:
    """Whether the file belongs to another framework, or hands clearing to hooks."""
    packages = {name.split(".")[0] for name in table.imports.values()}
    foreign = bool(packages & catalogue.OTHER_FRAMEWORKS) and not any(map(catalogue.TORCH_LIKE.match, packages))
    return foreign or any(hook in source.text for hook in catalogue.HOOK_REGISTRATIONS)


def _watched(table: Table, objects: Objects) -> frozenset[str]:
    """Names on which a test or a region may depend; assignments to others need no event."""
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
    found.discard("self")
    return frozenset(found)


def _identifiers(node: cst.CSTNode) -> set[str]:
    return {part.value for part in walk(node) if isinstance(part, cst.Name)}
