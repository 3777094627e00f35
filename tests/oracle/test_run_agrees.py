"""Every verdict on a fixture is what happens when it runs under real PyTorch."""

from __future__ import annotations

import pytest

from oracle.cases import Case, cases_in, fixed_file, fixture_files
from oracle.running import assert_same_training, counterpart, original, run, was_refused
from oracle.sanitizer import Sanitizer

CODE = "GRD101"
MISSING = fixture_files("missing_zero_grad")
INSTEAD = fixture_files("wrong_optimizer_cleared")
FILES = [*MISSING, *INSTEAD]
CASES = [case for path in FILES for case in cases_in(path)]
WRONG = [case for case in CASES if case.is_wrong]
FIXED = [case for path in FILES if fixed_file(path).exists() for case in cases_in(fixed_file(path))]

needs_fixed_files = pytest.mark.skipif(not FIXED, reason="no .fixed.py yet: make them with tests/oracle/renew_fixed.py")


def stale_rows(case: Case) -> set[int | None]:
    with Sanitizer(case.path) as sanitizer:
        run(case)
    return sanitizer.stale_rows


@pytest.mark.parametrize("case", [case for case in CASES if case.path in MISSING], ids=str)
def test_marked_lines_are_those_that_reuse_stale_gradients(case: Case) -> None:
    assert stale_rows(case) == case.flagged(CODE)


@pytest.mark.parametrize("case", [case for case in CASES if case.path in INSTEAD], ids=str)
def test_where_another_one_is_cleared_stale_gradients_are_reused(case: Case) -> None:
    assert bool(stale_rows(case)) == case.is_wrong


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_wrong_trains_otherwise_than_its_twin(case: Case) -> None:
    """If both trained alike, comparing a fixed function with the twin would prove nothing."""
    twin = counterpart(case, case.path, case.twin_name)
    with pytest.raises(AssertionError):
        assert_same_training(case, twin)


@needs_fixed_files
@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fixed_runs_clean(case: Case) -> None:
    if was_refused(case):
        pytest.skip("the fixer refused this one")
    assert stale_rows(case) == set()


@needs_fixed_files
@pytest.mark.parametrize("case", [case for case in FIXED if case.is_wrong], ids=str)
def test_fixed_trains_like_its_twin(case: Case) -> None:
    if was_refused(case):
        pytest.skip("the fixer refused this one")
    assert_same_training(case, counterpart(case, original(case), case.twin_name))
