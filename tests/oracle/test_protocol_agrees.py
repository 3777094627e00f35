"""Real PyTorch raises where a gradient scaler is reported to be used again too early, and nowhere else."""

from __future__ import annotations

import traceback

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed, so no gradient scaler was used")

from oracle.cases import Case, cases_in, fixed_file, fixture_files
from oracle.running import assert_same_training, counterpart, original, run, was_refused

FILES = fixture_files("scaler_protocol")
CASES = [case for path in FILES for case in cases_in(path)]
FIXED = [case for path in FILES for case in cases_in(fixed_file(path)) if case.is_wrong]


@pytest.mark.parametrize("case", [case for case in CASES if case.is_wrong], ids=str)
def test_what_is_reported_raises(case: Case) -> None:
    with pytest.raises(RuntimeError, match=r"(step|unscale_)\(\) (has already been|is being) called") as raised:
        run(case)
    rows = {frame.lineno for frame in traceback.extract_tb(raised.tb) if frame.filename == str(case.path)}
    assert rows & case.flagged("GRD404")


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_wrong], ids=str)
def test_other_scalers_do_not_raise(case: Case) -> None:
    assert run(case)


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fixed_does_what_was_meant(case: Case) -> None:
    if was_refused(case):
        pytest.skip("there is no fix for this one")
    assert_same_training(case, counterpart(case, original(case), case.twin_name))
