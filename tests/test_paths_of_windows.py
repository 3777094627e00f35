"""Paths and newlines as Windows has them, as far as that can be tried elsewhere: what is computed from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import cast

import pytest
from commandline import BUG, CURED, Run, codes
from samples import SAMPLES

from gradlint.globs import Globs, with_slash
from gradlint.project.modules import Modules, key_of
from gradlint.reporters import REPORTERS, Report

FOLDER = cast(Path, PureWindowsPath(r"C:\my work\project"))


def test_the_key_of_a_file_has_forward_slashes() -> None:
    assert key_of(PureWindowsPath(r"C:\my work\project\train.py")) == "C:/my work/project/train.py"
    assert with_slash(FOLDER) == "C:/my work/project/"


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        (r"src\old", "C:/my work/project/src/old", True),
        ("src/old", "C:/my work/project/src/old", True),
        ("old_*.py", "C:/my work/project/deep/old_a.py", True),
        ("./build", "C:/my work/project/build", True),
        ("./build", "C:/my work/project/deep/build", False),
        ("src/old", "D:/my work/project/src/old", False),
    ],
)
def test_patterns_are_written_with_either_slash(pattern: str, path: str, matches: bool) -> None:
    assert Globs(FOLDER, (pattern,)).match(path) is matches


def test_a_folder_stands_for_all_below_it() -> None:
    assert Globs(FOLDER, ("tests",)).match_from("C:/my work/project/tests/deep/a.py")
    assert not Globs(FOLDER, ("work",)).match_from("C:/my work/project/a.py")


def test_imports_are_found_on_a_drive() -> None:
    files = {f"C:/project/{name}": name for name in ("train.py", "lib/__init__.py", "lib/steps.py")}
    modules = Modules(files, lambda key: b"")
    assert modules.locate(("lib", "steps"), 0, "C:/project/train.py") == "C:/project/lib/steps.py"
    assert modules.locate(("steps",), 1, "C:/project/lib/__init__.py") == "C:/project/lib/steps.py"


@pytest.mark.parametrize("fmt", REPORTERS)
def test_every_format_takes_a_path_with_a_drive(fmt: str) -> None:
    sample = SAMPLES["design_note"]
    path = "C:/my work/train.py"
    source = replace(sample.sources["train.py"], path=path)
    text = REPORTERS[fmt](Report((replace(sample.diagnostics[0], path=path),), {path: source}))
    spelt = {"github": "file=C%3A/my work/train.py,", "sarif": "file:///C:/my%20work/train.py"}.get(fmt, path)
    assert spelt in text


@pytest.mark.parametrize("options", [[], ["--add-ignore"], ["--fix", "--unsafe-fixes"], ["--diff", "--unsafe-fixes"]])
def test_newlines_of_windows_stay(folder: Path, gradlint: Run, options: list[str]) -> None:
    (folder / "a.py").write_bytes(BUG.replace("\n", "\r\n").encode())
    (folder / "gradlint.toml").write_bytes(b"fail-on = 'error'\r\nextend-ignore = [\r\n  'GRD604',\r\n]\r\n")
    gradlint("check", *options)
    content = (folder / "a.py").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") > 0
    if "--fix" in options:
        assert content.decode() == CURED.replace("\n", "\r\n")
    if "--add-ignore" in options:
        assert codes(gradlint("check", "--output-format", "json").out) == []


def test_a_late_mistake_in_a_file_with_newlines_of_windows_has_its_row(folder: Path, gradlint: Run) -> None:
    (folder / "gradlint.toml").write_bytes(
        b"fail-on = 'error'\r\nextend-ignore = [\r\n  'GRD604',\r\n]\r\nslect = []\r\n"
    )
    expected = "error: gradlint.toml:5: slect: unknown key 'slect'; did you mean 'select'?\n"
    assert gradlint("check") == (2, "", expected)


def test_a_baseline_with_newlines_of_windows(folder: Path, gradlint: Run) -> None:
    (folder / "a.py").write_bytes(BUG.encode())
    gradlint("check", "--baseline", "known.json", "--write-baseline")
    known = folder / "known.json"
    known.write_bytes(known.read_bytes().replace(b"\n", b"\r\n"))
    (folder / "a.py").write_bytes(BUG.replace("\n", "\r\n").encode())
    assert gradlint("check", "--baseline", "known.json").status == 0
