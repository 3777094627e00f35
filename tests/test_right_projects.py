"""Projects of several files that are right, in shapes that were reported once, each beside one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import Run, codes

HALVES = "def back(loss):\n    loss.backward()\n\ndef apply(opt):\n    opt.step()\n"
BASE = """\
import torch

class Base:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=0.1)

    def back(self, loss):
        loss.backward()

    def update(self):
        self.opt.step()

    def fit(self, loader):
        for x in loader:
            self.back(self.model(x).sum())
            self.update()
"""
OVERRIDES = """\
from base import Base

class Own(Base):
    def update(self):
        super().update()
        {then}
"""
MADE_ANEW = """\
from halves import apply, back
from torch import nn, optim

def make(lr):
    model = nn.Linear(3, 1)
    return model, optim.SGD(model.parameters(), lr=lr)

def main(rates, x):
    {before}for lr in rates:
        {inside}back(model(x).sum())
        apply(opt)
"""
GENERATOR = """\
from halves import apply, back

def train(model, opt, loader):
    for x in loader:
        back(model(x).sum())
        apply(opt)
        yield x
"""
RUNS_IT = (
    "from train import train\n\ndef main(loader, model, opt):\n    for x in train(model, opt, loader):\n        {}\n"
)
DOUBLE = """\
class Double:
    def __init__(self, first, second):
        self.first, self.second = first, second

    def first_step(self):
        self.second.step()
        {then}

    def step(self):
        self.first.step()
"""
TWO_STEPS = """\
def main(model, loader):
    optimizer = model.get_optimizer()
    for x in loader:
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.first_step()
        model(x).mean().backward()
        optimizer.step()
"""
MADE = "model, opt = make(0.1)\n    "
RIGHT = {
    "a subclass clears in what it overrides": {
        "base.py": BASE,
        "own.py": OVERRIDES.format(then="self.opt.zero_grad()"),
    },
    "an optimizer is made anew in each trip": {
        "halves.py": HALVES,
        "main.py": MADE_ANEW.format(before="", inside="model, opt = make(lr)\n        "),
    },
    "a step by another name clears": {
        "double.py": DOUBLE.format(then="self.first.zero_grad()"),
        "main.py": TWO_STEPS,
    },
    "whoever runs the generator clears": {
        "halves.py": HALVES,
        "train.py": GENERATOR,
        "main.py": RUNS_IT.format("opt.zero_grad()"),
    },
}
WRONG = {
    "a subclass overrides and does not clear": {"base.py": BASE, "own.py": OVERRIDES.format(then="self.log()")},
    "a step by another name does not clear": {"double.py": DOUBLE.format(then="self.log()"), "main.py": TWO_STEPS},
    "an optimizer is made once": {"halves.py": HALVES, "main.py": MADE_ANEW.format(before=MADE, inside="")},
}


def lay_out(folder: Path, files: dict[str, str]) -> None:
    (folder / "gradlint.toml").touch()
    for name, text in files.items():
        (folder / name).write_text(text)


def told(gradlint: Run, *arguments: str) -> list[str]:
    return codes(gradlint("check", "--no-cache", "--output-format", "json", *arguments).out)


@pytest.mark.parametrize("name", RIGHT)
def test_is_right(folder: Path, gradlint: Run, name: str) -> None:
    lay_out(folder, RIGHT[name])
    assert told(gradlint) == []
    for file in RIGHT[name]:
        assert told(gradlint, file) == []


@pytest.mark.parametrize("name", WRONG)
def test_is_wrong(folder: Path, gradlint: Run, name: str) -> None:
    lay_out(folder, WRONG[name])
    assert [each.partition(":")[2] for each in told(gradlint)] == ["GRD101"]


def test_a_caller_by_name_is_told_what_the_whole_is_told(folder: Path, gradlint: Run) -> None:
    loop = "from base import Base\n\nclass Own(Base):\n    def run(self, loader):\n        for x in loader:\n"
    own = f"{loop}            self.back(self.model(x).sum())\n            self.update()\n"
    lay_out(folder, {"base.py": BASE.partition("    def fit")[0], "own.py": own})
    assert told(gradlint) == told(gradlint, "own.py") == ["base.py:GRD101"]
    ran = gradlint("check", "--output-format", "json", "--stdin-filename", "own.py", "-", stdin=own.encode())
    assert codes(ran.out) == ["base.py:GRD101"]
