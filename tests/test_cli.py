"""The command line in this process: options, streams, exit statuses."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from commandline import BROKEN, BUG, CLEAN, Run, codes, write

from gradlint import __version__
from gradlint.cli.rule import FORMATS as RULE_FORMATS
from gradlint.explain import FORMATS as EXPLAINED
from gradlint.flow import solver
from gradlint.options import FORMATS
from gradlint.project import analysis
from gradlint.reporters import REPORTERS
from gradlint.rule import Rule
from gradlint.source import Source


@pytest.mark.parametrize(
    ("arguments", "status", "out", "err"),
    [
        pytest.param(["check"], 1, "GRD101", "(1 fixable with --fix --unsafe-fixes).", id="finding"),
        pytest.param(["check", "--unsafe-fixes"], 1, "GRD101", "Found 1 finding (1 fixable with --fix).", id="unsafe"),
        pytest.param(["check", "clean.py"], 0, "", "All checks passed.", id="clean"),
        pytest.param(["check", "--exit-zero"], 0, "GRD101", "Found 1 finding", id="exit-zero"),
        pytest.param(["check", "-q"], 1, "GRD101", "", id="quiet"),
        pytest.param(["check", "-q", "clean.py"], 0, "", "", id="quiet-and-clean"),
        pytest.param(["check", "--ignore", "GRD1"], 0, "", "All checks passed.", id="ignored"),
        pytest.param(["check", "--no-cache", "--jobs", "2", "--isolated"], 1, "GRD101", "Found 1", id="accepted"),
        pytest.param(["check", "missing.py"], 2, "", "error: missing.py: No such file or directory\n", id="missing"),
        pytest.param(["check", "missing.py", "."], 2, "GRD101", "error: missing.py: No such", id="missing-and-found"),
        pytest.param(["check", "--exit-zero", "missing.py"], 2, "", "error: missing.py", id="exit-zero-and-missing"),
        pytest.param(["check", "--select", "GRD999"], 2, "", "error: --select: unknown rule", id="unknown-rule"),
        pytest.param(["check", "--select", "missing-zero"], 2, "", "did you mean 'missing-zero-grad'?", id="nearest"),
        pytest.param(["check", "--output-format", "xml"], 2, "", "'xml'; choose from full, conc", id="unknown-format"),
        pytest.param(["check", "--nonsense"], 2, "", "No such option", id="unknown-option"),
        pytest.param(["check", "--jobs", "0"], 2, "", "--jobs", id="no-jobs"),
        pytest.param(["check", "--config", "no.toml"], 2, "", "error: no.toml: No such file", id="no-config"),
        pytest.param(["check", "--config", "x", "--isolated"], 2, "", "--isolated", id="config-and-isolated"),
        pytest.param(["check", "-", "."], 2, "", "cannot be combined", id="stdin-and-paths"),
        pytest.param(["check", "--select", ""], 2, "", "Error: --select is empty.", id="an-unset-variable"),
        pytest.param(["check", "--exclude", "bug.py"], 0, "", "All checks passed.", id="exclude"),
        pytest.param(["check", "--extend-exclude", "x, bug.py"], 0, "", "All checks passed.", id="extend-exclude"),
        pytest.param(["check", "--exclude", "bug.py", "bug.py"], 1, "GRD101", "Found 1", id="excluded-but-named"),
        pytest.param(
            ["check", "--exclude", "*.py", "--force-exclude", "bug.py"], 0, "", "nothing to check: ", id="force"
        ),
        pytest.param(["check", "empty"], 0, "", "warning: no Python files in empty\n", id="nothing-to-lint"),
        pytest.param(["nonsense"], 2, "", "unknown command 'nonsense'; choose from check, ", id="unknown-command"),
        pytest.param(["chek"], 2, "", "unknown command 'chek'; did you mean 'check'?", id="nearest-command"),
        pytest.param(["bug.py"], 2, "", "to lint that path: gradlint check bug.py", id="forgotten-command"),
        pytest.param(["check", "--output-format", "jsn"], 2, "", "did you mean 'json'?", id="nearest-format"),
        pytest.param(["check", "--unsafe-fix"], 2, "", "--unsafe-fixes", id="nearest-option"),
        pytest.param(["check", "--fail-on", "warn"], 2, "", "did you mean 'warning'?", id="nearest-severity"),
        pytest.param(["check", "--fail-on", "error", "clean.py"], 0, "", "All checks passed.", id="fail-on"),
        pytest.param(["--version"], 0, f"gradlint {__version__}\n", "", id="version"),
        pytest.param(["--help"], 0, "Commands:", "", id="help"),
        pytest.param(["check", "-h"], 0, "--unsafe-fixes", "", id="help-of-check"),
        pytest.param(["rule", "GRD101"], 0, "missing-zero-grad", "", id="rule-by-code"),
        pytest.param(["rule", "missing-zero-grad"], 0, "GRD101", "", id="rule-by-name"),
        pytest.param(["rule", "GRD101", "--output-format", "markdown"], 0, "# missing-zero-grad", "", id="markdown"),
        pytest.param(["rule", "--all"], 0, "GRD000 syntax-error", "", id="all-rules"),
        pytest.param(["rule", "GRD1"], 2, "", "error: 'GRD1' is the beginning of GRD101, ", id="a-prefix-is-no-rule"),
        pytest.param(["rule"], 2, "", "or --all", id="no-rule"),
        pytest.param(["rule", "GRD101", "--all"], 2, "", "or --all", id="a-rule-and-all"),
    ],
)  # fmt: skip
def test_run(folder: Path, gradlint: Run, arguments: list[str], status: int, out: str, err: str) -> None:
    write(folder, bug=BUG, clean=CLEAN)
    (folder / "empty").mkdir()
    ran = gradlint(*arguments)
    assert ran.status == status
    assert out in ran.out
    assert bool(out) == bool(ran.out)
    assert err in ran.err
    assert bool(err) == bool(ran.err)


def test_rules_as_json(gradlint: Run) -> None:
    assert json.loads(gradlint("rule", "GRD101", "--output-format", "json").out)["code"] == "GRD101"
    assert len(json.loads(gradlint("rule", "--all", "--output-format", "json").out)) > 1


def test_json_is_an_array_even_when_there_is_nothing(folder: Path, gradlint: Run) -> None:
    assert gradlint("check", "--output-format", "json").out == "[]\n"
    write(folder, clean=CLEAN)
    assert gradlint("check", "--output-format", "json").out == "[]\n"


def test_a_broken_file_is_a_finding_and_the_rest_is_linted(folder: Path, gradlint: Run) -> None:
    write(folder, a=BROKEN, b=BUG)
    ran = gradlint("check", "--output-format", "json")
    assert codes(ran.out) == ["a.py:GRD000", "b.py:GRD101"]
    assert ran.status == 1
    assert codes(gradlint("check", "--output-format", "json", "--select", "GRD101").out) == codes(ran.out)
    assert codes(gradlint("check", "--output-format", "json", "--ignore", "GRD000").out) == ["b.py:GRD101"]


def test_findings_come_in_the_order_of_paths(folder: Path, gradlint: Run) -> None:
    write(folder, b=BUG, a=BUG, c=BUG)
    expected = ["a.py:GRD101", "b.py:GRD101", "c.py:GRD101"]
    assert codes(gradlint("check", "--output-format", "json", "c.py", "b.py", "a.py").out) == expected


@pytest.mark.parametrize(
    ("variables", "arguments", "status"),
    [
        pytest.param({"GRADLINT_IGNORE": "GRD1"}, [], 0, id="one"),
        pytest.param({"GRADLINT_IGNORE": "GRD000,GRD101"}, [], 0, id="several"),
        pytest.param({"GRADLINT_SELECT": "GRD000"}, ["--select", "ALL"], 1, id="the-command-line-wins"),
        pytest.param({"GRADLINT_IGNORE": "GRD101"}, ["--select", "GRD101"], 1, id="whatever-it-says"),
        pytest.param({"GRADLINT_FAIL_ON": "error"}, ["--config", "severity = { GRD101 = 'note' }"], 0, id="beside-it"),
        pytest.param({"GRADLINT_IGNORE": "GRD1"}, ["--config", "select = ['GRD1']"], 1, id="one-key-wins-as-well"),
        pytest.param({"GRADLINT_EXIT_ZERO": "1"}, [], 0, id="flag"),
        pytest.param({"GRADLINT_EXIT_ZERO": "maybe"}, [], 2, id="no-flag"),
        pytest.param({"GRADLINT_SELECT": "nonsense"}, [], 2, id="unknown-rule"),
        pytest.param({"GRADLINT_CONFIG": "missing.toml"}, [], 2, id="config"),
        pytest.param({"GRADLINT_CONFIG": "missing.toml"}, ["--isolated"], 1, id="isolated-beats-config"),
        pytest.param({"GRADLINT_IGNORE": "GRD1"}, ["--isolated"], 0, id="isolated-still-reads-it"),
        pytest.param({"GRADLINT_CHECK_IGNORE": "GRD1"}, [], 1, id="not-with-the-command's-name"),
    ],
)
def test_environment(
    folder: Path,
    gradlint: Run,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    arguments: list[str],
    status: int,
) -> None:
    write(folder, bug=BUG)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert gradlint("check", *arguments).status == status


def test_bounds_that_were_reached_are_told(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, bug=BUG, clean=CLEAN)
    monkeypatch.setattr(solver.MAX_FACTS, "limit", 1)
    ran = gradlint("check", "-v")
    assert (ran.status, ran.out) == (0, "")
    assert "\nbug.py: not followed beyond 1 states of one optimizer at one place\n" in ran.err
    assert "clean.py" not in ran.err
    # Without -v it is said that something was not looked at, and not where.
    assert gradlint("check").err == "All checks passed, but 1 file was not followed to the end (-v says where).\n"


def test_configuration(folder: Path, gradlint: Run) -> None:
    write(folder, bug=BUG)
    (folder / "pyproject.toml").write_text('[tool.gradlint]\noutput-format = "json"\n')
    assert codes(gradlint("check").out) == ["bug.py:GRD101"]
    assert "Configured by pyproject.toml." in gradlint("check", "-v").err
    assert gradlint("check", "--isolated").out.startswith("GRD101")
    (folder / "pyproject.toml").write_text('[tool.gradlint]\n\noutput-format = "jsn"\n')
    ran = gradlint("check")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "error: pyproject.toml:3: output-format: unknown format 'jsn'; did you mean 'json'?\n"


def test_an_output_file(folder: Path, gradlint: Run) -> None:
    write(folder, bug=BUG)
    ran = gradlint("check", "--output-format", "json", "--output-file", "report.json")
    assert ran.out == ""
    assert codes((folder / "report.json").read_text()) == ["bug.py:GRD101"]
    ran = gradlint("check", "--output-file", "missing/report.json")
    assert ran.status == 2
    assert ran.err.startswith("error: --output-file: missing/report.json: No such file")


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [
        pytest.param([], {}, False, id="not-when-piped"),
        pytest.param(["--color", "always"], {"NO_COLOR": "1"}, True, id="always"),
        pytest.param([], {"FORCE_COLOR": "1"}, True, id="forced"),
        pytest.param([], {"FORCE_COLOR": "0"}, False, id="not-forced"),
        pytest.param([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="no-color-beats-force-color"),
        pytest.param(["--color", "never"], {"FORCE_COLOR": "1"}, False, id="never"),
        pytest.param([], {"GRADLINT_COLOR": "always"}, True, id="own-variable"),
    ],
)
def test_color(
    folder: Path,
    gradlint: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    variables: dict[str, str],
    expected: bool,
) -> None:
    write(folder, bug=BUG)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in gradlint("check", *arguments).out) == expected


def test_no_color_in_an_output_file(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, bug=BUG)
    monkeypatch.setenv("FORCE_COLOR", "1")
    gradlint("check", "--output-file", "report")
    assert "\x1b" not in (folder / "report").read_text()


def test_a_crash_in_a_rule(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, a=BUG, b=BUG)
    diagnosing = analysis.Project.diagnose

    def diagnose(project: analysis.Project, source: Source, rules: Sequence[Rule], key: str) -> analysis.Analysis:
        found = diagnosing(project, source, rules, key)
        return (
            found if source.path == "b.py" else analysis.Analysis((), (analysis.RuleFailure("x-rule", "KeyError: 1"),))
        )

    monkeypatch.setattr(analysis.Project, "diagnose", diagnose)
    ran = gradlint("check", "--output-format", "json", "--exit-zero")
    assert codes(ran.out) == ["b.py:GRD101"]
    assert ran.status == 2
    assert "error: a.py: rule x-rule crashed: KeyError: 1\n" in ran.err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        pytest.param(KeyboardInterrupt(), 130, "", id="interrupted"),
        pytest.param(ValueError("boom"), 2, "error: gradlint crashed, which is a bug", id="bug"),
    ],
)
def test_what_stops_a_run(
    gradlint: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, message: str
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("gradlint.session.run", stop)
    ran = gradlint("check")
    assert (ran.status, ran.out) == (status, "")
    assert message in ran.err


@pytest.mark.parametrize("name", ["é 😀", "[x]", "-dash", "line\nbreak", "quote'\""])
def test_odd_names(folder: Path, gradlint: Run, name: str) -> None:
    write(folder, **{name: BUG})
    assert codes(gradlint("check", "--output-format", "json").out) == [f"{name}.py:GRD101"]
    ran = gradlint("check", "--output-format", "concise")
    assert len(ran.out.splitlines()) == 1


def test_a_name_that_is_no_text(folder: Path, gradlint: Run) -> None:
    (folder / os.fsdecode(b"\xff.py")).write_text(BUG)
    for form in ("full", "concise", "json"):
        assert gradlint("check", "--output-format", form).status == 1
    (folder / os.fsdecode(b"\xff.py")).write_bytes(b"\0")
    assert "syntax-error" in gradlint("check").out


def test_the_formats_that_the_command_line_names_are_all_there_are() -> None:
    assert set(FORMATS) == set(REPORTERS)
    assert RULE_FORMATS == EXPLAINED
