"""Fixes, diffs and standard input, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import BROKEN, BUG, CLEAN, CURED, Run, codes, write


def test_fix(folder: Path, gradlint: Run) -> None:
    write(folder, bug=BUG)
    ran = gradlint("check", "--fix")
    assert (ran.status, ran.err) == (1, "Found 1 finding (1 fixable with --unsafe-fixes).\n")
    assert (folder / "bug.py").read_text() == BUG
    ran = gradlint("check", "--fix", "--unsafe-fixes")
    assert ran == (0, "", "Found 1 finding (1 fixed, 0 remaining).\n")
    assert (folder / "bug.py").read_text() == CURED
    assert gradlint("check", "--fix", "--unsafe-fixes") == (0, "", "All checks passed.\n")
    assert (folder / "bug.py").read_text() == CURED


def test_diff(folder: Path, gradlint: Run) -> None:
    write(folder, bug=BUG)
    ran = gradlint("check", "--diff")
    assert ran == (0, "", "Would fix 0 findings (1 would remain, 1 fixable with --unsafe-fixes).\n")
    ran = gradlint("check", "--diff", "--fix", "--unsafe-fixes")
    assert (ran.status, ran.err) == (1, "Would fix 1 finding.\n")
    assert ran.out.startswith("--- a/bug.py\n+++ b/bug.py\n@@")
    assert ran.out.endswith("+    optimizer.zero_grad()\n")
    assert (folder / "bug.py").read_text() == BUG


def test_standard_input(folder: Path, gradlint: Run) -> None:
    ran = gradlint("check", "-", stdin=BUG.encode())
    assert ran.status == 1
    assert " --> <stdin>:3:5" in ran.out
    assert gradlint("check", "-", stdin=b"").status == 0
    ran = gradlint("check", "--output-format", "json", "--stdin-filename", "pkg/x.py", stdin=BUG.encode())
    assert codes(ran.out) == ["pkg/x.py:GRD101"]
    assert codes(gradlint("check", "-", "--output-format", "json", stdin=BROKEN.encode()).out) == ["<stdin>:GRD000"]
    ran = gradlint("check", "-", stdin=b"\xff")
    assert ran.status == 1
    assert ran.out.startswith(
        "GRD000 syntax-error: this is not valid Python, so nothing in the file was checked: it cann"
    )


def test_standard_input_is_configured_by_its_name(folder: Path, gradlint: Run) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "gradlint.toml").write_text("ignore = ['GRD101']\nextend-exclude = ['gone.py']")
    arguments = ["check", "-", "--stdin-filename"]
    assert gradlint(*arguments, "pkg/x.py", stdin=BUG.encode()).status == 0
    assert gradlint(*arguments, "x.py", stdin=BUG.encode()).status == 1
    assert gradlint(*arguments, "pkg/gone.py", "--force-exclude", stdin=BROKEN.encode()) == (0, "", "")
    assert gradlint(*arguments, "pkg/gone.py", stdin=BROKEN.encode()).status == 1
    fixed = gradlint(*arguments, "pkg/gone.py", "--force-exclude", "--fix", stdin=BROKEN.encode())
    assert fixed == (0, BROKEN, "")


@pytest.mark.parametrize(
    ("arguments", "text", "expected", "status"),
    [
        pytest.param(["--unsafe-fixes"], BUG, CURED, 0, id="fixed"),
        pytest.param([], BUG, BUG, 1, id="not-to-be-fixed"),
        pytest.param([], CLEAN, CLEAN, 0, id="clean"),
        pytest.param([], BROKEN, BROKEN, 1, id="broken"),
        pytest.param(["--unsafe-fixes"], BUG.replace("\n", "\r\n"), CURED.replace("\n", "\r\n"), 0, id="crlf"),
        pytest.param(["--unsafe-fixes"], f"\ufeff{BUG}", f"\ufeff{CURED}", 0, id="bom"),
    ],
)
def test_fixing_standard_input(gradlint: Run, arguments: list[str], text: str, expected: str, status: int) -> None:
    ran = gradlint("check", "--fix", *arguments, "-", stdin=text.encode())
    assert (ran.status, ran.out) == (status, expected)
    assert ("GRD" in ran.err) == (status == 1)


def test_diff_of_standard_input(gradlint: Run) -> None:
    ran = gradlint("check", "--diff", "--unsafe-fixes", "-", stdin=BUG.encode())
    assert ran.out.startswith("--- <stdin>\n+++ <stdin>\n")
    assert ran.status == 1


def test_fixes_are_listed_by_file(folder: Path, gradlint: Run) -> None:
    write(folder, a=BUG, b=BUG, clean=CLEAN)
    ran = gradlint("check", "--fix", "--unsafe-fixes", "--show-fixes")
    assert ran.err.splitlines()[1:] == [f"{name}.py: fixed 1 x GRD101 missing-zero-grad" for name in "ab"]


@pytest.mark.parametrize(
    ("arguments", "fixed"),
    [
        (["--unfixable", "GRD101"], False),
        (["--unfixable", "GRD2"], True),
        (["--fixable", "missing-zero-grad"], True),
        (["--fixable", "GRD2"], False),
        (["--fixable", "GRD1", "--unfixable", "GRD101"], False),
    ],
)
def test_rules_whose_fixes_are_wanted(folder: Path, gradlint: Run, arguments: list[str], fixed: bool) -> None:
    write(folder, bug=BUG)
    offered = "fixable" in gradlint("check", *arguments).err
    gradlint("check", "--fix", "--unsafe-fixes", *arguments)
    assert ((folder / "bug.py").read_text() == CURED) is fixed
    assert offered is fixed


@pytest.mark.parametrize("option", ["--fixable", "--unfixable"])
def test_an_unknown_rule_whose_fixes_are_wanted(gradlint: Run, option: str) -> None:
    ran = gradlint("check", option, "missing-zero")
    assert ran.status == 2
    assert ran.err.startswith(f"error: {option}: unknown rule, prefix or category 'missing-zero'; did you mean")


def test_the_variable_is_named_that_has_an_unknown_rule(gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLINT_FIXABLE", "GRD9")
    assert gradlint("check").err.startswith("error: GRADLINT_FIXABLE: unknown rule, prefix or category 'GRD9'")
