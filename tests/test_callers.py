"""Who calls a scope, which calls leave a doubt, and who may clear where nobody can follow."""

from __future__ import annotations

import libcst as cst
import pytest
from together import Together, key

from gradlint.events import Place, Unresolved
from gradlint.project.callers import Callers
from gradlint.regions import Path, Region

STEPS = "def update(model, optimizer, x):\n    model(x).sum().backward()\n    optimizer.step()\n"
TRAINER = """\
import torch

class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def update(self, x):
        self.net(x).sum().backward()
        self.optimizer.step()
"""
CLEARS = "    optimizer.zero_grad()\n"


def main(body: str, imports: str = "from steps import update") -> dict[str, str]:
    return {"steps": STEPS, "main": f"{imports}\n\ndef main(model, optimizer, loader, things):\n{body}"}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(main("    update(model, optimizer, 1)\n"), id="by-its-name"),
        pytest.param(main("    steps.update(model, optimizer, 1)\n", "import steps"), id="through-its-module"),
        pytest.param(main("    learn(model, optimizer, 1)\n", "from steps import update as learn"), id="renamed"),
        pytest.param(main("    things.map(update)\n"), id="given-to-a-call"),
        pytest.param(main("    run = update\n    run(model, optimizer, 1)\n"), id="bound-to-a-variable"),
        pytest.param(
            {
                "steps": f"from functools import partial\n{STEPS}\nquick = partial(update, x=1)\n",
                "main": "from steps import quick\n\ndef main(model, optimizer):\n    quick(model, optimizer)\n",
            },
            id="by-a-second-name-of-its-module",
        ),
    ],
)
def test_who_calls_a_function_of_another_file(files: dict[str, str]) -> None:
    callers, doubtful = Together(files).called("steps", "update")
    assert "main:main" in callers and not doubtful


def test_a_lambda_is_the_caller_of_what_it_calls() -> None:
    files = main("    things[0](lambda: update(model, optimizer, 1))\n")
    assert Together(files).called("steps", "update") == ({"main:<lambda>"}, False)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(main("    update(model, optimizer, 1)\n", "from elsewhere import update"), id="of-another-module"),
        pytest.param(main("    def update(x): ...\n    update(1)\n", "import steps"), id="a-function-of-its-own"),
        pytest.param(main("    optimizer.update(1)\n", "import steps"), id="a-method-of-an-optimizer"),
        pytest.param(main('    print("update the model")\n', "import steps"), id="a-word-in-a-text"),
        pytest.param({"steps": STEPS, "main": "def main():\n    updates(1)\n"}, id="another-name"),
    ],
)
def test_who_is_no_caller(files: dict[str, str]) -> None:
    assert Together(files).called("steps", "update") == (set(), False)


def test_a_method_is_called_on_objects_of_its_class() -> None:
    main = "from trainer import Trainer\n\ndef main(net):\n    trainer = Trainer(net)\n    trainer.update(1)\n"
    assert Together({"trainer": TRAINER, "main": main}).called("trainer", "Trainer.update") == ({"main:main"}, False)


def test_an_object_that_is_called_runs_its_call_method() -> None:
    text = TRAINER.replace("update", "__call__") + "\ndef main(net):\n    trainer = Trainer(net)\n    trainer(1)\n"
    callers, _ = Together({"trainer": text}).called("trainer", "Trainer.__call__")
    assert callers == {"trainer:main"}


def test_a_method_that_the_class_inherits_calls_it() -> None:
    base = "class Base:\n    def fit(self, xs):\n        for x in xs:\n            self.update(x)\n"
    trainer = "from base import Base\n" + TRAINER.replace("class Trainer", "class Trainer(Base)")
    callers, _ = Together({"base": base, "trainer": trainer}).called("trainer", "Trainer.update")
    assert "base:fit" in callers


def test_what_the_class_says_anew_it_does_not_inherit() -> None:
    base = "class Base:\n    def fit(self, xs):\n        self.update(xs)\n"
    trainer = "from base import Base\n" + TRAINER.replace("class Trainer", "class Trainer(Base)")
    trainer += "\n    def fit(self, xs): ...\n"
    callers, _ = Together({"base": base, "trainer": trainer}).called("trainer", "Trainer.update")
    assert "base:fit" not in callers


def test_whoever_has_the_function_around_it_may_call_it() -> None:
    steps = "def maker(model, optimizer):\n    def update(x):\n        model(x).backward()\n        optimizer.step()\n"
    main = "from steps import maker\n\ndef main(model, optimizer):\n    run = maker(model, optimizer)\n    run(1)\n"
    callers, _ = Together({"steps": f"{steps}    return update\n", "main": main}).called("steps", "maker.update")
    assert "main:main" in callers


def test_the_language_itself_calls_special_methods() -> None:
    text = TRAINER.replace("update", "__enter__")
    assert Together({"trainer": text}).called("trainer", "Trainer.__enter__") == (set(), True)


UNKNOWN = "import trainer\n\ndef main(thing, optimizer):\n    thing.update(1)\n"


def doubt(caller: str, trainer: str = TRAINER, name: str = "main") -> bool:
    callers, doubtful = Together({"trainer": trainer, name: caller}).called("trainer", "Trainer.update")
    assert callers == set()
    return doubtful


def test_a_call_that_may_be_of_it_beside_a_clear_is_doubtful() -> None:
    assert doubt(UNKNOWN + CLEARS)


def test_a_call_that_may_be_of_it_without_a_clear_is_nothing() -> None:
    assert not doubt(UNKNOWN)


def test_a_clear_in_another_function_of_the_file_is_not_beside_the_call() -> None:
    assert not doubt(f"{UNKNOWN}\ndef other(optimizer):\n{CLEARS}")


def test_a_file_that_cannot_have_it_leaves_no_doubt() -> None:
    assert not doubt(UNKNOWN.replace("import trainer", "import os") + CLEARS)


def test_a_file_that_only_says_its_class_leaves_no_doubt() -> None:
    assert not doubt(UNKNOWN.replace("import trainer", "import Trainer") + CLEARS)


def test_another_file_cannot_call_what_stands_in_a_function() -> None:
    steps = "def maker(model, optimizer):\n    def update(x):\n        model(x).backward()\n        optimizer.step()\n"
    main = f"import steps\n\ndef main(thing, optimizer):\n    thing.update(1)\n{CLEARS}"
    assert Together({"steps": steps, "main": main}).called("steps", "maker.update") == (set(), False)


def test_an_optimizer_of_that_method_leaves_no_doubt() -> None:
    assert not doubt(f"import trainer\n\ndef main(optimizer):\n    optimizer.update(1)\n{CLEARS}")


def test_a_method_that_clears_called_beside_it_is_doubtful() -> None:
    other = "import trainer\n\nclass Other:\n    def tidy(self):\n        self.optimizer.zero_grad()\n\n"
    assert doubt(f"{other}    def run(self, thing):\n        {{}}\n        thing.update(1)\n".format("self.tidy()"))
    assert not doubt(f"{other}    def run(self, thing):\n        {{}}\n        thing.update(1)\n".format("pass"))


def test_a_call_of_another_class_leaves_no_doubt() -> None:
    other = "import trainer\n\nclass Other:\n    def update(self, x): ...\n"
    assert not doubt(f"{other}\ndef main(optimizer):\n    thing = Other()\n    thing.update(1)\n{CLEARS}")


def test_its_name_as_a_text_beside_a_clear_is_doubtful() -> None:
    assert doubt(f'import trainer\n\ndef main(thing, optimizer):\n    getattr(thing, "update")(1)\n{CLEARS}')


@pytest.mark.parametrize(
    ("use", "is_doubtful"),
    [
        pytest.param('thing["update"](1)', True, id="called"),
        pytest.param('learn = thing["update"]', True, id="kept"),
        pytest.param('print(thing["update"])', True, id="given"),
        pytest.param('thing["update"] = 0', False, id="set"),
        pytest.param('thing["update"] += 1', False, id="counted"),
        pytest.param('rate = 0.1 / thing["update"]', False, id="calculated-with"),
        pytest.param('late = thing["update"] > 9', False, id="compared"),
    ],
)
def test_a_key_of_a_number_is_no_name_of_a_function(use: str, is_doubtful: bool) -> None:
    assert doubt(f"import trainer\n\ndef main(thing, optimizer):\n    {use}\n{CLEARS}") is is_doubtful


def test_a_function_that_is_kept_in_a_container_may_be_run_by_anybody() -> None:
    steps = f"{STEPS}\nALL = [update]\n"
    assert Together({"steps": steps}).called("steps", "update") == (set(), True)


def test_a_function_that_is_wrapped_in_what_clears_is_doubtful() -> None:
    clears = "def clears(optimizer):\n    optimizer.zero_grad()\n    return lambda step: step\n"
    files = {"steps": f"{STEPS}\n{clears}\ndef main(o):\n    return clears(o)(update)\n"}
    assert Together(files).called("steps", "update")[1]


def test_what_the_scope_runs_itself_does_not_begin_it() -> None:
    helper = "def helper(thing, optimizer):\n    thing.update(1)\n"
    text = f"{TRAINER}        helper(self, self.optimizer)\n\n{helper}{CLEARS}"
    project = Together({"trainer": text})
    inside = frozenset({project.scope("trainer", "helper").number})
    assert project.called("trainer", "Trainer.update") == (set(), True)
    assert project.called("trainer", "Trainer.update", inside) == (set(), False)


def test_what_a_related_class_says_in_place_of_what_it_runs_does_not_begin_it() -> None:
    helper = "\n    def helper(self, thing, optimizer): ...\n"
    child = "from trainer import Trainer\n\nclass Child(Trainer):\n    def helper(self, thing, optimizer):\n"
    project = Together(
        {"trainer": TRAINER + helper, "child": f"{child}        thing.update(1)\n        optimizer.zero_grad()\n"}
    )
    inside = frozenset({project.scope("trainer", "Trainer.helper").number})
    assert project.called("trainer", "Trainer.update") == (set(), True)
    assert project.called("trainer", "Trainer.update", inside) == (set(), False)


LIGHTNING = "import lightning as L\n\nclass Model(L.LightningModule):\n    def training_step(self, batch): ...\n"
HOOK = "import model\n\nclass Hook:\n    def {name}(self, trainer, optimizer):\n        {body}\n"


def test_what_the_framework_runs_is_not_doubted_for_its_callbacks() -> None:
    hook = HOOK.format(name="on_train_batch_start", body="optimizer.zero_grad()")
    assert Together({"model": LIGHTNING, "hooks": hook}).called("model", "Model.training_step") == (set(), False)


def derived(method: str, base: str = "Trainer") -> Together:
    child = f"from trainer import Trainer\n\nclass Child({base}):\n    def {method}\n"
    return Together({"trainer": TRAINER, "child": child})


@pytest.mark.parametrize(
    ("method", "clears"),
    [
        pytest.param("fit(self, x):\n        self.optimizer.zero_grad()", True, id="beside-what-it-inherits"),
        pytest.param("fit(self, x):\n        self.update(x)", False, id="does-not-clear"),
        pytest.param("update(self, x):\n        self.optimizer.zero_grad()", False, id="in-its-place"),
        pytest.param("fit(self, x):\n        self.optimizer.zero_grad(); x.backward()", False, id="trains-itself"),
    ],
)
def test_a_subclass_may_clear(method: str, clears: bool) -> None:
    project = derived(method)
    assert project.callers.subclass_clears(project.scope("trainer", "Trainer.update"), project.lowerer) is clears


def test_a_class_that_only_has_the_name_of_the_base_is_no_subclass() -> None:
    project = derived("fit(self, x):\n        self.optimizer.zero_grad()", base="other.Trainer")
    assert not project.callers.subclass_clears(project.scope("trainer", "Trainer.update"), project.lowerer)


@pytest.mark.parametrize(
    ("method", "clears"),
    [
        pytest.param("net(self, x):\n        self.optimizer.zero_grad()", True, id="what-the-method-calls"),
        pytest.param("net(self, x):\n        return x", False, id="does-not-clear"),
        pytest.param("other(self, x):\n        self.optimizer.zero_grad()", False, id="something-else"),
        pytest.param("update(self, x):\n        self.optimizer.zero_grad()", False, id="the-method-itself"),
    ],
)
def test_a_subclass_may_say_anew_what_a_method_calls(method: str, clears: bool) -> None:
    project = derived(method)
    assert project.callers.override_clears(project.scope("trainer", "Trainer.update"), project.lowerer) is clears


TIDY = "class TidyOptimizer(Base):\n    def step(self):\n        self.apply()\n        self.{clear}()\n"


@pytest.mark.parametrize(
    ("made", "clear", "clears"),
    [
        pytest.param("make()", "zero_grad", True, id="made-by-nobody-knows-whom"),
        pytest.param("make()", "log", False, id="a-step-that-does-not-clear"),
        pytest.param("torch.optim.SGD(net.parameters())", "zero_grad", False, id="seen-to-be-torch's"),
    ],
)
def test_the_step_of_an_optimizer_of_the_project_may_clear(made: str, clear: str, clears: bool) -> None:
    train = f"import torch, tidy\nnet = Net()\nopt = {made}\n"
    project = Together({"tidy": TIDY.format(clear=clear), "train": train})
    module = project.scope("train")
    region = Region(Path(module.number, "net"), Path(module.number, "opt"))
    assert project.callers.step_clears(region, project.file("train"), project.lowerer) is clears


@pytest.mark.parametrize(
    ("text", "clears"),
    [
        pytest.param("import train\nopt.register_step_post_hook(lambda o, *a: o.zero_grad())\n", True, id="a-hook"),
        pytest.param("import train\nopt.step = tidy\ndef tidy(): opt.zero_grad()\n", True, id="a-step-put-in-place"),
        pytest.param("import train\nopt.register_step_post_hook(log)\n", False, id="a-hook-and-no-clear"),
        pytest.param("import train\nopt.step == x\nopt.zero_grad()\n", False, id="a-comparison"),
        pytest.param("opt.register_step_post_hook(lambda o, *a: o.zero_grad())\n", False, id="far-away"),
    ],
)
def test_hooks_of_files_that_may_have_the_optimizer_clear(text: str, clears: bool) -> None:
    project = Together({"train": "import torch\n", "hooks": text})
    assert project.callers.hooks_clear(project.file("train")) is clears


@pytest.mark.parametrize(
    ("files", "own"),
    [
        pytest.param({"train": "import tensor\n", "tensor": "def backward(self): ...\n"}, True, id="of-its-own"),
        pytest.param({"train": "def backward(loss): ...\n"}, True, id="in-the-file-itself"),
        pytest.param(
            {"train": "import torch, tensor\n", "tensor": "def backward(self): ...\n"}, False, id="beside-pytorch"
        ),
        pytest.param({"train": "import tensor\n", "tensor": "loss.backward()\n"}, False, id="only-called"),
        pytest.param({"train": "import os\n", "tensor": "def backward(self): ...\n"}, False, id="far-away"),
    ],
)
def test_a_project_without_pytorch_has_a_backward_of_its_own(files: dict[str, str], own: bool) -> None:
    project = Together(files)
    assert project.callers.has_own_backward(project.file("train")) is own


HANDLER = "class Callback:\n    def on_batch(self, optimizer):\n        optimizer.zero_grad()\n"


def unresolved(name: str, *, begins: bool, apart: str = "") -> Unresolved:
    node = cst.Name("handler")
    return Unresolved(Place(node, node, "handler"), None, name=name, key=key("main"), begins=begins, apart=apart)


@pytest.mark.parametrize(
    ("event", "clears"),
    [
        pytest.param(unresolved("on_batch", begins=False), True, id="its-name"),
        pytest.param(unresolved("on_", begins=False), False, id="part-of-its-name"),
        pytest.param(unresolved("on_", begins=True), True, id="how-it-begins"),
        pytest.param(unresolved("", begins=True), True, id="any-name"),
        pytest.param(unresolved("at_", begins=True), False, id="how-another-begins"),
        pytest.param(unresolved("on_", begins=True, apart="on_batch"), False, id="not-the-caller-itself"),
    ],
)
def test_who_may_clear_by_a_name(event: Unresolved, clears: bool) -> None:
    main = "from callbacks import Callback\n"
    assert Together({"main": main, "callbacks": HANDLER}).callers.may_clear(event) is clears
    assert not Together({"main": "", "callbacks": HANDLER}).callers.may_clear(event)


def test_a_computed_name_is_not_that_of_a_whole_step() -> None:
    project = Together({"main": f"{HANDLER}        self.loss.backward()\n"})
    assert not project.callers.may_clear(unresolved("on_", begins=True))
    assert project.callers.may_clear(unresolved("on_batch", begins=False))


def test_where_nobody_knows_the_other_files_a_computed_name_may_be_of_anything() -> None:
    assert Callers(None).may_clear(unresolved("on_", begins=True))
    assert not Callers(None).may_clear(unresolved("on_batch", begins=False))
