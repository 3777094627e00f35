"""What code means for gradients: one line of code, its events in the order in which they happen."""

from __future__ import annotations

import pytest

from gradlint.events import Assign, Call, ComputeLoss, Event, Forget, MayAdd
from gradlint.flow.graph import Graph
from gradlint.source import Source
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.program import Program

PRELUDE = "import torch\n"


def graphs(code: str) -> dict[int, Graph]:
    """The graphs of a program of one file, by scope number; the module's own is the first."""
    program = Program()
    return Lowerer(program).of_file(program.read(Source("program.py", code)))


def events(code: str) -> list[str]:
    """The names of the events of a program's module scope, assignments left out, with what they are about.

    What may add gradients, and losses, are left out as well.
    """
    graph = graphs(PRELUDE + code)[0]
    return [_shown(event) for event in graph.events() if not isinstance(event, (Assign, ComputeLoss, MayAdd))]


def all_events(code: str) -> list[str]:
    """The names of the events of all scopes of a program."""
    return [_shown(event) for graph in graphs(code).values() for event in graph.events()]


def _shown(event: Event) -> str:
    name = type(event).__name__.lower()
    if isinstance(event, Call):
        return name
    if isinstance(event, Forget):
        return f"{name} {'everything' if event.given is None else ' '.join(map(str, event.given))}"
    regions = getattr(event, "regions", None)
    about = (
        [str(region.params) for region in regions]
        if regions is not None
        else list(map(str, getattr(event, "params", ())))
    )
    return " ".join([name, *about])


@pytest.mark.parametrize(
    "code",
    [
        "loss.backward()",
        "model(x).sum().backward()",
        "(a + b).backward(retain_graph=True)",
        "sum(losses.values()).backward()",
        "out.backward(torch.ones_like(out))",
        "torch.autograd.backward([a, b])",
        "scaler.scale(loss).backward()",
        "accelerator.backward(loss)",
        "fabric.backward(loss)",
        "self.manual_backward(loss)",
        "booster.backward(loss, optimizer)",
        "optimizer.backward(loss)",
        "with amp.scale_loss(loss, optimizer) as scaled:\n    scaled.backward()",
    ],
)
def test_accumulates(code: str) -> None:
    assert events(code) == ["accumulate"]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import torch.distributed.autograd as dist_autograd\ndist_autograd.backward(c, [loss])", id="rpc"),
        pytest.param("grads = torch.autograd.grad(loss, ps)", id="autograd.grad"),
        pytest.param("super().backward(loss)", id="super"),
        pytest.param("'loss.backward()'", id="string"),
        pytest.param("def f():\n    loss.backward()", id="only-defined"),
        pytest.param("g = lambda: loss.backward()", id="lambda-only-defined"),
    ],
)
def test_deposits_nothing(code: str) -> None:
    assert events(code) == []


def test_a_method_that_is_not_called_is_a_slip() -> None:
    assert events("import torch\noptimizer.step") == ["uncalled optimizer.param_groups"]


def test_a_file_of_another_framework_says_nothing() -> None:
    assert graphs("import mxnet\nloss.backward()\ntrainer.step(1)\n") == {}
    assert graphs("import mxnet\nimport torch\nloss.backward()\n") != {}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("optimizer.step()", ["step optimizer.param_groups"], id="optimizer"),
        pytest.param("scaler.step(optimizer)", ["step optimizer.param_groups"], id="scaler"),
        pytest.param("xm.optimizer_step(optimizer)", ["step optimizer.param_groups"], id="xla"),
        pytest.param("w.data -= lr * w.grad", ["step w"], id="augmented"),
        pytest.param("w.data.sub_(lr * w.grad.data)", ["step w"], id="in-place-method"),
        pytest.param("w.data = w.data - lr * w.grad", ["step w"], id="data-replaced"),
        pytest.param("g = w.grad.detach()\nw.data[0] -= g[0]", ["read", "step w"], id="by-alias-and-index"),
        pytest.param(
            "optimizer.first_step(zero_grad=True)",
            ["step optimizer.param_groups", "clear optimizer.param_groups"],
            id="sam",
        ),
        pytest.param("optimizer.second_step()", ["step optimizer.param_groups"], id="sam-without-clear"),
        pytest.param("scaler.step()", [], id="scaler-without-argument"),
        pytest.param("scaler.update()", ["updatescale"], id="scale-update"),
        pytest.param("env.step(action)", ["forget env action"], id="environment"),
        pytest.param("engine.backward(loss)\nengine.step()", ["forget engine"], id="engine"),
        pytest.param("rm_model.backward(loss)\nrm_model.step()", ["forget rm_model"], id="engine-called-model"),
        pytest.param("prof.step()", ["forget prof"], id="profiler"),
        pytest.param("w = w - lr * w.grad", ["read"], id="a-new-tensor-is-no-step"),
        pytest.param("p.data.clamp_(-1, 1)", [], id="weight-clipping"),
        pytest.param("optimizer.step(loss)", ["forget everything"], id="the-step-back-propagates-itself"),
        pytest.param("optimizer.step(closure=None)", ["step optimizer.param_groups"], id="no-closure"),
    ],
)
def test_steps(code: str, expected: list[str]) -> None:
    assert events(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("optimizer.zero_grad()", ["clear optimizer.param_groups"], id="optimizer"),
        pytest.param("optimizer.zero_grad(set_to_none=False)", ["clear optimizer.param_groups"], id="to-zeros"),
        pytest.param("model.zero_grad()", ["clear model"], id="model"),
        pytest.param("w.grad = None", ["clear w"], id="none"),
        pytest.param("del w.grad", ["clear w"], id="del"),
        pytest.param("w.grad.zero_()", ["clear w"], id="zero"),
        pytest.param("w.grad.data.zero_()", ["clear w"], id="data-zero"),
        pytest.param("w.grad.detach_()\nw.grad.zero_()", ["read", "clear w"], id="detach-and-zero"),
        pytest.param("w.grad *= 0", ["clear w"], id="times-zero"),
        pytest.param("w.grad[:] = 0", ["clear w"], id="slice"),
        pytest.param("w.grad.fill_(0)", ["clear w"], id="fill"),
        pytest.param("w.grad = new", ["overwrite w"], id="overwritten"),
        pytest.param("w.grad.copy_(new)", ["overwrite w"], id="copied-over"),
        pytest.param("w.grad = w.grad * mask", ["read", "rescale w"], id="masked-is-not-cleared"),
        pytest.param("w.grad /= world", ["rescale w"], id="averaged-is-not-cleared"),
        pytest.param("for p in model.parameters():\n    p.grad = None", ["clear model"], id="loop-over-parameters"),
        pytest.param(
            "for n, p in model.named_parameters():\n    p.grad = None", ["clear model"], id="loop-over-named-parameters"
        ),
        pytest.param(
            "for g in optimizer.param_groups:\n    for p in g['params']:\n        p.grad = None",
            ["clear optimizer.param_groups"],
            id="loop-over-groups",
        ),
        pytest.param(
            "for o in [adam, sgd]:\n    o.zero_grad()",
            ["clear adam.param_groups o", "clear sgd.param_groups o"],  # `o` is one of them
            id="loop-over-literal-list",
        ),
        pytest.param("[o.zero_grad() for o in optimizers]", ["clear optimizers[*].param_groups"], id="comprehension"),
        pytest.param("reset_grad()", ["forget everything"], id="a-name-that-says-so"),
    ],
)
def test_clears(code: str, expected: list[str]) -> None:
    assert events(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("utils.train_one(model, optimizer)", ["forget utils model optimizer"], id="given-the-optimizer"),
        pytest.param("utils.clip(model, optimizer)", [], id="a-name-that-cannot-clear"),
        pytest.param(
            "log(loss.backward(), optimizer.step())",
            ["accumulate", "step optimizer.param_groups"],
            id="arguments-first",
        ),
        pytest.param(
            "optimizer.zero_grad() or loss.backward()", ["clear optimizer.param_groups", "accumulate"], id="or"
        ),
        pytest.param("x = [loss.backward() for loss in losses][0]", ["accumulate"], id="comprehension"),
        pytest.param("if (l := f(x)) is not None: l.backward()", ["accumulate"], id="walrus"),
    ],
)
def test_order_and_unknown_calls(code: str, expected: list[str]) -> None:
    assert events(code) == expected


STEPPING = """\
import torch
from torch.nn import functional as F
from elsewhere import measure, work
import numpy as np

def train(model, opt, x, y, environment, hooks, tools, scheduler):
    opt.zero_grad()
    {code}
    opt.step()
"""


@pytest.mark.parametrize(
    "code",
    [
        "work(x)",
        "out = work(x)",
        "tools.run(x)",
        "loss = tools.compute_loss(x)",
        "loss = tools.criterion(x, y)",
        "tools.backward_pass(x)",
        "hooks[0](x)",
        "torch.distributed.autograd.backward(1, [x])",
        "measure(lambda: x)",
        "go = x.backward\n    go()",
        "x.grad.add_(y)",
        "work(x.grad)",
        "tools.log(x.grad)",
        "g = x.grad",
        "yield x",
    ],
)
def test_may_add(code: str) -> None:
    assert "mayadd" in all_events(STEPPING.format(code=code))


@pytest.mark.parametrize(
    "code",
    [
        "out = model(x)",
        "print(x.grad)",
        "torch.distributed.all_reduce(x.grad)",
        "out = model.encode(x)",
        "loss = F.mse_loss(x, y).mean().item()",
        "out = torch.cat([x, y]).view(-1).to('cpu')",
        "print(np.mean(x), len(y))",
        "environment.step(x)",
        "scheduler.step()",
        "model.train()",
        "tools.log_gradients(x)",
        "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    ],
)
def test_may_not_add(code: str) -> None:
    assert "mayadd" not in all_events(STEPPING.format(code=code))


def test_where_nobody_steps_only_telling_names_may_add() -> None:
    assert "mayadd" not in all_events("from elsewhere import work\n\ndef measure(x):\n    return work(x)\n")
    assert "mayadd" in all_events("from elsewhere import train\n\ndef measure(x):\n    return train(x)\n")


@pytest.mark.parametrize("code", ["loss = F.cross_entropy(x, y)", "total = tools.loss_fn(x)"])
def test_computes_a_loss(code: str) -> None:
    assert "computeloss" in all_events(STEPPING.format(code=code))


@pytest.mark.parametrize("code", ["tools.log_loss(x)", "tools.compute_loss(x)", "scaled = tools.scale_loss(x)"])
def test_computes_no_loss_that_anybody_takes(code: str) -> None:
    assert "computeloss" not in all_events(STEPPING.format(code=code))
