"""The pages in `docs/` say what the package says. Renew them with `pytest tests/test_docs.py --update-golden`."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from gradlint.explain import DOCUMENTATION, documentation_url, explain
from gradlint.rule import Rule, all_rules

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_page_of_a_rule_is_its_docstring(rule: Rule, request: pytest.FixtureRequest) -> None:
    page = ROOT / documentation_url(rule.name)
    if request.config.getoption("--update-golden"):
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(explain(rule, "markdown"), encoding="utf-8", newline="\n")
    assert page.read_text(encoding="utf-8") == explain(rule, "markdown")


def table_of_rules() -> str:
    def summary(rule: Rule) -> str:
        return " ".join(inspect.cleandoc(type(rule).__doc__ or "").partition("\n\n")[0].split())

    rows = (
        f"| {rule.code} | [{rule.name}]({documentation_url(rule.name)}){' (preview)' if rule.preview else ''}"
        f" | {summary(rule)} |\n"
        for rule in all_rules()
    )
    return "".join(("\n| code | rule | what it says |\n| --- | --- | --- |\n", *rows, "\n"))


def test_the_readme_has_a_table_of_all_rules(request: pytest.FixtureRequest) -> None:
    page = ROOT / "README.md"
    before, begins, rest = page.read_text(encoding="utf-8").partition("<!-- rules: written by `make golden` -->\n")
    _, ends, after = rest.partition("<!-- end of rules -->\n")
    assert begins and ends
    if request.config.getoption("--update-golden"):
        page.write_text("".join((before, begins, table_of_rules(), ends, after)), encoding="utf-8", newline="\n")
    assert begins + table_of_rules() + ends in page.read_text(encoding="utf-8")


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    assert {page.stem for page in (ROOT / DOCUMENTATION).iterdir()} == {rule.name for rule in all_rules()}
