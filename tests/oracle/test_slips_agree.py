"""What is reported to do nothing does nothing: without it a fixture gives the same, and once it is mended, another.

Of iterators that are empty only the second half is shown, for at first they are not; of schedulers by the learning
rates that were used. Of a clear that comes too early it is the step behind it that does nothing.
"""

from __future__ import annotations

import pytest

from oracle.cases import Case, cases_in, fixed_file, fixture_files
from oracle.running import assert_same, assert_same_training, counterpart, original, run, run_without, was_refused

SLIPS = (
    "clip_misplaced",
    "no_effect_context",
    "requires_grad_typo",
    "step_on_cleared_grads",
    "uncalled_lifecycle_method",
)
DISCARDED = "gradients_discarded"
LEFT = ("cross_loss_pollution", "partial_clear", "stale_grads_on_skip")
SCALED = ("clip_without_unscale", "step_bypasses_scaler")
WINDOWS = ("accumulation_guard_wrong", "accumulation_tail", "accumulation_unscaled_loss", "double_loss_scaling")
RULES = (*SLIPS, DISCARDED, *LEFT, *SCALED, *WINDOWS, "exhausted_parameter_generator", "scheduler_before_optimizer")
FILES = [path for rule in RULES for path in fixture_files(rule)]
WRONG = [case for path in FILES for case in cases_in(path) if case.is_wrong]
RIGHT = [case for path in FILES for case in cases_in(path) if not case.is_wrong]
IDLE = [case for case in WRONG if case.path.parent.name in SLIPS]
TOO_EARLY = [case for case in WRONG if case.path.parent.name == DISCARDED]
FIXED = [case for path in FILES for case in cases_in(fixed_file(path)) if case.is_wrong]


@pytest.mark.parametrize("case", IDLE, ids=str)
def test_a_slip_does_nothing(case: Case) -> None:
    assert_same(run_without(case, {mark.row for mark in case.marks}), run(case))


@pytest.mark.parametrize("case", TOO_EARLY, ids=str)
def test_a_step_after_a_clear_that_comes_too_early_does_nothing(case: Case) -> None:
    lines = enumerate(case.path.read_text("utf-8").splitlines(), start=1)
    steps = [row for row, line in lines if row in case.rows and line.endswith("optimizer.step()")]
    assert_same(run_without(case, {min(row for row in steps if row > mark.row) for mark in case.marks}), run(case))


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
