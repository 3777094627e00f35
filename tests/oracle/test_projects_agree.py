"""Every verdict on a fixture of several files is what happens when it runs under real PyTorch."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from oracle.cases import Case
from oracle.projects import Line, Project, projects

torch = pytest.importorskip("torch", reason="PyTorch is not installed, so no fixture was run")

from oracle.sanitizer import Sanitizer  # noqa: E402 - it needs torch

CODE = "GRD101"
PROJECTS = projects("missing_zero_grad")
CASES = [pytest.param(each, case.name, id=f"{each}-{case.name}") for each in PROJECTS for case in each.cases()]
WRONG = [param for param in CASES if str(param.values[1]).endswith("_wrong")]


def case_of(project: Project, name: str) -> Case:
    case = project.case(name)
    if case is None:
        pytest.skip(f"{project} has no {name}")
    return case


@cache
def run(project: Project, name: str) -> tuple[tuple[Any, ...], frozenset[Line | None]]:
    """What a case returns, and where it reuses stale gradients; None is outside of the project."""
    case = case_of(project, name)
    with project.module_of(case) as module, Sanitizer(*project.files) as sanitizer:
        trained = tuple(getattr(module, name)())
    return trained, frozenset(site and project.line(*site) for site in sanitizer.stale_sites)


def assert_same_training(one: tuple[Project, str], other: tuple[Project, str]) -> None:
    ours, theirs = run(*one)[0], run(*other)[0]
    assert len(ours) == len(theirs)
    for mine, yours in zip(ours, theirs, strict=True):
        torch.testing.assert_close(torch.as_tensor(mine), torch.as_tensor(yours), rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Fixed copies of projects, each made once."""

    @cache
    def copy(project: Project) -> Project:
        return project.fixed(tmp_path_factory.mktemp("fixed") / project.folder.name)

    return copy


@pytest.mark.parametrize(("project", "name"), CASES)
def test_only_marked_lines_reuse_stale_gradients(project: Project, name: str) -> None:
    case, stale = case_of(project, name), run(project, name)[1]
    assert bool(stale) == case.is_wrong
    assert stale <= project.marks(CODE)
    assert project.own_marks(case, CODE) <= stale


@pytest.mark.parametrize("project", PROJECTS, ids=str)
def test_every_marked_line_reuses_stale_gradients(project: Project) -> None:
    assert set().union(*(run(project, case.name)[1] for case in project.cases())) == project.marks(CODE)


@pytest.mark.parametrize(("project", "name"), WRONG)
def test_wrong_trains_otherwise_than_its_twin(project: Project, name: str) -> None:
    """If both trained alike, comparing a fixed function with the twin would prove nothing."""
    twin = case_of(project, case_of(project, name).twin_name)
    with pytest.raises(AssertionError):
        assert_same_training((project, name), (project, twin.name))


@pytest.mark.parametrize(("project", "name"), CASES)
def test_fixed_runs_clean(project: Project, name: str, fixed: Any) -> None:
    mended = fixed(project)
    left, stale = {line for line, code in mended.said() if code == CODE}, run(mended, name)[1]
    assert stale <= left
    if stale:
        pytest.skip("the fixer refused this one")


@pytest.mark.parametrize(("project", "name"), CASES)
def test_fixed_trains_as_it_should(project: Project, name: str, fixed: Any) -> None:
    """A wrong case like its twin, a right one as before, for it may share what was fixed."""
    case, mended = case_of(project, name), fixed(project)
    if run(mended, name)[1]:
        pytest.skip("the fixer refused this one")
    reference = case_of(project, case.twin_name if case.is_wrong else name)
    assert_same_training((mended, name), (project, reference.name))


@pytest.mark.parametrize("project", [each for each in PROJECTS if each.marks(CODE)], ids=str)
def test_no_fix_is_left_in_a_fixed_project(project: Project, fixed: Any) -> None:
    outcomes = fixed(project).outcomes()
    assert [finding for outcome in outcomes.values() for finding in outcome.diagnostics if finding.fix] == []
