"""One cause is told by one rule, and by another where that one is not asked."""

from __future__ import annotations

import pytest
from together import modules

from gradlint.linter import Workspace, lint
from gradlint.rule import all_rules
from gradlint.source import Source

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


def test_a_clear_that_nobody_runs_through_is_no_missing_one() -> None:
    files = {"main": LOOP.format(imports="", clear="map(lambda p: p.grad.zero_(), model.parameters())")}
    assert told(files) == ["GRD603"]
    assert told(files, "GRD603") == ["GRD101"]


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


def test_a_step_that_is_not_called_explains_why_nothing_steps() -> None:
    files = {"main": UNSTEPPED.format(step="first.step")}
    assert told(files) == ["GRD604"]
    assert told(files, "GRD604") == ["GRD202"]


def test_without_it_nothing_else_is_said() -> None:
    assert told({"main": UNSTEPPED.format(step="pass")}) == ["GRD202"]
