"""The rules of a SARIF log: what a viewer shows about a finding's rule, from the rule's docstring."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from gradlint.diagnostics import Diagnostic, Severity
from gradlint.explain import explain
from gradlint.reporters.characters import cut
from gradlint.reporters.report import Report
from gradlint.reporters.wire import Json, compact, page
from gradlint.rule import Rule, all_rules

MAX_TEXT = 1024
"""Longer texts are cut by GitHub, or make it refuse the log."""

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
_WHAT = re.compile(r"^## What it does\n+(?P<text>.*?)(?=\n+## |\Z)", re.MULTILINE | re.DOTALL)


def rules(diagnostics: Iterable[Diagnostic], report: Report) -> dict[str, Json]:
    """A description for each rule that has findings, by code."""
    found = {each.code: each for each in diagnostics}
    known = {rule.code: rule for rule in all_rules()} if found else {}
    return {code: _described(found[code], known.get(code), report) for code in sorted(found)}


def _described(diagnostic: Diagnostic, rule: Rule | None, report: Report) -> Json:
    head = compact(id=diagnostic.code, name=diagnostic.name, helpUri=page(report, diagnostic.name))
    if rule is None:
        return head | {"shortDescription": {"text": diagnostic.name}}
    told = json.loads(explain(rule, "json"))
    # Without docstrings (-OO) the name is all there is.
    short = told["summary"] or rule.name
    what = _WHAT.search(told["explanation"])
    full = " ".join(what["text"].split()) if what else short
    return head | {
        "shortDescription": {"text": cut(short, MAX_TEXT)},
        "fullDescription": {"text": cut(full, MAX_TEXT)},
        "help": {"text": explain(rule), "markdown": explain(rule, "markdown")},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "precision": "medium" if rule.preview else "high",
            "problem.severity": _PROBLEMS[rule.severity],
            "tags": [*dict.fromkeys((rule.category, "correctness", "pytorch"))],
        },
    }
