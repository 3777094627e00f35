"""The linter says of every fixture exactly what its marks demand; `oracle/` proves that the marks are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle.cases import Case, Mark, cases_in, fixed_file, fixture_files, marks_in
from oracle.projects import Line, Project, projects
from oracle.renew_fixed import findings_in, fixed_text

from gradlint.source import Source

FILES = fixture_files()
CASES = [case for path in FILES for case in cases_in(path)]
PROJECTS = projects()
WITH_FIXED = [path for path in FILES if fixed_file(path).exists()]

needs_fixed_files = pytest.mark.skipif(
    not WITH_FIXED, reason="no .fixed.py yet: make them with tests/oracle/renew_fixed.py"
)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def said_of(path: Path) -> frozenset[Mark]:
    findings = findings_in(Source.decode(str(path), path.read_bytes()).text)
    assert findings is not None
    return frozenset(Mark(each.span.start.row, each.code) for each in findings)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_linter_flags_the_marked_lines(case: Case) -> None:
    assert {mark for mark in said_of(case.path) if mark.row in case.rows} == case.marks


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_linter_says_nothing_else_of_the_file(path: Path) -> None:
    assert said_of(path) - marks_in(path) == set()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_names_agree_with_marks(path: Path) -> None:
    assert [case.name for case in cases_in(path) if case.is_wrong != bool(case.marks)] == []
    assert marks_in(path) == {mark for case in cases_in(path) for mark in case.marks}


@pytest.mark.parametrize("code", ["GRD101"])
def test_there_are_enough_cases(code: str) -> None:
    """The brief asks for 40 of each; a fixture that is lost should be noticed."""
    files = fixture_files("missing_zero_grad")
    wrong = [case for path in files for case in cases_in(path) if case.flagged(code)]
    right = [case for path in files for case in cases_in(path) if not case.marks]
    assert len(wrong) >= 150
    assert len(right) >= 200


@needs_fixed_files
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_fixed_file_is_what_the_fixer_makes(path: Path) -> None:
    assert fixed_text(path) == fixed_file(path).read_text(encoding="utf-8")


@needs_fixed_files
@pytest.mark.parametrize("path", WITH_FIXED, ids=name_of)
def test_fixed_file_has_only_refused_findings(path: Path) -> None:
    """Nothing is reported in a function that the fixer changed, and it changed no right one."""
    before = {case.name: case for case in cases_in(path)}
    for case in cases_in(fixed_file(path)):
        changed = case.text != before[case.name].text
        assert not (changed and not case.is_wrong), f"{case.name} was right and was changed"
        left = {mark for mark in said_of(case.path) if mark.row in case.rows}
        assert not (changed and left), f"{case.name} was changed and is still reported"


@needs_fixed_files
@pytest.mark.parametrize("path", WITH_FIXED, ids=name_of)
def test_fixing_twice_changes_nothing(path: Path) -> None:
    fixed = fixed_file(path)
    assert fixed_text(fixed) == fixed.read_text(encoding="utf-8")


def expected_of(project: Project) -> set[tuple[Line, str]]:
    return {(project.line(path, mark.row), mark.code) for path in project.files for mark in marks_in(path)}


def test_there_are_enough_projects() -> None:
    cases = [case for project in projects("missing_zero_grad") for case in project.cases()]
    assert sum(case.is_wrong for case in cases) >= 110
    assert sum(not case.is_wrong for case in cases) >= 270


@pytest.mark.parametrize("project", PROJECTS, ids=str)
def test_linter_flags_the_marked_lines_of_a_project(project: Project) -> None:
    assert project.said() == expected_of(project)


@pytest.mark.parametrize("project", PROJECTS, ids=str)
def test_linter_says_the_same_of_a_file_given_by_name(project: Project) -> None:
    """As an editor or pre-commit do, which lint one file of a project at a time."""
    said = {path: project.said(path) for path in project.files}
    assert set().union(*said.values()) == expected_of(project)


@pytest.mark.parametrize("project", PROJECTS, ids=str)
def test_names_agree_with_marks_of_a_project(project: Project) -> None:
    cases = project.cases()
    assert cases
    assert any(case.is_wrong for case in cases) == any(map(marks_in, project.files))
    assert [case.name for case in cases if not case.is_wrong and project.own_marks(case, "GRD101")] == []
