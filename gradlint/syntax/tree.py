"""Walking libcst trees without its visitors, which rebuild every node on the way."""

from __future__ import annotations

import dataclasses
import re
import tokenize
from collections.abc import Iterator

import libcst as cst

_LAYOUT = re.compile(
    r"whitespace|^[lr](par|bracket|brace)$|comma|semicolon|^header$|^footer$|leading_lines|lines_|^equal$|^colon|^dot|^asname$"
)
_OWN_SCOPE = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})
_BLANK = cst.Module([])
_fields: dict[type, tuple[str, ...] | None] = {}


def _fields_of(kind: type) -> tuple[str, ...] | None:
    """Names of the fields of a node class that hold syntax, not layout, in source order; None for other classes."""
    names = None
    if issubclass(kind, cst.CSTNode):
        names = tuple(f.name for f in dataclasses.fields(kind) if _holds_syntax(kind, f.name))
    _fields[kind] = names
    return names


def _holds_syntax(kind: type, name: str) -> bool:
    return not _LAYOUT.search(name) or (kind is cst.WithItem and name == "asname")


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly below, in source order."""
    # Looked up by exact class: isinstance is slow on libcst's abstract classes, and this is called for every node.
    found: list[cst.CSTNode] = []
    for name in _fields.get(type(node)) or _fields_of(type(node)) or ():
        value = getattr(node, name)
        kind = type(value)
        if kind is tuple or kind is list:
            found.extend(item for item in value if _is_node(type(item)))
        elif _is_node(kind):
            found.append(value)
    return found


def _is_node(kind: type) -> bool:
    return (_fields[kind] if kind in _fields else _fields_of(kind)) is not None


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and everything below it that runs with it: not into functions, classes and lambdas."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        if top is node or type(top) not in _OWN_SCOPE:
            stack.extend(reversed(children(top)))


def walk_everything(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and everything below it."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def text_of(node: cst.CSTNode) -> str:
    """The code of an expression on one line, without comments."""
    code = _BLANK.code_for_node(node)
    code = " ".join((_without_comments(code) if "#" in code else code).split())
    return code.replace("( ", "(").replace(" )", ")")


def _without_comments(code: str) -> str:
    rows = code.splitlines()
    try:
        # In parentheses, or a line break would end the expression.
        for token in tokenize.generate_tokens(iter([f"{row}\n" for row in ("(", *rows, ")")]).__next__):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                rows[row - 2] = rows[row - 2][:column]
    except (tokenize.TokenError, SyntaxError):
        return code
    return "\n".join(rows)


def last_name(node: cst.BaseExpression) -> str:
    """The last name of a dotted expression; empty for any other."""
    match node:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name
        case _:
            return ""


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


def slice_of(node: cst.Slice) -> str | None:
    """A slice between constants or variables, as a field of a path; None for one that is computed."""
    bounds = (node.lower, node.upper)
    if (
        node.step is not None
        or bounds == (None, None)
        or not all(b is None or isinstance(b, cst.Name) or constant_of(b)[0] for b in bounds)
    ):
        return None
    return "[{}:{}]".format(*("" if bound is None else text_of(bound) for bound in bounds))


def is_alone(call: cst.Call, statement: cst.CSTNode) -> bool:
    """Whether a call is a statement of its own, so that nobody takes its result."""
    parts = statement.body if isinstance(statement, (cst.SimpleStatementLine, cst.SimpleStatementSuite)) else ()
    return any(isinstance(part, cst.Expr) and part.value is call for part in parts)
