"""The pages in `docs/` say what the package says. Renew them with `pytest tests/test_docs.py --update-golden`."""

from __future__ import annotations

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


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    assert {page.stem for page in (ROOT / DOCUMENTATION).iterdir()} == {rule.name for rule in all_rules()}
