"""SARIF 2.1.0."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from samples import SAMPLES, TRAIN, one

from gradlint import __version__
from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.reporters import REPORTERS, Report
from gradlint.reporters.uri import path_uri
from gradlint.rule import all_rules

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
MESSAGE = "`loss.backward()` adds to gradients that `optimizer.step()` has already applied"


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(REPORTERS["sarif"](report))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("name", SAMPLES)
def test_is_what_the_official_schema_says(name: str) -> None:
    run_of(SAMPLES[name].report())
    run_of(replace(SAMPLES[name].report(failures=("x",)), documentation="https://example.org/rules"))


def test_the_schema_would_refuse_other_things() -> None:
    log = json.loads(REPORTERS["sarif"](SAMPLES["design_note"].report()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not jsonschema.Draft4Validator(SCHEMA).is_valid(log)


def test_names_its_schema() -> None:
    log = json.loads(REPORTERS["sarif"](SAMPLES["clean"].report()))
    assert (log["$schema"], log["version"]) == (SCHEMA["id"], "2.1.0")


def test_a_clean_run() -> None:
    assert run_of(SAMPLES["clean"].report()) == {
        "tool": {"driver": {"name": "gradlint", "semanticVersion": __version__, "rules": []}},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "results": [],
    }


def test_a_run_that_failed() -> None:
    (invocation,) = run_of(SAMPLES["clean"].report(failures=("gone.py: no such file",)))["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification == {"level": "error", "message": {"text": "gone.py: no such file"}}


def test_a_result() -> None:
    (result,) = run_of(SAMPLES["design_note"].report())["results"]
    artifact = {"uri": "train.py"}
    region = {"startLine": 14, "startColumn": 9, "endLine": 14, "endColumn": 24}
    step = {"startLine": 15, "startColumn": 9, "endLine": 15, "endColumn": 25}
    applied = {
        "physicalLocation": {"artifactLocation": artifact, "region": step},
        "message": {"text": "applied here, never cleared"},
    }
    added = {
        "physicalLocation": {"artifactLocation": artifact, "region": region},
        "message": {"text": "the next iteration adds to the same gradients"},
    }
    end = {"startLine": 15, "startColumn": 25, "endLine": 15, "endColumn": 25}
    replacement = {"deletedRegion": end, "insertedContent": {"text": "\n        optimizer.zero_grad()"}}
    assert result.pop("partialFingerprints").keys() == {"primaryLocationLineHash"}
    assert result == {
        "ruleId": "GRD101",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": MESSAGE},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "relatedLocations": [{"id": 1} | applied],
        "codeFlows": [{"threadFlows": [{"locations": [{"location": applied}, {"location": added}]}]}],
        "fixes": [
            {
                "description": {"text": "clear them once they are applied"},
                "artifactChanges": [{"artifactLocation": artifact, "replacements": [replacement]}],
            }
        ],
    }


def test_columns_are_code_points() -> None:
    (result,) = run_of(SAMPLES["wide_characters"].report())["results"]
    # `    s = 'é😀é'; ` has 16 of them, since the second é is an e with a combining accent; the call has 20.
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (17, 37)


def test_rules_are_those_with_findings_by_code() -> None:
    report = SAMPLES["several"].report()
    syntax = replace(report.diagnostics[0], code="GRD000", name="syntax-error")
    unknown = replace(report.diagnostics[0], code="GRD999", name="not-there")
    run = run_of(replace(report, diagnostics=(*report.diagnostics, unknown, syntax)))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["GRD000", "GRD101", "GRD999"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_rule_is_told_by_its_docstring() -> None:
    (rule,) = run_of(SAMPLES["design_note"].report())["tool"]["driver"]["rules"]
    assert rule["name"] == "missing-zero-grad"
    assert rule["shortDescription"]["text"].startswith("Gradients are added to gradients that an optimizer")
    assert rule["fullDescription"]["text"].startswith("Finds paths on which `step()` applies gradients, a later")
    assert rule["help"]["markdown"].startswith("# missing-zero-grad (GRD101)\n")
    assert "## Use instead" in rule["help"]["markdown"] and "##" not in rule["help"]["text"]
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert rule["properties"] == {
        "precision": "high",
        "problem.severity": "error",
        "tags": ["clearing", "correctness", "pytorch"],
    }
    assert "helpUri" not in rule


def test_every_rule_can_be_described() -> None:
    finding = SAMPLES["design_note"].diagnostics[0]
    findings = [replace(finding, code=rule.code, name=rule.name) for rule in all_rules()]
    described = run_of(Report(findings, {}))["tool"]["driver"]["rules"]
    for rule, told in zip(all_rules(), described, strict=True):
        assert told["properties"]["precision"] == ("medium" if rule.preview else "high")
        assert 1 <= len(told["shortDescription"]["text"]) <= 1024
        assert 1 <= len(told["fullDescription"]["text"]) <= 1024


def test_links_are_absolute_or_left_out() -> None:
    report = replace(SAMPLES["syntax_error"].report(), documentation="https://example.org/rules")
    driver = run_of(report)["tool"]["driver"]
    assert driver["informationUri"] == "https://example.org/rules"
    assert driver["rules"][0]["helpUri"] == "https://example.org/rules/syntax-error.md"


def test_long_texts_are_cut() -> None:
    finding = replace(SAMPLES["design_note"].diagnostics[0], message="x" * 1025)
    (result,) = run_of(Report((finding,), {}))["results"]
    assert result["message"]["text"] == "x" * 1023 + "…"
    (whole,) = run_of(Report((replace(finding, message="x" * 1024),), {}))["results"]
    assert whole["message"]["text"] == "x" * 1024


def test_the_finding_stands_at_its_place_in_the_story() -> None:
    (result,) = run_of(SAMPLES["other_file"].report())["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [
        "this calls `apply`",
        "applied here, never cleared",
        "the next iteration adds to the same gradients",
        "applied again",
        "a file that could not be read again",
    ]
    assert [related["id"] for related in result["relatedLocations"]] == [1, 2, 3, 4]


def test_a_finding_without_a_story_has_no_flow() -> None:
    (result,) = run_of(SAMPLES["syntax_error"].report())["results"]
    assert not {"codeFlows", "relatedLocations", "fixes"} & result.keys()


def test_a_cell_is_no_line_of_the_file() -> None:
    result, _ = run_of(SAMPLES["notebook"].report())["results"]
    assert result["message"]["text"] == f"cell 2, line 4: {MESSAGE}"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert result["relatedLocations"][0]["message"]["text"] == "cell 4, line 1: applied here, never cleared"
    # Places in the text of the cells are none in the file, whose lines GitHub would hash.
    assert not {"fixes", "partialFingerprints"} & result.keys()


def test_levels() -> None:
    levels = [result["level"] for result in run_of(SAMPLES["several"].report())["results"]]
    assert levels == ["error", "warning", "note"]


def test_the_line_is_hashed_wherever_its_text_is_known() -> None:
    def key(report: Report) -> object:
        (result,) = run_of(report)["results"]
        return result.get("partialFingerprints")

    # Newlines are all one to GitHub.
    assert key(SAMPLES["carriage_returns"].report()) == key(SAMPLES["design_note"].report())
    assert key(Report(SAMPLES["design_note"].diagnostics, {})) is None
    beyond = Diagnostic("train.py", Span(Point(99, 1), Point(99, 1)), "GRD101", "n", "m", Severity.ERROR)
    assert key(Report((beyond,), SAMPLES["design_note"].sources)) is None


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        pytest.param("a/b.py", "a/b.py", id="relative"),
        pytest.param("../b.py", "../b.py", id="above"),
        pytest.param("my runs/lr=0,1: größe%.py", "my%20runs/lr%3D0%2C1%3A%20gr%C3%B6%C3%9Fe%25.py", id="odd"),
        pytest.param("a:b.py", "a%3Ab.py", id="no scheme"),
        pytest.param("/a/x y.py", "file:///a/x%20y.py", id="absolute"),
        pytest.param("C:/x y.py", "file:///C:/x%20y.py", id="Windows"),
        pytest.param("//server/share/x.py", "file://server/share/x.py", id="UNC"),
        pytest.param("\udcff.py", "%FF.py", id="a byte that is no text"),
        pytest.param("\ud800.py", "%3F.py", id="half a character"),
        pytest.param("a\0b.py", "a%00b.py", id="NUL"),
        pytest.param("<stdin>", "%3Cstdin%3E", id="standard input"),
    ],
)
def test_uris(path: str, uri: str) -> None:
    assert path_uri(path) == uri
    (result,) = run_of(one(path, TRAIN).report())["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}
