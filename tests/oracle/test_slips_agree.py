"""What is reported to do nothing does nothing: without it a fixture gives the same, and once it is mended, another.

Of iterators that are empty only the second half is shown, for at first they are not; of schedulers by the learning
rates that were used.
"""

from __future__ import annotations

import ast
from typing import Any

import pytest

from oracle.cases import Case, cases_in, fixed_file, fixture_files
from oracle.running import assert_same, assert_same_training, counterpart, original, run, was_refused

SLIPS = ("no_effect_context", "requires_grad_typo", "uncalled_lifecycle_method")
RULES = (*SLIPS, "exhausted_parameter_generator", "scheduler_before_optimizer")
FILES = [path for rule in RULES for path in fixture_files(rule)]
WRONG = [case for path in FILES for case in cases_in(path) if case.is_wrong]
RIGHT = [case for path in FILES for case in cases_in(path) if not case.is_wrong]
IDLE = [case for case in WRONG if case.path.parent.name in SLIPS]
FIXED = [case for path in FILES for case in cases_in(fixed_file(path)) if case.is_wrong]


class _Without(ast.NodeTransformer):
    """Takes the marked statements out."""

    def __init__(self, case: Case) -> None:
        self._rows = {mark.row for mark in case.marks}
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


def run_without(case: Case) -> list[Any]:
    without = _Without(case)
    tree = without.visit(ast.parse(case.path.read_text("utf-8")))
    assert without.count == len(case.marks)
    space: dict[str, Any] = {"__name__": case.path.stem}
    exec(compile(tree, str(case.path), "exec"), space)
    return list(space[case.name]())


@pytest.mark.parametrize("case", IDLE, ids=str)
def test_a_slip_does_nothing(case: Case) -> None:
    assert_same(run_without(case), run(case))


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_what_was_meant_would_have_done_something(case: Case) -> None:
    with pytest.raises(AssertionError):
        assert_same_training(case, counterpart(case, case.path, case.twin_name))


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fixed_does_what_was_meant(case: Case) -> None:
    if was_refused(case):
        pytest.skip("there is no fix for this one")
    assert_same_training(case, counterpart(case, original(case), case.twin_name))


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_right_ones_run(case: Case) -> None:
    assert run(case)
