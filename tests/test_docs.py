"""The pages in `docs/` say what the package says. Renew them with `pytest tests/test_docs.py --update-golden`."""

from __future__ import annotations

import inspect
import json
import textwrap
from pathlib import Path

import click
import pytest
from commandline import Run
from pages import ROOT, blocks_of, keep

from gradlint.cli.check import check_command
from gradlint.cli.parameters import HeadedOption
from gradlint.explain import DOCUMENTATION, documentation_url, explain
from gradlint.options import DEFAULT_EXCLUDE, FORMATS, OPTIONS, Option
from gradlint.rule import Rule, all_rules
from gradlint.shown_config import toml

INDEX = ROOT / DOCUMENTATION / "README.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"
INTEGRATIONS = ROOT / "docs" / "integrations.md"

SAMPLES = {
    "full": "For people: the whole story, as [Getting started](getting-started.md#read-a-finding) reads it. Not for "
    "programs, for its wording may change.",
    "concise": "One line for each finding, for editors, `grep` and logs. `[*]` says that there is a fix.",
    "grouped": "The same by file.",
    "json": "For programs of your own: an array in the form that ruff uses, so that what reads ruff's can read this. "
    "`related` has the other places of the story, `order` their numbers. The package has a JSON schema, "
    "`gradlint/reporters/diagnostics.schema.json`.",
    "github": "For GitHub Actions, which shows each line as an annotation of the pull request. The worst come first, "
    "because GitHub shows only the first few.",
    "gitlab": "For GitLab's code quality report. The fingerprint does not depend on the number of the line, so that a "
    "finding is not new because of an edit above it.",
    "sarif": "For GitHub code scanning, and for viewers of SARIF 2.1.0. This is one result, shortened: `codeFlows`, "
    "`relatedLocations` and `fixes` are left out here. The log also has the whole page of each rule.",
    "rdjson": "For [reviewdog](https://github.com/reviewdog/reviewdog). Columns count bytes, as it wants them.",
    "junit": "For Jenkins, and for all else that shows results of tests: a suite for each file, a failure for each "
    "finding. A clean run is one case that passes.",
}
LANGUAGES = {"full": "text", "concise": "text", "grouped": "text", "github": "text", "junit": "xml"}


@pytest.fixture
def renew(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_page_of_a_rule_is_its_docstring(rule: Rule, renew: bool) -> None:
    page = ROOT / documentation_url(rule.name)
    if renew:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(explain(rule, "markdown"), encoding="utf-8", newline="\n")
    assert page.read_text(encoding="utf-8") == explain(rule, "markdown")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_answers_what_a_reader_asks(rule: Rule) -> None:
    titles = [line.removeprefix("## ") for line in explain(rule, "markdown").splitlines() if line.startswith("## ")]
    asked = ["What it does", "What happens to the numbers", "Example", "Use instead", "When is it on purpose"]
    asked += ["Fix safety", "What it cannot see"]
    assert [title for title in titles if not title.startswith("Why does PyTorch")] == asked
    # What is about files and comments is no matter of PyTorch's.
    if rule.category not in ("syntax", "suppressions"):
        assert titles[1].startswith("Why does PyTorch ")
        assert "\nSource: <https://docs.pytorch.org/" in explain(rule, "markdown") or rule.name == "double-loss-scaling"


def index_of_rules() -> str:
    def summary(rule: Rule) -> str:
        return " ".join(inspect.cleandoc(type(rule).__doc__ or "").partition("\n\n")[0].split())

    rows = (
        f"| {rule.code} | [{rule.name}]({rule.name}.md){' (preview)' if rule.preview else ''} | {rule.category} "
        f"| {rule.severity.value} | {summary(rule)} |\n"
        for rule in all_rules()
    )
    return "".join(
        (
            "# The rules\n\n"
            "Rules in preview run with `--preview`, or when they are selected by their own code or name.\n"
            "`gradlint rule GRD101` prints one of these pages. Their examples are excerpts: `model`, `loader` and\n"
            "the like are yours, and some are only reported where these were made in sight.\n\n",
            "| code | name | category | severity | what it says |\n| --- | --- | --- | --- | --- |\n",
            *rows,
        )
    )


def test_the_index_has_all_rules(renew: bool) -> None:
    if renew:
        INDEX.write_text(index_of_rules(), encoding="utf-8", newline="\n")
    assert INDEX.read_text(encoding="utf-8") == index_of_rules()


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    pages = {page.stem for page in INDEX.parent.iterdir() if page != INDEX}
    assert pages == {rule.name for rule in all_rules()}


def table_of_keys() -> str:
    def default(option: Option) -> str:
        if option.default == DEFAULT_EXCLUDE:
            return "`gradlint config exclude` shows it"
        return f"`{toml(option.default)}`" if option.default != "" else "none"

    rows = (
        f"| `{each.key}` | {each.kind.value} | {default(each)} | {each.meaning} | `{each.example}` |\n"
        for each in OPTIONS
    )
    return "".join(("\n| key | value | default | meaning | example |\n| --- | --- | --- | --- | --- |\n", *rows, "\n"))


def test_the_keys_are_those_of_the_configuration(renew: bool) -> None:
    keep(CONFIGURATION, "keys", table_of_keys(), renew=renew)


def lists_of_options() -> str:
    context = click.Context(check_command)
    rows: dict[str, list[str]] = {}
    for each in check_command.params:
        record = each.get_help_record(context)
        if isinstance(each, HeadedOption) and record is not None:
            name, meaning = record[0].replace("|", "\\|"), record[1].replace("|", "\\|")
            rows.setdefault(each.heading, []).append(f"| `{name}` | `{each.envvar}` | {meaning} |\n")
    headings = sorted(rows, key=lambda heading: heading == "Options")
    return "\n" + "".join(
        f"### {'Other options' if heading == 'Options' else heading}\n\n"
        f"| option | in the environment | |\n| --- | --- | --- |\n{''.join(rows[heading])}\n"
        for heading in headings
    )


def test_the_options_are_those_of_the_command(renew: bool) -> None:
    keep(CONFIGURATION, "options", lists_of_options(), renew=renew)


def sample(name: str, gradlint: Run, folder: Path) -> str:
    ran = gradlint("check", "--isolated", "--no-cache", "--output-format", name, "train.py")
    assert ran.status == 1
    if name != "sarif":
        return ran.out
    result = json.loads(ran.out)["runs"][0]["results"][0]
    shortened = {key: each for key, each in result.items() if key not in ("codeFlows", "relatedLocations", "fixes")}
    return json.dumps(shortened, indent=2) + "\n"


def test_the_samples_are_what_the_formats_print(folder: Path, gradlint: Run, renew: bool) -> None:
    assert list(SAMPLES) == list(FORMATS)
    script = next(block for block in blocks_of(INTEGRATIONS) if block.language == "python")
    (folder / "train.py").write_text(script.text, encoding="utf-8")
    samples = []
    for name, text in SAMPLES.items():
        words = textwrap.fill(text, 120, break_on_hyphens=False)
        printed = f"```{LANGUAGES.get(name, 'json')}\n{sample(name, gradlint, folder)}```"
        samples.append(f"\n### {name}\n\n{words}\n\n{printed}\n")
    keep(INTEGRATIONS, "samples", "".join((*samples, "\n")), renew=renew)
