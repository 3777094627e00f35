"""The functions of the fixtures and what their marks demand; needs neither torch nor gradlint.

A fixture is a script, or one file of a project (see `projects`). Each top-level function named `..._right` or
`..._wrong` is one case. A trailing comment `# GRD101` marks the line on which a finding starts. Marks in a helper or a
class count for every case that names it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

_MARK = re.compile(r"# ((?:GRD\d{3}(?:, )?)+)$")
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding that has to be there: the line on which it starts and its rule's code."""

    row: int
    code: str


@dataclass(frozen=True, slots=True)
class Case:
    """One function of a fixture with the helpers of its file that it uses: their lines, marks and text."""

    path: Path
    name: str
    own_rows: range
    rows: frozenset[int]
    marks: frozenset[Mark]
    text: str

    def __str__(self) -> str:
        return f"{self.path.stem}-{self.name}"

    @property
    def is_wrong(self) -> bool:
        return self.name.endswith("_wrong")

    @property
    def twin_name(self) -> str:
        """The same program done right; not every wrong one has it."""
        return self.name.removesuffix("_wrong") + "_right"

    def flagged(self, code: str) -> set[int]:
        """The lines on which a rule has to speak."""
        return {mark.row for mark in self.marks if mark.code == code}


def fixture_files(rule: str = "*") -> list[Path]:
    """The fixtures of a rule by its name with underscores, without what the fixer made of them."""
    return sorted(path for path in FIXTURES.glob(f"{rule}/*.py") if not path.name.endswith(".fixed.py"))


def fixed_file(path: Path) -> Path:
    """Where the fixed form of a fixture is kept, whether or not it is there."""
    return path.with_suffix(".fixed.py")


@cache
def marks_in(path: Path) -> frozenset[Mark]:
    """All marks of a file. Only comments count, never strings."""
    with io.BytesIO(path.read_bytes()) as stream:
        comments = [token for token in tokenize.tokenize(stream.readline) if token.type == tokenize.COMMENT]
    return frozenset(
        Mark(comment.start[0], code)
        for comment in comments
        if (match := _MARK.search(comment.string))
        for code in match[1].split(", ")
    )


@cache
def cases_in(path: Path) -> tuple[Case, ...]:
    """All cases of a file, in its order."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    definitions = {node.name: node for node in ast.parse(text).body if isinstance(node, _Definition)}
    found = []
    for name in definitions:
        if name.endswith(("_right", "_wrong")):
            used = [definitions[each] for each in sorted(_reachable(name, definitions))]
            rows = frozenset(row for node in used for row in _rows(node))
            marks = frozenset(mark for mark in marks_in(path) if mark.row in rows)
            own = _rows(definitions[name])
            found.append(Case(path, name, own, rows, marks, "\n".join(lines[row - 1] for row in sorted(rows))))
    return tuple(found)


def _rows(node: _Definition) -> range:
    return range(node.lineno, (node.end_lineno or 0) + 1)


def _reachable(name: str, definitions: dict[str, _Definition]) -> set[str]:
    """The definitions that one names, and those that they name."""
    seen, waiting = set(), [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            names = {node.id for node in ast.walk(definitions[current]) if isinstance(node, ast.Name)}
            waiting += names & definitions.keys()
    return seen
