"""One cause is told by one rule, and by another where that one is not asked."""

from __future__ import annotations

import pytest
from together import modules

from gradlint.linter import lint
from gradlint.rule import all_rules
from gradlint.source import Source
from gradlint.workspace import Workspace

LOOP = """\
import torch
{imports}

def main(model, loader):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for x in loader:
        {clear}
        model(x).sum().backward()
        opt.step()
"""
CLEAR = "def clear(opt):\n    opt.zero_grad{call}\n"
UNCALLED = {
    "in-the-loop": {"main": LOOP.format(imports="", clear="opt.zero_grad")},
    "in-a-helper": {"main": LOOP.format(imports=CLEAR.format(call=""), clear="clear(opt)")},
    "in-another-file": {
        "main": LOOP.format(imports="from clearing import clear", clear="clear(opt)"),
        "clearing": CLEAR.format(call=""),
    },
}


def told(files: dict[str, str], *without: str) -> list[str]:
    """The codes of all findings of a project, file by file."""
    workspace = Workspace(modules(files))
    rules = [rule for rule in all_rules() if rule.code not in without]
    results = [
        lint(Source(f"{name}.py", text), rules, workspace=workspace, key=f"/p/{name}.py")
        for name, text in files.items()
    ]
    assert not any(result.failures for result in results)
    return [each.code for result in results for each in result.diagnostics]


@pytest.mark.parametrize("files", UNCALLED.values(), ids=UNCALLED)
def test_a_clear_that_is_not_called_is_no_missing_one(files: dict[str, str]) -> None:
    assert told(files) == ["GRD604"]


@pytest.mark.parametrize("files", UNCALLED.values(), ids=UNCALLED)
def test_it_is_a_missing_one_if_nobody_asks_for_uncalled_methods(files: dict[str, str]) -> None:
    assert told(files, "GRD604") == ["GRD101"]


def test_another_method_that_is_not_called_explains_no_missing_clear() -> None:
    assert told({"main": LOOP.format(imports="", clear="model.train")}) == ["GRD604", "GRD101"]


GAN = """\
import torch

def main(critic, generator, loader):
    first = torch.optim.SGD(critic.parameters(), lr=0.1)
    second = torch.optim.SGD(generator.parameters(), lr=0.1)
    for x in loader:
        first.zero_grad
        critic(x).sum().backward()
        first.step()
        generator(x).sum().backward()
        second.step()
"""


def test_a_clear_of_one_optimizer_explains_nothing_of_another() -> None:
    assert told({"main": GAN}) == ["GRD604", "GRD101"]


STEPPED_BY_A_HELPER = """\
import torch

def finish(optimizer):
    optimizer.step()

def main(critic, generator, x):
    first = torch.optim.SGD(critic.parameters(), lr=0.1)
    critic(x).sum().backward()
    finish(first)
    generator.zero_grad
    critic(x).sum().backward()
    first.step()
"""


def test_nor_does_it_after_a_helper_that_has_another_name_for_the_optimizer() -> None:
    assert told({"main": STEPPED_BY_A_HELPER}) == ["GRD604", "GRD101"]
    assert told({"main": STEPPED_BY_A_HELPER.replace("generator.", "critic.")}) == ["GRD604"]


def test_nor_anything_on_a_way_around_it() -> None:
    way = "if x.dim() > 1:\n            {}\n        opt.zero_grad"
    assert told({"main": LOOP.format(imports="", clear=way.format("continue"))}) == ["GRD604"]
    late = LOOP.format(imports="", clear="pass") + "        if x.dim() > 1:\n            {}\n        opt.zero_grad\n"
    assert told({"main": late.format("continue")}) == ["GRD101", "GRD604"]
    assert told({"main": late.format("pass")}) == ["GRD604"]


COUNTED = """\
import torch

def step(opt):
    {clear}

def main(model, x):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    model(x).sum().backward()
    opt.step()
    count = {count}
    while x.dim():
        count += 1
        if count % 2 == 0:
            {call}
        model(x).sum().backward()
        opt.step()
        opt.zero_grad()
"""


@pytest.mark.parametrize("call", ["opt.zero_grad", "step(opt)"])
def test_a_way_around_it_that_cannot_be_taken_is_none(call: str) -> None:
    """The first trip is the one that counts."""
    always = COUNTED.format(clear="opt.zero_grad", call=call, count=1)
    never = COUNTED.format(clear="opt.zero_grad", call=call, count=0)
    assert told({"main": always}) == ["GRD604"] * always.count("zero_grad\n")
    assert sorted(told({"main": never})) == ["GRD101"] + ["GRD604"] * never.count("zero_grad\n")


def test_a_clear_that_nobody_runs_through_is_no_missing_one() -> None:
    files = {"main": LOOP.format(imports="", clear="map(lambda p: p.grad.zero_(), model.parameters())")}
    assert told(files) == ["GRD603"]
    assert told(files, "GRD603") == ["GRD101"]


IDLE = """\
import torch
from torch.nn import functional as F

def main(model, loader):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        {first}
        loss = F.mse_loss(model(x), y.float().squeeze())
        {last}
"""
DROPPED = IDLE.format(first="pass", last="loss.backward(); opt.zero_grad(); opt.step()")
TOO_EARLY = IDLE.format(first="opt.zero_grad(); opt.step()", last="loss.backward()")
NO_BACKWARD = IDLE.format(first="opt.zero_grad()", last="opt.step()")
UNCALLED_BACKWARD = IDLE.format(first="opt.zero_grad()", last="loss.backward\n        opt.step()")


def test_what_is_dropped_at_once_is_told_at_the_clear() -> None:
    assert told({"main": DROPPED}) == ["GRD102"]
    assert told({"main": DROPPED}, "GRD102") == ["GRD201"]


def test_a_step_that_comes_too_early_is_told_at_the_step() -> None:
    assert told({"main": TOO_EARLY}) == ["GRD201"]


def test_a_backward_that_is_missing_is_told_at_the_step() -> None:
    assert told({"main": NO_BACKWARD}) == ["GRD201"]


def test_a_backward_that_is_not_called_is_no_missing_one() -> None:
    assert told({"main": UNCALLED_BACKWARD}) == ["GRD604"]


def test_a_clear_that_is_not_called_is_no_reason_to_find_nothing() -> None:
    assert told({"main": DROPPED.replace("pass", "opt.zero_grad")}) == ["GRD604", "GRD102"]


def test_what_nobody_runs_through_adds_nothing() -> None:
    lazy = IDLE.format(first="opt.zero_grad(); map(lambda p: p.grad.zero_(), model.parameters())", last="opt.step()")
    assert told({"main": lazy}) == ["GRD201"]


SHARED = """\
import torch
from torch import nn

def main(loader):
    critic, maker = nn.Linear(3, 1), nn.Linear(2, 3)
    spare = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    first = torch.optim.SGD(critic.parameters(), lr=0.1)
    second = torch.optim.SGD(maker.parameters(), lr=0.1)
    for real, noise in loader:
        critic(real).mean().backward()
        first.step()
        {clear}
        second.zero_grad()
        critic(maker(noise)).mean().backward()
        second.step()
"""


UNSTEPPED = """\
import torch

def main(critic, generator, loader):
    first = torch.optim.SGD(critic.parameters(), lr=0.1)
    second = torch.optim.SGD(generator.parameters(), lr=0.1)
    for x in loader:
        first.zero_grad()
        critic(x).sum().backward()
        {step}
        second.zero_grad()
        generator(x).sum().backward()
        second.step()
"""


def test_what_was_never_cleared_is_not_told_as_another_loss() -> None:
    assert told({"main": SHARED.format(clear="first.zero_grad()")}) == ["GRD105"]
    assert told({"main": SHARED.format(clear="pass")}) == ["GRD101"]
    assert told({"main": SHARED.format(clear="pass")}, "GRD101") == ["GRD105"]


def test_what_is_cleared_instead_is_told_and_not_that_a_clear_is_missing() -> None:
    assert told({"main": SHARED.format(clear="spare.zero_grad()")}) == ["GRD104"]
    assert told({"main": SHARED.format(clear="spare.zero_grad()")}, "GRD104") == ["GRD101"]


CLOSURE = """\
import torch

def main(model, x):
    opt = torch.optim.LBFGS(model.parameters())

    def closure():
        loss = model(x).sum()
        loss.backward()
        return loss

    for _ in range(3):
        {clear}
        {step}(closure)

def update(opt, closure):
    opt.step(closure)
"""


@pytest.mark.parametrize("clear", ["pass", "opt.zero_grad()"])
def test_a_closure_that_does_not_clear_is_told_once(clear: str) -> None:
    assert told({"main": CLOSURE.format(clear=clear, step="opt.step")}) == ["GRD101"]


@pytest.mark.parametrize("clear", ["pass", "opt.zero_grad()"])
def test_one_that_a_helper_hands_on_is_told_once(clear: str) -> None:
    handed_on = CLOSURE.format(clear=clear, step="update").replace("update(closure)", "update(opt, closure)")
    assert told({"main": handed_on}) == ["GRD207"]


BY_HAND = """\
import torch

def main(loader):
    w = torch.zeros(3, requires_grad=True)
    for x in loader:
        (x @ w).sum().backward()
        {update}
"""


def test_an_update_that_raises_applies_nothing_so_no_clear_is_missing() -> None:
    files = {"main": BY_HAND.format(update="w -= 0.1 * w.grad")}
    assert told(files) == ["GRD208"]
    assert told(files, "GRD208") == []


def test_where_the_update_is_allowed_a_clear_is_missing() -> None:
    assert told({"main": BY_HAND.format(update="w.data -= 0.1 * w.grad")}) == ["GRD101"]


def test_a_variable_with_another_tensor_in_it_has_nothing_left_to_clear() -> None:
    assert told({"main": BY_HAND.format(update="w = w - 0.1 * w.grad")}) == ["GRD208"]


def test_a_step_that_is_not_called_explains_why_nothing_steps() -> None:
    files = {"main": UNSTEPPED.format(step="first.step")}
    assert told(files) == ["GRD604"]
    assert told(files, "GRD604") == ["GRD202"]


def test_without_it_nothing_else_is_said() -> None:
    assert told({"main": UNSTEPPED.format(step="pass")}) == ["GRD202"]


CLEARED_TWICE = """\
import torch

def main(model, loader, first):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(9):
        model(first).sum().backward()
        for x in loader:
            opt.zero_grad()
            if x.any():
                model(x).sum().backward()
            {again}
            opt.step()
"""


def test_what_is_dropped_before_another_drop_is_no_second_finding() -> None:
    assert told({"main": CLEARED_TWICE.format(again="opt.zero_grad()")}) == ["GRD102"]
    assert told({"main": CLEARED_TWICE.format(again="pass")}) == []
