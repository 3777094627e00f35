"""Every verdict on a fixture is what happens when it runs under real PyTorch."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from oracle.cases import Case, cases_in, fixed_file, fixture_files

torch = pytest.importorskip("torch", reason="PyTorch is not installed, so no fixture was run")

from oracle.sanitizer import Sanitizer  # noqa: E402 - it needs torch

CODE = "GRD101"
FILES = fixture_files("missing_zero_grad")
CASES = [case for path in FILES for case in cases_in(path)]
WRONG = [case for case in CASES if case.is_wrong]
FIXED = [case for path in FILES if fixed_file(path).exists() for case in cases_in(fixed_file(path))]

# Stand-ins for frameworks that are not installed, or do not run here.
sys.path.insert(0, str(Path(__file__).parent / "frameworks"))

needs_fixed_files = pytest.mark.skipif(not FIXED, reason="no .fixed.py yet: make them with tests/oracle/renew_fixed.py")


@cache
def module_of(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem.replace(".", "_"), path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(case: Case) -> list[Any]:
    return list(getattr(module_of(case.path), case.name)())


def stale_rows(case: Case) -> set[int | None]:
    with Sanitizer(case.path) as sanitizer:
        run(case)
    return sanitizer.stale_rows


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


def assert_same_training(case: Case, reference: Case) -> None:
    ours, theirs = run(case), run(reference)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(torch.as_tensor(one), torch.as_tensor(other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_marked_lines_are_those_that_reuse_stale_gradients(case: Case) -> None:
    assert stale_rows(case) == case.flagged(CODE)


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
