"""Programs that nobody wrote: what the linter says of them is what happens; `python tests/generated` judges more."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Hashable, Iterable
from functools import cache
from itertools import islice, product
from pathlib import Path
from types import SimpleNamespace

import pytest
from generated.chance import chances
from generated.files import MAIN, apart, told_of
from generated.instrument import runs
from generated.judge import faults_of_fixes, judge, seen, told
from generated.ledger import Foreign
from generated.shrink import draws, shrunk, written

from gradlint.events import Clear, Event, MayAdd
from gradlint.flow.facts import Typestate
from gradlint.source import Source
from gradlint.typestates.foreign import Foreign as Pollution
from gradlint.typestates.idle import IdleSteps

HEAD = """\
import torch
from torch import nn, optim

def main(loader, epochs, n, amp):
    net = nn.Linear(2, 2)
    opt = optim.{kind}(net.parameters(), lr=0.1)
"""


def program(body: str, kind: str = "SGD") -> str:
    return HEAD.format(kind=kind) + "".join(f"    {line}\n" for line in body.splitlines())


def test_the_verdict_is_what_happens() -> None:
    """`python tests/generated` does the same with as many as one likes."""
    verdicts = []
    for number in range(20):
        text, taken = written(draws(number))
        result = judge(text)
        verdicts.append(result.verdict)
        if result.disagreements:
            smaller = shrunk(taken, lambda each: bool(judge(each).disagreements))
            pytest.fail(f"program {number}: {judge(smaller).disagreements}\n{smaller}")
    assert verdicts.count("right") > 5 and verdicts.count("wrong") > 2  # else it would show nothing


def test_fixed_programs_apply_what_they_should() -> None:
    for number in range(10):
        text, _ = written(draws(number), apart=True)
        assert list(faults_of_fixes(text)) == [], text


@pytest.mark.parametrize("first", range(0, 40, 20))
def test_helpers_in_another_file_change_nothing(first: int) -> None:
    for number in range(first, first + 20):
        text, _ = written(draws(number))
        files = apart(text)
        if len(files) > 1:
            alone, together = told_of({MAIN: text}), told_of(files)
            assert alone <= together, text  # of several findings of one cause one is told, in each file
            assert together == alone or together <= {stale.added for stale in seen(text).stale.certain}, text


GUARDS = ("True", "i % {n} == 0", "(i + 1) % {n} == 0", "(i + 1) % {n} != 0", "i > 0")


@pytest.mark.parametrize("period", ["2", "3", "n"])
@pytest.mark.parametrize("clears_first", [True, False])
def test_windows_by_brute_force(period: str, clears_first: bool) -> None:
    """Every pair of guards around the step and the clear, for all small lengths and windows."""
    for step, clear in product(GUARDS, GUARDS):
        parts = [f"if {clear}:\n        opt.zero_grad()", "net(x).sum().backward()", f"if {step}:\n        opt.step()"]
        body = parts if clears_first else [*parts[1:], parts[0]]
        text = program(
            "\n".join(["for i, x in enumerate(loader):", *(f"    {part}" for part in body)]).format(n=period)
        )
        assert judge(text).disagreements == (), text


@pytest.mark.parametrize(
    ("body", "certain", "doubtful"),
    [
        pytest.param("for x in loader:\n    net(x).backward()\n    opt.step()", {8}, set(), id="never-cleared"),
        pytest.param(
            "for x in loader:\n    opt.zero_grad()\n    net(x).backward()\n    opt.step()", set(), set(), id="ok"
        ),
        pytest.param("net(torch.Tensor()).backward()\nopt.step()\nopt.step()", set(), set(), id="stepped-twice"),
        pytest.param(
            "for x in loader:\n    net(x).backward()\n    opt.step()\n"
            "    if x.norm(1).item() > 0:\n        opt.zero_grad()",
            set(),
            {8},
            id="clear-under-a-hidden-condition",
        ),
        pytest.param(
            "for x in loader:\n    net(x).backward()\n    opt.step()\n    if x.norm(1).item() > 0:\n        continue\n"
            "    opt.zero_grad()",
            {8},
            set(),
            id="jumped-over",
        ),
        pytest.param(
            "for x in loader:\n    if amp:\n        opt.zero_grad()\n        net(x).backward()\n        opt.step()\n"
            "    else:\n        net(x).backward()\n        opt.step()",
            {13},
            set(),
            id="one-arm-forgets",
        ),
        pytest.param(
            "for x in loader:\n    net(x).backward()\n    opt.step()\n"
            "    for p in net.parameters():\n        p.grad = None",
            set(),
            set(),
            id="parameter-by-parameter",
        ),
        pytest.param(
            "for x in loader:\n    net(x).backward()\n    opt.step()\n    if loader.pending():\n"
            "        opt.zero_grad(set_to_none=False)\n    else:\n        net.zero_grad()",
            set(),
            set(),
            id="both-arms-clear",
        ),
    ],
)
def test_what_runs_show(body: str, certain: set[int], doubtful: set[int]) -> None:
    what = seen(program(body)).stale
    assert {stale.added for stale in what.certain} == certain
    assert {stale.added for stale in what.hidden} == doubtful


IDLE = "for x in loader:\n    net(x).backward()\n    opt.zero_grad()\n    opt.step()"
EARLY = "for x in loader:\n    opt.zero_grad()\n    opt.step()\n    net(x).backward()"
RIGHT = """\
for x in loader:
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), x)
    loss.backward()
    opt.step()"""
SOMETIMES = RIGHT.replace("    loss.backward()", "    if amp:\n        loss.backward()")
UNCALLED = RIGHT.replace("loss.backward()", "loss.backward")
PAIR = """\
other = nn.Linear(2, 2)
second = optim.SGD(other.parameters(), lr=0.1)
for x in loader:
    second.zero_grad()
    net(other(x)).backward()
    second.step()
    {}
    net(x).backward()
    opt.step()
    opt.zero_grad()"""


def test_what_steps_find() -> None:
    idle = seen(program(IDLE)).met
    assert {(each.row, each.idle) for each in idle} == {(10, True)}
    assert {pair for each in idle for pair in each.dropped} == {(8, 9)}
    assert all(each.excused for each in seen(program(UNCALLED)).met)
    assert not any(each.idle for each in seen(program(RIGHT)).met)


def test_what_the_loss_of_another_network_leaves() -> None:
    assert seen(program(PAIR.format("pass"))).foreign.certain == {Foreign(11, frozenset({12}), 14, 15)}
    assert not seen(program(PAIR.format("opt.zero_grad()"))).foreign.all
    hidden = seen(program(PAIR.format("if x.norm(1).item() > 0: opt.zero_grad()"))).foreign
    assert hidden.hidden and not hidden.certain
    slipped = seen(program(PAIR.format("opt.zero_grad"))).foreign
    assert slipped.slipped and not slipped.certain


@pytest.mark.parametrize(
    "body",
    [IDLE, EARLY, UNCALLED, RIGHT, *map(PAIR.format, ("pass", "opt.zero_grad()", "opt.zero_grad"))],
    ids=["idle", "early", "uncalled", "right", "left", "cleared", "named"],
)
def test_the_newer_rules_say_what_happens(body: str) -> None:
    assert judge(program(body)).disagreements == ()


def blind(kind: type[Event], typestate: type[Typestate]) -> Callable[..., Iterable[Hashable]]:
    """What a typestate would do if an event of some kind were none."""
    flow = typestate.flow
    return lambda self, state, event, region: [state] if isinstance(event, kind) else flow(self, state, event, region)


@pytest.mark.parametrize(
    ("body", "typestate", "method", "broken", "noticed"),
    [
        pytest.param(UNCALLED, IdleSteps, "flow", blind(MayAdd, IdleSteps), "told twice", id="blind-to-what-may-add"),
        pytest.param(SOMETIMES, IdleSteps, "spares", lambda *_: False, "not always", id="no-step-is-spared"),
        pytest.param(IDLE, IdleSteps, "judge", lambda *_: False, "missed", id="no-step-is-idle"),
        pytest.param(EARLY, IdleSteps, "judge", lambda *_: False, "missed", id="no-step-comes-too-early"),
        pytest.param(PAIR.format("pass"), Pollution, "judge", lambda *_: False, "missed", id="nothing-is-left"),
        pytest.param(
            PAIR.format("opt.zero_grad()"), Pollution, "flow", blind(Clear, Pollution), "false", id="blind-to-a-clear"
        ),
    ],
)
def test_a_broken_typestate_is_noticed(
    body: str,
    typestate: type[Typestate],
    method: str,
    broken: Callable[..., object],
    noticed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typestate, "concerns", lambda _, graphs: graphs.keys())  # it knows the events by itself
    monkeypatch.setattr(typestate, method, broken)
    assert any(each.startswith(noticed) for each in judge(program(body)).disagreements)


def test_a_slip_that_is_not_told_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generated.judge.told", lambda text: [])
    assert "missed: GRD604 in 10" in judge(program(UNCALLED)).disagreements


def test_what_no_run_reaches_is_neither_right_nor_wrong() -> None:
    """A function that is never called may be there for others, and is judged as if it were called in a loop."""
    helper = "def update(x):\n    net(x).sum().backward()\n    opt.step()\nfor i in range(3):\n"
    never = helper + "    if i == 0:\n        if (i + 1) % 2 == 0:\n            update(first)"
    text = program(never).replace("loader, epochs", "loader, first, epochs")
    assert [each.code for each in told(text)] == ["GRD101"]
    assert judge(text).disagreements == ()


def test_an_optimizer_that_repeats_its_closure_applies_what_the_closure_does_not_clear() -> None:
    closure = "def closure():\n    net(torch.Tensor()).backward()\nopt.step(closure)"
    assert not seen(program(closure)).stale.certain
    assert {stale.again for stale in seen(program(closure, "LBFGS")).stale.certain} == {9}


def test_all_ways_of_a_small_program_are_gone_once() -> None:
    text = program("for x in loader:\n    if amp:\n        opt.step()")
    ways = [tuple(run.chance.made) for run in islice(runs(text, 1000), 200)]
    complete = ways[: len(set(ways))]
    assert len(set(complete)) == len(complete) > 20


def test_choices_come_in_order() -> None:
    made = []
    for chance in islice(chances(100, 0), 6):
        made.append((chance.choose(2), chance.choose(3)))
    assert made == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_a_fault_is_shown_in_a_small_program() -> None:
    text, taken = next(each for each in map(written, map(draws, range(20))) if ".backward()" in each[0])
    small = shrunk(taken, lambda each: ".backward()" in each)
    assert ".backward()" in small and len(small) < len(text) / 2


def test_a_wrong_fix_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = "for i, x in enumerate(loader):\n{}    net(x).backward()\n    if i % 2 > 0:\n        opt.step()"
    wiped = Source("program.py", program(loop.format("    opt.zero_grad()\n")))
    monkeypatch.setattr("generated.judge.fix", lambda *_, **__: SimpleNamespace(source=wiped))
    assert list(faults_of_fixes(program(loop.format(""))))


ORDER = "import sys\nfrom gradlint.cli import main\nmain(sys.argv[1:])\n"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "missing_zero_grad"
FILES = [str(path) for path in [*sorted(FIXTURES.glob("*.py"))[::30], *sorted(FIXTURES.glob("*/*.py"))[::20]]]


def said_of(files: list[str], seed: int, jobs: int) -> bytes:
    command = [sys.executable, "-c", ORDER, "check", "--isolated", "--output-format", "json", "--jobs", str(jobs)]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    return subprocess.run([*command, *files], env=environment, capture_output=True).stdout


@cache
def said_in_order() -> bytes:
    return said_of(FILES, seed=0, jobs=1)


def test_the_same_bytes_for_any_order_of_files_and_any_hash_seed() -> None:
    files = random.Random(2).sample(FILES, len(FILES))
    assert b"GRD101" in said_in_order()
    assert said_of(files, seed=2, jobs=2) == said_in_order()
