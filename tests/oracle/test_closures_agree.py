"""A closure that is reported makes the step raise, or train otherwise than the right one does; a fixed one does not."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.cases import Case, cases_in, fixed_file, fixture_files
from oracle.running import assert_same, counterpart, original, run, was_refused

FILES = fixture_files("closure_contract")
WRONG = [case for path in FILES for case in cases_in(path) if case.is_wrong]
RIGHT = [case for path in FILES for case in cases_in(path) if not case.is_wrong]
FIXED = [case for path in FILES for case in cases_in(fixed_file(path)) if case.is_wrong]
ERRORS = (TypeError, AttributeError, RuntimeError)


def outcome(case: Case) -> list[Any] | None:
    """What a case gives back; None where it raises."""
    try:
        return run(case)
    except ERRORS:
        return None


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_it_raises_or_trains_otherwise(case: Case) -> None:
    found = outcome(case)
    if found is not None:
        with pytest.raises(AssertionError):
            assert_same(found, run(counterpart(case, case.path, case.twin_name)))


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fixed_does_what_was_meant(case: Case) -> None:
    if was_refused(case):
        pytest.skip("there is no fix for this one")
    assert_same(run(case), run(counterpart(case, original(case), case.twin_name)))


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_right_ones_run(case: Case) -> None:
    assert run(case)
