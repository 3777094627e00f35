"""GitLab's code quality reports."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from samples import SAMPLES, TRAIN, one

from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.reporters import REPORTERS, Report
from gradlint.source import Source

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "gitlab.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("name", SAMPLES)
def test_is_what_its_schema_says(name: str) -> None:
    text = REPORTERS["gitlab"](SAMPLES[name].report(failures=("gone.py: no such file",)))
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


def test_an_issue() -> None:
    (issue,) = json.loads(REPORTERS["gitlab"](SAMPLES["design_note"].report()))
    identity = b"train.py\0GRD101\0loss.backward()\x001"
    assert issue == {
        "description": "GRD101 missing-zero-grad: "
        "`loss.backward()` adds to gradients that `optimizer.step()` has already applied",
        "check_name": "GRD101",
        "fingerprint": hashlib.sha256(identity).hexdigest(),
        "severity": "major",
        "location": {"path": "train.py", "lines": {"begin": 14, "end": 14}},
    }


@pytest.mark.parametrize(
    ("severity", "shown"), [(Severity.ERROR, "major"), (Severity.WARNING, "minor"), (Severity.NOTE, "info")]
)
def test_severities(severity: Severity, shown: str) -> None:
    finding = replace(SAMPLES["design_note"].diagnostics[0], severity=severity)
    (issue,) = json.loads(REPORTERS["gitlab"](Report((finding,), {})))
    assert issue["severity"] == shown


def fingerprints(*findings: Diagnostic, text: str) -> list[str]:
    report = Report(findings, {"t.py": Source("t.py", text)})
    return [issue["fingerprint"] for issue in json.loads(REPORTERS["gitlab"](report))]


def test_fingerprints_are_unique_and_stay_when_lines_move() -> None:
    def at(row: int) -> Diagnostic:
        return Diagnostic("t.py", Span(Point(row, 1), Point(row, 2)), "GRD101", "n", "m", Severity.ERROR)

    before = fingerprints(at(1), at(2), text="a\na\n")
    assert len(set(before)) == 2
    assert fingerprints(at(3), at(5), text="\n\n  a\n\na") == before


def test_a_cell_is_no_line_of_the_file() -> None:
    first, _ = json.loads(REPORTERS["gitlab"](SAMPLES["notebook"].report()))
    assert first["description"].startswith("GRD101 missing-zero-grad: cell 2, line 4: `loss")
    assert first["location"] == {"path": "nb.ipynb", "lines": {"begin": 1, "end": 1}}


def test_a_stretch_has_its_first_and_last_line() -> None:
    (issue,) = json.loads(REPORTERS["gitlab"](SAMPLES["several_edits"].report()))
    assert issue["location"]["lines"] == {"begin": 13, "end": 15}


def test_a_path_that_is_no_text_is_readable_json() -> None:
    (issue,) = json.loads(REPORTERS["gitlab"](one("\udcff.py", TRAIN).report()))
    assert issue["location"]["path"] == "\N{REPLACEMENT CHARACTER}.py"
