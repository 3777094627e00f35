"""Whether a loop goes through all parameters of a network or an optimizer, or through some of them."""

from __future__ import annotations

import libcst as cst

from gradlint.bounds import Bound
from gradlint.regions import GROUPS
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import constant_of, elements_of

MAX_LISTS = Bound(6, "lists of parameters made of one another")

_SAME = frozenset({"list", "tuple", "set", "iter", "reversed", "sorted"})


def runs_through_all(element: cst.BaseExpression, objects: Objects, scope: Scope) -> bool:
    """Whether a loop variable is each of all parameters in its turn: what is filtered, sliced or picked is a part."""
    binding = _binding(element, objects, scope)
    if binding is None or not binding.each or binding.value is None:
        return False
    named = binding.items == (1,)
    return _lists_all(binding.value, objects, binding.scope, named=named) if named or not binding.items else False


def _binding(node: cst.BaseExpression, objects: Objects, scope: Scope) -> Binding | None:
    owner = scope.owner(node.value) if isinstance(node, cst.Name) else None
    if owner is None or not isinstance(node, cst.Name):
        return None
    looping = objects.looping.get((owner.number, node.value))
    bindings = owner.bindings[node.value]
    return looping if looping is not None else bindings[0] if len(bindings) == 1 else None


def _lists_all(
    node: cst.BaseExpression, objects: Objects, scope: Scope, *, named: bool = False, depth: int = 0
) -> bool:
    """Whether an expression gives all parameters of something, or, where `named`, their names with them."""
    if not MAX_LISTS.allows(depth):
        return False
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name)), args=[]):
            return name in (catalogue.NAMED_PARAMETER_METHODS if named else catalogue.PARAMETER_METHODS)
        case cst.Call(func=cst.Name(value=name), args=[cst.Arg(value=inner)]) if name in _SAME:
            return _lists_all(inner, objects, scope, named=named, depth=depth + 1)
        case cst.Call(args=arguments) if objects.callee_name(node) == "chain":
            return all(
                not a.star and _lists_all(a.value, objects, scope, named=named, depth=depth + 1) for a in arguments
            )
        case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
            return all(_lists_all(part, objects, scope, named=named, depth=depth + 1) for part in (left, right))
        case cst.List() | cst.Tuple():
            parts = elements_of(node) or []
            stars = [part.value for part in parts if isinstance(part, cst.StarredElement)]
            whole = bool(parts) and len(stars) == len(parts)
            return whole and all(_lists_all(part, objects, scope, named=named, depth=depth + 1) for part in stars)
        case cst.Subscript(value=cst.Name() as group, slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
            return not named and constant_of(key) == (True, "params") and _is_any_group(group, objects, scope)
        case cst.Name():
            binding = _binding(node, objects, scope)
            if binding is None or binding.each or binding.items or binding.changed or binding.value is None:
                return False
            return _lists_all(binding.value, objects, binding.scope, named=named, depth=depth + 1)
        case _:
            return False


def _is_any_group(group: cst.Name, objects: Objects, scope: Scope) -> bool:
    binding = _binding(group, objects, scope)
    value = binding.value if binding is not None and binding.each and not binding.items else None
    return isinstance(value, cst.Attribute) and value.attr.value == GROUPS
