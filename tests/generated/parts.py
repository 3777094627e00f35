"""Writes parts of training programs: updates, and branches, loops and calls around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from generated.statements import Place, Statements, Trained

MAX_DEPTH = 3  # of blocks inside one another

# Draws of an update that are odd (see `Text.pick_oddly`): a step before its backward, one behind another clear, a
# backward and a step that are only named, a loss that nobody goes back from, and two updates by losses that share a
# network.
EARLY, LATE, NAMED, UNAPPLIED, FORGOTTEN = range(78, 82), range(82, 87), (90, 91), (92, 93), (94, 95)
PAIRED = (87, 88, 89, 96, 97, 98, 99)


class Parts(Statements):
    """Updates, and what stands around them."""

    def update(self, place: Place) -> None:
        """Some of: clear, backward, step, clear, mostly in that order."""
        trained = self.pick(*place.trained)
        clears, oddity = self.pick_oddly("before", "after", "none", "middle", "both")
        if oddity in PAIRED and len(place.trained) > 1 and not self.apart:
            self.pair(place, trained)
            return
        if clears in ("before", "both"):
            self.maybe_guarded(place, lambda inner: self.clear(inner, trained), 12)
        if oddity in EARLY:
            self.step(place, trained)
        if oddity in FORGOTTEN or oddity in NAMED:
            self.write(f"loss = nn.functional.mse_loss({trained.nets[0]}({place.batch}), {place.batch})")
            if oddity in NAMED:
                self.write("loss.backward")
            self.step(place, trained)
            return
        loss = self.loss(place, trained)
        if clears == "middle":
            self.maybe_guarded(place, lambda inner: self.clear(inner, trained), 12)
        self.maybe_guarded(place, lambda inner: self.backward(inner, loss), 6)
        if oddity in LATE:
            self.clear(place, trained)
        if oddity in UNAPPLIED:
            self.write(f"{trained.optimizer}.step")
        if oddity in EARLY or oddity in UNAPPLIED:
            return
        if self.happens(10):
            self.leave(place)
        if clears in ("after", "both") and self.happens(30):
            self.maybe_guarded(place, lambda inner: self._step_and_clear(inner, trained), 60)
            return
        self.maybe_guarded(place, lambda inner: self.step(inner, trained), 12)
        if self.happens(8):
            self.leave(place)
        if clears in ("after", "both"):
            self.maybe_guarded(place, lambda inner: self.clear(inner, trained), 12)

    def pair(self, place: Place, trained: Trained) -> None:
        """Two updates: the loss of the first flows through the networks of the second as well, as a generator's."""
        other = self.pick(*(each for each in place.trained if each is not trained))
        self.clear(place, trained)
        through = f"{trained.nets[0]}({place.batch})"
        self.write(f"loss = {' + '.join(f'{net}({through}).mean()' for net in other.nets)}")
        self.backward(place, "loss")
        self.step(place, trained)
        if self.happens(40):
            self.maybe_guarded(place, lambda inner: self.clear(inner, other), 12)
        loss = self.loss(place, other)
        self.backward(place, loss)
        self.step(place, other)
        if self.happens(70):
            self.clear(place, other)

    def _step_and_clear(self, place: Place, trained: Trained) -> None:
        self.step(place, trained)
        self.clear(place, trained)

    def maybe_guarded(self, place: Place, what: Callable[[Place], None], percent: int) -> None:
        """A statement, sometimes under a condition."""
        if self.happens(percent):
            condition = self.condition(place)
            self.block(f"if {condition}:", lambda: what(place.inside().knowing(condition)))
        else:
            what(place)

    def leave(self, place: Place) -> None:
        """A jump out of the trip, the loop or the function, under a condition, where there is one."""
        how = self.pick(
            *(["continue", "continue", "break"] if place.in_loop else []), *["return"][: place.may_return], ""
        )
        if how in ("break", "return"):  # not where it would be left in its first trip whatever happens
            place = replace(place, counters=())
        if how:
            self.block(f"if {self.condition(place)}:", lambda: self.write(how))

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
        what = self.pick("clear", "clear", "step", "backward", *["move"][: trained.nets == ("net",)])
        if what == "clear":
            self.clear(place, trained)
        elif what == "move":
            self.write('net = net.to("cpu")')
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
        if place.in_loop and not place.is_fresh and place.loader:  # what is asked of a batch is the same in each trip
            go = f"{place.loader}.pending({self.names})"
        nets = " + ".join([f"{net}({place.batch}).sum()" for net in trained.nets])
        match helper.kind:
            case "loss":
                self.write(f"loss = {nets}")
                self.write(f"{helper.name}(loss, {trained.optimizer}, {go})")
            case "optimizer":
                self.write(f"{helper.name}({trained.optimizer})")
            case "net":
                batch = place.batch if place.is_fresh or not place.in_loop else f"{place.batch}.roll({self.names})"
                self.write(f"{helper.name}({trained.nets[0]}, {trained.optimizer}, {batch}, {go})")
            case "epoch" if place.loader:
                self.write(f"{helper.name}({trained.nets[0]}, {trained.optimizer}, {place.loader}, {go})")
            case "epoch":
                self.update(place)
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
        inside = replace(place, counters=(), batches="") if " or " in condition else place.knowing(condition)
        self.block(f"if {condition}:", lambda: self.statements(inside.inside()))
        if self.happens(60):
            self.block("else:", lambda: self.statements(inside.inside()))

    def loop(self, place: Place) -> None:
        """A loop around parts."""
        kinds = ["for", "enumerate"] if place.loader else []
        kinds += ["range"] if place.batch else []
        kinds += ["while", "forever"] if place.batch and place.loader else []
        kind = self.pick(*kinds)
        number = self.new("i")
        pending = f"{place.loader}.pending({self.names})"  # by its number no other one
        inside = replace(place.inside(loop=True), is_fresh=False)
        count = self.new("count") if kind in ("for", "while", "forever") and self.happens(30) else ""
        if count:
            self.write(f"{count} = 0")
            inside = replace(inside, counters=(*place.counters[-1:], count))
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
            case "while":
                head = f"while {pending}:"
            case _:
                head = "while True:"

        def body() -> None:
            if kind == "forever":
                self.block(f"if not {pending}:", lambda: self.write("break"))
            if count and self.happens(50):
                self.write(f"{count} += 1")
                self.statements(inside)
            else:
                self.statements(inside)
                self.lines += [f"{'    ' * self.indent}{count} += 1"] if count else []

        self.block(head, body)

    def attempt(self, place: Place) -> None:
        """A `try` around parts."""
        self.block("try:", lambda: self.statements(place.inside()))
        if self.happens(15):
            self.block("finally:", lambda: self.clear(place, self.pick(*place.trained)))
            return
        leave = self.pick("pass", "continue") if place.in_loop else "pass"

        def handler() -> None:
            if self.happens(40):
                self.clear(place, self.pick(*place.trained))
            self.write(leave)

        self.block("except RuntimeError:", handler)
