"""Which names a scope's own code speaks of, and where: read once, for whoever asks by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradlint.syntax.scopes import Scope, Table
from gradlint.syntax.tree import last_name, walk


def about(scope: Scope, name: str) -> Sequence[cst.CSTNode]:
    """The nodes of a scope's code, without what is nested in it, that concern a name, in the order in which they run.

    They are the name itself, calls of it and calls that are given it, arguments, assignments and elements whose value
    it is, and texts that are no more than the name, unless they are keys of numbers: `state["step"] += 1`.
    """
    if scope.words.about is None:
        scope.words.about = {}
        keys: set[cst.CSTNode] = set()
        for node in walk(scope.node):
            keys |= set(_keys_of_numbers(node))
            if node in keys:
                continue
            for each in dict.fromkeys(_names(node)):
                scope.words.about.setdefault(each, []).append(node)
    return scope.words.about.get(name, ())


def speakers(table: Table, name: str) -> Sequence[Scope]:
    """The scopes of a file whose own code speaks of a name."""
    if table.speakers is None:
        table.speakers = {}
        for scope in table.scopes:
            about(scope, "")
            for each in scope.words.about or ():
                table.speakers.setdefault(each, []).append(scope)
    return table.speakers.get(name, ())


def _names(node: cst.CSTNode) -> Iterator[str]:
    match node:
        case cst.Name(value=name):
            yield name
        case cst.Call(func=func, args=arguments):
            yield from filter(None, map(last_name, (func, *(argument.value for argument in arguments))))
        case cst.Arg(value=value) | cst.Assign(value=value) | cst.Element(value=value) | cst.DictElement(value=value):
            yield from filter(None, (last_name(value),))
        case cst.SimpleString(raw_value=text, prefix=prefix) if text.isidentifier() and "b" not in prefix.lower():
            yield text
        case _:
            pass


def _keys_of_numbers(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The keys of what a node sets or calculates with: nobody looks a function up for that."""
    match node:
        case cst.BinaryOperation(left=left, right=right):
            used = [left, right]
        case cst.Comparison(left=left, comparisons=others):
            used = [left, *(other.comparator for other in others)]
        case cst.AugAssign(target=target, value=value):
            used = [target, value]
        case cst.AssignTarget(target=target) | cst.AnnAssign(target=target):
            used = [target]
        case _:
            return
    for each in used:
        match each:
            case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
                yield key
            case _:
                pass
