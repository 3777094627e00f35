"""JUnit's XML."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import pytest
from samples import SAMPLES

from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.reporters import REPORTERS, Report


def suites(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(REPORTERS["junit"](report))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("failures", [(), ("gone.py: no such file", "\0")])
def test_counts_are_right(name: str, failures: tuple[str, ...]) -> None:
    root = suites(SAMPLES[name].report(failures=failures))
    for element in (root, *root):
        for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert element.get(key) == str(len(list(element.iter(tag)))), (element.tag, key)
    assert root.get("tests") == str(len(SAMPLES[name].diagnostics) + len(failures) or 1)
    assert root.get("failures") == str(len(SAMPLES[name].diagnostics))
    assert root.get("errors") == str(len(failures))


def test_a_clean_run_has_one_case_that_passes() -> None:
    assert REPORTERS["junit"](SAMPLES["clean"].report()) == (
        """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites name="gradlint" tests="1" failures="0" errors="0">
  <testsuite name="gradlint" tests="1" failures="0" errors="0">
    <testcase name="gradlint" classname="gradlint" />
  </testsuite>
</testsuites>
"""
    )


def test_a_suite_for_each_file() -> None:
    root = suites(SAMPLES["several"].report())
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("train.py", "2"), ("pkg/gan.py", "1")]


def test_failures_are_errors_in_a_suite_of_their_own() -> None:
    root = suites(SAMPLES["design_note"].report(failures=("gone.py: no such file",)))
    assert [suite.get("name") for suite in root] == ["gradlint", "train.py"]
    (error,) = root[0].iter("error")
    assert error.get("message") == "gone.py: no such file"


def test_a_case() -> None:
    (case,) = suites(SAMPLES["design_note"].report()).iter("testcase")
    assert case.attrib == {
        "name": "GRD101 missing-zero-grad",
        "classname": "train.py",
        "file": "train.py",
        "line": "14",
    }
    (failure,) = case
    message = "`loss.backward()` adds to gradients that `optimizer.step()` has already applied"
    assert failure.attrib == {"message": message, "type": "GRD101"}
    assert (failure.text or "").splitlines() == [
        f"train.py:14:9: GRD101 {message}",
        "train.py:15:9: 1: applied here, never cleared",
        "train.py:14:9: 2: the next iteration adds to the same gradients",
    ]


def test_markup_comes_through_and_what_xml_cannot_hold_does_not() -> None:
    message = '<a & "b"> \'\n\x1b\0\udcff\uffff]]> 😀'
    finding = Diagnostic('<&">.py', Span(Point(1, 1), Point(1, 1)), "GRD101", "n", message, Severity.ERROR)
    root = suites(Report((finding,), {}))
    (failure,) = root.iter("failure")
    assert failure.get("message") == '<a & "b"> \'\n\ufffd\ufffd\ufffd\ufffd]]> 😀'
    assert root[0].get("name") == '<&">.py'


def test_a_cell_is_no_line_of_the_file() -> None:
    case, _ = suites(SAMPLES["notebook"].report()).iter("testcase")
    assert case.get("line") == "1"
    assert (case[0].get("message") or "").startswith("cell 2, line 4: `loss")
    assert (case[0].text or "").startswith("nb.ipynb:cell 2:4:5: GRD101 ")


def test_other_formats_need_no_xml() -> None:
    code = "import sys, gradlint.reporters; sys.exit(any(name.startswith('xml') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
