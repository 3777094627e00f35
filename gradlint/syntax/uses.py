"""Where code speaks of a variable or of an attribute, and what it is a part of there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import children


@dataclass(frozen=True, slots=True)
class Use:
    """One mention in a scope's own code: `parent` is what it is directly a part of, `above` what that is a part of."""

    scope: Scope
    node: cst.BaseExpression
    parent: cst.CSTNode
    above: cst.CSTNode


def of_variable(owner: Scope, name: str, scopes: Iterable[Scope]) -> Iterator[Use]:
    """The mentions of a variable of a scope in that scope, and in those of some others that stand in it."""
    for scope in scopes:
        if lies_in(scope, owner) and scope.owner(name) is owner:
            for use in _uses(scope):
                if isinstance(use.node, cst.Name) and use.node.value == name and not _is_only_a_name(use):
                    yield use


def of_attribute(name: str, scopes: Iterable[Scope]) -> Iterator[Use]:
    """The mentions of an attribute of that name, of whatever object, in some scopes."""
    for scope in scopes:
        for use in _uses(scope):
            if isinstance(use.node, cst.Attribute) and use.node.attr.value == name:
                yield use


def of_function(name: str, scopes: Iterable[Scope]) -> Iterator[Use]:
    """The mentions in some scopes of what may be a function of that name, of whatever object; not where it is bound."""
    for scope in scopes:
        for use in _uses(scope):
            match use.node:
                case cst.Attribute(attr=cst.Name(value=named)) if named == name:
                    yield use
                case cst.Name(value=named) if named == name and not _is_only_a_name(use):
                    yield use


def lies_in(scope: Scope, outer: Scope) -> bool:
    """Whether a scope is another one, or stands in it."""
    each: Scope | None = scope
    while each is not None and each is not outer:
        each = each.parent
    return each is outer


def _uses(scope: Scope) -> Iterator[Use]:
    root = scope.node
    stack = [(child, root, root) for child in reversed(children(root))]
    while stack:
        node, parent, above = stack.pop()
        if isinstance(node, cst.BaseExpression):
            yield Use(scope, node, parent, above)
        stack.extend((child, node, parent) for child in reversed(_inside(node)))


def _inside(node: cst.CSTNode) -> list[cst.CSTNode]:
    """What is directly a part of a node, and runs with the code around it: of a definition not its body."""
    match node:
        case cst.FunctionDef(params=params, decorators=decorators):
            return [*decorators, *_defaults(params)]
        case cst.Lambda(params=params):
            return _defaults(params)
        case cst.ClassDef(bases=bases, keywords=keywords, decorators=decorators):
            return [*decorators, *bases, *keywords]
        case _:
            return children(node)


def _defaults(params: cst.Parameters) -> list[cst.CSTNode]:
    return [each.default for each in children(params) if isinstance(each, cst.Param) and each.default is not None]


def _is_only_a_name(use: Use) -> bool:
    """Whether a name stands for no value: it is that of an attribute, of a keyword, or of something that it defines."""
    match use.parent:
        case cst.Attribute(attr=name) | cst.Arg(keyword=name) | cst.Param(name=name):
            return name is use.node
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            return name is use.node
        case cst.NameItem() | cst.ImportAlias() | cst.AsName():
            return True
        case _:
            return False
