"""Lists of parameters that grow after an optimizer was made of them, or before, where nobody follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from gradlint.bounds import Bound
from gradlint.regions import Path
from gradlint.syntax.scopes import Binding
from gradlint.syntax.tree import children, last_name

MAX_LISTS = Bound(3, "lists that an optimizer's parameters are made of")

GROWING = ("append", "extend", "insert", "update", "add", "add_param_group")
"""Methods that add to a list, or to an optimizer."""

_MAKERS = frozenset({"list", "tuple", "set", "dict", "filter", "chain"})


def may_have_more(optimizer: Sequence[Binding], grows: Callable[[Path], bool]) -> bool:
    """Whether an optimizer may have other parameters than those that it is seen to be made of: a list of them grows, or
    it may be another one, that a function was given.
    """
    given = len(optimizer) > 1 and any(binding.parameter for binding in optimizer)
    return given or _grows(optimizer, grows, 0)


def _grows(bindings: Sequence[Binding], grows: Callable[[Path], bool], depth: int) -> bool:
    if not MAX_LISTS.allows(depth):
        return True
    for binding in bindings:
        for name in dict.fromkeys(_lists(binding.value)) if binding.value is not None and not binding.each else ():
            owner = binding.scope.owner(name)
            if owner is None:
                continue
            if grows(Path(owner.number, name)):
                return True
            made = [each for each in owner.bindings[name] if each is not binding and _is_list(each.value)]
            if made and _grows(made, grows, depth + 1):
                return True
    return False


def _lists(node: cst.CSTNode) -> Iterator[str]:
    """The variables that an expression speaks of, but for those whose methods or parts it uses."""
    if isinstance(node, cst.Name):
        yield node.value
    elif isinstance(node, cst.Call):
        for argument in node.args:
            yield from _lists(argument.value)
    elif not isinstance(node, cst.Attribute):
        for part in children(node):
            yield from _lists(part)


def _is_list(value: cst.BaseExpression | None) -> bool:
    """Whether something is a list, or something like one, as it is written."""
    made = isinstance(value, cst.Call) and last_name(value.func) in _MAKERS
    return made or isinstance(value, (cst.List, cst.Tuple, cst.Dict, cst.ListComp, cst.BinaryOperation))
