"""Walking libcst trees without its visitors, which rebuild every node on the way."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import libcst as cst

_LAYOUT = re.compile(r"whitespace|^[lr](par|bracket|brace)$|comma|semicolon|^header$|^footer$|leading_lines|lines_|^equal$|^colon|^dot|^asname$")
_BLANK = cst.Module([])
_fields: dict[type, tuple[str, ...]] = {}


def fields_of(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """Names of the fields that hold syntax, not layout, in source order."""
    names = _fields.get(kind)
    if names is None:
        names = tuple(f.name for f in dataclasses.fields(kind) if not _LAYOUT.search(f.name) or (f.name == "asname" and kind is cst.WithItem))
        _fields[kind] = names
    return names


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes directly below, in source order."""
    for name in fields_of(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (tuple, list)):
            for item in value:
                if isinstance(item, cst.CSTNode):
                    yield item


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and everything below it that runs with it: not into functions, classes and lambdas."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        if top is node or not isinstance(top, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            stack.extend(reversed(list(children(top))))


def walk_everything(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and everything below it."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(children(top))))


def text_of(node: cst.CSTNode) -> str:
    """The code of an expression on one line."""
    return " ".join(_BLANK.code_for_node(node).split())


def elements_of(target: cst.BaseExpression) -> list[cst.BaseExpression] | None:
    """The parts of a tuple or list, None for anything else."""
    if isinstance(target, (cst.Tuple, cst.List)):
        return [element.value for element in target.elements]
    return None


def constant_of(node: cst.BaseExpression) -> tuple[bool, object]:
    """Whether an expression is a constant, and which."""
    match node:
        case cst.Integer():
            return True, node.evaluated_value
        case cst.SimpleString(value=value) if not value.lower().startswith(("b", "rb", "br")):
            return True, node.evaluated_value
        case cst.Name(value="True" | "False" | "None" as word):
            return True, {"True": True, "False": False, "None": None}[word]
        case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer() as number):
            return True, -number.evaluated_value
        case _:
            return False, None
