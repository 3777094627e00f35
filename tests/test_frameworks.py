"""Framework calls that the fixtures cannot run: they need a GPU, several processes, or fail at run time."""

from __future__ import annotations

import pytest

from gradlint.project.analysis import diagnose
from gradlint.rule import all_rules
from gradlint.source import Source
from gradlint.syntax import frameworks
from gradlint.workspace import Workspace

START = "import torch\nopt = torch.optim.SGD(model.parameters())\n"
ACCELERATE = "accelerator = Accelerator(deepspeed_plugin=plugin)\nmodel, opt = accelerator.prepare(model, opt)\n"
LOOP = "for x in loader:\n    accelerator.backward(model(x))\n    opt.step()\n"


def rows(program: str) -> list[int]:
    """The lines on which something is reported."""
    return [diagnostic.span.start.row for diagnostic in diagnose(Source("a.py", program), all_rules()).diagnostics]


SILENT = {
    "distributed autograd writes into its own context": "import torch.distributed.autograd as dist_autograd\n"
    "from torch.distributed.optim import DistributedOptimizer\nopt = DistributedOptimizer(SGD, refs)\n"
    "for x in loader:\n    with dist_autograd.context() as context_id:\n"
    "        dist_autograd.backward(context_id, [model(x)])\n        opt.step(context_id)\n",
    "what is captured runs later": START + "for x in loader:\n    with torch.cuda.graph(graphs[x]):\n"
    "        model(x).backward()\n    opt.step()\n",
    "a replay may clear": START + "g = torch.cuda.CUDAGraph()\nfor x in loader:\n    model(x).backward()\n"
    "    opt.step()\n    g.replay()\n",
    "mmengine clears at the end of its window": "from mmengine.optim import OptimWrapper\n"
    + START
    + "w = OptimWrapper(opt)\nfor x in loader:\n    w.backward(model(x))\n    w.step()\n"
    "    w.update_params(model(x))\n",
    "a boosted optimizer": "from colossalai.booster import Booster\n"
    + START
    + "model, boosted, *_ = booster.boost(model, opt)\nfor x in loader:\n    model(x).backward()\n    boosted.step()\n",
    "a clear that is given away": START + "import torch_xla.core.xla_model as xm\nhooks.append(opt.zero_grad)\n"
    "for x in loader:\n    model(x).backward()\n    xm.optimizer_step(opt)\n    fire()\n",
    "accelerate with DeepSpeed": "from accelerate import Accelerator, DeepSpeedPlugin\n" + START + ACCELERATE + LOOP,
    "a booster whose plugin is not in sight": "from colossalai.booster import Booster\n"
    "def fit(model, optimizer, booster, loader):\n    for x in loader:\n"
    "        booster.backward(model(x), optimizer)\n        optimizer.step()\n",
    "an Apex optimizer nobody saw made": "for x in loader:\n    optimizer.backward(model(x))\n    optimizer.step()\n",
    "a scaler of this file that clears": START + "class Scaler:\n    def __call__(self, loss, optimizer):\n"
    "        loss.backward()\n        optimizer.step()\n        optimizer.zero_grad()\n"
    "loss_scaler = Scaler()\nfor x in loader:\n    loss_scaler(model(x), opt)\n",
    "a scaler function of this file": START + "def loss_scaler(loss, optimizer):\n    optimizer.zero_grad()\n"
    "    loss.backward()\n    optimizer.step()\nfor x in loader:\n    loss_scaler(model(x), opt)\n",
    "a scaler of features": START + "for x in loader:\n    y = scaler(x, dim)\n    opt.step()\n",
    "a schedule of learning rates": START + "for x in loader:\n    schedule.step(x)\n    opt.step()\n",
    "an evaluation, perhaps": START + "for x in loader:\n"
    "    forward_backward_func(model=model, forward_only=not training)\n    opt.step()\n",
    "optimizers made by a method": "class T(LightningModule):\n    def optimizers(self):\n"
    "        return torch.optim.SGD(self.new().parameters())\n    def training_step(self, x):\n"
    "        opt = self.optimizers()\n        self.model(x).backward()\n        opt.step()\n",
    "Lightning clears in a hook of the module": "class M(LightningModule):\n    def training_step(self, x, i):\n"
    "        self.manual_backward(self.net(x))\n        self.optimizers().step()\n"
    "    def on_train_batch_end(self, *a):\n        self.optimizers().zero_grad()\n",
    "a hook from elsewhere": START + "opt.register_step_post_hook(after)\nfor x in loader:\n"
    "    model(x).backward()\n    opt.step()\n",
    "optimizer in backward": START + "for p in model.parameters():\n"
    "    p.register_post_accumulate_grad_hook(hook)\nfor x in loader:\n    model(x).backward()\n    opt.step()\n",
}

REPORTED = {
    "Opacus, which refuses": (
        START + "from opacus import PrivacyEngine\n"
        "model, private, loader = engine.make_private(data_loader=l, module=model, optimizer=opt)\n"
        "for x in loader:\n    model(x).backward()\n    private.step()\n",
        6,
    ),
    "a schedule of torch": (
        START + "from torch.distributed.pipelining import Schedule1F1B\ns = Schedule1F1B(stage, 4)\n"
        "for x in loader:\n    s.step(x)\n    opt.step()\n",
        6,
    ),
    "steps of copies in between": (
        START + "import higher\nfor x in loader:\n    with higher.innerloop_ctx(model, sgd) as (copy, inner_opt):\n"
        "        inner_opt.step(copy(x))\n        copy(x).backward()\n    opt.step()\n",
        7,
    ),
    "accelerate without DeepSpeed": ("from accelerate import Accelerator\n" + START + ACCELERATE + LOOP, 7),
    "several models of Apex": (
        "from apex import amp\n" + START + "model, [opt] = amp.initialize(model, [opt])\nfor x in loader:\n"
        "    with amp.scale_loss(model(x), opt) as scaled:\n        scaled.backward()\n    opt.step()\n",
        7,
    ),
    "a scaler in a file that never says backward": (
        "def fit(model, loss_scaler, optimizer, loader):\n    for x in loader:\n"
        "        loss_scaler(model(x), optimizer)\n",
        3,
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said(name: str) -> None:
    assert rows(SILENT[name]) == []


@pytest.mark.parametrize("name", REPORTED)
def test_is_reported(name: str) -> None:
    program, row = REPORTED[name]
    assert rows(program) == [row]


@pytest.mark.parametrize(
    "text", ["loss_scaler(loss, optimizer)", "pp_schedule.step(x)\nopt.step()", "forward_backward_func()\no.step()"]
)
def test_files_with_only_such_calls_are_read(text: str) -> None:
    assert Workspace().relevant(text.encode(), all_rules(), "")


def test_each_row_fits_some_name() -> None:
    for row in frameworks.ROWS:
        for name in row.called.split():
            assert row in frameworks.rows(name.replace("*", "loss_"))


def test_one_call_that_does_both_is_named_once() -> None:
    program, _ = REPORTED["a scaler in a file that never says backward"]
    (diagnostic,) = diagnose(Source("a.py", program), all_rules()).diagnostics
    assert diagnostic.message == "`loss_scaler(model(x), optimizer)` adds to gradients that it has already applied"
