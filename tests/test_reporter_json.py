"""The JSON format and the schema that ships with the package."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from samples import SAMPLES

from gradlint.reporters import REPORTERS, Report
from gradlint.reporters.json import schema

everywhere = pytest.mark.parametrize("name", SAMPLES)


@everywhere
def test_json_is_what_its_schema_says(name: str) -> None:
    jsonschema.Draft202012Validator(json.loads(schema())).validate(
        json.loads(REPORTERS["json"](SAMPLES[name].report()))
    )


def test_the_schema_is_one_and_refuses_other_things() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    validator.check_schema(validator.schema)
    found = json.loads(REPORTERS["json"](SAMPLES["design_note"].report()))
    for key in found[0]:
        assert not validator.is_valid([{k: v for k, v in found[0].items() if k != key}]), key
    assert not validator.is_valid([found[0] | {"line": 14}])


def test_json_has_ruffs_keys_in_order() -> None:
    (found,) = json.loads(REPORTERS["json"](SAMPLES["design_note"].report()))
    assert " ".join(found) == (
        "cell code end_location filename fix location message name noqa_row severity url label order related"
    )


@pytest.mark.parametrize(
    ("rows", "code", "expected"),
    [
        pytest.param((14, 16), "GRD101", 16, id="last row of the statement"),
        pytest.param((0, 0), "GRD101", 14, id="statement unknown"),
        pytest.param((0, 0), "GRD000", None, id="no comment counts where the file does not parse"),
    ],
)
def test_json_noqa_row(rows: tuple[int, int], code: str, expected: int | None) -> None:
    finding = replace(SAMPLES["design_note"].diagnostics[0], statement_rows=rows, code=code)
    (found,) = json.loads(REPORTERS["json"](Report((finding,), {})))
    assert found["noqa_row"] == expected


def test_json_has_the_whole_story() -> None:
    (found,) = json.loads(REPORTERS["json"](SAMPLES["other_file"].report()))
    assert (found["order"], found["label"]) == (3, "the next iteration adds to the same gradients")
    assert [(each["order"], each["filename"], each["message"]) for each in found["related"]] == [
        (1, "train.py", "this calls `apply`"),
        (2, "lib/steps.py", "applied here, never cleared"),
        (4, "train.py", "applied again"),
        (5, "gone.py", "a file that could not be read again"),
    ]


def test_json_without_a_story() -> None:
    (found,) = json.loads(REPORTERS["json"](SAMPLES["syntax_error"].report()))
    assert (found["label"], found["order"], found["related"], found["cell"]) == ("", 0, [], None)


def test_json_counts_by_cell_in_a_notebook() -> None:
    first, second = json.loads(REPORTERS["json"](SAMPLES["notebook"].report()))
    assert (first["cell"], first["location"], first["noqa_row"]) == (2, {"row": 4, "column": 5}, 4)
    (step,) = first["related"]
    assert (step["cell"], step["location"]) == (4, {"row": 1, "column": 1})
    assert (second["cell"], second["location"], second["noqa_row"]) == (5, {"row": 1, "column": 1}, 1)
    places = [(edit["cell"], edit["location"], edit["end_location"]) for edit in second["fix"]["edits"]]
    assert places == [
        # The end of the last line of a cell, and not the start of the next cell.
        (2, {"row": 4, "column": 1}, {"row": 4, "column": 20}),
        (4, {"row": 2, "column": 12}, {"row": 2, "column": 12}),
        (5, {"row": 1, "column": 1}, {"row": 1, "column": 1}),
    ]


def test_json_keeps_what_a_path_is_made_of() -> None:
    (found,) = json.loads(REPORTERS["json"](SAMPLES["undecodable_path"].report()))
    assert found["filename"] == "\udcff.py"


def test_json_links_to_the_documentation() -> None:
    report = replace(SAMPLES["syntax_error"].report(), documentation="https://example.org/rules/")
    (found,) = json.loads(REPORTERS["json"](report))
    assert found["url"] == "https://example.org/rules/syntax-error.md"
