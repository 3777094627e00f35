"""Writes training programs that people could have written, right ones and wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generated.parts import Parts
from generated.statements import Helper, Place, Trained


class Writer(Parts):
    """Whole programs."""

    clips = False

    def helper(self, kind: str) -> Helper:
        """A function that trains what it is given."""
        name = self.new({"loss": "apply", "optimizer": "finish", "net": "train_step", "epoch": "train_epoch"}[kind])
        mine = Place((Trained("optimizer", ("net",)),), flags=("go",), may_return=True, clips=self.clips)
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
            oddity = self.chance(100)
            if oddity >= 90:
                self.write(f"alias_{letter} = {name}")
                name = f"alias_{letter}" if not prefix else name
            spare = f"{prefix}spare_{letter}" if 80 <= oddity < 86 else ""
            if spare:
                self.write(f"{spare} = optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)")
            found.append(Trained(name, of, spare))
        return tuple(found)

    def program(self) -> str:
        """A module with a function `main`."""
        self.lines += ["import torch", "from accelerate import Accelerator", "from torch import nn, optim", "", ""]
        self.clips = self.happens(25)
        kinds = ("loss", "optimizer", "net", "epoch")
        helpers = tuple(self.helper(self.pick(*kinds)) for _ in range(self.pick(0, 0, 1, 2)))
        if self.happens(25):
            return self.trainer(helpers)

        def body() -> None:
            trained = self.make("")
            scaler = "scaler" if self.happens(60 if self.clips else 15) else None
            if scaler is not None:
                self.write("scaler = torch.amp.GradScaler()")
            period = self.pick("2", "n", "accumulate")
            accelerator = "accelerator" if scaler is None and self.happens(8) else ""
            if accelerator:
                self.write(f"accelerator = Accelerator(gradient_accumulation_steps={self.pick(period, 'n')})")
            place = Place(
                trained,
                "first",
                "loader",
                flags=("amp", "warm"),
                period=period,
                accelerator=accelerator,
                helpers=helpers,
                scaler=scaler,
                clips=self.clips,
            )
            if self.happens(25):
                self.statement(place)
            if self.happens(40):
                epochs = replace(place.inside(loop=True), counters=("epoch",))
                self.block("for epoch in range(epochs):", lambda: self._epoch(epochs))
            else:
                self.loop(place)

        self.block("def main(loader, first, epochs, amp, warm, n, accumulate):", body)
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
                place = Place(trained, "x", flags=("go",), may_return=True, helpers=tuple(functions), depth=2)
                place = replace(place, clips=self.clips)
                self.function(name, "self, x, go", lambda place=place: self.statements(place))  # type: ignore[misc]
                methods.append(Helper(name, "method"))
            place = Place(trained, loader="loader", flags=("amp",), helpers=(*methods, *methods, *functions))
            place = replace(place, clips=self.clips)
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
