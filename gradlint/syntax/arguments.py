"""What a call gives to the parameters of a function, and a constructor to the attributes of what it makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import libcst as cst

from gradlint.bounds import Bound
from gradlint.regions import Path
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import elements_of, walk
from gradlint.syntax.values import Instance

MAX_BASES = Bound(16, "constructors that call each other by super().__init__")


class Names(Protocol):
    """What is asked about the names of a program."""

    def path(self, node: cst.BaseExpression, scope: Scope) -> Path | None:
        """The access path of an expression."""

    def lineage(self, class_: Scope) -> tuple[Scope, ...]:
        """A class and its bases in the project."""


def matched(arguments: Sequence[cst.Arg], formals: list[str]) -> tuple[dict[str, cst.BaseExpression], bool]:
    """What each parameter is given, and whether no star hides any."""
    given: dict[str, cst.BaseExpression] = {}
    waiting = iter(formals)
    for argument in arguments:
        if argument.star:
            return given, False
        formal = argument.keyword.value if argument.keyword is not None else next(waiting, None)
        if formal is not None:
            given[formal] = argument.value
    return given, True


def before_star(function: Scope, formals: list[str]) -> list[str]:
    """Those of the parameters of a function that one positional argument each goes to: not `*rest` and what follows."""
    star = function.node.params.star_arg if isinstance(function.node, (cst.FunctionDef, cst.Lambda)) else None
    name = star.name.value if isinstance(star, cst.Param) else None
    return formals[: formals.index(name)] if name in formals else formals


def results(function: Scope) -> list[cst.BaseExpression]:
    """The expressions that a function returns; none for one that may also return nothing, or yields."""
    if isinstance(function.node, cst.Lambda):
        return [function.node.body]
    found: list[cst.BaseExpression] = []
    for node in walk(function.node):
        if isinstance(node, cst.Yield) or (isinstance(node, cst.Return) and node.value is None):
            return []
        if isinstance(node, cst.Return) and node.value is not None:
            found.append(node.value)
    return found


def _fields(class_: Scope) -> list[str]:
    """The fields of a data class in the order in which its constructor takes them; none for other classes."""
    words = {part.value for decorator in class_.decorators for part in walk(decorator) if isinstance(part, cst.Name)}
    words |= {part.value for base in class_.bases for part in walk(base) if isinstance(part, cst.Name)}
    if not words & {"dataclass", "NamedTuple"}:
        return []
    return [name for name, bindings in class_.bindings.items() if bindings and bindings[0].annotation is not None]


def constructed(names: Names, instance: Instance) -> Iterator[tuple[Path, Path]]:
    """The attributes that constructors set to what they were given: each with the path of that argument."""
    if instance.call is None or instance.scope is None:
        return
    arguments: Sequence[cst.Arg] = instance.call.args
    scope = instance.scope
    own = Path(instance.of.number, "self")
    for formal, value in matched(arguments, _fields(instance.of))[0].items():
        path = names.path(value, scope)
        if path is not None and formal in instance.of.bindings:
            yield own.field(formal), path
    known: dict[str, Path] | None = None
    set_already: set[str] = set()
    classes = [class_ for class_ in names.lineage(instance.of) if "__init__" in class_.functions]
    MAX_BASES.allows(len(classes))
    for class_ in classes[: MAX_BASES.limit]:
        init = class_.functions["__init__"][-1]
        given, _ = matched(arguments, init.parameters[1:])
        paths: dict[str, Path] = {}
        for formal, value in given.items():
            if known is None:
                path = names.path(value, scope)
            else:
                path = known.get(value.value) if isinstance(value, cst.Name) else None
            if path is not None:
                paths[formal] = path
        for attribute, bindings in class_.attributes.items():
            formal = only_parameter(bindings, init)
            if formal in paths and attribute not in set_already:
                yield own.field(attribute), paths[formal]
        set_already |= set(class_.attributes)
        for formal, path in paths.items():
            field = only_given(formal)
            if field not in set_already:
                yield own.field(field), path
                set_already.add(field)
        passed = _call_of_base(init)
        if passed is None:
            return
        arguments, known = passed, paths


def only_parameter(bindings: list[Binding], init: Scope) -> str:
    """The parameter of the constructor that an attribute is always set to; empty for anything else."""
    if len(bindings) != 1 or bindings[0].scope is not init or bindings[0].each:
        return ""
    value = bindings[0].value
    for position in bindings[0].items:  # self.model, self.optimizer = model, optimizer
        parts = elements_of(value) if value is not None else None
        value = parts[position] if parts is not None and position < len(parts) else None
    if not isinstance(value, cst.Name) or value.value not in init.parameters:
        return ""
    return value.value if len(init.bindings[value.value]) == 1 else ""


def only_given(formal: str) -> str:
    """A field for what a constructor was given, and did not keep as an attribute."""
    return f"__init__({formal})"


def kept(path: Path, scope: Scope) -> Path:
    """What a constructor was given, as its object knows it; any other path as it is. `scope` owns the variable."""
    class_ = scope.parent
    if scope.name != "__init__" or class_ is None or class_.kind != "class" or path.name not in scope.parameters[1:]:
        return path
    if len(scope.bindings[path.name]) != 1:
        return path
    holding = (name for name, bindings in class_.attributes.items() if only_parameter(bindings, scope) == path.name)
    return Path(class_.number, "self", (next(holding, only_given(path.name)), *path.fields))


def _call_of_base(init: Scope) -> Sequence[cst.Arg] | None:
    """The arguments of `super().__init__(...)` in a constructor."""
    for node in walk(init.node):
        match node:
            case cst.Call(
                func=cst.Attribute(value=cst.Call(func=cst.Name(value="super")), attr=cst.Name(value="__init__"))
            ):
                return node.args
            case _:
                pass
    return None
