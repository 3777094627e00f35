"""What expressions are: optimizers, their parameters, tensors, and what only looks like them."""

from __future__ import annotations

import libcst as cst
import pytest

from gradlint.source import Source
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.program import Program
from gradlint.syntax.scopes import Scope

TORCH = "import torch\nfrom torch import optim\nfrom torch.optim import SGD\nimport itertools\n"


def look(program: str, expression: str, scope_name: str = "<module>") -> tuple[Objects, cst.BaseExpression, Scope]:
    """The objects of a program, and an expression in one of its scopes."""
    whole = Program()
    whole.read(Source("program.py", TORCH + program))
    scope = next(scope for scope in whole.scopes if scope.name == scope_name)
    return Objects(whole), cst.parse_expression(expression), scope


def stepped(program: str, expression: str, scope_name: str = "<module>") -> list[str] | None:
    """The parameters that an expression steps, None if it is no optimizer."""
    objects, node, scope = look(program, expression, scope_name)
    if objects.optimizer(node, scope) is None:
        return None
    return [str(region.params) for region in objects.regions(node, scope)]


@pytest.mark.parametrize(
    ("program", "expression", "params"),
    [
        pytest.param("o = torch.optim.Adam(net.parameters())", "o", ["net"], id="constructor"),
        pytest.param("o = SGD(net.fc.parameters(), lr=1)", "o", ["net.fc"], id="imported-class-and-part-of-a-model"),
        pytest.param("o = SGD([w, b], lr=1)", "o", ["w", "b"], id="tensors"),
        pytest.param("ws = [w, b]\no = SGD(ws)", "o", ["w", "b"], id="tensors-by-name"),
        pytest.param(
            "o = SGD([dict(params=[w]), dict(params=a.parameters(), lr=1)])", "o", ["w", "a"], id="dict-groups"
        ),
        pytest.param("o = getattr(optim, kind)(net.parameters())", "o", ["net"], id="class-by-a-name"),
        pytest.param(
            "named = list(net.named_parameters())\no = SGD([{'params': [p for n, p in named if 'bias' in n]}])",
            "o",
            ["net"],
            id="names-and-parameters-in-a-list",
        ),
        pytest.param(
            "named = [(n, p) for n, p in net.named_parameters() if p.ndim > 1]\no = SGD([p for _, p in named])",
            "o",
            ["net"],
            id="pairs-of-names-and-parameters",
        ),
        pytest.param("o = SGD(list(a.parameters()) + list(b.parameters()))", "o", ["a", "b"], id="sum-of-lists"),
        pytest.param("o = SGD(itertools.chain(a.parameters(), b.parameters()))", "o", ["a", "b"], id="chain"),
        pytest.param("o = SGD([{'params': a.parameters()}, {'params': [w], 'lr': 1}])", "o", ["a", "w"], id="groups"),
        pytest.param("o = SGD(filter(lambda p: p.requires_grad, a.parameters()))", "o", ["a"], id="filter"),
        pytest.param("o = SGD([p for p in a.parameters() if p.requires_grad])", "o", ["a"], id="comprehension"),
        pytest.param("ps = a.parameters()\no = SGD(ps)", "o", ["a"], id="parameters-by-name"),
        pytest.param("m = m.cuda()\no = SGD(m.module.parameters())", "o", ["m"], id="wrapper-is-the-model"),
        pytest.param("o = optim.SGD(get_params(net))", "o", ["o.param_groups"], id="parameters-from-elsewhere"),
        pytest.param("o = SGD(a.parameters())\np = o", "p", ["a"], id="alias"),
        pytest.param(
            "o = SGD(a.parameters()) if fast else torch.optim.Adam(a.parameters())", "o", ["a"], id="either-optimizer"
        ),
        pytest.param(
            "a, o = acc.prepare(a, SGD(a.parameters()))", "o", ["a"], id="position-in-what-prepare-gives-back"
        ),
        pytest.param("os = {'g': SGD(g.parameters()), 'd': x}", "os['g']", ["g"], id="dictionary"),
        pytest.param("def build(): ...\nsolver = build()", "solver", ["solver.param_groups"], id="name"),
        pytest.param("x = make()\nx.zero_grad()\nx.step()", "x", ["x.param_groups"], id="use"),
        pytest.param("scaler.step(x)", "x", ["x.param_groups"], id="given-to-a-scaler"),
        pytest.param("class Mine(torch.optim.Optimizer): ...\nx = Mine(a.parameters())", "x", ["a"], id="subclass"),
    ],
)
def test_optimizer(program: str, expression: str, params: list[str]) -> None:
    assert stepped(program, expression) == params


@pytest.mark.parametrize(
    ("program", "expression"),
    [
        pytest.param("sched = optim.lr_scheduler.StepLR(o, 1)", "sched", id="scheduler"),
        pytest.param("optimizer2 = WeightEMA(model, teacher)", "optimizer2", id="an-average-with-a-misleading-name"),
        pytest.param("local_sgd = LocalSGD(model=m)", "local_sgd", id="a-synchroniser"),
        pytest.param("env = make('CartPole')", "env", id="environment"),
        pytest.param("engine, opt, _, _ = deepspeed.initialize(model=m)\nimport deepspeed", "opt", id="engine-made"),
        pytest.param("model.backward(loss)\nmodel.step()", "model", id="engine"),
        pytest.param("class Adam:\n    def step(self): ...\nadam = Adam()", "adam", id="class-of-this-file"),
    ],
)
def test_no_optimizer(program: str, expression: str) -> None:
    assert stepped(program, expression) is None


def test_attribute_is_one_object_across_methods() -> None:
    program = """
class Trainer:
    def __init__(self, net):
        self.net = net
        self.opt = SGD(self.net.parameters())
    def fit(self):
        opt = self.opt
"""
    assert stepped(program, "self.opt", "fit") == ["self.net"]
    assert stepped(program, "opt", "fit") == ["self.net"]


def test_base_class_of_this_file_sets_the_attribute() -> None:
    program = """
class Base:
    def __init__(self):
        self.worker = SGD(self.net.parameters())
class Trainer(Base):
    def fit(self): ...
"""
    assert stepped(program, "self.worker", "fit") == ["self.net"]


@pytest.mark.parametrize("attribute", ["_worker", "worker"])
def test_attribute_and_its_property_are_one_object(attribute: str) -> None:
    program = f"""
class Trainer:
    def __init__(self):
        self.{attribute} = SGD(self.net.parameters())
    def fit(self): ...
"""
    assert stepped(program, "self.worker", "fit") == ["self.net"]
    assert stepped(program, "self._worker", "fit") == ["self.net"]


@pytest.mark.parametrize(
    "name",
    """opt optim optimizer optimiser opts optimizers optG optD optimizerG optimizer_d G_solver netG_optimizer criticOpt
    optim_d adam adamw sgd solver opt2 g_opt self_opt actor_optimizer alpha_optim lbfgs main_optimizer""".split(),
)
def test_names_of_optimizers(name: str) -> None:
    assert catalogue.named_like_optimizer(name)


@pytest.mark.parametrize(
    "name",
    """options opt_level optimizer_state ode_solver lr_scheduler env scaler model optimizer_name optim_args
    optimizer_config adam_lr opt_params sgd_kwargs optimizer_cls stepper copt optimal adaptive""".split(),
)
def test_names_of_something_else(name: str) -> None:
    assert not catalogue.named_like_optimizer(name)


@pytest.mark.parametrize(
    "name", ["zero_grad", "zero_grads", "reset_grad", "clear_gradients", "zeroGrad", "reset_all_gradients"]
)
def test_names_that_say_clear(name: str) -> None:
    assert catalogue.clears_gradients(name)


@pytest.mark.parametrize("name", ["train_step", "update", "optimize_parameters", "fit", "backward_and_step"])
def test_names_that_may_clear(name: str) -> None:
    assert catalogue.may_clear_or_step(name)


@pytest.mark.parametrize(
    "name", ["clip_gradient", "log", "save_checkpoint", "evaluate", "adjust_learning_rate", "update_lr", "get_step"]
)
def test_names_that_do_not_clear(name: str) -> None:
    assert not catalogue.may_clear_or_step(name)
    assert not catalogue.clears_gradients(name)
