"""Long files, cut down to the definitions that can matter before libcst reads them.

The standard library's parser is twenty times faster than libcst and knows where definitions begin and end. Bodies that
neither speak of gradients, or of layers, nor lead to one that does are replaced by a `return`, on as many lines, so
that every place in what is left is the same as in the file.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Set
from dataclasses import dataclass

from gradlint.source import Source

LONG = 1_500  # lines; below, cutting costs more than it saves

_SPEAKS = re.compile(
    r"backward|step|grad|optim|parameters|param_groups|scaler|closure|\bnn\.\w|\.(eval|train)\s*[;#\r\n]", re.IGNORECASE
)
_ALWAYS = frozenset({"__init__", "__enter__", "__exit__", "__call__"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Slice:
    """What is left of a text, and the variables and `.attributes` that cut bodies write; None where none was cut."""

    text: str
    written: frozenset[str] | None = None


def cut(source: Source, words: Set[str] = frozenset()) -> Slice:
    """The part of a text that can matter; all of it where it is short, or this Python cannot parse it.

    `words` are further identifiers that speak of gradients.
    """
    if source.rows < LONG:
        return Slice(source.text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Slice(source.text)
    functions = list(_functions(tree))
    leading = _leading(functions, source, _speaking(words | _renamed(tree, words)))
    idle = [function for function in functions if function.name not in leading]
    lines = [source.text[a:b] for a, b in zip(source.line_starts, [*source.line_starts[1:], None], strict=False)]
    written: set[str] = set()
    for function in idle:
        written.update(_written(function))
        _silence(function, lines, source)
    return Slice("".join(lines), frozenset(written) if idle else None)


def _functions(tree: ast.Module) -> Iterator[Function]:
    """Functions of the module and methods of its classes; what is nested in them goes with them."""
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        for member in members:
            if isinstance(member, Function):
                yield member


def _renamed(tree: ast.Module, words: Set[str]) -> set[str]:
    """What imports call some identifiers."""
    imports = (node for node in ast.walk(tree) if words and isinstance(node, ast.Import | ast.ImportFrom))
    names = (alias for node in imports for alias in node.names)
    return {alias.asname for alias in names if alias.asname and alias.name.rpartition(".")[2] in words}


def _speaking(words: Set[str]) -> re.Pattern[str]:
    """A pattern for what speaks of gradients."""
    return re.compile("|".join((_SPEAKS.pattern, *map(re.escape, sorted(words)))), re.IGNORECASE) if words else _SPEAKS


def _leading(functions: list[Function], source: Source, speaks: re.Pattern[str]) -> set[str]:
    """Names of functions that speak of gradients or layers, or call one that does."""
    named: dict[str, list[Function]] = {}
    callers: dict[str, set[str]] = {}
    work: list[str] = []
    for function in functions:
        named.setdefault(function.name, []).append(function)
        for called in _called(function):
            callers.setdefault(called, set()).add(function.name)
        start, end = source.line_starts[function.lineno - 1], _end(function, source)
        if function.name in _ALWAYS or speaks.search(source.text, start, end):
            work.append(function.name)
    found: set[str] = set()
    while work:
        name = work.pop()
        if name not in found:
            found.add(name)
            work.extend(callers.get(name, ()))
    return found


def _end(function: Function, source: Source) -> int:
    row = function.end_lineno or function.lineno
    return source.line_starts[row] if row < source.rows else len(source.text)


def _called(function: Function) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _written(function: Function) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield f".{node.attr}"
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names


def _silence(function: Function, lines: list[str], source: Source) -> None:
    """Put a `return` where the body begins, and nothing on its other lines."""
    first = function.body[0]
    decorated = getattr(first, "decorator_list", None)
    start = min([first.lineno, *(node.lineno for node in decorated or ())])
    line = source.line(start)
    if start == function.lineno or line[: len(line) - len(line.lstrip())] != line[: first.col_offset]:
        return
    end = function.end_lineno or start
    shared = source.line(end)[_column(source.line(end), function.end_col_offset or 0) :].strip()
    if shared and not shared.startswith("#"):
        return  # something else follows on the last line
    for row in range(start, end + 1):
        lines[row - 1] = lines[row - 1][len(source.line(row)) :]
    lines[start - 1] = f"{line[: first.col_offset]}return{lines[start - 1]}"


def _column(line: str, bytes_: int) -> int:
    """A column in code points from one in UTF-8 bytes."""
    return len(line.encode()[:bytes_].decode(errors="ignore"))
