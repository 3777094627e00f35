"""What is printed where: reports, statistics, lists of files, and which findings fail a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commandline import BROKEN, BUG, CLEAN, Run, codes, write

LOST = BUG.replace("optimizer.step()", "optimizer.zero_grad()\n    optimizer.step()")


def test_reports_are_written_beside_what_is_printed(folder: Path, gradlint: Run) -> None:
    write(folder, bug=BUG)
    arguments = ["--report", "json=a=b.json", "--report", "concise=report.txt", "--color", "always"]
    ran = gradlint("check", *arguments)
    assert ran.status == 1
    assert "missing-zero-grad" in ran.out
    assert codes((folder / "a=b.json").read_text()) == ["bug.py:GRD101"]
    assert (folder / "report.txt").read_text().startswith("bug.py:3:5: GRD101 ")


def test_a_report_is_written_when_there_is_nothing_to_say(folder: Path, gradlint: Run) -> None:
    assert gradlint("check", "--report", "json=r.json").status == 0
    assert (folder / "r.json").read_text() == "[]\n"


def test_a_report_is_in_the_environment_too(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, bug=BUG)
    monkeypatch.setenv("GRADLINT_REPORT", "json=my report.json\nconcise=b.txt")
    gradlint("check", "--exit-zero")
    assert codes((folder / "my report.json").read_text()) == ["bug.py:GRD101"]
    assert (folder / "b.txt").exists()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("json", "'json' is no FORMAT=PATH"),
        ("json=", "'json=' is no FORMAT=PATH"),
        ("jsn=x", "unknown format 'jsn'; did you mean 'json'?"),
        ("json=missing/x.json", "error: --report: missing/x.json: No such file or directory"),
    ],
)
def test_a_report_that_cannot_be_written(gradlint: Run, given: str, error: str) -> None:
    ran = gradlint("check", "--report", given)
    assert ran.status == 2
    assert error in ran.err


def test_statistics_count_and_take_the_place_of_findings(folder: Path, gradlint: Run) -> None:
    write(folder, a=BUG, b=BUG, c=LOST, d=BROKEN)
    ran = gradlint("check", "--statistics")
    expected = ["2\tGRD101\t[*] missing-zero-grad", "1\tGRD000\t[ ] syntax-error", "1\tGRD102\t[*] gradients-discarded"]
    assert (ran.status, ran.out.splitlines()) == (1, expected)
    first = json.loads(gradlint("check", "--statistics", "--output-format", "json").out)[0]
    assert first == {"code": "GRD101", "name": "missing-zero-grad", "count": 2, "fixable": True}
    assert gradlint("check", "--statistics", "--select", "GRD2", "a.py") == (0, "", "All checks passed.\n")


@pytest.mark.parametrize("arguments", [["--output-file", "bug.py"], ["--report", "json=bug.py"]])
def test_a_source_file_is_not_written_over(folder: Path, gradlint: Run, arguments: list[str]) -> None:
    write(folder, bug=BUG)
    ran = gradlint("check", *arguments)
    assert (ran.status, (folder / "bug.py").read_text()) == (2, BUG)
    assert ran.err == f"error: {arguments[0]}: bug.py: a source file is not written over\n"


def test_files_that_would_be_linted(folder: Path, gradlint: Run) -> None:
    write(folder, b=BUG, a=CLEAN)
    (folder / "notes.txt").touch()
    assert gradlint("check", "--show-files") == (0, "a.py\nb.py\n", "")
    assert gradlint("check", "--show-files", "--extend-exclude", "a.py") == (0, "b.py\n", "")
    assert gradlint("check", "--show-files", "b.py", "missing.py").status == 2


def test_what_git_ignores(folder: Path, gradlint: Run) -> None:
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("bug.py\n")
    write(folder, bug=BUG, clean=CLEAN)
    assert gradlint("check").status == 0
    assert gradlint("check", "--no-gitignore").status == 1


@pytest.mark.parametrize(
    ("severity", "arguments", "status"),
    [
        ("note", [], 0),
        ("note", ["--fail-on", "note"], 1),
        ("warning", [], 1),
        ("warning", ["--fail-on", "error"], 0),
        ("error", ["--fail-on", "error"], 1),
    ],
)
def test_how_bad_a_finding_must_be(
    folder: Path, gradlint: Run, severity: str, arguments: list[str], status: int
) -> None:
    write(folder, bug=BUG)
    (folder / "gradlint.toml").write_text(f"severity = {{ GRD101 = '{severity}' }}")
    ran = gradlint("check", "--output-format", "json", *arguments)
    assert [each["severity"] for each in json.loads(ran.out)] == [severity]
    assert ran.status == status


def test_rules_are_off_for_some_files_even_where_others_lead_there(folder: Path, gradlint: Run) -> None:
    main = "from lib.back import back\nfor x in loader:\n    back(net(x).sum())\n    optimizer.step()\n"
    write(folder, main=main)
    (folder / "lib").mkdir()
    (folder / "gradlint.toml").touch()
    write(folder / "lib", back="def back(loss):\n    loss.backward()\n")
    arguments = ["check", "--output-format", "json", "main.py"]
    assert codes(gradlint(*arguments).out) == ["lib/back.py:GRD101"]
    for text in ("[per-file-ignores]\nlib = ['GRD1']", "extend-exclude = ['lib']"):
        (folder / "gradlint.toml").write_text(text)
        assert codes(gradlint(*arguments).out) == []


@pytest.mark.parametrize(
    "given",
    [
        "fail-on = 'error'",
        f"select = [{', '.join([repr('GRD2')] * 60)}]",
        "severity = { GRD101 = 'note' }",
        "select = ['GRD2']",
    ],
)
def test_a_single_setting(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    write(folder, bug=BUG)
    (folder / "gradlint.toml").write_text("severity = { GRD101 = 'warning' }")
    assert gradlint("check").status == 1
    assert gradlint("check", "--config", given).status == 0
    monkeypatch.setenv("GRADLINT_CONFIG", f"preview = true\n{given}")
    assert gradlint("check").status == 0


def test_two_configuration_files(folder: Path, gradlint: Run) -> None:
    ran = gradlint("check", "--config", "a.toml", "--config", "b.toml")
    assert (ran.status, ran.err) == (
        2,
        "error: --config names two files, a.toml and b.toml: let one `extend` the other\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--add-ignore", "--fix"],
        ["--add-ignore", "--diff"],
        ["--add-ignore", "--ignore-suppressions"],
        ["--write-baseline"],
        ["--write-baseline", "--baseline", "b.json", "--fix"],
        ["--show-files", "--fix"],
        ["--reason", "because"],
        ["--show-fixes"],
        ["--statistics", "--diff"],
        ["--statistics", "--output-format", "sarif"],
        ["--statistics", "--baseline", "b.json", "--write-baseline"],
        ["--show-files", "-"],
        ["--stdin-filename", "x.py", "y.py"],
        ["--report", "json=-"],
        ["--output-file", "-"],
        ["--write-baseline", "--baseline", "b.json", "-"],
    ],
)
def test_options_that_contradict_each_other(gradlint: Run, arguments: list[str]) -> None:
    ran = gradlint("check", *arguments)
    assert ran.status == 2
    assert re_usage(ran.err)


def test_two_outputs_in_one_file(gradlint: Run) -> None:
    ran = gradlint("check", "--report", "json=a.txt", "--output-file", "a.txt")
    assert (ran.status, ran.err.splitlines()[-1]) == (2, "Error: Two outputs go to one file.")


def test_a_report_beside_a_diff_says_what_is_there(folder: Path, gradlint: Run) -> None:
    write(folder, bug=BUG)
    ran = gradlint("check", "--diff", "--unsafe-fixes", "--show-fixes", "--report", "json=r.json")
    assert codes((folder / "r.json").read_text()) == ["bug.py:GRD101"]
    assert ran.err.splitlines()[-1] == "bug.py: would fix 1 x GRD101 missing-zero-grad"


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="there is no such device here")
def test_a_device_is_no_file(gradlint: Run) -> None:
    ran = gradlint("check", "/dev/zero")
    assert (ran.status, ran.err.splitlines()[0]) == (2, "error: /dev/zero: a device, and no file")


def re_usage(text: str) -> bool:
    return text.startswith("Usage: ") and text.splitlines()[-1].startswith("Error: --")


def test_findings_that_do_not_fail_the_run_are_counted(folder: Path, gradlint: Run) -> None:
    write(folder, bug=BUG)
    ran = gradlint("check", "--config", "severity = { GRD101 = 'note' }")
    assert (ran.status, ran.err) == (0, "Found 1 finding (1 fixable with --fix --unsafe-fixes, 1 below --fail-on).\n")


def test_a_variable_that_nothing_reads(gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLINT_SELCT", "GRD1")
    monkeypatch.setenv("GRADLINT_XYZZY", "x")
    assert gradlint("check").err.splitlines()[:2] == [
        "warning: unknown variable 'GRADLINT_SELCT'; did you mean 'GRADLINT_SELECT'?",
        "warning: unknown variable 'GRADLINT_XYZZY'",
    ]


def test_a_finding_has_the_severity_of_its_own_folder(folder: Path, gradlint: Run) -> None:
    write(folder, main="from lib.back import back\nfor x in loader:\n    back(net(x).sum())\n    optimizer.step()\n")
    (folder / "lib").mkdir()
    write(folder / "lib", back="def back(loss):\n    loss.backward()\n")
    for own, other, expected in (("", "note", "note"), ("note", "", "error"), ("note", "warning", "warning")):
        for place, severity in ((folder, own), (folder / "lib", other)):
            text = f"severity = {{ GRD101 = '{severity}' }}" if severity else ""
            (place / "gradlint.toml").write_text(text)
        (found,) = json.loads(gradlint("check", "--output-format", "json").out)
        assert (found["filename"], found["severity"]) == ("lib/back.py", expected)
