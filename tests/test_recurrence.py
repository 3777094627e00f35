"""Methods that nobody in sight calls are taken to be called again and again; other scopes are not."""

from __future__ import annotations

import pytest

from gradlint.project.analysis import diagnose
from gradlint.project.link import clears
from gradlint.project.recurrence import Recurrence
from gradlint.regions import Path, Region
from gradlint.rule import all_rules
from gradlint.source import Source
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.program import Program
from gradlint.syntax.scopes import Scope

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


MAKER = """
def make(net, handlers):
    opt = torch.optim.SGD(net.parameters())
    def train():
        net().backward()
        opt.step()
"""
HANDLERS = "def run({}):\n    handlers[0]()"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param(agent(rest="    def run(self, handlers):\n        handlers[0](self)"), [], id="of-its-class"),
        pytest.param(
            agent(rest="class Other:\n    def run(self, handlers):\n        handlers[0]()"), [9], id="of-another-class"
        ),
        pytest.param(agent(rest=HANDLERS.format("handlers")), [9], id="a-function-beside-its-class"),
        pytest.param(f"{MAKER}    def other():\n        handlers[0](opt)\n    return train", [], id="of-its-maker"),
        pytest.param(f"{MAKER}    return train\n{HANDLERS.format('handlers')}", [6], id="beside-its-maker"),
        pytest.param(
            f"{MAKER}    return train\ndef maker(handlers):\n    def other():\n        handlers[0]()\n    return other",
            [6],
            id="of-another-maker",
        ),
    ],
)
def test_a_call_of_nobody_knows_what_counts_where_it_can_have_the_same_objects(
    program: str, expected: list[int]
) -> None:
    assert rows(program) == expected


def fair(program: str, method: str, params: str, owner: str) -> bool:
    """Whether a method of the class `Agent`, or a function, has to answer for parameters and what steps them."""
    lowerer = Lowerer(Program())
    file = lowerer.program.read(Source("agent.py", "import torch\n" + program))
    graphs = lowerer.graphs(file.table.scopes)
    scope = next(each for each in file.table.scopes if each.name == method)
    region = Region(_path(params, scope), _path(owner, scope))
    return Recurrence(graphs, lowerer.objects, clears(graphs)).is_fair(region, scope.number)


def _path(dotted: str, scope: Scope) -> Path:
    name, *fields = dotted.split(".")
    owner = scope.owner(name)
    assert owner is not None
    number = scope.parent.number if name == "self" and scope.parent is not None else owner.number
    return Path(number, name, tuple(fields))


OTHER = "class Other:\n    def tidy(self):\n        self.optimizer.zero_grad()\n"
BASE = "class Agent(Base):\n    def learn(self, batch):\n        {body}\n"
BY_HAND = "self.loss(batch).backward(); self.net.w.data -= self.net.w.grad"
CLOSURE = (
    "def make(net, opt):\n    def learn(batch):\n        net(batch).backward()\n        opt.step()\n    return learn\n"
)
TIDY = "    def tidy(self):\n        {body}"


@pytest.mark.parametrize(
    ("program", "params", "owner"),
    [
        pytest.param(agent(), "self.net", "self.optimizer", id="an-optimizer-of-its-object"),
        pytest.param(BASE.format(body=BY_HAND), "self.net", "self.net", id="by-hand-what-a-base-made"),
        pytest.param(CLOSURE, "net", "opt", id="what-the-function-around-it-was-given"),
        pytest.param(
            "net = Net()\nopt = torch.optim.SGD(net.parameters())\n"
            "def learn(batch):\n    net(batch).backward()\n    opt.step()\n",
            *("net", "opt"),
            id="what-the-module-made",
        ),
        pytest.param(
            "def learn(net, opt, batch):\n    net(batch).backward()\n    opt.step()\n"
            "def tidy(other):\n    other.zero_grad()\n",
            *("net", "opt"),
            id="a-function-clears-what-it-calls-otherwise",
        ),
        pytest.param(
            agent(rest=TIDY.format(body="other = torch.optim.SGD(x.parameters()); other.zero_grad()")),
            "self.net",
            "self.optimizer",
            id="another-is-cleared",
        ),
        pytest.param(
            agent(
                rest=TIDY.format(body="self.optimizer.zero_grad(); self.loss(1).backward(); self.optimizer.step()"),
            ),
            *("self.net", "self.optimizer"),
            id="a-sibling-that-trains-clears-for-itself",
        ),
        pytest.param(
            agent() + OTHER,
            *("self.net", "self.optimizer"),
            id="another-class-clears-its-own",
        ),
    ],
)
def test_a_scope_answers_for(program: str, params: str, owner: str) -> None:
    assert fair(program, "learn", params, owner)


@pytest.mark.parametrize(
    ("program", "params", "owner"),
    [
        pytest.param(
            agent(parameters="loss", body="loss.backward(); self.optimizer.step()"),
            *("self.net", "self.optimizer"),
            id="the-loss-comes-from-outside",
        ),
        pytest.param(BASE.format(body=LEARN), "self.net", "self.optimizer", id="an-optimizer-that-a-base-made"),
        pytest.param(agent(), "self", "self", id="its-object-itself"),
        pytest.param(
            "def learn(batch):\n    net = Net()\n    opt = torch.optim.SGD(net.parameters())\n"
            "    net(batch).backward()\n    opt.step()\n",
            *("net", "opt"),
            id="an-optimizer-of-its-own",
        ),
        pytest.param(
            "def learn(w, batch):\n    loss(w, batch).backward()\n    w.data -= w.grad\n",
            *("w", "w"),
            id="a-tensor-that-it-is-given",
        ),
        pytest.param(
            agent(rest=TIDY.format(body="self.optimizer.zero_grad()")),
            *("self.net", "self.optimizer"),
            id="a-sibling-clears",
        ),
        pytest.param(
            agent(rest=TIDY.format(body="reset(self.optimizer)")),
            *("self.net", "self.optimizer"),
            id="a-method-gives-it-to-somebody",
        ),
        pytest.param(
            "def learn(net, opt, batch):\n    net(batch).backward()\n    opt.step()\n"
            "def tidy(opt):\n    opt.zero_grad()\n",
            *("net", "opt"),
            id="a-function-clears-what-it-calls-the-same",
        ),
    ],
)
def test_a_scope_does_not_answer_for(program: str, params: str, owner: str) -> None:
    assert not fair(program, "learn", params, owner)
