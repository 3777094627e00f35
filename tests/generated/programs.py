"""Writes training programs that people could have written, right ones and wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

T = TypeVar("T")

MAX_DEPTH = 3  # of blocks inside one another
MAX_STATEMENTS = 26  # of one program, about


@dataclass(frozen=True, slots=True)
class Trained:
    """An optimizer and the networks whose parameters it has, as expressions of the code that is being written."""

    optimizer: str
    nets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Helper:
    """A function that is there to be called: `kind` says with what."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Place:
    """What can be named where code is being written."""

    trained: tuple[Trained, ...]
    batch: str = ""  # none yet
    loader: str = ""
    counters: tuple[str, ...] = ()
    batches: str = ""  # of these, the one that counts what `loader` gives
    flags: tuple[str, ...] = ()
    period: str = "2"
    helpers: tuple[Helper, ...] = ()
    scaler: str | None = None
    in_loop: bool = False
    is_fresh: bool = False  # each trip has a batch of its own
    depth: int = 0

    def inside(self, *, loop: bool = False) -> Place:
        """The same place, one block further in."""
        return replace(self, depth=self.depth + 1, in_loop=self.in_loop or loop)


@dataclass(slots=True)
class Writer:
    """Text that grows, by draws. `chance` gives a number below another one; 0 is the simplest."""

    chance: Callable[[int], int]
    apart: bool = False  # no parameters are shared, and no loss reaches the networks of another optimizer
    lines: list[str] = field(default_factory=list)
    indent: int = 0
    left: int = MAX_STATEMENTS
    names: int = 0
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)  # the lines of what is there to be called

    def pick(self, *options: T) -> T:
        """One of some options, the first of which is the simplest."""
        return options[self.chance(len(options))]

    def happens(self, percent: int) -> bool:
        """Whether something does that does not have to."""
        return self.chance(100) >= 100 - percent

    def write(self, line: str) -> None:
        """A line."""
        self.lines.append("    " * self.indent + line)
        self.left -= 1

    def new(self, stem: str) -> str:
        """A name that is not taken."""
        self.names += 1
        return f"{stem}_{self.names}"

    def block(self, head: str, body: Callable[[], None]) -> None:
        """A statement with others below it."""
        self.write(head)
        self.indent += 1
        before = len(self.lines)
        body()
        if len(self.lines) == before:
            self.write("pass")
        self.indent -= 1

    def function(self, name: str, parameters: str, body: Callable[[], None]) -> None:
        """A function that goes again if nobody calls it."""
        first = len(self.lines)
        self.block(f"def {name}({parameters}):", body)
        self.lines.append("")
        self.functions[name] = (first, len(self.lines))

    def text(self) -> str:
        """All lines, without functions that nobody calls."""
        lines: list[str | None] = list(self.lines)
        uncalled = True
        while uncalled:
            uncalled = False
            for name, (first, last) in self.functions.items():
                others = (line for number, line in enumerate(lines) if line is not None and not first <= number < last)
                if lines[first] is not None and not any(f"{name}(" in line for line in others):
                    lines[first:last] = [None] * (last - first)
                    uncalled = True
        return "\n".join(line for line in lines if line is not None) + "\n"

    # -- single statements ----------------------------------------------------------------------------------------

    def clear(self, place: Place, trained: Trained) -> None:
        """A clear, in one of its forms."""
        form = self.pick(0, 0, 0, 1, 2, 3, 4, 5)
        optimizer = trained.optimizer
        if form == 0:
            self.write(f"{optimizer}.zero_grad()")
        elif form == 1:
            self.write(f"{optimizer}.zero_grad(set_to_none={self.pick('False', 'True')})")
        elif form == 2:
            for net in trained.nets:
                self.write(f"{net}.zero_grad()")
        elif form == 3:
            for net in trained.nets:
                self.block(f"for p in {net}.parameters():", lambda: self.write("p.grad = None"))
        elif form == 4:
            for net in trained.nets:
                self.block(f"for p in {net}.parameters():", self._zero_if_there)
        else:
            every = [each.optimizer for each in place.trained]
            self.block(f"for each in [{', '.join(every)}]:", lambda: self.write("each.zero_grad()"))

    def _zero_if_there(self) -> None:
        self.block("if p.grad is not None:", lambda: self.write("p.grad.zero_()"))

    def loss(self, place: Place, trained: Trained) -> str:
        """The name of a new loss."""
        name = "loss"
        terms = [f"{net}({place.batch}).sum()" for net in trained.nets]
        if len(place.trained) > 1 and self.happens(15) and not self.apart:
            other = self.pick(*place.trained)
            terms += [f"{net}({place.batch}).mean()" for net in other.nets if net not in trained.nets]
        self.write(f"{name} = {' + '.join(terms)}")
        if self.happens(10):
            self.write(f"{name} = {name} / {place.period}")
        return name

    def backward(self, place: Place, loss: str) -> None:
        """A backward."""
        if place.scaler is not None and self.happens(70):
            self.write(f"{place.scaler}.scale({loss}).backward()")
        else:
            self.write(f"{loss}.backward()")

    def step(self, place: Place, trained: Trained) -> None:
        """A step."""
        if place.scaler is not None and self.happens(70):
            self.write(f"{place.scaler}.step({trained.optimizer})")
            self.write(f"{place.scaler}.update()")
        else:
            self.write(f"{trained.optimizer}.step()")

    def condition(self, place: Place) -> str:
        """Something to test."""
        kinds = ["coin"]
        kinds += ["flag", "flag"] if place.flags else []
        kinds += ["counter", "counter", "first"] if place.counters else []
        kind = self.pick(*kinds)
        if kind == "flag":
            return self.pick("", "not ") + self.pick(*place.flags)
        if kind == "counter":
            counter, period = self.pick(*place.counters), self.pick("2", "2", "3", place.period)
            at = self.pick(f"({counter} + 1)", counter)
            text = f"{at} % {period} {self.pick('==', '==', '!=')} 0"
            if self.happens(10) and counter == place.batches:
                text = f"({counter} + 1) % {period} == 0 or {counter} + 1 == len({place.loader})"
            return text
        if kind == "first":
            return self.pick(*place.counters) + self.pick(" == 0", " > 0")
        self.names += 1
        if place.in_loop and not place.is_fresh:
            return f"{place.loader}.pending({self.names})" if place.loader else place.flags[0]
        return f"{place.batch or 'loss'}.norm({self.names}).item() > 0.5"

    # -- parts of programs ----------------------------------------------------------------------------------------

    def update(self, place: Place) -> None:
        """Some of: clear, backward, step, clear, mostly in that order."""
        trained = self.pick(*place.trained)
        clears = self.pick("before", "after", "none", "middle", "both")
        if clears in ("before", "both"):
            self.maybe_guarded(place, lambda inner: self.clear(inner, trained), 12)
        loss = self.loss(place, trained)
        if clears == "middle":
            self.maybe_guarded(place, lambda inner: self.clear(inner, trained), 12)
        self.maybe_guarded(place, lambda inner: self.backward(inner, loss), 6)
        if self.happens(10) and place.in_loop:
            self.leave(place)
        if clears in ("after", "both") and self.happens(30):
            self.maybe_guarded(place, lambda inner: self._step_and_clear(inner, trained), 60)
            return
        self.maybe_guarded(place, lambda inner: self.step(inner, trained), 12)
        if self.happens(8) and place.in_loop:
            self.leave(place)
        if clears in ("after", "both"):
            self.maybe_guarded(place, lambda inner: self.clear(inner, trained), 12)

    def _step_and_clear(self, place: Place, trained: Trained) -> None:
        self.step(place, trained)
        self.clear(place, trained)

    def maybe_guarded(self, place: Place, what: Callable[[Place], None], percent: int) -> None:
        """A statement, sometimes under a condition."""
        if self.happens(percent):
            self.block(f"if {self.condition(place)}:", lambda: what(place.inside()))
        else:
            what(place)

    def leave(self, place: Place) -> None:
        """A jump out of the trip or the loop, under a condition."""
        if self.happens(30):  # not where it would be left in its first trip whatever happens
            self.block(f"if {self.condition(replace(place, counters=()))}:", lambda: self.write("break"))
        else:
            self.block(f"if {self.condition(place)}:", lambda: self.write("continue"))

    def closure(self, place: Place) -> None:
        """A step that is given a function."""
        trained = self.pick(*place.trained)
        name = self.new("closure")

        def body() -> None:
            if self.happens(60):
                self.clear(place, trained)
            loss = self.loss(place, trained)
            self.write(f"{loss}.backward()")
            self.write(f"return {loss}")

        self.block(f"def {name}():", body)
        self.write(f"{trained.optimizer}.step({name})")
        if self.happens(30):
            self.clear(place, trained)

    def single(self, place: Place) -> None:
        """One statement by itself."""
        trained = self.pick(*place.trained)
        what = self.pick("clear", "clear", "step", "backward")
        if what == "clear":
            self.clear(place, trained)
        elif what == "step":
            self.step(place, trained)
        else:
            self.backward(place, self.loss(place, trained))

    def call(self, place: Place) -> None:
        """A call of a helper."""
        helper = self.pick(*place.helpers)
        trained = self.pick(*place.trained)
        # Not a flag of the caller's, for nobody asks all callers what they know of it.
        self.names += 1
        go = f"{place.batch or 'loss'}.norm({self.names}).item() > 0.5"
        nets = " + ".join([f"{net}({place.batch}).sum()" for net in trained.nets])
        match helper.kind:
            case "loss":
                self.write(f"loss = {nets}")
                self.write(f"{helper.name}(loss, {trained.optimizer}, {go})")
            case "optimizer":
                self.write(f"{helper.name}({trained.optimizer})")
            case "net":
                self.write(f"{helper.name}({trained.nets[0]}, {trained.optimizer}, {place.batch}, {go})")
            case "epoch":
                loader = place.loader or f"[{place.batch}]"
                self.write(f"{helper.name}({trained.nets[0]}, {trained.optimizer}, {loader}, {go})")
            case "method":
                self.write(f"self.{helper.name}({place.batch}, {go})")

    def statements(self, place: Place) -> None:
        """One to three parts."""
        for _ in range(self.chance(3) + 1 if place.depth else 1 + self.chance(2)):
            if self.left > 0:
                self.statement(place)

    def statement(self, place: Place) -> None:
        """A part: an update, or something around others."""
        kinds = ["update"] * 4 + ["single"]
        if place.depth < MAX_DEPTH:
            kinds += ["if", "if", "loop", "loop", "try"]
        if place.helpers:
            kinds += ["call", "call", "call"]
        kinds += ["closure"] if place.scaler is None else []
        kind = self.pick(*kinds)
        match kind:
            case "update":
                self.update(place)
            case "single":
                self.single(place)
            case "call":
                self.call(place)
            case "closure":
                self.closure(place)
            case "if":
                self.branch(place)
            case "loop":
                self.loop(place)
            case "try":
                self.attempt(place)

    def branch(self, place: Place) -> None:
        """An `if`, often with an `else`."""
        condition = self.condition(place)
        # What holds after an `or` is not known branch by branch, so nothing inside asks for the counter again.
        inside = replace(place, counters=(), batches="") if " or " in condition else place
        self.block(f"if {condition}:", lambda: self.statements(inside.inside()))
        if self.happens(60):
            self.block("else:", lambda: self.statements(inside.inside()))

    def loop(self, place: Place) -> None:
        """A loop around parts."""
        kinds = ["for", "enumerate"] if place.loader else []
        kinds += ["range"] if place.batch else []
        kinds += ["while"] if place.batch and place.loader else []
        kind = self.pick(*kinds)
        number = self.new("i")
        inside = replace(place.inside(loop=True), is_fresh=False)
        match kind:
            case "for":
                head = f"for x in {place.loader}:"
                inside = replace(inside, batch="x", is_fresh=True)
            case "enumerate":
                head = f"for {number}, x in enumerate({place.loader}):"
                inside = replace(
                    inside, batch="x", is_fresh=True, batches=number, counters=(*place.counters[-1:], number)
                )
            case "range":
                head = f"for {number} in range({self.pick('2', '3')}):"
                inside = replace(inside, counters=(*place.counters[-1:], number))
            case _:
                head = f"while {place.loader}.pending():"
        self.block(head, lambda: self.statements(inside))

    def attempt(self, place: Place) -> None:
        """A `try` around parts."""
        self.block("try:", lambda: self.statements(place.inside()))
        leave = self.pick("pass", "continue") if place.in_loop else "pass"

        def handler() -> None:
            if self.happens(40):
                self.clear(place, self.pick(*place.trained))
            self.write(leave)

        self.block("except RuntimeError:", handler)

    # -- whole programs -------------------------------------------------------------------------------------------

    def helper(self, kind: str) -> Helper:
        """A function that trains what it is given."""
        name = self.new({"loss": "apply", "optimizer": "finish", "net": "train_step", "epoch": "train_epoch"}[kind])
        mine = Place((Trained("optimizer", ("net",)),), flags=("go",))
        if kind == "loss":

            def body() -> None:
                for what in self.pick(
                    ("backward", "step"),
                    ("clear", "backward", "step"),
                    ("backward", "step", "clear"),
                    ("step", "clear"),
                ):
                    self.maybe_guarded(mine, lambda inner, what=what: self._one(what, inner), 10)  # type: ignore[misc]

            self.function(name, "loss, optimizer, go", body)
        elif kind == "optimizer":

            def body() -> None:
                for what in self.pick(("clear",), ("step",), ("step", "clear"), ("clear", "step")):
                    self._one(what, mine)

            self.function(name, "optimizer", body)
        elif kind == "net":
            self.function(name, "net, optimizer, x, go", lambda: self.statements(replace(mine, batch="x", depth=2)))
        else:
            self.function(
                name, "net, optimizer, loader, go", lambda: self.loop(replace(mine, loader="loader", depth=1))
            )
        return Helper(name, kind)

    def _one(self, what: str, place: Place) -> None:
        match what:
            case "clear":
                self.write("optimizer.zero_grad()")
            case "step":
                self.write("optimizer.step()")
            case _:
                self.write("loss.backward()")

    def make(self, prefix: str) -> tuple[Trained, ...]:
        """Networks and optimizers, with parameters of their own, shared, or all."""
        count = self.pick(1, 1, 2, 2, 3)
        nets = [f"{prefix}net_{letter}" for letter in "abc"[:count]]
        for net in nets:
            self.write(f"{net} = nn.Linear(2, 2)")
        found = []
        for letter, net in zip("abc", nets, strict=False):
            of: tuple[str, ...] = (net,)
            # Nobody can tell what a helper does to parameters that it knows by two names.
            if count > 1 and self.happens(15) and not self.apart and not self.functions:
                of = tuple(nets) if self.happens(50) else (self.pick(*nets),)
            name, kind = f"{prefix}opt_{letter}", self.pick("SGD", "Adam", "SGD", "LBFGS")
            parameters = f"{of[0]}.parameters()" if len(of) == 1 else " + ".join(f"list({n}.parameters())" for n in of)
            self.write(f"{name} = optim.{kind}({parameters}, lr=0.1)")
            if self.happens(10):
                self.write(f"alias_{letter} = {name}")
                name = f"alias_{letter}" if not prefix else name
            found.append(Trained(name, of))
        return tuple(found)

    def program(self) -> str:
        """A module with a function `main`."""
        self.lines += ["import torch", "from torch import nn, optim", "", ""]
        kinds = ("loss", "optimizer", "net", "epoch")
        helpers = tuple(self.helper(self.pick(*kinds)) for _ in range(self.pick(0, 0, 1, 2)))
        if self.happens(25):
            return self.trainer(helpers)

        def body() -> None:
            trained = self.make("")
            scaler = "scaler" if self.happens(15) else None
            if scaler is not None:
                self.write("scaler = torch.amp.GradScaler()")
            place = Place(
                trained,
                "first",
                "loader",
                flags=("amp", "warm"),
                period=self.pick("2", "n"),
                helpers=helpers,
                scaler=scaler,
            )
            if self.happens(25):
                self.statement(place)
            if self.happens(40):
                epochs = replace(place.inside(loop=True), counters=("epoch",))
                self.block("for epoch in range(epochs):", lambda: self._epoch(epochs))
            else:
                self.loop(place)

        self.block("def main(loader, first, epochs, amp, warm, n):", body)
        return self.text()

    def _epoch(self, place: Place) -> None:
        if self.happens(20):
            self.single(place)
        self.loop(place)
        if self.happens(20):
            self.single(place)

    def trainer(self, functions: Sequence[Helper]) -> str:
        """A class that trains itself."""

        def body() -> None:
            trained: tuple[Trained, ...] = ()

            def init() -> None:
                nonlocal trained
                trained = self.make("self.")

            self.block("def __init__(self):", init)
            self.lines.append("")
            methods: list[Helper] = []
            for _ in range(self.pick(1, 0, 2)):
                name = self.new("update")
                place = Place(trained, "x", flags=("go",), helpers=tuple(functions), depth=2)
                self.function(name, "self, x, go", lambda place=place: self.statements(place))  # type: ignore[misc]
                methods.append(Helper(name, "method"))
            place = Place(trained, loader="loader", flags=("amp",), helpers=(*methods, *methods, *functions))
            self.block("def fit(self, loader, epochs, amp):", lambda: self.loop(place))

        self.block("class Trainer:", body)
        self.lines += ["", ""]

        def main() -> None:
            self.write("trainer = Trainer()")
            if self.happens(30):
                self.block("for epoch in range(epochs):", lambda: self.write("trainer.fit(loader, epochs, amp)"))
            else:
                self.write("trainer.fit(loader, epochs, amp)")

        self.block("def main(loader, epochs, amp):", main)
        return self.text()
