"""reviewdog's diagnostic format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from samples import SAMPLES, Sample

from gradlint.reporters import REPORTERS, Report

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "rdjson.schema.json").read_text("utf-8"))
everywhere = pytest.mark.parametrize("name", SAMPLES)


def result(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(REPORTERS["rdjson"](report))
    return found


@everywhere
def test_is_what_its_schema_says(name: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(result(SAMPLES[name].report(failures=("gone.py: no such file",))))


def empty(value: object) -> Iterator[object]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            if each in (None, "", [], {}):
                yield each
            yield from empty(each)


@everywhere
def test_empty_keys_are_left_out(name: str) -> None:
    found = result(SAMPLES[name].report())
    assert not [*empty(found["diagnostics"]), *empty(found["source"])]


def test_a_clean_run() -> None:
    assert result(SAMPLES["clean"].report()) == {"source": {"name": "gradlint"}, "diagnostics": []}


def test_a_failure_has_no_place() -> None:
    found = result(SAMPLES["clean"].report(failures=("gone.py: no such file",)))
    assert found["severity"] == "ERROR"
    assert found["diagnostics"] == [{"message": "gone.py: no such file", "severity": "ERROR"}]


def test_columns_are_bytes() -> None:
    (found,) = result(SAMPLES["wide_characters"].report())["diagnostics"]
    # `    s = 'é😀é'; ` has 16 code points: é takes 2 bytes, 😀 takes 4, the accent of the second é takes 2.
    assert found["location"]["range"] == {
        "start": {"line": 2, "column": 17 + 1 + 3 + 1},
        "end": {"line": 2, "column": 17 + 1 + 3 + 1 + len("verlust_é.backward()".encode())},
    }


@pytest.mark.parametrize(
    ("name", "severities"), [("several", ["ERROR", "WARNING", "INFO"]), ("syntax_error", ["ERROR"])]
)
def test_severities(name: str, severities: list[str]) -> None:
    found = result(SAMPLES[name].report())
    assert found["severity"] == severities[0]
    assert [each["severity"] for each in found["diagnostics"]] == severities


@pytest.mark.parametrize("name", ["design_note", "several_edits", "carriage_returns", "wide_characters", "far_apart"])
def test_the_one_suggestion_does_what_the_fix_does(name: str) -> None:
    sample: Sample = SAMPLES[name]
    (finding,) = sample.diagnostics
    source = sample.sources[finding.path]
    (found,) = result(sample.report())["diagnostics"]
    (suggestion,) = found["suggestions"]

    def offset(place: dict[str, int]) -> int:
        lines = source.text.encode().splitlines(keepends=True)
        return sum(map(len, lines[: place["line"] - 1])) + place["column"] - 1

    start, end = offset(suggestion["range"]["start"]), offset(suggestion["range"]["end"])
    encoded = source.text.encode()
    assert finding.fix is not None
    fixed = source.text
    for edit in sorted(finding.fix.edits, key=lambda edit: edit.span, reverse=True):
        fixed = fixed[: source.offset(edit.span.start)] + edit.content + fixed[source.offset(edit.span.end) :]
    assert encoded[:start] + suggestion["text"].encode() + encoded[end:] == fixed.encode()


def test_links_are_absolute_or_left_out() -> None:
    report = SAMPLES["syntax_error"].report()
    (found,) = result(report)["diagnostics"]
    assert found["code"] == {"value": "GRD000"}
    linked = result(replace(report, documentation="https://example.org/rules"))
    assert linked["source"] == {"name": "gradlint", "url": "https://example.org/rules"}
    assert linked["diagnostics"][0]["code"]["url"] == "https://example.org/rules/syntax-error.md"


def test_further_places() -> None:
    (found,) = result(SAMPLES["other_file"].report())["diagnostics"]
    assert [(each["message"], each["location"]["path"]) for each in found["relatedLocations"]] == [
        ("this calls `apply`", "train.py"),
        ("applied here, never cleared", "lib/steps.py"),
        ("applied again", "train.py"),
        ("a file that could not be read again", "gone.py"),
    ]


def test_a_cell_is_no_line_of_the_file() -> None:
    found, _ = result(SAMPLES["notebook"].report())["diagnostics"]
    assert found["message"].startswith("cell 2, line 4: `loss")
    assert found["location"] == {"path": "nb.ipynb", "range": {"start": {"line": 1}}}
    assert "suggestions" not in found
    assert found["relatedLocations"][0]["message"] == "cell 4, line 1: applied here, never cleared"
