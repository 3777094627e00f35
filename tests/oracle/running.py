"""Runs the functions of fixtures under PyTorch, and compares what they train. Importing it without PyTorch skips."""

from __future__ import annotations

import ast
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from oracle.cases import Case, cases_in

torch = pytest.importorskip("torch", reason="PyTorch is not installed, so no fixture was run")

# Stand-ins for frameworks that are not installed, or do not run here.
sys.path.insert(0, str(Path(__file__).parent / "frameworks"))


@cache
def module_of(path: Path) -> ModuleType:
    """A fixture as a module."""
    spec = importlib.util.spec_from_file_location(path.stem.replace(".", "_"), path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(case: Case) -> list[Any]:
    """What a case gives back."""
    return list(getattr(module_of(case.path), case.name)())


def run_without(case: Case, rows: set[int]) -> list[Any]:
    """What a case gives back without the statements in some rows."""
    without = _Without(rows)
    tree = without.visit(ast.parse(case.path.read_text("utf-8")))
    assert without.count == len(rows)
    space: dict[str, Any] = {"__name__": case.path.stem}
    exec(compile(tree, str(case.path), "exec"), space)
    return list(space[case.name]())


class _Without(ast.NodeTransformer):
    def __init__(self, rows: set[int]) -> None:
        self._rows = rows
        self.count = 0

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        return self._without(node)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        return self._without(node) if isinstance(node.targets[0], ast.Attribute) else node

    def _without(self, node: ast.stmt) -> ast.stmt:
        if node.lineno not in self._rows:
            return node
        self.count += 1
        return ast.copy_location(ast.Pass(), node)


def counterpart(case: Case, path: Path, name: str) -> Case:
    """The case of that name in another file, or in the same one; skips where there is none."""
    found = [each for each in cases_in(path) if each.name == name]
    if not found:
        pytest.skip(f"{case.name} has no {name}")
    return found[0]


def original(case: Case) -> Path:
    """The fixture that a fixed file was made from."""
    return case.path.with_name(case.path.name.replace(".fixed.py", ".py"))


def was_refused(case: Case) -> bool:
    """Whether the fixer left a wrong function as it was."""
    return case.is_wrong and case.text == counterpart(case, original(case), case.name).text


def assert_same(ours: list[Any], theirs: list[Any]) -> None:
    """Two cases gave back the same numbers."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(torch.as_tensor(one), torch.as_tensor(other), rtol=1e-5, atol=1e-6)


def assert_same_training(case: Case, reference: Case) -> None:
    """Two cases train alike."""
    assert_same(run(case), run(reference))
