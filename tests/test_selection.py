"""Which rules run."""

from __future__ import annotations

import pytest

from gradlint.diagnostics import Severity
from gradlint.rule import Rule
from gradlint.selection import Choice, UnknownSelector, choose, named


def _rule(name: str, number: str, group: str, *, is_preview: bool = False) -> Rule:
    members = {"code": number, "category": group, "severity": Severity.WARNING, "preview": is_preview}
    return type(name, (Rule,), members)()


RULES = (
    _rule("SyntaxError", "GRD000", "syntax"),
    _rule("MissingZeroGrad", "GRD101", "clearing"),
    _rule("PartialClear", "GRD102", "clearing"),
    _rule("LostWindow", "GRD110", "windows", is_preview=True),
    _rule("ScalerProtocol", "GRD201", "amp"),
)


def codes(*layers: Choice, preview: bool = False) -> list[str]:
    return [rule.code.removeprefix("GRD") for rule in choose(layers, RULES, preview=preview)]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        pytest.param(Choice(), ["000", "101", "102", "201"], id="default-is-all-but-preview"),
        pytest.param(Choice(("ALL",)), ["000", "101", "102", "201"], id="all-leaves-preview-out"),
        pytest.param(Choice(("GRD101",)), ["000", "101"], id="code"),
        pytest.param(Choice(("grd101",)), ["000", "101"], id="code-in-lower-case"),
        pytest.param(Choice(("missing-zero-grad",)), ["000", "101"], id="name"),
        pytest.param(Choice(("GRD10",)), ["000", "101", "102"], id="prefix"),
        pytest.param(Choice(("GRD1",)), ["000", "101", "102"], id="prefix-leaves-preview-out"),
        pytest.param(Choice(("clearing",)), ["000", "101", "102"], id="category"),
        pytest.param(Choice(()), ["000"], id="nothing-selected"),
        pytest.param(Choice(("lost-window",)), ["000", "110"], id="preview-by-name"),
        pytest.param(Choice(("GRD110",)), ["000", "110"], id="preview-by-code"),
        pytest.param(Choice(("GRD110", "ALL")), ["000", "101", "102", "110", "201"], id="preview-by-code-and-all"),
        pytest.param(Choice(extend_select=("GRD110",)), ["000", "101", "102", "110", "201"], id="extend-select"),
        pytest.param(Choice(ignore=("GRD1",)), ["000", "201"], id="ignore-prefix"),
        pytest.param(Choice(extend_ignore=("clearing",)), ["000", "201"], id="extend-ignore-category"),
        pytest.param(Choice(("GRD101",), ("GRD1",)), ["000", "101"], id="code-beats-prefix"),
        pytest.param(Choice(("GRD1",), ("GRD101",)), ["000", "102"], id="ignored-code-beats-prefix"),
        pytest.param(Choice(("GRD101",), ("GRD101",)), ["000"], id="ignore-wins-a-tie"),
        pytest.param(Choice(("ALL",), ("GRD",)), ["000"], id="prefix-of-everything-keeps-syntax-errors"),
        pytest.param(Choice(ignore=("ALL",)), ["000"], id="ignore-all-keeps-syntax-errors"),
        pytest.param(Choice(ignore=("GRD000",)), ["101", "102", "201"], id="syntax-errors-ignored-by-code"),
        pytest.param(Choice(ignore=("syntax-error",)), ["101", "102", "201"], id="syntax-errors-ignored-by-name"),
        pytest.param(Choice(ignore=("syntax",)), ["101", "102", "201"], id="syntax-errors-ignored-by-category"),
    ],
)
def test_one_layer(choice: Choice, expected: list[str]) -> None:
    assert codes(choice) == expected


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        pytest.param(Choice(("GRD1",)), Choice(("GRD2",)), "000 201", id="select-starts-anew"),
        pytest.param(Choice(("GRD1",)), Choice(ignore=("GRD102",)), "000 101", id="ignore-changes"),
        pytest.param(Choice((), ("GRD101",)), Choice(extend_select=("GRD101",)), "000 101", id="selected-back"),
        pytest.param(Choice(ignore=("GRD000", "GRD1")), Choice(extend_select=("GRD201",)), "201", id="stays-off"),
        pytest.param(Choice(ignore=("GRD000",)), Choice(("GRD201",)), "000 201", id="select-brings-syntax-errors-back"),
        pytest.param(Choice(("GRD110",)), Choice(extend_select=("GRD1",)), "000 101 102 110", id="wider-keeps-preview"),
    ],
)
def test_the_command_line_over_a_file(file: Choice, line: Choice, expected: str) -> None:
    assert codes(file, line) == expected.split()


def test_preview_runs_all() -> None:
    assert codes(preview=True) == ["000", "101", "102", "110", "201"]


@pytest.mark.parametrize(
    ("selector", "nearest"),
    [
        pytest.param("GRD301", "", id="one-digit-off-two-codes"),
        pytest.param("GRD202", "", id="one-digit-off-two-other-codes"),
        pytest.param("GRD211", "; did you mean 'GRD201'?", id="one-digit-off"),
        pytest.param("grd210", "; did you mean 'GRD201'?", id="two-digits-swapped-and-one-off-another"),
        pytest.param("GRD999", "", id="code-like-none"),
        pytest.param("GRD1011", "; did you mean 'GRD101'?", id="a-digit-too-many"),
        pytest.param("GRD9", "", id="prefix-of-nothing"),
        pytest.param("mising-zero-grad", "; did you mean 'missing-zero-grad'?", id="name"),
        pytest.param("clearings", "; did you mean 'clearing'?", id="category"),
        pytest.param("F", "", id="of-another-linter"),
        pytest.param("GR", "", id="too-short-a-prefix"),
        pytest.param("GRD101x", "; did you mean 'GRD101'?", id="trailing-letter"),
    ],
)
@pytest.mark.parametrize("option", ["select", "ignore", "extend_select", "extend_ignore"])
def test_unknown(option: str, selector: str, nearest: str) -> None:
    with pytest.raises(UnknownSelector) as caught:
        choose([Choice(**{option: (selector,)})], RULES)
    assert str(caught.value) == f"unknown rule, prefix or category '{selector}'{nearest}"


def test_no_suggestion_for_what_resembles_nothing() -> None:
    with pytest.raises(UnknownSelector) as caught:
        choose([Choice(("zzz",))], RULES)
    assert str(caught.value).endswith("'zzz'")


@pytest.mark.parametrize("text", ["GRD101", "grd101", "missing-zero-grad", "Missing-Zero-Grad"])
def test_named(text: str) -> None:
    assert named(text, RULES).code == "GRD101"


def test_named_takes_no_prefix_and_suggests() -> None:
    with pytest.raises(UnknownSelector, match="unknown rule 'missing-zero'; did you mean 'missing-zero-grad'"):
        named("missing-zero", RULES)


def test_named_says_of_which_codes_a_prefix_is_the_beginning() -> None:
    with pytest.raises(UnknownSelector, match=r"^'GRD1' is the beginning of GRD101, GRD102, GRD110$"):
        named("GRD1", RULES)
    with pytest.raises(UnknownSelector, match=r"^'grd' is the beginning of GRD000, GRD101, GRD102, GRD110, \.\.\.$"):
        named("grd", RULES)
    with pytest.raises(UnknownSelector, match=r"^unknown rule 'GRD9'$"):
        named("GRD9", RULES)
