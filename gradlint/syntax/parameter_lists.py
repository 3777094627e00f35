"""Which parameters an optimizer is given, or another call that lists some."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator

import libcst as cst

from gradlint.regions import Path
from gradlint.syntax.arguments import kept
from gradlint.syntax.identity import MAX_DEPTH
from gradlint.syntax.instances import Instances
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of
from gradlint.syntax.values import Items, Optimizer, Parameters, Value


class ParameterLists(Instances, abc.ABC):
    """Reads such lists; what an expression in general evaluates to has to be answered by somebody else."""

    @abc.abstractmethod
    def value(self, node: cst.BaseExpression, scope: Scope, depth: int = 0) -> Value:
        """What an expression evaluates to, None where nobody can tell."""

    def _constructed(self, call: cst.Call, scope: Scope, depth: int, *, repeats: bool) -> Optimizer:
        given = next((a.value for a in call.args if a.keyword is None and not a.star), None)
        if given is None:
            given = next((a.value for a in call.args if a.keyword is not None and a.keyword.value == "params"), None)
        if given is None:
            return Optimizer(None, repeats)
        wrapped = self.value(given, scope, depth + 1)
        if isinstance(wrapped, Optimizer):
            return Optimizer(wrapped.params, repeats)
        params = self._flatten(given, scope, depth)
        # What the object of an optimizer was given is named as the object's, for nobody else knows the parameter.
        return Optimizer(params and tuple(kept(path, self.program.scopes[path.scope]) for path in params), repeats)

    def _flatten(self, node: cst.BaseExpression, scope: Scope, depth: int) -> tuple[Path, ...] | None:
        """The parameters that an optimizer's first argument names, None where they cannot be told."""
        if not MAX_DEPTH.allows(depth):
            return None
        if isinstance(node, cst.StarredElement):
            return self._flatten(node.value, scope, depth + 1)
        group = _of_group(node)
        if group is not None:
            return self._flatten(group, scope, depth + 1)
        found = self.value(node, scope, depth)
        match found:
            case Parameters(of=of):
                return tuple(dict.fromkeys(of))
            case Items(values=values, scope=inner):
                if isinstance(node, cst.Dict):
                    values = tuple(
                        e.value
                        for e in node.elements
                        if isinstance(e, cst.DictElement) and constant_of(e.key) == (True, "params")
                    )
                parts = [self._part(value, inner, depth + 1) for value in values]
                known = [part for part in parts if part is not None]
                return (
                    tuple(dict.fromkeys(p for part in known for p in part))
                    if parts and len(known) == len(parts)
                    else None
                )
            case _:
                return None

    def _part(self, node: cst.BaseExpression, scope: Scope, depth: int) -> tuple[Path, ...] | None:
        """An element of a parameter list: a tensor by its own path, or a group."""
        found = self._flatten(node, scope, depth)
        if found is not None:
            return found
        if isinstance(node, (cst.Name, cst.Attribute)) and not isinstance(
            self.value(node, scope, depth), (Optimizer, Items)
        ):
            path = self.path(node, scope)
            return (path,) if path is not None and not self._is_list(path) else None
        return None

    def _is_list(self, path: Path) -> bool:
        """Whether a variable holds several things, of which nobody can tell what they are."""
        bindings = self.program.scopes[path.scope].bindings.get(path.name, []) if not path.fields else []
        kinds = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
        return any(isinstance(binding.value, kinds) and not binding.each for binding in bindings)

    def parameters_in(self, node: cst.BaseExpression, scope: Scope) -> tuple[Path, ...] | None:
        """The parameters of an expression that lists some; None where they cannot be told."""
        return self._flatten(node, scope, 0)

    def given(self, call: cst.Call, scope: Scope) -> Iterator[Path]:
        """The objects that a call is given, also in lists, tuples and dictionaries."""
        for part in _parts(argument.value for argument in call.args):
            path = self.path(part, scope)
            if path is not None:
                yield path


def _parts(nodes: Iterable[cst.BaseExpression]) -> Iterator[cst.Name | cst.Attribute | cst.Subscript]:
    for node in nodes:
        match node:
            case cst.Name() | cst.Attribute() | cst.Subscript():
                yield node
            case cst.List(elements=elements) | cst.Tuple(elements=elements) | cst.Dict(elements=elements):
                yield from _parts(element.value for element in elements)


def _of_group(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The parameters of a group that is written `dict(params=..., lr=...)`."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Name) or node.func.value != "dict":
        return None
    return next((a.value for a in node.args if a.keyword is not None and a.keyword.value == "params"), None)
