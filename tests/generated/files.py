"""Programs of two files."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from gradlint.checking import Task, check
from gradlint.project.modules import Modules
from gradlint.rule import all_rules
from gradlint.workspace import Workspace

MAIN, HELPERS = "/program/main.py", "/program/helpers.py"


def apart(text: str) -> dict[str, str]:
    """A program with its helpers in another file, each line in its old row; as one file where it has no helpers."""
    lines = text.splitlines()
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name != "main"]
    rows = {row for node in functions for row in range(node.lineno, (node.end_lineno or 0) + 1)}
    if not rows:
        return {MAIN: text}
    lines[2] = f"from helpers import {', '.join(node.name for node in functions)}"
    main = [line if row not in rows else "" for row, line in enumerate(lines, start=1)]
    helpers = [line if row in rows or row <= 2 else "" for row, line in enumerate(lines, start=1)]
    return {MAIN: "\n".join(main) + "\n", HELPERS: "\n".join(helpers) + "\n"}


def told_of(files: Mapping[str, str]) -> set[int]:
    """The rows at which GRD101 says something of some files."""
    texts = {path: text.encode() for path, text in files.items()}
    workspace = Workspace(Modules({path: path for path in texts}, texts.__getitem__))
    outcomes = [check(Task(path, texts[path], all_rules(), key=path), workspace) for path in texts]
    assert not any(outcome.failures for outcome in outcomes)
    return {each.span.start.row for outcome in outcomes for each in outcome.diagnostics if each.code == "GRD101"}
