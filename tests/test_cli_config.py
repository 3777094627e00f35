"""`gradlint config`: every option with its default, and what applies to a file and why."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from commandline import BUG, Run, write

from gradlint.options import OPTIONS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_the_list_is_a_configuration_that_changes_nothing(folder: Path, gradlint: Run) -> None:
    ran = gradlint("config")
    assert (ran.status, ran.err) == (0, "")
    found = tomllib.loads(ran.out)
    assert list(found) == [option.key for option in OPTIONS if option.key != "extend"]
    write(folder, bug=BUG)
    before = gradlint("check")
    (folder / "gradlint.toml").write_text(ran.out)
    assert gradlint("check") == before


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_an_example_is_one(folder: Path, gradlint: Run, option: object) -> None:
    key, example = option.key, option.example  # type: ignore[attr-defined]
    assert list(tomllib.loads(example)) == [key]
    assert f"Example: {example}\n" in gradlint("config", key).out
    (folder / "sub").mkdir()
    (folder / "gradlint.toml").write_text("")
    (folder / "sub" / "gradlint.toml").write_text(example)
    assert gradlint("config", "--show", "sub", key).out.endswith(" # sub/gradlint.toml:1\n")


def test_as_json(gradlint: Run) -> None:
    told = json.loads(gradlint("config", "--output-format", "json").out)
    assert [each["key"] for each in told] == [option.key for option in OPTIONS]
    assert told[1]["default"] == ["ALL"]
    assert [each["key"] for each in json.loads(gradlint("config", "ignore", "--output-format", "json").out)] == [
        "ignore"
    ]


def test_an_unknown_key(gradlint: Run) -> None:
    assert gradlint("config", "selct") == (2, "", "error: unknown key 'selct'; did you mean 'select'?\n")


def test_of_a_pattern_in_two_files_both_lists_are_shown(folder: Path, gradlint: Run) -> None:
    (folder / "base.toml").write_text("per-file-ignores = { 'a.py' = ['GRD1'] }")
    (folder / "gradlint.toml").write_text("extend = 'base.toml'\nper-file-ignores = { 'a.py' = ['GRD4'] }")
    write(folder, a=BUG)
    ran = gradlint("config", "--show", "a.py", "per-file-ignores")
    assert ran.out == 'per-file-ignores = { "a.py" = ["GRD1", "GRD4"] }  # base.toml:1, gradlint.toml:2\n'


def test_what_applies_to_a_file_and_why(folder: Path, gradlint: Run) -> None:
    (folder / "base.toml").write_text("ignore = ['GRD604']\nextend-ignore = ['GRD605']\nextend-exclude = ['old']")
    (folder / "pyproject.toml").write_text(
        "[tool.gradlint]\nextend = 'base.toml'\nselect = [\n  'GRD1', 'GRD6']\nextend-ignore = ['GRD603']\n"
        "[tool.gradlint.per-file-ignores]\ntests = ['GRD101']\n"
    )
    (folder / "tests").mkdir()
    write(folder / "tests", a=BUG)
    lines = gradlint("config", "--show", "tests/a.py").out.splitlines()
    assert lines[0] == "# tests/a.py: configured by pyproject.toml"
    for expected in (
        'select = ["GRD1", "GRD6"]  # pyproject.toml:3',
        'ignore = ["GRD604"]  # base.toml:1',
        'extend-ignore = ["GRD605", "GRD603"]  # base.toml:2, pyproject.toml:5',
        'fail-on = "warning"  # default',
        "# rules that run: GRD000, GRD102, GRD103, GRD104, GRD105, GRD106",
        "# not here, by per-file-ignores: GRD101",
    ):
        assert expected in lines
    assert "GRD107" in lines[-1]
    told = json.loads(gradlint("config", "--show", "tests/a.py", "--output-format", "json").out)
    assert told["values"]["ignore"] == {"value": ["GRD604"], "origin": "base.toml:1"}
    assert (told["configured_by"], told["excluded_by"], told["rules"][0]) == ("pyproject.toml", None, "GRD000")


def test_what_is_left_alone(folder: Path, gradlint: Run) -> None:
    (folder / "build" / "lib").mkdir(parents=True)
    write(folder / "build" / "lib", a=BUG)
    (folder / "gradlint.toml").touch()
    assert (
        "# left alone, unless it is given by name: exclude has './build'"
        in gradlint("config", "--show", "build/lib/a.py").out.splitlines()
    )
    assert "left alone" not in gradlint("config", "--show", ".").out


def test_without_a_configuration_file(folder: Path, gradlint: Run) -> None:
    write(folder, a=BUG)
    (folder / "gradlint.toml").write_text("this is no TOML")
    assert gradlint("config", "--show", "a.py").status == 2
    assert gradlint("config", "--show", "a.py", "--isolated").out.startswith("# a.py: no configuration file applies\n")
    assert gradlint("config", "--show", "missing.py").status == 2


def test_a_severity_that_is_overruled_is_not_shown(folder: Path, gradlint: Run) -> None:
    (folder / "base.toml").write_text("severity = { GRD101 = 'error', GRD2 = 'error' }")
    (folder / "gradlint.toml").write_text("extend = 'base.toml'\nseverity = { clearing = 'note' }")
    shown = gradlint("config", "--show", ".", "severity").out
    assert shown == 'severity = { "GRD2" = "error", "clearing" = "note" }  # base.toml:1, gradlint.toml:2\n'


def test_what_the_environment_says(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "gradlint.toml").write_text("fail-on = 'error'")
    monkeypatch.setenv("GRADLINT_FAIL_ON", "note")
    assert gradlint("config", "--show", ".", "fail-on").out == 'fail-on = "note"  # GRADLINT_FAIL_ON\n'
    monkeypatch.setenv("GRADLINT_FAIL_ON", "nte")
    assert "did you mean 'note'?" in gradlint("config", "--show", ".", "fail-on").err


def test_a_configuration_that_is_given(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "gradlint.toml").write_text("fail-on = 'error'")
    (folder / "other.toml").write_text("preview = true")
    arguments = ["config", "--show", "."]
    assert gradlint(*arguments, "preview", "--config", "other.toml").out == "preview = true  # other.toml:1\n"
    assert gradlint(*arguments, "fail-on", "--config", "fail-on = 'note'").out == 'fail-on = "note"  # --config\n'
    monkeypatch.setenv("GRADLINT_CONFIG", "missing.toml")
    assert gradlint(*arguments).status == 2
