"""The examples in the rules' documentation do what they claim: the rule reports the first one, none reports the other.

An example is a loop, as a reader knows it, without what comes before. Here every name that it takes for granted is made
first, and no other: a second optimizer, or a loss function that nobody uses, would be something to tell apart.
"""

from __future__ import annotations

import re
import symtable
import textwrap

import pytest
from commandline import Run

from gradlint.explain import explain
from gradlint.rule import Rule, all_rules

GIVEN = ("loader", "epochs", "accumulate", "accumulation_steps", "lr")
"""What the function around an example is given; everything else that it needs is made by a line of `MADE`."""

MADE = {
    "model": "model = Network()",
    "critic": "critic = torch.nn.Linear(8, 1)",
    "encoder": "encoder = torch.nn.Linear(8, 8)",
    "decoder": "decoder = torch.nn.Linear(8, 8)",
    "generator": "generator = torch.nn.Linear(8, 8)",
    "discriminator": "discriminator = torch.nn.Linear(8, 1)",
    "noise": "noise = torch.randn(8, 8)",
    "loss_fn": "loss_fn = torch.nn.MSELoss()",
    "d_loss": "d_loss = torch.nn.BCEWithLogitsLoss()",
    "g_loss": "g_loss = torch.nn.BCEWithLogitsLoss()",
    "optimizer": "optimizer = torch.optim.SGD({stepped}.parameters(), lr=0.1)",
    "spare_optimizer": "spare_optimizer = torch.optim.SGD(torch.nn.Linear(8, 8).parameters(), lr=0.1)",
    "d_optimizer": "d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.1)",
    "g_optimizer": "g_optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)",
    "scaler": 'scaler = torch.amp.GradScaler("cuda")',
    "scheduler": "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)",
}
BEFORE = """\
import torch
from accelerate import Accelerator


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Linear(8, 8)
        self.head = torch.nn.Linear(8, 1)

    def forward(self, sample):
        return self.head(self.body(sample))


"""


def example(rule: Rule, title: str) -> str:
    match = re.search(rf"^## {title}\n\n```python\n(.*?)^```$", explain(rule, "markdown"), re.MULTILINE | re.DOTALL)
    assert match, f"{rule.name} has no code under '{title}'"
    return match[1]


def names_of(code: str) -> set[str]:
    return set(re.findall(r"\b[A-Za-z_]\w*", code))


def bound_in(code: str) -> set[str]:
    try:
        return {each.get_name() for each in symtable.symtable(code, "example", "exec").get_symbols() if is_bound(each)}
    except SyntaxError:  # the example of `syntax-error`
        return set()


def is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()


def script(code: str) -> str:
    """The example in a function, behind what makes the names that it takes for granted."""
    needed, stepped = names_of(code) - bound_in(code), "critic" if "critic" in code else "model"
    made = {name: line.format(stepped=stepped) for name, line in MADE.items()}
    while more := {each for name in needed & set(made) for each in names_of(made[name])} & set(made) - needed:
        needed |= more
    lines = "".join(f"{line}\n" for name, line in made.items() if name in needed)
    body = textwrap.indent(lines + code, "    ")
    return f"{BEFORE}def main({', '.join(GIVEN)}):\n{body}\n\nmain(*{GIVEN})\n"


def reported(gradlint: Run, code: str) -> list[str]:
    ran = gradlint("check", "--isolated", "--preview", "--output-format", "concise", "-", stdin=script(code).encode())
    assert ran.status in (0, 1), ran.err
    return re.findall(r"^<stdin>:\d+:\d+: (GRD\d{3}) ", ran.out, re.MULTILINE)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_the_example_is_reported_by_its_rule_alone(rule: Rule, gradlint: Run) -> None:
    assert set(reported(gradlint, example(rule, "Example"))) == {rule.code}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_nothing_is_reported_of_what_to_use_instead(rule: Rule, gradlint: Run) -> None:
    assert reported(gradlint, example(rule, "Use instead")) == []
