"""Symbolic repairs to text edits, with the file's own indentation and newline; or nothing rather than a guess."""

from __future__ import annotations

import re
from collections.abc import Callable

import libcst as cst

from gradlint.diagnostics import Edit, Point, Span
from gradlint.events import Event
from gradlint.repair import Repair, Where
from gradlint.source import Source
from gradlint.syntax.positions import Positions
from gradlint.syntax.tree import walk, walk_everything

_PLAIN = r"""[\w.]+(?:\[(?:\w+|'[^']*'|"[^"]*")\][\w.]*)*?"""
_STATEMENT = re.compile(rf"{_PLAIN}(?:\.zero_grad\(\)|\.grad = None|\.update\(\)|\.unscale_\({_PLAIN}\))")
"""What may be written on a line of its own: calls of objects that go by plain names."""


class Editor:
    """Makes edits of one file. `scope_node` gives the node of a scope by its number."""

    def __init__(
        self, source: Source, module: cst.Module, positions: Positions, scope_node: Callable[[int], object]
    ) -> None:
        self._source = source
        self._module = module
        self._positions = positions
        self._scope_node = scope_node
        self._blocks: dict[int, cst.IndentedBlock | cst.Module] | None = None

    def edits(self, repair: Repair, target: int | None) -> tuple[Edit, ...]:
        """The edits of a repair; none where it cannot be done. `target` is the scope that the anchor calls."""
        span = self._positions.span(repair.anchor.place.node)
        match repair.where:
            case Where.MOVED:
                return self._moved(repair.anchor, repair.beside) if repair.beside is not None else ()
            case Where.CARRIED:
                return self._carried(repair.anchor, repair.beside) if repair.beside is not None else ()
            case Where.AHEAD_OF:
                return self._moved(repair.anchor, repair.beside, ahead=True) if repair.beside is not None else ()
            case Where.AHEAD:
                return (self._insert(span.start, repair.text),)
            case Where.AROUND:
                return (self._insert(span.start, f"{repair.text}("), self._insert(span.end, ")"))
            case Where.BEHIND:
                return (self._insert(span.end, repair.text),)
            case Where.INSTEAD:
                return (Edit(span, repair.text),)
            case Where.LAST:
                return self._last(repair.text, target)
        if not _STATEMENT.fullmatch(repair.text):
            return ()
        if repair.beside is not None and not self._in_one_block(repair.anchor, repair.beside):
            return self.edits(repair.fallback, target) if repair.fallback is not None else ()
        match repair.where:
            case Where.FIRST:
                return self._first(repair.text, target)
            case Where.AFTER:
                return self._after(repair.text, repair.anchor)
            case Where.BEFORE:
                return self._before(repair.text, repair.anchor)

    def _moved(self, event: Event, beside: Event, *, ahead: bool = False) -> tuple[Edit, ...]:
        """A line behind another one of the same block, or ahead of it."""
        return self._carried(event, beside, ahead=ahead) if self._in_one_block(event, beside) else ()

    def _carried(self, event: Event, beside: Event, *, ahead: bool = False) -> tuple[Edit, ...]:
        """A line behind another one or ahead of it, as far in as that is; only where each is one statement on one line,
        and something is left where it stood.
        """
        line, other = event.place.statement, beside.place.statement
        if not (isinstance(line, cst.CSTNode) and _is_alone(line) and _is_alone(other) and self._has_neighbours(line)):
            return ()
        (start, end), (at, last) = ((span.start.row, span.end.row) for span in map(self._positions.span, (line, other)))
        if start != end or at != last:
            return ()
        whole = f"{self._indent(at)}{self._source.line(start).removeprefix(self._indent(start))}"
        taken = Edit(Span(Point(start, 1), Point(start + 1, 1)), "")
        if _binds(line) or (ahead and self._needs_between(beside.place.statement, line)):
            return ()
        if ahead:
            return (taken, self._insert(Point(at, 1), f"{whole}{self._source.newline}"))
        return (taken, self._insert(Point(at, len(self._source.line(at)) + 1), f"{self._source.newline}{whole}"))

    def _after(self, text: str, anchor: Event) -> tuple[Edit, ...]:
        statement = anchor.place.statement
        if not isinstance(statement, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            return ()
        small = next((s for s in statement.body if any(n is anchor.place.node for n in walk(s))), None)
        if small is None or isinstance(small, (cst.Return, cst.Raise)) or _may_be_left_out(small, anchor):
            return ()  # nothing after it runs, or it runs where the anchor does not
        if isinstance(statement, cst.SimpleStatementSuite) or small is not statement.body[-1]:
            return (self._insert(self._positions.span(small).end, f"; {text}"),)
        row = self._positions.span(statement).end.row
        line = self._source.line(row)
        end = Point(row, len(line) + 1)
        indent = self._indent(self._positions.span(statement).start.row)
        return (self._insert(end, f"{self._source.newline}{indent}{text}"),)

    def _before(self, text: str, anchor: Event) -> tuple[Edit, ...]:
        statement = anchor.place.statement
        if not isinstance(statement, cst.SimpleStatementLine) or _may_be_left_out(statement, anchor):
            return ()
        start = self._positions.span(statement).start
        if len(statement.body) > 1:
            small = next((s for s in statement.body if any(n is anchor.place.node for n in walk(s))), None)
            return (self._insert(self._positions.span(small).start, f"{text}; "),) if small is not None else ()
        indent = self._indent(start.row)
        return (self._insert(Point(start.row, 1), f"{indent}{text}{self._source.newline}"),)

    def _first(self, text: str, target: int | None) -> tuple[Edit, ...]:
        node = self._scope_node(target) if target is not None else None
        if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock):
            return ()
        first = node.body.body[0]
        if _is_docstring(first) and len(node.body.body) > 1:
            first = node.body.body[1]
        start = self._positions.span(first).start
        if isinstance(first, cst.FunctionDef | cst.ClassDef) and first.decorators:
            return ()
        return (self._insert(Point(start.row, 1), f"{self._indent(start.row)}{text}{self._source.newline}"),)

    def _last(self, text: str, target: int | None) -> tuple[Edit, ...]:
        node = self._scope_node(target) if target is not None else None
        if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock):
            return ()
        block = node.body.body
        row = self._positions.span(block[-1]).end.row
        end = Point(row, len(self._source.line(row)) + 1)
        indent = self._indent(self._positions.span(block[0]).start.row)
        return (self._insert(end, f"{self._source.newline}{indent}{text}"),)

    @staticmethod
    def _insert(at: Point, content: str) -> Edit:
        return Edit(Span(at, at), content)

    def _indent(self, row: int) -> str:
        line = self._source.line(row)
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def _in_one_block(self, one: Event, other: Event) -> bool:
        first, second = self._block(one.place.statement), self._block(other.place.statement)
        return first is not None and first is second

    def _has_neighbours(self, statement: object) -> bool:
        """Whether a statement is not the only one of its block."""
        block = self._block(statement)
        return block is not None and len(block.body) > 1

    def _needs_between(self, first: object, last: cst.CSTNode) -> bool:
        """Whether statements of a block from one to another set a name that the last one needs."""
        block = self._block(first)
        body = list(block.body) if block is not None else []
        start = next((number for number, each in enumerate(body) if each is first), 0)
        end = next((number for number, each in enumerate(body) if each is last), 0)
        needed = {part.value for part in walk_everything(last) if isinstance(part, cst.Name)}
        return any(not needed.isdisjoint(_names_set(each)) for each in body[start:end])

    def _block(self, statement: object) -> cst.IndentedBlock | cst.Module | None:
        if self._blocks is None:
            self._blocks = {
                id(statement): block
                for block in walk_everything(self._module)
                if isinstance(block, (cst.IndentedBlock, cst.Module))
                for statement in block.body
            }
        return self._blocks.get(id(statement))


def _binds(statement: cst.CSTNode) -> bool:
    return any(isinstance(part, cst.NamedExpr) for part in walk_everything(statement))


def _names_set(statement: cst.CSTNode) -> set[str]:
    """The names that code may give a value, and more: all in what is assigned to, imported, looped over or defined."""
    found: set[str] = set()
    for part in walk_everything(statement):
        match part:
            case cst.AssignTarget(target=target) | cst.AnnAssign(target=target) | cst.AugAssign(target=target):
                found |= _names(target)
            case cst.For(target=target) | cst.CompFor(target=target) | cst.NamedExpr(target=target):
                found |= _names(target)
            case cst.Import() | cst.ImportFrom() | cst.AsName():
                found |= _names(part)
            case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
                found.add(name.value)
            case _:
                pass
    return found


def _names(node: cst.CSTNode) -> set[str]:
    return {part.value for part in walk_everything(node) if isinstance(part, cst.Name)}


def _is_alone(statement: object) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1


def _may_be_left_out(statement: cst.CSTNode, anchor: Event) -> bool:
    """Whether a statement runs an anchor under a condition, or once for each of several things."""
    for node in walk(statement):
        match node:
            case cst.ListComp() | cst.SetComp() | cst.DictComp() | cst.GeneratorExp():
                parts: list[cst.CSTNode] = [node]
            case cst.IfExp(body=one, orelse=other):
                parts = [one, other]
            case cst.BooleanOperation(right=last):
                parts = [last]
            case _:
                continue
        if any(inner is anchor.place.node for part in parts for inner in walk(part)):
            return True
    return False


def _is_docstring(node: cst.CSTNode) -> bool:
    match node:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]):
            return True
        case _:
            return False
