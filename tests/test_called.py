"""Calls whose names do not say what runs: elements, computed names, parameters, attributes, and methods of anybody."""

from __future__ import annotations

import libcst as cst
import pytest
from together import Together, call_in

from gradlint.events import Place
from gradlint.syntax.called import Called
from gradlint.syntax.scopes import Scope

CALLBACK = "class Callback:\n    def on_batch(self, trainer):\n        trainer.optimizer.zero_grad()\n"


def asked(text: str, call: str, function: str = "run", **others: str) -> tuple[Called, cst.Call]:
    """The answers for a function, and one of its calls."""
    project = Together({"main": text, **others})
    scope: Scope = project.scope("main", function)
    return Called(project.objects, scope), call_in(scope, call)


def run(body: str, parameters: str = "self, event, handlers, **kwargs") -> str:
    return f"def run({parameters}):\n    " + body.replace("\n", "\n    ") + "\n"


def shown(nodes: list[cst.BaseExpression]) -> list[str]:
    return [cst.Module([]).code_for_node(node) for node in nodes]


@pytest.mark.parametrize(
    ("body", "call", "nameless"),
    [
        pytest.param("handlers[event](1)", "handlers[event](1)", True, id="an-element"),
        pytest.param("for f in handlers:\n    f(1)", "f(1)", True, id="a-loop-variable"),
        pytest.param("f = handlers\nf(1)", "f(1)", False, id="a-variable"),
        pytest.param("self.f(1)", "self.f(1)", False, id="a-method"),
        pytest.param("unknown(1)", "unknown(1)", False, id="a-name-of-nobody"),
    ],
)
def test_what_is_called_has_no_name(body: str, call: str, nameless: bool) -> None:
    called, node = asked(run(body), call)
    assert called.is_nameless(node.func) is nameless


@pytest.mark.parametrize(
    ("body", "call", "name"),
    [
        pytest.param(
            'getattr(self.cb, "on_" + event)(1)', 'getattr(self.cb, "on_" + event)(1)', '"on_" + event', id="here"
        ),
        pytest.param("f = getattr(self.cb, event)\nf(1)", "f(1)", "event", id="by-a-variable"),
        pytest.param("f = getattr(self, event)\nf = None\nf(1)", "f(1)", None, id="by-a-variable-of-two-values"),
        pytest.param("f = make(self, event)\nf(1)", "f(1)", None, id="another-function"),
        pytest.param("self.f(1)", "self.f(1)", None, id="a-name-that-is-known"),
    ],
)
def test_a_method_is_looked_up_by_a_computed_name(body: str, call: str, name: str | None) -> None:
    called, node = asked(run(body), call)
    found = called.looked_up(node.func)
    assert (shown([found.args[1].value]) if found is not None else []) == ([name] if name else [])


@pytest.mark.parametrize(
    ("call", "hands_on"),
    [
        pytest.param("f(1, **kwargs)", True, id="its-keywords"),
        pytest.param("f(*handlers)", True, id="a-parameter-with-a-star"),
        pytest.param("f(handlers)", False, id="without-a-star"),
        pytest.param("f(*others)", False, id="what-is-no-parameter"),
        pytest.param("f(**{'a': 1})", False, id="a-literal"),
    ],
)
def test_a_call_hands_on_what_the_function_was_given(call: str, hands_on: bool) -> None:
    called, node = asked(run(call), call)
    assert called.hands_on(node) is hands_on


@pytest.mark.parametrize(
    ("name", "handler"),
    [("on_step", True), ("hook", True), ("reset", True), ("forward", False), ("log_step", False)],
)
def test_a_parameter_whose_name_could_be_a_hook(name: str, handler: bool) -> None:
    called, node = asked(run(f"{name}()", f"a, {name}"), f"{name}()")
    assert called.is_given_handler(node.func) is handler
    called, node = asked(run(f"{name}()", "a"), f"{name}()")
    assert not called.is_given_handler(node.func)


@pytest.mark.parametrize(
    ("body", "call", "expected"),
    [
        pytest.param("f = opt.zero_grad\nf()", "f()", ["opt.zero_grad"], id="zero_grad"),
        pytest.param("f = opt.step\nf()", "f()", ["opt.step"], id="step"),
        pytest.param("f = opt.state_dict\nf()", "f()", [], id="another-method"),
        pytest.param("f = opt.step\nf = None\nf()", "f()", [], id="two-values"),
        pytest.param("for f in opt.step:\n    f()", "f()", [], id="an-element-of-it"),
        pytest.param("opt.step()", "opt.step()", [], id="by-its-own-name"),
    ],
)
def test_a_method_of_an_optimizer_by_another_name(body: str, call: str, expected: list[str]) -> None:
    called, node = asked(run(body), call)
    found = called.method_by_name(node.func)
    assert shown([found] if found is not None else []) == expected


@pytest.mark.parametrize(
    ("call", "callbacks", "expected"),
    [
        pytest.param("cb.on_batch(self)", CALLBACK, True, id="of-that-name"),
        pytest.param("cb.on_epoch(self)", CALLBACK, False, id="of-another-name"),
        pytest.param("self.on_batch(1)", CALLBACK, False, id="of-its-own-object"),
        pytest.param("on_batch(1)", CALLBACK, False, id="no-method"),
        pytest.param("env.on_batch(1)", CALLBACK, False, id="of-an-environment"),
        pytest.param("logger.on_batch(1)", CALLBACK, False, id="of-what-only-looks"),
        pytest.param("cb.to(self)", CALLBACK.replace("on_batch", "to"), False, id="what-every-module-has"),
        pytest.param("cb.log_batch(1)", CALLBACK.replace("on_batch", "log_batch"), False, id="says-that-it-only-looks"),
        pytest.param("super().__init__()", CALLBACK.replace("on_batch", "__init__"), False, id="that-makes-an-object"),
        pytest.param("cb.on_batch(self)", CALLBACK.replace("zero_grad", "step"), False, id="that-does-not-clear"),
    ],
)
def test_a_method_of_anybody_may_be_one_that_clears(call: str, callbacks: str, expected: bool) -> None:
    text = f"import callbacks\n\nclass Trainer:\n    def run(self, cb):\n        {call}\n"
    assert may_clear(text, call, callbacks) is expected
    assert not may_clear(text.replace("import callbacks", ""), call, callbacks)


def may_clear(text: str, call: str, callbacks: str) -> bool:
    project = Together({"main": text, "callbacks": callbacks})
    scope = project.scope("main", "Trainer.run")
    node = call_in(scope, call)
    event = Called(project.objects, scope).of_somebody(node, Place(node, node, call))
    return event is not None and project.callers.may_clear(event)


KEPT = (
    "class Trainer:\n    def __init__(self):\n        self.tick = {kept}\n    def run(self):\n        self.{name}()\n"
)


@pytest.mark.parametrize(
    ("kept", "name", "expected"),
    [
        pytest.param("opt.zero_grad", "tick", ["opt.zero_grad"], id="set-once"),
        pytest.param("opt.step if fast else opt.zero_grad", "tick", ["opt.step", "opt.zero_grad"], id="either"),
        pytest.param("opt.zero_grad", "tock", [], id="another-attribute"),
    ],
)
def test_an_attribute_is_called_like_a_method(kept: str, name: str, expected: list[str]) -> None:
    called, node = asked(KEPT.format(kept=kept, name=name), f"self.{name}()", "Trainer.run")
    assert shown(called.kept(node)) == expected


def test_an_attribute_of_an_object_that_was_made_here() -> None:
    text = KEPT.format(kept="opt.zero_grad", name="tick") + "\ntrainer = Trainer()\ntrainer.tick()\n"
    called, node = asked(text, "trainer.tick()", "<module>")
    assert shown(called.kept(node)) == ["opt.zero_grad"]
