"""What becomes of findings once the rules have spoken."""

from __future__ import annotations

import pickle

import pytest

from gradlint.diagnostics import Severity
from gradlint.linter import LintResult, lint
from gradlint.rule import all_rules
from gradlint.source import Source
from gradlint.terms import Terms

BUG = "for x, y in loader:\n    loss = loss_fn(model(x), y)\n    loss.backward()\n    optimizer.step()\n"
SILENCED = BUG.replace("backward()", "backward()  # noqa: GRD101, GRD99")


def given(text: str, terms: Terms) -> LintResult:
    result = lint(Source("a.py", text), all_rules(), terms=terms)
    assert not result.failures
    return result


def test_usually_findings_are_those_of_the_rules() -> None:
    (found,) = given(BUG, Terms()).diagnostics
    assert (found.severity, found.fix is None) == (Severity.ERROR, False)


@pytest.mark.parametrize(("code", "severity"), [("GRD101", Severity.NOTE), ("GRD102", Severity.ERROR)])
def test_severity_by_code(code: str, severity: Severity) -> None:
    (found,) = given(BUG, Terms(severities={code: Severity.NOTE})).diagnostics
    assert found.severity is severity


@pytest.mark.parametrize(("code", "is_unfixable"), [("GRD101", True), ("GRD102", False)])
def test_no_fix_by_code(code: str, is_unfixable: bool) -> None:
    (found,) = given(BUG, Terms(unfixable=(code,))).diagnostics
    assert (found.fix is None) is is_unfixable


def test_syntax_errors_are_on_the_same_terms() -> None:
    (found,) = given("x = (", Terms(severities={"GRD000": Severity.WARNING})).diagnostics
    assert found.severity is Severity.WARNING


def test_comments_that_are_not_heeded_neither_silence_nor_are_reported() -> None:
    assert given(SILENCED, Terms()).diagnostics == ()
    assert len(given(SILENCED, Terms()).warnings) == 1
    (found,) = given(SILENCED, Terms(heed_comments=False)).diagnostics
    assert found.code == "GRD101"
    assert given(SILENCED, Terms(heed_comments=False)).warnings == ()
    unused = "x = 1  # gradlint: ignore[GRD101]\n"
    assert [each.code for each in given(unused, Terms()).diagnostics] == ["GRD001"]
    assert given(unused, Terms(heed_comments=False)).diagnostics == ()


def test_terms_can_be_sent_to_another_process() -> None:
    terms = Terms(heed_comments=False, severities={"GRD101": Severity.NOTE}, unfixable=("GRD102",))
    assert pickle.loads(pickle.dumps(terms)) == terms
    assert hash(pickle.loads(pickle.dumps(terms))) == hash(terms)
