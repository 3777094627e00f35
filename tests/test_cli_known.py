"""Findings that are known: comments that are written for them, baselines, and runs that heed neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commandline import BROKEN, BUG, CURED, Run, codes, write

IGNORED = BUG.replace("loss.backward()", "loss.backward()  # gradlint: ignore[GRD101]")
WHY = IGNORED.replace("[GRD101]", "[GRD101] a paper demands it")


def test_a_comment_is_written_beside_each_finding(folder: Path, gradlint: Run) -> None:
    write(folder, a=BUG, b=BUG, broken=BROKEN)
    ran = gradlint("check", "--add-ignore", "--reason", "a paper\n demands it")
    assert (ran.status, ran.err) == (1, "Silenced 2 findings (1 remaining).\n")
    assert ran.out.startswith("GRD000")
    assert [(folder / f"{name}.py").read_text() for name in ("a", "b", "broken")] == [WHY, WHY, BROKEN]
    assert gradlint("check", "a.py", "b.py", "--add-ignore") == (0, "", "All checks passed.\n")
    assert (folder / "a.py").read_text() == WHY


def test_a_comment_in_a_file_that_another_one_leads_to(folder: Path, gradlint: Run) -> None:
    write(folder, main="from back import back\nfor x in loader:\n    back(net(x).sum())\n    optimizer.step()\n")
    write(folder, back="def back(loss):\n    loss.backward()\n")
    assert gradlint("check").status == 1  # what was found is remembered, and of which text is not
    assert gradlint("check", "--add-ignore") == (0, "", "Silenced 1 finding.\n")
    assert (folder / "back.py").read_text().endswith("loss.backward()  # gradlint: ignore[GRD101]\n")
    assert gradlint("check").status == 0
    assert gradlint("check", "back.py").status == 0  # the comment is needed, although nothing is seen from there


def test_comments_for_standard_input(gradlint: Run) -> None:
    assert gradlint("check", "--add-ignore", "-", stdin=BUG.encode()) == (0, IGNORED, "Silenced 1 finding.\n")
    ran = gradlint("check", "--add-ignore", "-", stdin=BROKEN.encode())
    assert (ran.status, ran.out) == (1, BROKEN)
    assert ran.err.startswith("GRD000")


def test_comments_are_not_heeded(folder: Path, gradlint: Run) -> None:
    write(folder, a=IGNORED, b=CURED.replace("\n", "  # noqa: GRD102\n", 1))
    assert codes(gradlint("check", "--output-format", "json").out) == ["b.py:GRD001"]
    assert codes(gradlint("check", "--output-format", "json", "--ignore-suppressions").out) == ["a.py:GRD101"]


def test_a_comment_that_silences_nothing_goes_by_a_safe_fix(folder: Path, gradlint: Run) -> None:
    write(folder, b=CURED.replace("\n", "  # noqa: GRD102\n", 1))
    assert gradlint("check", "--fix") == (0, "", "Found 1 finding (1 fixed, 0 remaining).\n")
    assert (folder / "b.py").read_text() == CURED


def test_known_findings_are_hidden_until_they_are_new_or_gone(folder: Path, gradlint: Run) -> None:
    write(folder, a=BUG, b=BUG)
    known = ["check", "--baseline", "known.json"]
    assert gradlint(*known, "--write-baseline") == (0, "", "Wrote 2 findings to known.json.\n")
    assert gradlint(*known) == (0, "", "All checks passed (2 known from the baseline).\n")
    write(folder, a=f"import torch\n\n\n{BUG}", b=CURED, c=BUG)
    ran = gradlint(*known, "--output-format", "json")
    assert codes(ran.out) == ["c.py:GRD101"]
    expected = "warning: known.json: no longer found: b.py: GRD101 `loss.backward()`; --write-baseline takes it out"
    assert ran.err.splitlines()[0] == expected
    assert gradlint(*known, "--write-baseline", "b.py").status == 0
    listed = json.loads((folder / "known.json").read_text())["findings"]
    assert [each["path"] for each in listed] == ["a.py"]


def test_what_is_known_is_neither_mended_nor_silenced(folder: Path, gradlint: Run) -> None:
    write(folder, a=BUG)
    known = ["check", "--baseline", "known.json"]
    gradlint(*known, "--write-baseline")
    write(folder, b=BUG)
    assert "b.py" in gradlint(*known, "--diff", "--unsafe-fixes").out
    assert "a.py" not in gradlint(*known, "--diff", "--unsafe-fixes").out
    assert gradlint(*known, "--fix", "--unsafe-fixes") == (0, "", "Found 1 finding (1 fixed, 0 remaining).\n")
    assert gradlint(*known, "--add-ignore").status == 0
    assert [(folder / f"{name}.py").read_text() for name in "ab"] == [BUG, CURED]
    assert gradlint(*known, "--diff", "--unsafe-fixes", "--stdin-filename", "a.py", "-", stdin=BUG.encode()).out == ""


def test_no_baseline_is_written_of_what_could_not_be_checked(folder: Path, gradlint: Run) -> None:
    ran = gradlint("check", "--baseline", "known.json", "--write-baseline", "missing.py")
    assert ran.status == 2
    assert ran.err.splitlines()[-1] == "Wrote no known.json, for not everything could be checked."
    assert not (folder / "known.json").exists()


def test_a_file_that_does_not_parse_is_never_known(folder: Path, gradlint: Run) -> None:
    write(folder, a=BROKEN)
    ran = gradlint("check", "--baseline", "known.json", "--write-baseline")
    assert (ran.status, ran.err) == (1, "Wrote 0 findings to known.json.\n")
    assert ran.out.startswith("GRD000")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "error: known.json: cannot be read as a baseline: No such file or directory; --write-baseline"),
        ("{\n", "error: known.json:2: is no baseline: not JSON: "),
    ],
)
def test_a_baseline_that_is_none(folder: Path, gradlint: Run, content: str | None, error: str) -> None:
    if content is not None:
        (folder / "known.json").write_text(content)
    ran = gradlint("check", "--baseline", "known.json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(error)


def test_an_unchanged_tree_is_remembered(folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, a=BUG)
    first = gradlint("check")
    assert (folder / ".gradlint_cache").is_dir()
    with monkeypatch.context() as patched:
        patched.setattr("gradlint.checking.lint", None)
        assert gradlint("check") == first
        assert gradlint("check", "--no-cache").status == 2
    assert gradlint("check", "--cache-dir", "elsewhere") == first
    assert (folder / "elsewhere").is_dir()
    (folder / "gradlint.toml").write_text("cache-dir = 'elsewhere'")
    ran = gradlint("clean")
    assert (ran.status, ran.out, sorted(ran.err.splitlines())) == (
        0,
        "",
        ["Removed .gradlint_cache.", "Removed elsewhere."],
    )
    (folder / "gradlint.toml").unlink()
    gradlint("check")
    assert gradlint("clean") == (0, "", "Removed .gradlint_cache.\n")
    gradlint("check")
    monkeypatch.setenv("GRADLINT_CACHE_DIR", "third")
    gradlint("check")
    assert sorted(gradlint("clean").err.splitlines()) == ["Removed .gradlint_cache.", "Removed third."]
    gradlint("check", "--cache-dir", "fourth")
    assert gradlint("clean", "fourth").err == "Removed fourth.\n"
    monkeypatch.delenv("GRADLINT_CACHE_DIR")
    gradlint("clean")
    assert gradlint("clean") == (0, "", "There is no cache.\n")
    assert gradlint("clean", "-q", "missing") == (2, "", "error: missing: no such folder\n")
