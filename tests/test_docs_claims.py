"""What the documentation claims holds: links lead somewhere, code parses, commands are accepted, output is real."""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
from commandline import Run
from pages import PAGES, ROOT, Block, blocks, blocks_of, relative, text_of, without_blocks

from gradlint.cli import cli
from gradlint.config import Configuration

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONCISE = "my runs/lr=0,1: größe 😀.py"
BEHIND_COMMAND = re.compile(r"[|;&>]")
ITS_OWN = ("--quiet", "--editable", "--version", "--help")
"""Options that other programs have as well, and that pages name beside these programs."""


def name_of(block: Block) -> str:
    return block.name


# Links


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page)):
            if not re.match(r"[a-z]+:", target):
                yield page, target


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    found: dict[str, int] = {}
    for title in re.findall(r"^#+ +(.*?)\s*$", without_blocks(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        if found[slug]:
            found[f"{slug}-{found[slug]}"] = 0
    return set(found)


@pytest.mark.parametrize(
    ("page", "target"), list(links()), ids=lambda each: relative(each) if isinstance(each, Path) else each
)
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists()
    if anchor:
        assert anchor in anchors(file)


def test_every_page_is_linked_from_another_one() -> None:
    linked = {(page.parent / target.partition("#")[0]).resolve() for page, target in links()}
    assert [relative(page) for page in PAGES if page not in linked and page != ROOT / "README.md"] == []


# Code


@pytest.mark.parametrize("block", blocks("python"), ids=name_of)
def test_python_is_valid(block: Block) -> None:
    if block.page.stem != "syntax-error":
        ast.parse(block.text)


@pytest.mark.parametrize("block", blocks("json"), ids=name_of)
def test_json_is_valid(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", blocks("yaml"), ids=name_of)
def test_yaml_is_valid(block: Block) -> None:
    # It comes with libcst, under another name for the first Python that can do without a global lock.
    yaml = importlib.import_module("yaml_ft" if sys.version_info[:2] == (3, 13) else "yaml")
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize("block", blocks("toml"), ids=name_of)
def test_configuration_is_accepted(block: Block, folder: Path) -> None:
    content = tomllib.loads(block.text)
    file = folder / "project" / ("pyproject.toml" if "tool" in content else "gradlint.toml")
    if content.keys() <= {"tool"} and "gradlint" not in content["tool"]:
        return  # of another tool
    file.parent.mkdir()
    (folder / "gradlint.toml").touch()  # for what is extended
    file.write_text(block.text, encoding="utf-8")
    assert Configuration().settings(file.parent).file == file


# Commands


def commands() -> Iterator[tuple[str, str]]:
    """Every command line of ours, with the place: in blocks for a shell, in those for CI, and within sentences."""
    for page in PAGES:
        for block in blocks_of(page):
            if block.language in ("sh", "yaml", "groovy"):
                for line in block.text.splitlines():
                    if found := re.search(r"(?<![\w/-])gradlint (?!@)[a-z-].*", line):
                        yield block.name, found[0]
        for row, line in enumerate(text_of(page).splitlines(), 1):
            for span in re.findall(r"(?<!`)`gradlint ([^`]+)`", line):
                yield f"{relative(page)}:{row}", f"gradlint {span}"


def accepts(line: str) -> None:
    """Raises click.ClickException for what click does not take."""
    line = line.rstrip("'")
    words = shlex.split(next(iter(re.split(r" (?:\||&&|>) ", line))))[1:]
    if words[0].startswith("-"):
        assert words[0] in ("--version", "--help")
        return
    context = click.Context(cli)
    name, command, rest = cli.resolve_command(context, words)
    assert command is not None
    with contextlib.suppress(click.exceptions.Exit):  # of --help
        command.make_context(name, list(rest), parent=context)


@pytest.mark.parametrize(("place", "line"), list(commands()))
def test_a_command_is_accepted(place: str, line: str, folder: Path) -> None:
    accepts(line)


@pytest.mark.parametrize("line", ["gradlint chek", "gradlint check --selct GRD1", "gradlint check --fail-on bad"])
def test_a_command_that_click_refuses_would_be_seen(line: str, folder: Path) -> None:
    with pytest.raises(click.ClickException):
        accepts(line)


def known_options() -> set[str]:
    every: Any = [parameter for command in cli.commands.values() for parameter in command.params]
    return {name for each in every for name in (*each.opts, *each.secondary_opts)}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_option_that_a_page_names_is_one(page: Path) -> None:
    named = set(re.findall(r"(?<=[`( ])--[a-z][a-z-]+", "\n".join(re.findall(r"`[^`\n]*`", without_blocks(page)))))
    # CONTRIBUTING names options of scripts and of pytest.
    elsewhere = (
        {"--fixes", "--programs", "--first", "--strict", "--update-golden"} if page.stem == "CONTRIBUTING" else set()
    )
    assert named - known_options() - {*ITS_OWN} - elsewhere == set()


# Output


def followed(first: str, *others: str) -> list[tuple[Block, Block]]:
    """Blocks with others right behind them: what is run or linted, and what that prints."""
    pairs = []
    for page in PAGES:
        text, found = text_of(page), blocks_of(page)
        for one, other in pairwise(found):
            between = text[one.end : text.index("```", one.end)]
            if one.language == first and other.language in others and not between.strip():
                pairs.append((one, other))
    return pairs


def of_examples() -> list[tuple[Block, Block]]:
    """The commands that are about files in the repository."""
    return [pair for pair in followed("sh", "text", "diff") if " examples" in pair[0].text]


@pytest.mark.parametrize(("command", "output"), of_examples(), ids=lambda each: each.name)
def test_a_command_prints_what_is_shown(command: Block, output: Block, folder: Path, gradlint: Run) -> None:
    words = shlex.split(command.text)
    shutil.copytree(ROOT / "examples", folder / "examples")
    assert gradlint(*words[1:]).out == output.text


def of_scripts() -> list[tuple[Block, Block, str]]:
    """Scripts with their findings, and the name of the file that these have."""
    pairs = followed("python", "text")
    return [(*pair, name[1]) for pair in pairs if (name := re.search(r"\b(\w+\.py):\d", pair[1].text))]


@pytest.mark.parametrize(
    ("script", "output", "name"), of_scripts(), ids=lambda each: each if isinstance(each, str) else each.name
)
def test_a_script_has_the_findings_that_are_shown(
    script: Block, output: Block, name: str, folder: Path, gradlint: Run
) -> None:
    (folder / name).write_text(script.text, encoding="utf-8")
    fmt = "concise" if output.text.startswith(name) else "full"
    assert gradlint("check", "--isolated", "--output-format", fmt, name).out == output.text


def test_what_is_taught_changes_the_findings_as_shown(folder: Path, gradlint: Run) -> None:
    page = blocks_of(ROOT / "docs" / "configuration.md")
    script = next(index for index, block in enumerate(page) if block.language == "python")
    (folder / "train.py").write_text(page[script].text, encoding="utf-8")
    (folder / "gradlint.toml").write_text(page[script + 2].text, encoding="utf-8")
    assert gradlint("check", "--output-format", "concise").out == page[script + 3].text


def test_the_problem_matcher_reads_the_concise_format() -> None:
    task = next(json.loads(block.text) for block in blocks("json") if '"problemMatcher"' in block.text)
    pattern = task["tasks"][0]["problemMatcher"]["pattern"]
    match = re.match(pattern["regexp"], concise())
    assert match
    keys = ("file", "line", "column", "code")
    assert [match[pattern[key]] for key in keys] == [CONCISE, "14", "9", "GRD101"]
    assert match[pattern["message"]].startswith("`loss.backward()` adds")


def test_the_pattern_for_sublime_text_reads_the_concise_format() -> None:
    pattern = next(json.loads(block.text) for block in blocks("json") if '"file_regex"' in block.text)["file_regex"]
    match = re.match(pattern, concise())
    assert match
    assert match.groups()[:3] == (CONCISE, "14", "9")


def concise() -> str:
    return (ROOT / "tests/golden/concise/odd_path.txt").read_text("utf-8").rstrip("\n")
