"""A rule explained as text, markdown and JSON."""

from __future__ import annotations

import json

import pytest

from gradlint.diagnostics import Severity
from gradlint.explain import FORMATS, explain, explain_all
from gradlint.rule import Rule, all_rules


class WrongWay(Rule):
    """Gradients go the wrong
    way, uphill.

    ## What it does
    Finds `loss.backward()` on a negated loss.

    ## Example
    ```python
    (-loss).backward()

    optimizer.step()
    ```
    Use instead:
    ```python
    # ## no heading
    loss.backward()
    ```
    """

    code = "GRD901"
    category = "slips"
    severity = Severity.WARNING


class Undocumented(WrongWay):
    code = "GRD902"
    preview = True


TEXT = """\
GRD901 wrong-way
category slips, severity warning

Gradients go the wrong
way, uphill.

What it does
------------
Finds `loss.backward()` on a negated loss.

Example
-------
    (-loss).backward()

    optimizer.step()
Use instead:
    # ## no heading
    loss.backward()
"""


def test_text() -> None:
    assert explain(WrongWay()) == TEXT


def test_colour_changes_nothing_but_the_weight_of_headings() -> None:
    colored = explain(WrongWay(), "text", color=True)
    assert "\x1b[1mWhat it does\x1b[0m" in colored
    assert colored.replace("\x1b[1m", "").replace("\x1b[0m", "") == TEXT


def test_markdown() -> None:
    page = explain(WrongWay(), "markdown")
    assert page.startswith("# wrong-way (GRD901)\n\n*category slips, severity warning*\n\nGradients go the wrong\n")
    assert "\n## Example\n```python\n(-loss).backward()\n\noptimizer.step()\n```\n" in page
    assert page.endswith("```\n")


def test_json() -> None:
    explained = json.loads(explain(WrongWay(), "json"))
    assert explained.pop("explanation").startswith("Gradients go the wrong\nway, uphill.\n\n## What it does\n")
    assert explained == {
        "code": "GRD901",
        "name": "wrong-way",
        "category": "slips",
        "severity": "warning",
        "preview": False,
        "summary": "Gradients go the wrong way, uphill.",
        "url": "docs/rules/wrong-way.md",
    }


def test_preview_is_said_and_documentation_not_inherited() -> None:
    text = explain(Undocumented())
    assert "preview: runs with --preview" in text
    assert "uphill" not in text


def test_all_in_json_is_one_array() -> None:
    both = json.loads(explain_all([WrongWay(), Undocumented()], "json"))
    assert [each["code"] for each in both] == ["GRD901", "GRD902"]


def test_all_in_words() -> None:
    text = explain_all([WrongWay(), Undocumented()])
    assert text == explain(WrongWay()) + "\n" + explain(Undocumented())


def test_all_in_markdown_is_one_page() -> None:
    page = explain_all([WrongWay(), Undocumented()], "markdown")
    assert page.startswith("# The rules of gradlint\n\n## wrong-way (GRD901)\n\n*category slips")
    assert "\n### Example\n```python\n(-loss).backward()\n" in page
    assert "\n# ## no heading\n" in page
    assert "\n\n## undocumented (GRD902)\n\n" in page


def test_unknown_format() -> None:
    with pytest.raises(ValueError, match=r"unknown format 'yaml'.*text, json, markdown"):
        explain(WrongWay(), "yaml")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
@pytest.mark.parametrize("fmt", FORMATS)
def test_every_rule_of_the_package_is_explained(rule: Rule, fmt: str) -> None:
    explained = explain(rule, fmt)
    assert rule.code in explained
    assert rule.name in explained
    assert (type(rule).__doc__ or "").split()[0] in explained
    assert "```" not in explained or fmt != "text"
