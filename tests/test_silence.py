"""Right programs in which the clear hides well: not one of them may be reported.

Where gradlint cannot follow, it has to notice that it cannot.
"""

from __future__ import annotations

import pytest

from gradlint.project.analysis import diagnose
from gradlint.rule import all_rules
from gradlint.source import Source

LOOP = """
for x in loader:
    {before}
    model(x).sum().backward()
    opt.step()
    {after}
"""
START = "import torch\nfrom functools import partial\nopt = torch.optim.SGD(model.parameters())\n"


def loop(before: str = "pass", after: str = "pass", start: str = "") -> str:
    """A training loop whose clear is somewhere in the pieces."""
    return START + start + LOOP.format(before=before, after=after)


RIGHT = {
    "a helper from elsewhere": loop("prepare(opt)", start="from lib import prepare\n"),
    "a callback given as a parameter": "def f(opt, hook, loader):"
    + LOOP.format(before="hook(opt)", after="pass").replace("\n", "\n    "),
    "a bound method by another name": loop("reset()", start="reset = opt.zero_grad\n"),
    "a bound method in a partial": loop("reset()", start="reset = partial(opt.zero_grad, set_to_none=True)\n"),
    "a bound method given away": loop("fire()", start="hooks.append(opt.zero_grad)\n"),
    "a lambda given away": loop("fire()", start="hooks.append(lambda: opt.zero_grad())\n"),
    "getattr": loop("getattr(opt, 'zero_grad')()"),
    "setattr": loop("for p in model.parameters(): setattr(p, 'grad', None)"),
    "foreach": loop("torch._foreach_zero_([p.grad for p in model.parameters()])"),
    "a module visitor": loop("model.apply(lambda m: m.zero_grad())"),
    "map over optimizers": loop("list(map(lambda o: o.zero_grad(), [opt]))"),
    "a starred helper": loop("clear(opt)", start="def clear(*opts):\n    for o in opts: o.zero_grad()\n"),
    "a helper by another name": loop("tick(opt)", start="def clear(o): o.zero_grad()\ntick = clear\n"),
    "a generator that clears": START
    + "def batches():\n    for x in loader:\n        opt.zero_grad()\n        yield x\n"
    + LOOP.format(before="pass", after="pass").replace("in loader", "in batches()"),
    "an iterator that clears": START
    + "class Batches:\n    def __iter__(self):\n        for x in loader:\n            opt.zero_grad()\n"
    "            yield x\n" + LOOP.format(before="pass", after="pass").replace("in loader", "in Batches()"),
    "a context manager that clears": START
    + "from contextlib import contextmanager\n@contextmanager\ndef clean(o):\n    try: yield\n"
    "    finally: o.zero_grad()\n"
    "for x in loader:\n    with clean(opt):\n        model(x).sum().backward()\n        opt.step()\n",
    "a decorator that clears": START
    + "def cleared(f):\n    def inner(*a):\n        opt.zero_grad()\n        return f(*a)\n    return inner\n"
    "@cleared\ndef update(x):\n    model(x).sum().backward()\n    opt.step()\nfor x in loader: update(x)\n",
    "an optimizer whose step clears": "import torch\nclass Tidy(torch.optim.SGD):\n    def step(self, closure=None):\n"
    "        super().step(closure)\n        self.zero_grad()\nopt = Tidy(model.parameters())\n"
    + LOOP.format(before="pass", after="pass"),
    "a hook that a subclass overrides": "class Base:\n    def before(self): pass\n    def fit(self):\n"
    "        for x in self.loader:\n            self.before()\n            self.model(x).sum().backward()\n"
    "            self.opt.step()\nclass Child(Base):\n    def before(self): self.opt.zero_grad()\n",
    "a property of the optimizer": "class T:\n    @property\n    def optimizer(self): return self._o\n"
    "    def fit(self):\n"
    "        for x in self.loader:\n            self._o.zero_grad()\n            self.model(x).sum().backward()\n"
    "            self.optimizer.step()\n",
    "a property that clears": "class T:\n    @property\n    def fresh(self):\n        self._o.zero_grad()\n"
    "        return self._o\n    def fit(self):\n        for x in self.loader:\n            o = self.fresh\n"
    "            self.model(x).sum().backward()\n            o.step()\n",
    "keys here and a loop there": "import torch\nopts = {'a': torch.optim.SGD(m.parameters()), 'b': make()}\n"
    "for x in loader:\n    for k, o in opts.items(): o.zero_grad()\n    m(x).sum().backward()\n    opts['a'].step()\n",
    "the wrapped optimizer": "for x in loader:\n    opt.optimizer.zero_grad()\n    model(x).sum().backward()\n"
    "    opt.step()\n",
    "micro-batches by number": START + "n = 3\nfor x in loader:\n    for j in range(n):\n"
    "        if j == 0: opt.zero_grad()\n        model(x).sum().backward()\n        if j == n - 1: opt.step()\n",
    "parameters made anew by a method": "import torch\nclass E:\n    def reset(self):\n        self.m = Net()\n"
    "        self.o = torch.optim.SGD(self.m.parameters())\n    def one(self, x):\n        self.m(x).sum().backward()\n"
    "        self.o.step()\ne = E()\nfor x in loader:\n    e.reset()\n    e.one(x)\n",
    "a list that grows": "import torch\nnets = []\nfor x in loader:\n    nets.append(Net())\n"
    "    o = torch.optim.SGD(nets[-1].parameters())\n    nets[-1](x).sum().backward()\n    o.step()\n",
}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_said(name: str) -> None:
    assert diagnose(Source("a.py", RIGHT[name]), all_rules()).diagnostics == ()


def test_an_abstract_forward_clears_nothing() -> None:
    program = (
        "class Base:\n    def _forward(self, x): raise NotImplementedError\n    def fit(self):\n"
        "        for x in self.loader:\n            loss = self._forward(x)\n            loss.backward()\n"
        "            self.opt.step()\n"
    )
    assert [d.span.start.row for d in diagnose(Source("a.py", program), all_rules()).diagnostics] == [6]


def test_the_bare_loop_is_reported() -> None:
    """Or the programs above would prove nothing."""
    found = diagnose(Source("a.py", loop()), all_rules()).diagnostics
    assert [diagnostic.span.start.row for diagnostic in found] == [7]
