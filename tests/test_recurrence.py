"""Methods that nobody in sight calls are taken to be called again and again; other scopes are not."""

from __future__ import annotations

import pytest

from gradlint.project.analysis import diagnose
from gradlint.rule import all_rules
from gradlint.source import Source

AGENT = """
class {name}:
    def __init__(self, net):
        self.net = net
        self.optimizer = torch.optim.Adam(self.net.parameters())

    def {method}(self, {parameters}):
        {body}
{rest}
"""
LEARN = "self.loss(batch).backward(); self.optimizer.step()"


def rows(program: str) -> list[int]:
    """Where GRD101 is reported."""
    found = diagnose(Source("agent.py", "import torch\n" + program), all_rules()).diagnostics
    return [diagnostic.span.start.row for diagnostic in found]


def agent(
    name: str = "Agent", method: str = "learn", parameters: str = "batch", body: str = LEARN, rest: str = ""
) -> str:
    return AGENT.format(name=name, method=method, parameters=parameters, body=body, rest=rest)


def test_a_method_that_nobody_calls() -> None:
    assert rows(agent()) == [9]


def test_a_function_that_is_given_its_optimizer() -> None:
    assert rows("def train(net, optimizer):\n    net().backward()\n    optimizer.step()") == [3]


def test_a_method_that_updates_by_hand_what_a_base_class_made() -> None:
    body = "self.loss(batch).backward()\n        for p in self.net.parameters():\n            p.data -= 0.1 * p.grad"
    assert rows(f"class Agent(Base):\n    def learn(self, batch):\n        {body}") == [4]


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(agent(body=f"self.optimizer.zero_grad(); {LEARN}"), id="clears-first"),
        pytest.param(
            agent(rest="    def reset(self):\n        self.optimizer.zero_grad()"), id="another-method-clears"
        ),
        pytest.param(agent(rest="    def reset(self):\n        self.net.zero_grad()"), id="another-clears-the-model"),
        pytest.param(agent(rest="agent = Agent(net)\nagent.learn(batch)"), id="its-caller-decides"),
        pytest.param(agent(parameters="loss", body="loss.backward(); self.optimizer.step()"), id="loss-from-outside"),
        pytest.param(agent(name="TestAgent"), id="test-class"),
        pytest.param(
            f"class Agent(Base):\n    def learn(self, batch):\n        {LEARN}", id="optimizer-of-an-unseen-base-class"
        ),
        pytest.param(agent(method="test_learn"), id="test-method"),
        pytest.param(
            "def train():\n    net = Net()\n    optimizer = torch.optim.SGD(net.parameters())\n"
            "    net().backward()\n    optimizer.step()",
            id="objects-of-its-own",
        ),
    ],
)
def test_not_called_again(program: str) -> None:
    assert rows(program) == []
