"""What a parameter stands for: what its annotation says, or the one kind of thing that all callers give it."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst
import pytest
from together import Together

from gradlint.syntax.values import Instance, Optimizer

AGENT = "class Agent:\n    def learn(self, x):\n        x.backward()\n"
RUN = "def run(agent{annotation}):\n    agent.{method}(1)\n"


def stands_for(files: Mapping[str, str], function: str = "run", parameter: str = "agent") -> str | None:
    """The class, or `an optimizer`, that a parameter of a function in the file `run` stands for."""
    project = Together(files)
    value = project.objects.value(cst.Name(parameter), project.scope("run", function))
    if isinstance(value, Optimizer):
        return "an optimizer"
    return value.of.name if isinstance(value, Instance) else None


def project(
    caller: str = "", *, annotation: str = "", imports: str = "", method: str = "learn", agent: str = AGENT
) -> dict[str, str]:
    main = f"import torch\nfrom run import run\nfrom agent import Agent\n{caller}\n"
    return {"agent": agent, "run": imports + RUN.format(annotation=annotation, method=method), "main": main}


def test_an_annotation_tells() -> None:
    assert stands_for(project(annotation=": Agent", imports="from agent import Agent\n")) == "Agent"


def test_an_annotation_of_a_class_with_subclasses_does_not() -> None:
    child = {"child": "from agent import Agent\nclass Child(Agent): ...\n"}
    assert stands_for(project(annotation=": Agent", imports="from agent import Agent\n") | child) is None


@pytest.mark.parametrize(
    "caller",
    [
        pytest.param("run(Agent())", id="made-in-the-call"),
        pytest.param("agent = Agent()\nrun(agent)", id="by-a-variable"),
        pytest.param("run(agent=Agent())", id="by-keyword"),
        pytest.param("def main():\n    run(Agent())\nrun(Agent())", id="twice"),
    ],
)
def test_all_callers_give_objects_of_one_class(caller: str) -> None:
    assert stands_for(project(caller)) == "Agent"


@pytest.mark.parametrize(
    "caller",
    [
        pytest.param("", id="nobody-calls"),
        pytest.param("run(Agent())\nrun(somebody())", id="one-that-cannot-be-told"),
        pytest.param("class Other: ...\nrun(Agent())\nrun(Other())", id="two-classes"),
        pytest.param("run(*agents)", id="a-star-hides-it"),
        pytest.param("run(Agent(), *rest)", id="a-star-may-hide-something"),
        pytest.param("run(Agent())\nrun()", id="one-gives-nothing"),
        pytest.param("run(Agent())\nspawn(run)", id="handed-on-in-a-call"),
        pytest.param("run(Agent())\nagain = run", id="by-another-name"),
        pytest.param("run(Agent())\nALL = [run]", id="kept-in-a-list"),
        pytest.param("run(Agent())\nALL = {'run': run}", id="kept-in-a-dictionary"),
    ],
)
def test_callers_that_tell_nothing(caller: str) -> None:
    assert stands_for(project(caller)) is None


def test_a_caller_in_a_file_that_cannot_have_the_function_does_not_count() -> None:
    far = {"far": "from elsewhere import run\nrun(somebody())\n"}
    assert stands_for(project("run(Agent())") | far) == "Agent"


def test_a_call_of_another_function_of_that_name_does_not_count() -> None:
    other = {"other": "import run as steps\ndef run(x): ...\nrun(somebody())\n"}
    assert stands_for(project("run(Agent())") | other) == "Agent"


def test_a_caller_in_the_file_itself_counts() -> None:
    files = project("run(Agent())")
    assert stands_for(files | {"run": files["run"] + "run(somebody())\n"}) is None


def test_subclasses_may_be_given_as_well() -> None:
    child = {"child": "from agent import Agent\nclass Child(Agent): ...\n"}
    assert stands_for(project("run(Agent())") | child) is None


def test_an_optimizer_is_given_to_be_stepped() -> None:
    caller = "run(torch.optim.SGD(net.parameters()))\nrun(torch.optim.SGD(other.parameters()))"
    assert stands_for(project(caller, method="step")) == "an optimizer"


@pytest.mark.parametrize("method", ["zero_grad", "forward", "show", "unheard_of"])
def test_nothing_is_asked_for_a_parameter_whose_methods_tell_nothing(method: str) -> None:
    agent = (
        AGENT + "    def zero_grad(self): p.grad = None\n    def forward(self): x.backward()\n    def show(self): ...\n"
    )
    assert stands_for(project("run(Agent())", method=method, agent=agent)) is None


def test_a_method_that_is_no_constructor_is_not_asked_for() -> None:
    run = "class Runner:\n    def run(self, agent):\n        agent.learn(1)\n"
    assert stands_for(project("from run import Runner\nRunner().run(agent=Agent())") | {"run": run}) is None


RUNNER = "class Runner:\n    def __init__(self, agent):\n        self.agent = agent\n    def go(self):\n        {use}\n"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        pytest.param("self.agent.learn(1)", "Agent", id="used-by-a-method"),
        pytest.param("self.other.learn(1)", None, id="another-attribute"),
        pytest.param("self.agent.zero_grad()", None, id="nothing-telling"),
    ],
)
def test_a_constructor_keeps_what_it_is_given(use: str, expected: str | None) -> None:
    agent = AGENT + "    def zero_grad(self): p.grad = None\n"
    files = project("from run import Runner\nRunner(Agent())", agent=agent) | {"run": RUNNER.format(use=use)}
    assert stands_for(files, "__init__") == expected
