"""The work grows with the size of a project, not with its square: counted in calls and bytes, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType

import pytest
from together import key

from gradlint.checking import Task, check
from gradlint.project.modules import Modules
from gradlint.rule import all_rules
from gradlint.workspace import Workspace

LINEAR = 2.6
"""By how much the work may grow where the project is twice as large: some of it is sorting, and some tables of sets."""

OPTIMIZER = "    opt = torch.optim.SGD(model.parameters(), lr=0.1)\n"
UPDATE = "(model, opt, x):\n    model(x).sum().backward()\n    opt.step()\n\n"
TRAINER = """\
class Trainer{i}:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.SGD(net.parameters(), lr=0.1)

    def {update}(self, x):
        self.net(x).sum().backward()
        self.opt.step()

    def {fit}(self, xs):
        for x in xs:
            self.{update}(x)

"""
START = "import torch\nfrom c0 import f0\n"
CONTENT = Modules.content
READERS = ("project.callers", "syntax.givers", "syntax.registered")
Project = dict[str, str]


def main(call: str, imports: str = "") -> str:
    return f"{imports}\ndef main(model, loader):\n{OPTIMIZER}    for x in loader:\n        {call}\n\n"


def a_chain_of_calls(n: int) -> Project:
    chain = "".join(f"def f{i}(model, opt, x):\n    f{i + 1}(model, opt, x)\n\n" for i in range(n))
    return {"main": f"import torch\n\n{chain}def f{n}{UPDATE}{main('f0(model, opt, x)')}"}


def a_chain_of_files(n: int) -> Project:
    chain = {f"c{i}": f"from c{i + 1} import f{i + 1}\n\ndef f{i}(m, o, x):\n    f{i + 1}(m, o, x)\n" for i in range(n)}
    return {
        **chain,
        f"c{n}": f"def f{n}{UPDATE}",
        "main": main("f0(model, opt, x)", "import torch\nfrom c0 import f0\n"),
    }


def callers_of_one_helper(n: int) -> Project:
    callers = (main("update(model, opt, x)").replace("main", f"main{i}") for i in range(n))
    return {"main": f"import torch\n\ndef update{UPDATE}{''.join(callers)}"}


def files_with_callers_of_one_helper(n: int) -> Project:
    call = "opt.zero_grad(); update(model, opt, x)"
    callers = {f"main{i}": main(call, "import torch\nfrom steps import update\n") for i in range(n)}
    return {"steps": f"import torch\n\ndef update{UPDATE}", **callers}


def files_in_a_ring(n: int) -> Project:
    files = {}
    for i in range(n):
        after = (i + 1) % n
        text = TRAINER.format(i=i, update=f"update{i}", fit=f"fit{i}")
        files[f"m{i}"] = f"import torch\nfrom m{after} import Trainer{after}\n\n{text}"
    return files


def files_in_a_ring_that_call_all_the_same(n: int) -> Project:
    text = {f"m{i}": TRAINER.format(i=i, update="update", fit="fit") for i in range(n)}
    return {name: f"import torch\nimport m{(i + 1) % n}\n\n{text[name]}" for i, name in enumerate(text)}


def files_around_a_hub(n: int) -> Project:
    files = {f"m{i}": f"import torch, hub\n\n{TRAINER.format(i=i, update='update', fit='fit')}" for i in range(n)}
    return {"hub": "".join(f"from m{i} import Trainer{i}\n" for i in range(n)), **files}


def functions_with_an_optimizer_each(n: int) -> Project:
    loops = (main("model(x).sum().backward(); opt.step()").replace("main", f"main{i}") for i in range(n))
    return {"main": f"import torch\n{''.join(loops)}"}


def branches(n: int) -> Project:
    tests = "".join(f"        if a{i}: y{i} = f{i}(x)\n" for i in range(n))
    return {"main": f"import torch\n{main('pass')[:-1]}{tests}        model(x).sum().backward()\n        opt.step()\n"}


def walk(calls: Iterable[str]) -> Project:
    """A function that is given one that steps, and hands functions on to itself."""
    body = "".join(f"    {call}\n" for call in calls)
    step = "    def step(x):\n        model(x).sum().backward()\n        opt.step()\n    walk(loader, step)\n"
    act = "        return act(tree)\n"
    text = f"import torch\n\ndef walk(tree, act):\n    if tree.leaf:\n{act}{body}\n"
    return {"main": f"{text}def main(model, loader):\n{OPTIMIZER}{step}"}


def a_function_that_hands_a_function_on_to_itself(n: int) -> Project:
    return walk(f"walk(tree.t{i}, act)" for i in range(n))


def a_function_that_hands_it_on_in_functions_inside(n: int) -> Project:
    return walk(f"tree.each(lambda t: walk(t.t{i}, act))" for i in range(n))


def a_function_that_hands_new_functions_on_to_itself(n: int) -> Project:
    return walk(f"walk(tree.t{i}, lambda each: act(each.t{i}))" for i in range(n))


def functions_that_hand_a_function_on_to_each_other(n: int) -> Project:
    """There are as many functions as each has calls, so that the project grows by the calls."""
    side = round(n**0.5)
    calls = "".join(f"    walk{i}(tree.t{i}, act)\n" for i in range(side))
    walks = "".join(f"def walk{i}(tree, act):\n    act(tree)\n{calls}\n" for i in range(side))
    step = "    def step(x):\n        model(x).sum().backward()\n        opt.step()\n    walk0(loader, step)\n"
    return {"main": f"import torch\n\n{walks}def main(model, loader):\n{OPTIMIZER}{step}"}


class Work:
    """Counts what happens while a project is judged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = self.bytes = self.findings = 0

        def counted(modules: Modules, each: str) -> bytes:
            found = CONTENT(modules, each)
            self.bytes += len(found)
            return found

        monkeypatch.setattr(Modules, "content", counted)
        monkeypatch.setattr("gradlint.project.words.SEARCHED", 4)
        for reader in READERS:  # or what they bound would only be seen in large projects
            monkeypatch.setattr(f"gradlint.{reader}.MAX_FILES.limit", 8)

    def judge(self, project: Mapping[str, str]) -> Work:
        texts = {key(name): text.encode() for name, text in project.items()}
        workspace = Workspace(Modules({each: each for each in texts}, texts.__getitem__))
        before = sys.getprofile()
        sys.setprofile(self._count)
        try:
            outcomes = [check(Task(each, texts[each], all_rules(), key=each), workspace) for each in texts]
        finally:
            sys.setprofile(before)
        assert not any(outcome.failures for outcome in outcomes)
        self.findings = sum(len(outcome.diagnostics) for outcome in outcomes)
        return self

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        self.calls += event in ("call", "c_call")


@pytest.mark.parametrize(
    ("project", "size"),
    [
        (a_chain_of_calls, 20),
        (a_chain_of_files, 20),
        (callers_of_one_helper, 20),
        (files_with_callers_of_one_helper, 20),
        (files_in_a_ring, 12),
        (files_in_a_ring_that_call_all_the_same, 12),
        (files_around_a_hub, 12),
        (functions_with_an_optimizer_each, 20),
        (branches, 30),
        (a_function_that_hands_a_function_on_to_itself, 20),
        (a_function_that_hands_it_on_in_functions_inside, 20),
        (a_function_that_hands_new_functions_on_to_itself, 20),
        (functions_that_hand_a_function_on_to_each_other, 25),
    ],
)
def test_twice_the_project_is_twice_the_work(
    project: Callable[[int], Project], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Work(monkeypatch).judge(project(2))  # what is remembered for good is remembered before anything is counted
    small, large = Work(monkeypatch).judge(project(size)), Work(monkeypatch).judge(project(2 * size))
    assert large.calls < LINEAR * small.calls
    assert large.bytes < LINEAR * small.bytes


def many(scopes: int, branches: int, optimizers: int) -> str:
    """A file with much in it: a chain of helpers, one of which calls itself, and a loop with many branches."""
    lines = ["import torch", "from torch import nn, optim", ""]
    for number in range(scopes):
        inner = f"helper_{number + 1}" if number % 50 != 49 and number + 1 < scopes else f"helper_{number}"
        lines += [f"def helper_{number}(net, opt, x):", "    if x.item() > 0:", f"        {inner}(net, opt, x)"]
        lines += ["    opt.zero_grad()", "    net(x).backward()", "    opt.step()", ""]
    lines += ["def main(loader):"]
    for number in range(optimizers):
        lines += [
            f"    net_{number} = nn.Linear(2, 2)",
            f"    opt_{number} = optim.SGD(net_{number}.parameters(), lr=0.1)",
        ]
    lines += ["    for x in loader:"]
    for number in range(branches):
        at = number % optimizers
        lines += [f"        if x[{number}].item() > 0:", f"            opt_{at}.zero_grad()"]
        lines += [f"            net_{at}(x).backward()", f"            opt_{at}.step()"]
    lines += [f"        helper_0(net_{number}, opt_{number}, x)" for number in range(optimizers)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("size", [(60, 20, 5), (10, 160, 5), (20, 60, 50)], ids=str)
def test_a_line_of_a_large_file_costs_no_more(size: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """At most twice as much: chains of calls, one that calls itself, branches and optimizers."""

    def calls_per_line(text: str) -> float:
        judged = Work(monkeypatch).judge({"main": text})
        assert not judged.findings
        return judged.calls / text.count("\n")

    calls_per_line(many(2, 2, 1))
    assert calls_per_line(many(*size)) < 2 * calls_per_line(many(10, 20, 5))


def test_a_square_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of n optimizers in one function is followed through all of it, which `MAX_WORK` bounds."""

    def work(n: int) -> int:
        uses = "".join(f"        m{i}(x).backward()\n        o{i}.step()\n" for i in range(n))
        made = "".join(f"    o{i} = torch.optim.SGD(m{i}.parameters())\n" for i in range(n))
        text = f"import torch\n\ndef f(loader):\n{made}    for x in loader:\n{uses}"
        return Work(monkeypatch).judge({"main": text}).calls

    assert work(40) > LINEAR * work(20)
