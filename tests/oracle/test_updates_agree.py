"""What is reported of updates by hand is what they do: they change nothing, raise, or lose the gradient they need."""

from __future__ import annotations

import ast
import traceback
from typing import Any

import pytest

from oracle.cases import Case, cases_in, fixed_file, fixture_files
from oracle.running import assert_same, assert_same_training, counterpart, original, run, was_refused

FILES = fixture_files("manual_update_broken")
WRONG = [case for path in FILES for case in cases_in(path) if case.is_wrong]
RIGHT = [case for path in FILES for case in cases_in(path) if not case.is_wrong]
FIXED = [case for path in FILES for case in cases_in(fixed_file(path)) if case.is_wrong]


class _Without(ast.NodeTransformer):
    """Takes the marked statements out, and notes which variables they are about."""

    def __init__(self, case: Case) -> None:
        self._rows = {mark.row for mark in case.marks}
        self.names: list[str] = []

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) or node.lineno not in self._rows:
            return super().generic_visit(node)
        self.names += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)][:1]
        return ast.copy_location(ast.Pass(), node)


def run_without(case: Case) -> list[Any]:
    """What a case gives back without its marked statements."""
    without = _Without(case)
    tree = without.visit(ast.parse(case.path.read_text("utf-8")))
    assert len(without.names) >= len(case.marks)
    space: dict[str, Any] = {"__name__": case.path.stem}
    exec(compile(tree, str(case.path), "exec"), space)
    return list(space[case.name]())


def raised_by(case: Case) -> Exception | None:
    """What a case raises."""
    try:
        run(case)
    except (RuntimeError, TypeError, AttributeError) as error:
        return error
    return None


def rows_of(error: Exception, case: Case) -> set[int | None]:
    return {frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(case.path)}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_reported_update_changes_nothing_or_is_what_raises(case: Case) -> None:
    error = raised_by(case)
    without = run_without(case)  # does not raise
    if error is None:
        for tensor, untouched in zip(run(case), without, strict=True):
            if tensor.is_leaf:
                assert_same([tensor], [untouched])
            else:
                assert tensor.grad is None  # though a backward came after it was made
    else:
        assert rows_of(error, case) <= case.rows


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_what_was_meant_would_have_done_something(case: Case) -> None:
    twin = run(counterpart(case, case.path, case.twin_name))
    with pytest.raises(AssertionError):
        assert_same(run_without(case), twin)


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fixed_does_what_was_meant(case: Case) -> None:
    if was_refused(case):
        pytest.skip("there is no fix for this one")
    assert_same_training(case, counterpart(case, original(case), case.twin_name))


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_right_ones_run(case: Case) -> None:
    assert run(case)
