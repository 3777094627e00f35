"""What is said of accumulation windows, and what is not, beyond the fixtures."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gradlint.diagnostics import Diagnostic
from gradlint.flow.trials import MAX_SIZE
from gradlint.linter import lint
from gradlint.rule import all_rules
from gradlint.source import Source

WINDOW = """\
def train(model, optimizer, loader, {names}):
    for i, x in enumerate(loader):
        {first}
        loss = model(x).mean()
        loss.backward()
        {middle}
        if {guard}:
            optimizer.step()
            {then}
"""


def told(text: str, *codes: str) -> list[Diagnostic]:
    """What the rules of windows say of a text."""
    rules = [rule for rule in all_rules() if rule.code in (codes or ("GRD103",))]
    result = lint(Source("train.py", text), rules)
    assert result.parses and not result.failures
    return list(result.diagnostics)


def window(
    guard: str, *, first: str = "pass", middle: str = "pass", then: str = "pass", names: str = "n"
) -> list[Diagnostic]:
    return told(WINDOW.format(guard=guard, first=first, middle=middle, then=then, names=names))


CLEAR = "optimizer.zero_grad()"


@pytest.mark.parametrize(
    ("guard", "clear", "share"),
    [
        pytest.param("(i + 1) % 4 == 0", "optimizer.zero_grad()", Fraction(1, 4), id="always"),
        pytest.param("i % 4 == 0", "if i % 4 == 0: optimizer.zero_grad()", Fraction(1, 4), id="same-phase"),
        pytest.param("i % 4 == 3", "if i % 4 == 1: optimizer.zero_grad()", Fraction(3, 4), id="one-is-lost"),
        pytest.param("i % 4 == 3", "if i % 4 == 3: optimizer.zero_grad()", Fraction(1, 4), id="before-the-last"),
        pytest.param("(i + 1) % n == 0", "optimizer.zero_grad()", Fraction(1, 4), id="of-unknown-size"),
        pytest.param("not (i + 1) % n", "optimizer.zero_grad()", Fraction(1, 4), id="by-its-truth"),
    ],
)
def test_how_much_of_a_window_is_applied(guard: str, clear: str, share: Fraction) -> None:
    (found,) = window(guard, first=clear)
    assert f"only {share.numerator} of every {share.denominator} batches" in found.message


@pytest.mark.parametrize(
    ("guard", "clear"),
    [
        pytest.param("(i + 1) % 4 == 0", "if i % 4 == 0: optimizer.zero_grad()", id="the-trip-after"),
        pytest.param("(i + 1) % n == 0", "if i % n == 0: optimizer.zero_grad()", id="of-unknown-size"),
        pytest.param("(i + 1) % 4 == 0", "if x.isnan().any(): optimizer.zero_grad()", id="a-condition-of-its-own"),
        pytest.param("(i + 1) % n == 0", "if n == 1: optimizer.zero_grad()", id="with-no-window"),
        pytest.param("(i + 1) % 4 == 0", "other.zero_grad()", id="of-something-else"),
        pytest.param("(i + 1) % 4 == 0", "tidy(optimizer)", id="by-a-stranger"),
        pytest.param("loss.isfinite()", "optimizer.zero_grad()", id="no-window"),
        pytest.param("i % 1 == 0", "optimizer.zero_grad()", id="of-one"),
    ],
)
def test_a_window_that_may_be_whole(guard: str, clear: str) -> None:
    assert window(guard, first=clear, then=CLEAR, names="n, other, tidy") == []


def test_a_window_that_is_too_large_to_be_run_is_left_alone() -> None:
    guard = f"(i + 1) % {MAX_SIZE.limit + 1} == 0"
    assert window(guard, first=CLEAR) == []
    assert window(guard.replace(str(MAX_SIZE.limit + 1), str(MAX_SIZE.limit)), first=CLEAR)


def test_what_an_update_by_a_stranger_applies_nobody_can_tell() -> None:
    assert window("(i + 1) % 4 == 0", first=CLEAR, middle="apply(optimizer)", names="apply") == []


def test_several_optimizers_only_count_if_something_is_accumulated() -> None:
    two = "if (i + 1) % {} == 0:\n            other.step()\n        other.zero_grad()"
    for name, expected in (("every", 0), ("accum_steps", 1)):
        text = WINDOW.format(
            guard=f"(i + 1) % {name} == 0",
            first=CLEAR,
            middle=two.format(2),
            then="pass",
            names=f"{name}, other",
        )
        assert len([each for each in told(text) if "`optimizer.step()`" in each.message]) == expected


def test_the_only_statement_of_a_block_is_not_moved_away() -> None:
    (found,) = window("i % 4 == 3", first="if i % 4 == 3:\n            optimizer.zero_grad()")
    assert found.fix is None


def test_of_a_helper_the_clear_is_not_moved_to_its_caller() -> None:
    text = """\
def clear(optimizer):
    print()
    optimizer.zero_grad()


def train(model, optimizer, loader):
    for i, x in enumerate(loader):
        clear(optimizer)
        model(x).mean().backward()
        if (i + 1) % 4 == 0:
            optimizer.step()
"""
    (found,) = told(text)
    assert found.span.start.row == 3
    assert found.fix is None


def test_tests_on_which_nothing_hangs_are_not_asked_for() -> None:
    flags = [f"flag_{number}" for number in range(8)]
    lines = "".join(f"        if {flag}:\n            opt_b.step()\n" for flag in flags)
    text = WINDOW.format(
        guard="(i + 1) % accumulate == 0", first=CLEAR, middle="pass", then="pass", names="other, flags"
    )
    head, loop, body = text.split("\n", 2)
    (found,) = told(
        f"{head}\n    {', '.join(flags)} = flags\n{loop}\n{lines}{body}".replace("flags):", "flags, accumulate):")
    )
    assert "only 1 of every 4 batches" in found.message


EPOCHS = """\
def train(model, optimizer, loader, accumulate, other):
    last = -1
    batches = {over}
    for epoch in range(3):
        {first}
        for i, x in enumerate(batches):
            loss = model(x).mean() / accumulate
            loss.backward()
            if {guard}:
                optimizer.step()
                optimizer.zero_grad()
                last = i + len(loader) * epoch
        {after}
"""


@pytest.mark.parametrize(
    ("guard", "first", "said"),
    [
        pytest.param("(i + 1) % accumulate == 0", CLEAR, "one is never applied", id="dropped"),
        pytest.param("(i + 1) % accumulate == 0", "pass", "5 come together", id="applied-with-the-next"),
        pytest.param("i % accumulate == accumulate - 1", "pass", "5 come together", id="in-another-form"),
    ],
)
def test_what_an_epoch_leaves_over(guard: str, first: str, said: str) -> None:
    (found,) = told(EPOCHS.format(guard=guard, first=first, over="loader", after="pass"), "GRD502")
    assert found.message.endswith(said)


@pytest.mark.parametrize(
    ("guard", "over", "after"),
    [
        pytest.param("(i + 1) % accumulate == 0 or i + 1 == len(batches)", "loader", "pass", id="or-the-last-batch"),
        pytest.param("(i + 1) % accumulate == 0", "loader", f"optimizer.step(); {CLEAR}", id="a-step-after-the-loop"),
        pytest.param(
            "(i + 1) % accumulate == 0",
            "loader",
            f"if len(loader) % accumulate: optimizer.step(); {CLEAR}",
            id="a-step-after-the-loop-where-anything-is-left",
        ),
        pytest.param("(i + 1) % accumulate == 0", "loader[:8]", "pass", id="a-slice"),
        pytest.param("(i + 1) % accumulate == 0", "range(100)", "pass", id="a-range"),
        pytest.param("i + len(loader) * epoch == other", "loader", "pass", id="no-window"),
    ],
)
def test_epochs_that_leave_nothing_over(guard: str, over: str, after: str) -> None:
    assert told(EPOCHS.format(guard=guard, first="pass", over=over, after=after), "GRD502") == []
