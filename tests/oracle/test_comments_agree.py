"""What a comment silences changes nothing that is trained, so taking a comment away that is not needed is safe."""

from __future__ import annotations

import pytest

from oracle.cases import Case, cases_in, fixed_file, fixture_files
from oracle.running import assert_same_training, counterpart, run

FILES = fixture_files("unused_suppression")
CASES = [case for path in FILES for case in cases_in(path)]
ONLY_COMMENTS = [case for case in CASES if {mark.code for mark in case.marks} == {"GRD001"}]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_they_run(case: Case) -> None:
    assert run(case)


@pytest.mark.parametrize("case", ONLY_COMMENTS, ids=str)
def test_without_its_comment_a_function_trains_alike(case: Case) -> None:
    fixed = counterpart(case, fixed_file(case.path), case.name)
    assert fixed.text != case.text
    assert_same_training(case, fixed)
