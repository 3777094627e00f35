"""What stands around a statement: loops, whether a graph is recorded, and whether an exception is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from gradlint.syntax.tree import children, last_name, walk_everything

Loop = cst.For | cst.While

EXPECTING = frozenset("raises assertRaises assertRaisesRegex suppress".split())
"""Calls that wait for an exception."""

_RECORDING = frozenset(
    "autocast device detect_anomaly set_detect_anomaly open profile record_function stream tqdm trange".split()
)
"""Contexts in which a graph is recorded as outside of them."""

_NOT_RECORDING = frozenset({"no_grad", "inference_mode"})
_OTHERS = frozenset({"KeyboardInterrupt", "StopIteration", "SystemExit"})
"""Exceptions that no tensor raises."""


@dataclass(frozen=True, slots=True)
class Where:
    """What stands around a statement, within its scope.

    `loops` are outermost first, `block` is what the statement's line stands in, `recording` None where nobody can tell.
    """

    block: tuple[cst.CSTNode, ...] = ()
    loops: tuple[Loop, ...] = ()
    recording: bool | None = True
    waiting: bool = False


def statements(node: cst.CSTNode, where: Where) -> Iterator[tuple[cst.BaseSmallStatement, Where]]:
    """The statements of a suite, in their order, without those of functions and classes in it."""
    for child in children(node):
        match child:
            case cst.BaseSmallStatement():
                yield child, where
            case cst.FunctionDef() | cst.ClassDef():
                pass
            case cst.IndentedBlock(body=body):
                yield from statements(child, replace(where, block=tuple(body)))
            case cst.SimpleStatementSuite():
                yield from statements(child, replace(where, block=(child,)))
            case cst.SimpleStatementLine() | cst.Else() | cst.Finally() | cst.ExceptHandler() | cst.ExceptStarHandler():
                yield from statements(child, where)
            case cst.For() | cst.While():
                yield from _parts(child, child.body, replace(where, loops=(*where.loops, child)), where)
            case cst.With(items=items):
                inside = where
                for item in items:
                    inside = _entered(inside, item.item)
                yield from _parts(child, child.body, inside, where)
            case cst.Try() | cst.TryStar():
                waiting = where.waiting or _waits(child)
                yield from _parts(child, child.body, replace(where, waiting=waiting), where)
            case cst.If() | cst.Match() | cst.MatchCase():
                yield from statements(child, where)


def is_waited_for(name: str, module: cst.Module) -> bool:
    """Whether somebody in a file speaks of a function where an exception is waited for."""
    for node in walk_everything(module):
        match node:
            case cst.Try(body=body) | cst.TryStar(body=body) if _waits(node):
                inside: cst.CSTNode = body
            case cst.With(items=items) if any(_expects(item.item) for item in items):
                inside = node
            case cst.Call() if _expects(node):
                inside = node
            case _:
                continue
        if any(isinstance(part, cst.Name) and part.value == name for part in walk_everything(inside)):
            return True
    return False


def of_decorator(node: cst.BaseExpression) -> bool | None:
    """Whether a graph is recorded in a function with a decorator; None where nobody can tell."""
    if last_name(node) in ("staticmethod", "classmethod", "property"):
        return True
    return False if _callee(node) in _NOT_RECORDING else None


def _parts(
    node: cst.CSTNode, body: cst.CSTNode, inside: Where, outside: Where
) -> Iterator[tuple[cst.BaseSmallStatement, Where]]:
    """The statements of the parts of a compound one, of which the body stands in something."""
    for part in children(node):
        if part is body:
            block = tuple(body.body) if isinstance(body, cst.IndentedBlock) else (body,)
            yield from statements(part, replace(inside, block=block))
        else:
            yield from statements(part, outside)


def _entered(where: Where, context: cst.BaseExpression) -> Where:
    name = _callee(context)
    if name in EXPECTING:
        return replace(where, waiting=True)
    if name in _NOT_RECORDING:
        return replace(where, recording=False)
    if name == "enable_grad":
        return replace(where, recording=True)
    if name in _RECORDING or where.recording is False:
        return where
    return replace(where, recording=None)


def _callee(node: cst.BaseExpression) -> str:
    return last_name(node.func if isinstance(node, cst.Call) else node)


def _expects(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and _callee(node) in EXPECTING


def _waits(node: cst.CSTNode) -> bool:
    """Whether a `try` catches what a tensor may raise."""
    handlers = node.handlers if isinstance(node, (cst.Try, cst.TryStar)) else ()
    for handler in handlers:
        caught = handler.type
        types = [each.value for each in caught.elements] if isinstance(caught, cst.Tuple) else [caught]
        if not all(each is not None and last_name(each) in _OTHERS for each in types):
            return True
    return False
