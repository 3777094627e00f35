"""Of what is reported of windows real PyTorch drops gradients that it applies another time, and of nothing else."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed, so no window was run")

from oracle.cases import Case, cases_in, fixed_file, fixture_files  # noqa: E402 - they need torch
from oracle.running import assert_same_training, counterpart, original, run, was_refused  # noqa: E402
from oracle.sanitizer import Sanitizer, Site  # noqa: E402

FILES = fixture_files("window_cleared_early")
CASES = [case for path in FILES for case in cases_in(path)]
FIXED = [case for path in FILES for case in cases_in(fixed_file(path)) if case.is_wrong]
OTHER_MATTERS = (
    "the_end_of_an_epoch_right",  # what is dropped is left over, and not too early
    "gradients_that_are_looked_at_right",  # what is dropped has served its purpose
    "a_generator_every_few_iterations_right",  # what is dropped in one network is applied in another
)


def lost(case: Case) -> set[Site | None]:
    """The backwards whose gradients are applied one time and dropped another."""
    with Sanitizer(case.path) as sanitizer:
        run(case)
    return sanitizer.applied_sites & sanitizer.dropped_sites


@pytest.mark.parametrize("case", [case for case in CASES if case.is_wrong], ids=str)
def test_a_window_that_is_reported_loses_batches(case: Case) -> None:
    assert lost(case)


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_wrong], ids=str)
def test_other_windows_lose_none(case: Case) -> None:
    if case.name in OTHER_MATTERS:
        pytest.skip("it drops some, and that is no matter of this rule")
    assert not lost(case)


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fixed_windows_lose_none(case: Case) -> None:
    if was_refused(case):
        pytest.skip("there is no fix for this one")
    assert not lost(case)
    assert_same_training(case, counterpart(case, original(case), case.twin_name))
