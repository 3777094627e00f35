"""Leaving: `break`, `continue`, `return`, `raise`, and what `try` does about it."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from gradlint.flow.conditions import Literals
from gradlint.flow.graph import Edge, Graph
from gradlint.syntax.lowering.context import RAISE, Finally, Handlers, Loop, Lowering, without
from gradlint.syntax.tree import walk


def jump(low: Lowering, kind: str) -> None:
    """Leave for the end or the next trip of the loop, or the end of the scope, through every `finally`."""
    low.jumps += 1
    for frame in reversed(low.frames):
        if isinstance(frame, Finally):
            frame.jumps.setdefault(kind, []).extend(low.build.ends)
            break
        if isinstance(frame, Loop) and kind != "return":
            (frame.breaks if kind == "break" else frame.continues).extend(low.build.ends)
            break
    else:
        low.build.connect(low.build.ends, Graph.EXIT)
    low.build.ends = []


def leave(low: Lowering) -> None:
    """Raise: go to the handlers around, if there are any, and nowhere else."""
    low.may_raise()
    low.build.ends = []
    low.jumps += 1


def try_(low: Lowering, node: cst.Try | cst.TryStar) -> None:
    """A `try` statement.

    Exceptions come from the first thing in the body (fetching a batch, a forward) and from each backward: those are the
    ones people catch. Control never goes from a clear to a handler.
    """
    build = low.build
    final = Finally() if node.finalbody is not None else None
    if final is not None:
        low.frames.append(final)
    handlers: Handlers | None = None
    before = build.holds
    if node.handlers and build.ends:
        types = tuple(handler.type for handler in node.handlers)
        handlers = Handlers(build.island(), low.slips.catches_attribute_errors(types))
        low.frames.append(handlers)
    _body(low, node.body, handlers)
    if handlers is not None:
        low.frames.remove(handlers)
    if node.orelse is not None:
        low.run(node.orelse.body)
    if handlers is not None:
        _handle(low, node, handlers, without(before, low.written([node.body])))
    if final is not None and node.finalbody is not None:
        low.frames.remove(final)
        _finally(low, node.finalbody.body, final)


def _body(low: Lowering, body: cst.BaseSuite, handlers: Handlers | None) -> None:
    """What is tried. The first thing in it may raise, unless that is a step or a clear."""
    build = low.build
    before, at = [replace(end) for end in build.ends], build.mark()
    first = _first(body)
    if isinstance(body, cst.IndentedBlock):
        low.run_block(body.body[:first])
    if handlers is not None and not any(map(low.settles, build.events_since(at))):
        build.connect(before, handlers.node)
    if isinstance(body, cst.IndentedBlock):
        low.run_block(body.body[first:])
    else:
        low.run(body)


def _first(body: cst.BaseSuite) -> int:
    """How many statements a block has up to the first one that does anything."""
    return next((n for n, each in enumerate(body.body, start=1) if not _only_names(each)), len(body.body))


def _only_names(statement: cst.CSTNode) -> bool:
    """Whether a statement only gives something a name: a definition, or an assignment without a call."""
    match statement:
        case cst.FunctionDef() | cst.ClassDef():
            return True
        case cst.SimpleStatementLine(body=parts):
            names = all(isinstance(part, cst.Assign) for part in parts)
            return names and not any(isinstance(each, (cst.Call, cst.Subscript)) for each in walk(statement))
        case _:
            return False


def _handle(low: Lowering, node: cst.Try | cst.TryStar, handlers: Handlers, holds: Literals) -> None:
    build = low.build
    done, done_holds = build.ends, build.holds
    for handler in node.handlers:
        low.continue_at([Edge(handlers.node)], holds)
        low.run(handler.body)
        if build.ends:
            done_holds = done_holds & build.holds if done else build.holds
            done = done + build.ends
    low.continue_at(done, done_holds)
    if len(done) > 1:
        build.add(None)


def _finally(low: Lowering, body: cst.BaseSuite, final: Finally) -> None:
    """The block runs once for going on, and once for each kind of jump, which then goes on to where it wanted."""
    build = low.build
    ends, holds = build.ends, build.holds
    for kind, waiting in final.jumps.items():
        low.continue_at(waiting, frozenset())
        low.run(body)
        if kind == RAISE:
            leave(low)
        else:
            jump(low, kind)
    low.continue_at(ends, holds)
    low.run(body)
