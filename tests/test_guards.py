"""What conditions say about each other, and what counting does to them."""

from __future__ import annotations

import pytest

from gradlint.flow.conditions import Condition, Cycle, Equals, IsNone, LastTrip, Literal, Truth, settled
from gradlint.flow.decisions import decide, happens_both_ways
from gradlint.flow.guards import advance, forget, renamed
from gradlint.regions import Path

COUNT, AMP, MODE, OPT = Path(1, "i"), Path(1, "amp"), Path(1, "mode"), Path(1, "opt")


def cycle(shift: int, period: str = "n") -> Cycle:
    return Cycle(COUNT, shift, period, frozenset({COUNT}))


def yes(condition: Condition) -> Literal:
    return Literal(condition, True)


def no(condition: Condition) -> Literal:
    return Literal(condition, False)


def truth(path: Path) -> Truth:
    return Truth(path, frozenset({path}))


def equals(path: Path, constant: object) -> Equals:
    return Equals(path, constant, frozenset({path}))


def is_none(path: Path) -> IsNone:
    return IsNone(path, frozenset({path}))


@pytest.mark.parametrize(
    ("known", "asked", "verdict"),
    [
        pytest.param(yes(truth(AMP)), truth(AMP), True, id="same-truth"),
        pytest.param(no(truth(AMP)), truth(AMP), False, id="negation"),
        pytest.param(yes(truth(AMP)), truth(MODE), None, id="another-variable"),
        pytest.param(yes(equals(MODE, "train")), equals(MODE, "val"), False, id="other-constant"),
        pytest.param(no(equals(MODE, "train")), equals(MODE, "val"), None, id="not-this-constant-may-be-any-other"),
        pytest.param(yes(equals(MODE, "")), truth(MODE), False, id="falsy-constant"),
        pytest.param(yes(truth(MODE)), equals(MODE, 0), False, id="true-is-not-zero"),
        pytest.param(yes(is_none(OPT)), truth(OPT), False, id="none-is-not-true"),
        pytest.param(yes(truth(OPT)), is_none(OPT), False, id="true-is-not-none"),
        pytest.param(no(truth(OPT)), is_none(OPT), None, id="not-true-may-be-none-or-not"),
        pytest.param(yes(cycle(1)), cycle(1), True, id="same-phase"),
        pytest.param(yes(cycle(1)), cycle(0), False, id="neighbouring-phases-exclude-each-other"),
        pytest.param(yes(cycle(3)), cycle(0), None, id="three-apart-may-be-a-period-of-three"),
        pytest.param(yes(cycle(3, "3")), cycle(0, "3"), True, id="three-apart-with-period-three"),
        pytest.param(yes(cycle(3, "4")), cycle(0, "4"), False, id="three-apart-with-period-four"),
        pytest.param(yes(cycle(1, "4")), cycle(1, "2"), True, id="every-fourth-is-a-second"),
        pytest.param(yes(cycle(1, "2")), cycle(1, "4"), None, id="not-every-second-is-a-fourth"),
        pytest.param(yes(equals(COUNT, 0)), cycle(0), True, id="zero-is-a-multiple"),
        pytest.param(yes(equals(COUNT, 0)), cycle(1), False, id="a-window-of-one-is-none"),
    ],
)
def test_decide(known: Literal, asked: Condition, verdict: bool | None) -> None:
    assert decide({known}, asked) is verdict


@pytest.mark.parametrize(
    ("known", "asked", "both"),
    [
        pytest.param((), cycle(1, "4"), True, id="a-number-is-met-and-missed"),
        pytest.param((), cycle(1, "n"), False, id="a-name-may-be-one"),
        pytest.param((yes(cycle(1, "2")),), cycle(1, "4"), True, id="every-second-window"),
        pytest.param((yes(cycle(1, "4")),), cycle(1, "2"), False, id="already-decided"),
        pytest.param((), truth(AMP), False, id="no-arithmetic"),
    ],
)
def test_happens_both_ways(known: tuple[Literal, ...], asked: Condition, both: bool) -> None:
    assert happens_both_ways(known, asked) is both


PHASES = {(COUNT, "n"): (0, 1), (COUNT, "2"): (0, 1)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(yes(cycle(1)), {yes(cycle(0))}, id="next-iteration-shifts"),
        pytest.param(no(cycle(1)), {no(cycle(0))}, id="a-negation-shifts-too"),
        pytest.param(no(cycle(0)), set(), id="a-negation-that-no-test-can-ask-for-lapses"),
        pytest.param(yes(cycle(0)), {yes(cycle(-1))}, id="a-multiple-still-tells-its-neighbour"),
        pytest.param(yes(cycle(-1)), set(), id="and-then-lapses"),
        pytest.param(no(cycle(0, "2")), {yes(cycle(0, "2"))}, id="not-even-is-odd"),
        pytest.param(yes(equals(COUNT, 0)), set(), id="a-value-lapses"),
        pytest.param(yes(LastTrip(COUNT, frozenset({COUNT}))), set(), id="the-end-lapses"),
        pytest.param(yes(truth(AMP)), {yes(truth(AMP))}, id="another-variable-stays"),
    ],
)
def test_advance(before: Literal, after: set[Literal]) -> None:
    assert advance(frozenset({before}), COUNT, 1, PHASES) == after


def test_forget_drops_what_reads_the_variable_or_lies_inside_it() -> None:
    inner = Path(1, "opt", ("amp",))
    known = frozenset({yes(truth(inner)), yes(truth(AMP))})
    assert forget(known, OPT) == {yes(truth(AMP))}


@pytest.mark.parametrize(
    ("constant", "literal"),
    [
        pytest.param(None, yes(is_none(AMP)), id="none"),
        pytest.param(True, yes(truth(AMP)), id="true"),
        pytest.param(False, no(truth(AMP)), id="false"),
        pytest.param("fp16", yes(equals(AMP, "fp16")), id="string"),
    ],
)
def test_settled(constant: object, literal: Literal) -> None:
    assert settled(AMP, constant) == literal


def test_renamed_takes_a_literal_into_a_callee_and_hides_its_locals_on_the_way_out() -> None:
    formal, local = Path(2, "flag"), Path(2, "local")
    inside = renamed(frozenset({yes(truth(AMP))}), [(AMP, formal)])
    assert inside == {yes(truth(formal))}
    outside = renamed(inside | {yes(truth(local))}, [(formal, AMP)], hidden=2)
    assert outside == {yes(truth(AMP))}


def test_renamed_drops_a_text_whose_names_mean_something_else_outside() -> None:
    formal = Path(2, "flag")
    text = Truth("flag > limit", frozenset({formal}))
    assert renamed(frozenset({yes(text)}), [(formal, AMP)], hidden=2) == frozenset()
