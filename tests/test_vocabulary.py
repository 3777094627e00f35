"""What a team teaches of its own wrappers: right programs, wrong ones, and names that only look alike."""

from __future__ import annotations

import pickle

import pytest

from gradlint.diagnostics import Diagnostic
from gradlint.linter import lint
from gradlint.project.analysis import Project, diagnose
from gradlint.project.modules import Modules
from gradlint.rule import all_rules
from gradlint.source import Source
from gradlint.vocabulary import Vocabulary, is_named
from gradlint.workspace import Workspace

RULES = all_rules()
START = "import torch\nopt = torch.optim.SGD(model.parameters())\n"
CLEARING = Vocabulary(clearing=("trainer.refresh", "wipe", "log_wipe", "my_pkg.optim.tidy"))
STEPPING = Vocabulary(stepping=("trainer.advance", "advance_all", "my_pkg.optim.go"))
BOTH = Vocabulary(CLEARING.clearing, STEPPING.stepping)
HANDLER = "optim_handler = Handler(cfg)\nopt_g = optim_handler.get('g')\n"
MAKING = Vocabulary(optimizers=("my_pkg.optim.build", "Descent"))


def findings(code: str, vocabulary: Vocabulary) -> tuple[Diagnostic, ...]:
    analysis = diagnose(Source("a.py", code), RULES, vocabulary)
    assert not analysis.failures
    return analysis.diagnostics


def reports(code: str, vocabulary: Vocabulary) -> list[int]:
    """The rows that are reported."""
    return [each.span.start.row for each in findings(code, vocabulary)]


def loop(*lines: str, start: str = "") -> str:
    """A training loop: a backward, and then some lines."""
    return START + start + "for x in loader:\n    model(x).sum().backward()\n" + "".join(f"    {li}\n" for li in lines)


def test_a_vocabulary_goes_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(BOTH)) == BOTH


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        pytest.param("wipe", "wipe", True, id="itself"),
        pytest.param("self.trainer.wipe", "trainer.wipe", True, id="the-end-of-it"),
        pytest.param("self.wipe", "wipe", True, id="the-last-word"),
        pytest.param("xwipe", "wipe", False, id="part-of-a-word"),
        pytest.param("self.xtrainer.wipe", "trainer.wipe", False, id="part-of-a-word-in-the-middle"),
        pytest.param("wipe.trainer", "wipe", False, id="the-beginning"),
        pytest.param("wipe", "trainer.wipe", False, id="less-than-the-name"),
        pytest.param("", "wipe", False, id="no-name"),
    ],
)
def test_a_name_is_known_by_its_last_words(name: str, known: str, expected: bool) -> None:
    assert is_named(name, [known]) is expected


CLEARED = {
    "a method": loop("opt.step()", "trainer.refresh()"),
    "a method of an attribute": loop("opt.step()", "self.trainer.refresh()"),
    "a method of an element": loop("opt.step()", "self.trainer[0].refresh()"),
    "a method of what a call gives back": loop("opt.step()", "get().wipe()"),
    "a function that is given a list of optimizers": loop("opt.step()", "wipe([opt, other])"),
    "a function whose name says that it only looks": loop("opt.step()", "log_wipe(opt)"),
    "a function that is given the model": loop("opt.step()", "wipe(model)"),
    "a method of what is only called like an optimizer": loop("opt.step()", "optim_handler.wipe()", start=HANDLER),
    "a function without arguments": loop("opt.step()", "wipe()"),
    "a method of the optimizer": loop("opt.step()", "opt.wipe()"),
    "an import by another name": loop("opt.step()", "t()", start="from my_pkg.optim import tidy as t\n"),
    "a module by another name": loop("opt.step()", "o.tidy()", start="import my_pkg.optim as o\n"),
    "a function of the file that is not followed": loop("opt.step()", "wipe()", start="def wipe(): pass\n"),
    "a helper that calls one": loop("opt.step()", "after()", start="def after(): wipe()\n"),
    "one that is handed over": loop("opt.step()", "run(trainer.refresh)"),
    "one in a context manager": START
    + "@contextmanager\ndef around():\n    yield\n    wipe()\n"
    + "for x in loader:\n    with around():\n        model(x).sum().backward()\n        opt.step()\n",
    "one in a loop around a generator": START
    + "def steps():\n    for x in loader:\n        model(x).sum().backward()\n        opt.step()\n        yield x\n"
    + "for x in steps(): wipe()\n",
    "one in a decorator": START
    + "def tidied(f):\n    def inner(*a):\n        wipe()\n        return f(*a)\n    return inner\n"
    + "@tidied\ndef update(x):\n    model(x).sum().backward()\n    opt.step()\nfor x in loader: update(x)\n",
    "one in a method that a subclass overrides": "class Base:\n    def idle(self): return 1\n    def fit(self):\n"
    "        for x in self.loader:\n            self.idle()\n            self.model(x).sum().backward()\n"
    "            self.opt.step()\nclass Child(Base):\n    def idle(self): wipe()\n",
    "one outside of an ignite engine": START
    + "from ignite.engine import Engine\ndef update(e, x):\n    model(x).sum().backward()\n    opt.step()\n"
    + "engine = Engine(update)\n@engine.on('done')\ndef after(e): wipe()\n",
}


@pytest.mark.parametrize("call", ["wipe(opt)", "wipe(optimizer=opt)", "wipe(model, opt)", "opt.wipe()"])
def test_the_optimizer_in_sight_is_cleared_and_no_other(call: str) -> None:
    other = "other = torch.optim.SGD(critic.parameters())\n"
    code = loop("opt.step()", call, "critic(x).sum().backward()", "other.step()", start=other)
    assert [each.related[0].message for each in findings(code, CLEARING)] == ["applied here, never cleared"]
    assert "`other.step()`" in findings(code, CLEARING)[0].message


@pytest.mark.parametrize("code", CLEARED.values(), ids=CLEARED)
def test_a_call_that_was_taught_clears(code: str) -> None:
    assert reports(code, Vocabulary())
    assert reports(code, CLEARING) == []


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(loop("opt.step()", "xwipe()"), id="part-of-a-word"),
        pytest.param(loop("opt.step()", "wipe.it()"), id="not-its-last-word"),
        pytest.param(loop("opt.step()", "xtrainer.refresh()"), id="part-of-the-first-word"),
        pytest.param(loop("opt.step()", "refresh()"), id="without-its-first-word"),
        pytest.param(
            loop("opt.step()", "tidy()", start="from other.optim import tidy\n"), id="a-namesake-of-another-package"
        ),
        pytest.param(loop("opt.step()", "wipe"), id="not-called"),
        pytest.param(
            loop("opt.step()", "wipe(other)", start="other = torch.optim.SGD(critic.parameters())\n")
            + "    critic(x).sum().backward()\n    other.step()\n    other.zero_grad()\n",
            id="another-optimizer",
        ),
    ],
)
def test_what_was_not_taught_clears_nothing(code: str) -> None:
    assert reports(code, CLEARING) == [4 + code.count("import", 12) + code.count("other = ")] * 1


STEPPED = {
    "a function that is given the optimizer": loop("advance_all(opt)"),
    "a function that is given it by name": loop("advance_all(optimizer=opt)"),
    "a function that is given a list": loop("advance_all([opt])"),
    "a method that is given the optimizer": loop("trainer.advance(opt)"),
    "a method of the optimizer": loop("opt.advance_all()"),
    "a method of something else": loop("trainer.advance()"),
    "a method of what is called like an optimizer": loop("optim_handler.advance_all()", start=HANDLER),
    "a method of something else's attribute": loop("self.trainer.advance(x)"),
    "an import by another name": loop("g(opt)", start="from my_pkg.optim import go as g\n"),
    "a function of a module": loop("optim.go(opt)", start="from my_pkg import optim\n"),
    "a function that is given the model": loop("advance_all(model)"),
    "a function of the file that is not followed": loop("advance_all(opt)", start="def advance_all(o): pass\n"),
    "a method that is called again": "class T:\n    def __init__(self): self.trainer = make()\n"
    "    def update(self, x):\n        self.net(x).sum().backward()\n        self.trainer.advance()\n",
    "a helper that calls one": loop("after(opt)", start="def after(o): advance_all(o)\n"),
}


@pytest.mark.parametrize("code", STEPPED.values(), ids=STEPPED)
def test_a_call_that_was_taught_steps(code: str) -> None:
    assert reports(code, Vocabulary()) == []
    assert len(reports(code, STEPPING)) == 1


RIGHT = {
    "the optimizer clears": loop("advance_all(opt)", "opt.zero_grad()"),
    "the model clears": loop("advance_all(opt)", "model.zero_grad()"),
    "a call that was taught clears": loop("advance_all(opt)", "wipe(opt)"),
    "both by their holder": loop("trainer.advance()", "trainer.refresh()"),
    "the optimizer behind a holder clears": loop("trainer.advance()", "opt.zero_grad()"),
    "the optimizer of a holder clears": loop("trainer.advance()", "trainer.opt.zero_grad()"),
    "the optimizer of the object itself": "class T:\n    def fit(self):\n        for x in self.loader:\n"
    "            self.net(x).sum().backward()\n            self.advance_all()\n            self.opt.zero_grad()\n",
    "gradients are set to None": loop("trainer.advance()", "for p in model.parameters(): p.grad = None"),
    "a holder made anew": loop("trainer = make()", "trainer.advance()"),
    "a model made anew": loop("model = make()", "advance_all(model)"),
    "an optimizer made anew": "for x in loader:\n    opt = make(model())\n    f(x).backward()\n    advance_all(opt)\n",
    "a model made anew, which a module's function is given": loop(
        "model = make()", "optim.go(model)", start="from my_pkg import optim\n"
    ),
    "a holder made anew, by another name": "class T:\n    def fit(self):\n        for x in self.loader:\n"
    "            self.trainer = make()\n            t = self.trainer\n            self.net(x).sum().backward()\n"
    "            t.advance_all()\n",
    "a clear that was given away": loop("advance_all(opt)", "fire()", start="hooks.append(opt.zero_grad)\n"),
    "a hook that clears": loop("advance_all(opt)", start="opt.register_step_post_hook(lib.tidied)\n"),
    "the optimizer of what is only called like one": loop(
        "optim_handler.advance_all()", "opt_g.zero_grad()", start=HANDLER
    ),
    "nothing to step is in sight": loop("advance_all()"),
    "the caller of a function that was taught clears": START
    + "def advance_all(opt, x):\n    model(x).sum().backward()\n    opt.step()\n"
    + "for x in loader:\n    opt.zero_grad()\n    advance_all(opt, x)\n",
    "part of a word": loop("xadvance_all(opt)"),
    "an optimizer whose own step clears": "import torch\nclass Tidy(torch.optim.SGD):\n    def step(self):\n"
    "        super().step()\n        self.zero_grad()\nopt = Tidy(model.parameters())\n"
    "for x in loader:\n    model(x).sum().backward()\n    advance_all(opt)\n",
}


@pytest.mark.parametrize("code", RIGHT.values(), ids=RIGHT)
def test_steps_that_were_taught_leave_right_programs_alone(code: str) -> None:
    assert reports(code, BOTH) == []


def test_a_call_may_step_and_clear() -> None:
    both = Vocabulary(clearing=("advance",), stepping=("trainer.advance",))
    assert reports(loop("trainer.advance()"), both) == []


def test_an_optimizer_that_is_stepped_clears_only_itself() -> None:
    start = "opt_g = make()\nopt_d = make()\n"
    assert len(findings(loop("opt_g.step()", "opt_d.step()", "wipe(opt_d)", start=start), CLEARING)) == 1


def test_a_step_of_nothing_in_sight_clears_nothing() -> None:
    assert len(reports(loop("opt.step()", "advance_all()"), STEPPING)) == 1


def test_two_optimizers_are_told_apart() -> None:
    other = "other = torch.optim.SGD(critic.parameters())\n"
    lines = ("advance_all(opt)", "critic(x).sum().backward()", "advance_all(other)", "wipe(other)")
    assert len(findings(loop(*lines, start=other), BOTH)) == 1
    assert findings(loop(*lines, "wipe(opt)", start=other), BOTH) == ()


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        pytest.param("advance_all(opt)", "opt.zero_grad()", id="the-optimizer-in-sight"),
        pytest.param("advance_all(optimizer_of_b)", "optimizer_of_b.zero_grad()", id="one-that-nobody-saw-made"),
        pytest.param("advance_all([opt])", None, id="a-list"),
        pytest.param("advance_all(opts)", None, id="a-list-by-name"),
        pytest.param("optim_handler.advance_all()", None, id="only-called-like-an-optimizer"),
        pytest.param("trainer.advance()", None, id="no-optimizer-in-sight"),
    ],
)
def test_the_advice_clears_only_what_is_in_sight(line: str, advice: str | None) -> None:
    (finding,) = findings(loop(line, start="opts = [opt]\n"), STEPPING)
    assert (finding.fix.edits[0].content.strip() if finding.fix else None) == advice


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import my_pkg.optim\no = my_pkg.optim.build(net.parameters())\n", id="a-factory"),
        pytest.param("from my_pkg.optim import build as b\no = b(net.parameters(), 0.1)\n", id="by-another-name"),
        pytest.param("from .optim import Descent\no = Descent(params=net.parameters())\n", id="a-class"),
        pytest.param(
            "class Descent:\n    def step(self): pass\no = Descent(net.parameters())\n",
            id="a-class-of-the-file",
        ),
        pytest.param(
            "def Descent(ps): return thing(ps)\no = Descent([{'params': net.parameters()}])\n",
            id="a-function-of-the-file",
        ),
    ],
)
def test_an_optimizer_that_was_taught(code: str) -> None:
    wrong = code + "for x in loader:\n    net(x).sum().backward()\n    o.step()\n"
    assert reports(wrong, Vocabulary()) == []
    assert len(reports(wrong, MAKING)) == 1
    assert reports(f"{wrong}    o.zero_grad()\n", MAKING) == []
    assert reports(f"{wrong}    net.zero_grad()\n", MAKING) == []
    other = "other = torch.nn.Linear(1, 1)\n"
    assert len(reports(f"import torch\n{other}{wrong}    other.zero_grad()\n", MAKING)) == 1


def test_a_namesake_is_no_optimizer() -> None:
    code = "from other.optim import build\no = build(net.parameters())\n"
    assert reports(code + "for x in loader:\n    net(x).sum().backward()\n    o.step()\n", MAKING) == []


@pytest.mark.parametrize("clear", ["self.zero_grad()", "wipe(self)"])
def test_a_class_whose_step_clears(clear: str) -> None:
    code = f"class Descent:\n    def step(self): {clear}\no = Descent(net.parameters())\n"
    known = Vocabulary(clearing=("wipe",), optimizers=("Descent",))
    assert reports(code + "for x in loader:\n    net(x).sum().backward()\n    o.step()\n", known) == []


FILES = {
    "/p/my_pkg/__init__.py": "from .optim import tidy, go\n",
    "/p/my_pkg/optim.py": "def tidy(o): pass\ndef go(o): pass\n",
    "/p/my_pkg/train.py": START
    + "from .optim import tidy, go\nfor x in loader:\n    model(x).sum().backward()\n    go(opt)\n    tidy(opt)\n",
    "/p/main.py": START
    + "from my_pkg import tidy, go\nfor x in loader:\n    model(x).sum().backward()\n    go(opt)\n    tidy(opt)\n",
}


@pytest.mark.parametrize("key", ["/p/my_pkg/train.py", "/p/main.py"], ids=["relative", "through-a-package"])
def test_names_are_those_of_the_files_that_define_them(key: str) -> None:
    modules = Modules({each: each for each in FILES}, lambda each: FILES[each].encode())
    source = Source(key, FILES[key])

    def count(vocabulary: Vocabulary) -> int:
        return len(Project(modules, vocabulary).diagnose(source, RULES, key).diagnostics)

    assert count(STEPPING) == 1
    assert count(BOTH) == 0


def test_each_file_has_its_own_vocabulary() -> None:
    workspace = Workspace()
    source = Source("a.py", loop("opt.step()", "wipe()"))
    counts = [
        len(lint(source, RULES, workspace=workspace, key="a.py", vocabulary=each).diagnostics)
        for each in (Vocabulary(), CLEARING, Vocabulary())
    ]
    assert counts == [1, 0, 1]
    edited = Source("a.py", f"{source.text}x = 1\n")
    assert lint(edited, RULES, workspace=workspace, key="a.py", vocabulary=CLEARING).diagnostics == ()


def test_a_word_for_a_step_makes_a_file_worth_reading() -> None:
    code = b"loss.backward()\ntrainer.advance()\n"
    assert [rule.code for rule in Workspace().relevant(code, RULES, "")] == []
    assert [rule.code for rule in Workspace().relevant(code, RULES, "", STEPPING)] == ["GRD101"]
    assert [rule.code for rule in Workspace().relevant(b"loss.backward()\n", RULES, "", STEPPING)] == []


def test_a_word_for_a_step_counts_in_an_imported_file() -> None:
    files = {"/p/main.py": "from lib import log\nfor x in loader:\n    net(x).sum().backward()\n    log()\n"}
    files["/p/lib.py"] = "def log(): trainer.advance()\n"
    modules = Modules({each: each for each in files}, lambda each: files[each].encode())
    source = Source("/p/main.py", files["/p/main.py"])
    found = [
        lint(source, RULES, workspace=Workspace(modules), key=source.path, vocabulary=v)
        for v in (Vocabulary(), STEPPING)
    ]
    assert [len(each.diagnostics) for each in found] == [0, 1]


def test_a_file_with_a_word_for_a_step_speaks_for_itself() -> None:
    files = {"/p/main.py": "from lib import fit\nopt.step()\nother.backward()\nfit(opt)\n"}
    files["/p/lib.py"] = (
        "def fit(o):\n    for x in loader:\n        net(x).sum().backward()\n        trainer.advance()\n"
    )
    modules = Modules({each: each for each in files}, lambda each: files[each].encode())
    workspace = Workspace(modules)
    found = [
        lint(Source(key, text), RULES, workspace=workspace, key=key, vocabulary=STEPPING) for key, text in files.items()
    ]
    assert [len(each.diagnostics) for each in found] == [0, 1]


@pytest.mark.parametrize("call", ["wipe()", "w()"], ids=["itself", "by-another-name"])
def test_long_files_are_not_cut_where_a_word_stands(call: str) -> None:
    imports = "from lib import wipe, wipe as w\n"
    code = loop("opt.step()", "after()", start=f"{imports}def after():\n    {call}\n") + "x = 1\n" * 2000
    assert len(reports(code, Vocabulary())) == 1
    assert reports(code, CLEARING) == []
