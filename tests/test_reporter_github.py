"""Workflow commands of GitHub Actions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import SAMPLES, TRAIN, one

from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.reporters import REPORTERS, Report

SPAN = Span(Point(3, 5), Point(3, 9))
FINDING = Diagnostic("a.py", SPAN, "GRD101", "missing-zero-grad", "no clear", Severity.ERROR)


def line(finding: Diagnostic) -> str:
    return REPORTERS["github"](Report((finding,), {}))


def test_properties_are_escaped_more_than_messages() -> None:
    assert REPORTERS["github"](one("a,b:c%.py", TRAIN).report()) == (
        "::error title=gradlint (GRD101),file=a%2Cb%3Ac%25.py,line=14,col=9,endLine=14,endColumn=24::"
        "a,b:c%25.py:14:9: GRD101 `loss.backward()` adds to gradients that `optimizer.step()` has already applied\n"
    )


def test_messages_stay_on_one_line() -> None:
    assert line(replace(FINDING, message="50%\r\nof\nit")).endswith("::a.py:3:5: GRD101 50%25%0D%0Aof%0Ait\n")


def test_columns_need_a_finding_on_one_line() -> None:
    found = line(replace(FINDING, span=Span(Point(3, 5), Point(4, 2))))
    assert found == "::error title=gradlint (GRD101),file=a.py,line=3,endLine=4::a.py:3:5: GRD101 no clear\n"


@pytest.mark.parametrize(
    ("severity", "command"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")]
)
def test_severities(severity: Severity, command: str) -> None:
    assert line(replace(FINDING, severity=severity)).startswith(f"::{command} title=")


def test_a_cell_is_no_line_of_the_file() -> None:
    first, _ = REPORTERS["github"](SAMPLES["notebook"].report()).splitlines()
    assert first == (
        "::error title=gradlint (GRD101),file=nb.ipynb,line=1::nb.ipynb: GRD101 cell 2, line 4: "
        "`loss.backward()` adds to gradients that `optimizer.step()` has already applied"
    )


def test_a_notebook_that_could_not_be_read_again() -> None:
    found = line(replace(FINDING, path="nb.ipynb"))
    assert found == "::error title=gradlint (GRD101),file=nb.ipynb,line=1::nb.ipynb: GRD101 no clear\n"


def test_failures_come_first() -> None:
    report = Report((FINDING,), {}, failures=("x.py: 100% broken",))
    assert REPORTERS["github"](report).splitlines()[0] == "::error title=gradlint::x.py: 100%25 broken"
