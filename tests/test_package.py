"""What always holds for the repository as a whole."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

import gradlint

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
MODULES = sorted((ROOT / "gradlint").rglob("*.py"))
# Taken apart, or this file would be the first to break its own rule.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("jfrog", "io"))
]
MACHINE_PATH = re.compile(r"(?:^|[^\w.*/])/(?:tmp|root|home|Users|usr/local|work|opt|mnt)/\w|[A-Z]:\\Users\\")


def committed() -> Iterator[Path]:
    """Every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode or not listed.stdout:
        pytest.skip("not a git checkout")
    for name in os.fsdecode(listed.stdout).rstrip("\0").split("\0"):
        path = ROOT / name
        if path.is_file():
            yield path


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_path_of_a_machine_is_committed() -> None:
    found = [
        f"{relative(path)}:{row}: {line}"
        for path in committed()
        if path != Path(__file__)
        for row, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1)
        if MACHINE_PATH.search(line) and not line.startswith("#!")
    ]
    assert found == []


def test_no_registry_host_is_committed() -> None:
    found = [
        (relative(path), host) for path in committed() for host in REGISTRIES if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_nobody_is_told_to_install_the_unrelated_distribution() -> None:
    told = re.compile(rb"pip3? install (?:-\S+ +)*gradlint\b")
    assert [relative(path) for path in committed() if path != Path(__file__) and told.search(path.read_bytes())] == []


def test_version_is_the_installed_one() -> None:
    assert importlib.metadata.version("torch-gradlint") == gradlint.__version__


def test_changelog_knows_the_version_or_what_is_unreleased() -> None:
    titles = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert titles[0] in ("Unreleased", gradlint.__version__)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", title) for title in titles[1:])


def test_python_versions_agree() -> None:
    declared = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert declared == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={declared[0]}"
    assert PYPROJECT["tool"]["mypy"]["python_version"] == declared[0]
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{declared[0].replace('.', '')}"


def test_the_command() -> None:
    assert PROJECT["name"] == "torch-gradlint"
    assert PROJECT["scripts"] == {"gradlint": "gradlint.cli:main"}


def test_everything_that_is_imported_is_declared() -> None:
    imported = {name.partition(".")[0] for path in MODULES for name in imports(path)}
    foreign = imported - set(sys.stdlib_module_names) - {"gradlint", "tomllib"}
    declared = {re.split(r"[^\w-]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert foreign <= declared


@pytest.mark.parametrize("name", ["py.typed", "reporters/diagnostics.schema.json"])
def test_data_files_are_in_the_package(name: str) -> None:
    assert resources.files("gradlint").joinpath(name).is_file()


def test_the_hook_is_the_command() -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert "entry: gradlint check --force-exclude\n" in text
    assert "types_or: [python, pyi]\n" in text
    assert "require_serial: true\n" in text


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_bytes()))


def test_the_schema_is_tidy() -> None:
    text = resources.files("gradlint").joinpath("reporters/diagnostics.schema.json").read_text("utf-8")
    assert json.loads(text)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
