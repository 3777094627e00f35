"""What people were promised: each command, option, variable and key is there, and is named in the help."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from gradlint.cli import cli
from gradlint.options import BY_KEY

COMMANDS = ("check", "rule", "config", "clean")
CHECK = """
    --select --ignore --extend-select --extend-ignore --preview --fixable --unfixable --fix --unsafe-fixes --diff
    --show-fixes --output-format --output-file --report --statistics --exit-zero --fail-on --add-ignore --reason
    --ignore-suppressions --baseline --write-baseline --stdin-filename --exclude --extend-exclude --force-exclude
    --no-gitignore --config --isolated --show-files --jobs --no-cache --cache-dir --quiet -q --verbose -v --color
    --help -h
""".split()
RULE = "--all --output-format --color --help -h".split()
CONFIG = "--show --output-format --config --isolated --help -h".split()
CLEAN = "--quiet -q --help -h".split()
PROMISED = {"check": CHECK, "rule": RULE, "config": CONFIG, "clean": CLEAN}
KEYS = """
    extend select ignore extend-select extend-ignore preview exclude extend-exclude per-file-ignores severity
    target-optimizers known-clearing-calls known-stepping-calls output-format fail-on cache-dir
""".split()
# They are asked of one command only, where the word means something else than for `check`.
WITHOUT_VARIABLE = {("rule", "--all"), ("rule", "--output-format"), ("config", "--show"), ("config", "--output-format")}


def command(name: str) -> click.Command:
    found = cli.commands[name]
    assert isinstance(found, click.Command)
    return found


def options(name: str) -> list[click.Option]:
    return [each for each in command(name).params if isinstance(each, click.Option)]


def longest(option: click.Option) -> str:
    return next(each for each in option.opts if each.startswith("--"))


def test_every_command_is_there() -> None:
    assert sorted(cli.commands) == sorted(COMMANDS)


@pytest.mark.parametrize(("name", "option"), [(name, each) for name, listed in PROMISED.items() for each in listed])
def test_an_option_is_named_in_the_help(name: str, option: str) -> None:
    text = CliRunner().invoke(cli, [name, "--help"]).output
    assert re.search(rf"(?m)^  (?:-\w, )?{re.escape(option)}\b|^  {re.escape(option)}, ", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_there_that_nobody_was_promised(name: str) -> None:
    given = {each for option in options(name) for each in (*option.opts, *option.secondary_opts)}
    assert given | {"--help", "-h"} == set(PROMISED[name]) | ({"--no-preview"} if name == "check" else set())


@pytest.mark.parametrize(("name", "option"), [(name, each) for name in COMMANDS for each in options(name)], ids=str)
def test_an_option_reads_its_variable(name: str, option: click.Option) -> None:
    spelt = longest(option)
    expected = None if (name, spelt) in WITHOUT_VARIABLE else f"GRADLINT_{spelt[2:].replace('-', '_').upper()}"
    assert option.envvar == expected


@pytest.mark.parametrize(("name", "option"), [(name, each) for name in COMMANDS for each in options(name)], ids=str)
def test_an_option_says_what_it_does(name: str, option: click.Option) -> None:
    assert option.help and option.help.endswith((".", "]"))


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_there_and_explained(key: str) -> None:
    assert BY_KEY[key].meaning.endswith(".")
    assert key in BY_KEY[key].example
