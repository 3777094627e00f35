"""The README's Quick start has the shape that CI and newcomers rely on, and its examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert match, f"no section {title}"
    return match[1]


def commands() -> list[str]:
    return re.findall(r"^```sh\n(.*?)\n```$", section("Quick start"), re.MULTILINE | re.DOTALL)


def test_quick_start_has_two_blocks_of_one_line() -> None:
    assert section("Quick start").count("```") == 4
    assert [command.count("\n") for command in commands()] == [0, 0]
    assert [language for language, _ in BLOCKS].count("sh") == 2


@pytest.mark.parametrize("command", commands(), ids=["lint", "test"])
def test_a_command_needs_nothing_but_python_and_the_clone(command: str) -> None:
    made = re.match(r"python3 -m venv (\.venv-\w+) && ", command)
    assert made, "it begins by making an environment"
    programs = [part.split()[0] for part in command.split(" && ")[1:]]
    assert all(program.startswith(f"{made[1]}/bin/") for program in programs), "it uses that environment only"
    assert not re.search(r"\b(sudo|curl|wget|export|source)\b", command)


def test_the_first_command_lints_the_examples_and_says_its_status() -> None:
    command = commands()[0]
    assert command.endswith("/bin/gradlint check examples")
    before = section("Quick start").partition("```sh")[0]
    assert "exits with status 1" in " ".join(before.split())


def test_the_second_command_runs_the_tests() -> None:
    assert "pip install --quiet --editable '.[test]'" in commands()[1]
    assert commands()[1].endswith("/bin/python -m pytest -n auto")


def test_the_environments_are_ignored_by_git() -> None:
    ignored = (Path(__file__).parent.parent / ".gitignore").read_text("utf-8").splitlines()
    assert ".venv*/" in ignored
    assert all(re.search(r"-m venv \.venv", command) for command in commands())


def test_quick_start_is_on_the_first_screen() -> None:
    assert README.partition("## Quick start")[0].count("\n") < 45


def test_the_shown_finding_is_the_one_of_the_golden_files() -> None:
    shown = next(text for language, text in BLOCKS if language == "text")
    assert shown + "\n" == (Path(__file__).parent / "golden/full/design_note.txt").read_text("utf-8")
