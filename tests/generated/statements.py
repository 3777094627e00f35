"""Writes single statements of training programs, in the forms that people give them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from generated.text import Text


@dataclass(frozen=True, slots=True)
class Trained:
    """An optimizer and the networks whose parameters it has, as expressions of the code that is being written."""

    optimizer: str
    nets: tuple[str, ...]
    spare: str = ""  # another one, that never steps


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
    accelerator: str = ""
    clips: bool = False  # gradients are clipped, and what a scaler has to be told is forgotten here and there
    in_loop: bool = False
    may_return: bool = False
    is_fresh: bool = False  # each trip has a batch of its own
    depth: int = 0

    def inside(self, *, loop: bool = False) -> Place:
        """The same place, one block further in."""
        return replace(self, depth=self.depth + 1, in_loop=self.in_loop or loop)

    def knowing(self, condition: str) -> Place:
        """The same place, where a condition is known: nobody asks for its flag again."""
        return replace(self, flags=tuple(flag for flag in self.flags if flag != condition.removeprefix("not ")))


class Statements(Text):
    """Clears, losses, backward passes, steps, and what is asked for before them."""

    def clear(self, place: Place, trained: Trained) -> None:
        """A clear, in one of its forms; seldom one that clears nothing, or something else."""
        optimizer = trained.optimizer
        form, oddity = self.pick_oddly(0, 0, 0, 1, 2, 3, 4, 5, 6, 7)
        if oddity == 99:
            self.write(f"{optimizer}.zero_grad")
        elif oddity == 98:
            self.write(f"{trained.nets[0]}.zero_grad")
        elif oddity == 97:
            self.write(f"map(lambda p: p.grad.zero_(), {trained.nets[0]}.parameters())")
        elif oddity >= 80 and trained.spare:
            self.write(f"{trained.spare}.zero_grad()")
        elif form == 0:
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
        elif form == 5:
            self._each(place, "each.zero_grad()")
        elif form == 6:
            self.block(f"for group in {optimizer}.param_groups:", self._clear_group)
        else:
            name = self.new("wipe")
            self.write(f"{name} = {optimizer}.zero_grad")
            self.write(f"{name}()")

    def _each(self, place: Place, what: str) -> None:
        """Something is done with each optimizer."""
        every = [each.optimizer for each in place.trained]
        self.block(f"for each in [{', '.join(every)}]:", lambda: self.write(what))

    def _clear_group(self) -> None:
        self.block('for p in group["params"]:', lambda: self.write("p.grad = None"))

    def _zero_if_there(self) -> None:
        self.block("if p.grad is not None:", lambda: self.write("p.grad.zero_()"))

    def loss(self, place: Place, trained: Trained) -> str:
        """The name of a new loss."""
        name = "loss"
        terms = [f"{net}({place.batch}).sum()" for net in trained.nets]
        if len(place.trained) > 1 and self.happens(15) and not self.apart:
            other, oddity = self.pick_oddly(*place.trained)
            through = f"{trained.nets[0]}({place.batch})" if oddity % 2 else place.batch
            terms += [f"{net}({through}).mean()" for net in other.nets if net not in trained.nets]
        self.write(f"{name} = {' + '.join(terms)}")
        if self.happens(10):
            self.write(f"{name} = {name} / {place.period}")
        elif place.accelerator and self.happens(20):
            self.write(
                f"{name} = {name} / {self.pick(place.period, f'{place.accelerator}.gradient_accumulation_steps')}"
            )
        return name

    def backward(self, place: Place, loss: str) -> None:
        """A backward."""
        if place.scaler is not None and self.happens(70):
            self.write(f"{place.scaler}.scale({loss}).backward()")
        elif place.accelerator and self.happens(80):
            self.write(f"{place.accelerator}.backward({loss})")
        else:
            self.write(f"{loss}.backward()")

    def step(self, place: Place, trained: Trained) -> None:
        """A step."""
        scaled = place.scaler is not None and self.happens(70)
        oddity = self._clip_before(place, trained, scaled) if place.clips else 0
        if scaled:
            self.write(f"{place.scaler}.step({trained.optimizer})")
            if oddity < 85:
                self.write(f"{place.scaler}.update()")
        elif len(place.trained) > 1 and self.happens(8):
            self._each(place, "each.step()")
        else:
            self.write(f"{trained.optimizer}.step()")
        if oddity >= 90:
            self.clip(trained)

    def _clip_before(self, place: Place, trained: Trained, scaled: bool) -> int:
        """Mostly what comes before a step that is to be clipped; how odd the rest of it may get."""
        how, oddity = self.pick_oddly("clip", "nothing", "unscale and clip", "unscale and clip", "unscale")
        if scaled and how.startswith("unscale"):
            self.write(f"{place.scaler}.unscale_({trained.optimizer})")
        if how.endswith("clip"):
            self.clip(trained)
        return oddity

    def clip(self, trained: Trained) -> None:
        """Gradients are clipped."""
        every = f'[p for group in {trained.optimizer}.param_groups for p in group["params"]]'
        what = self.pick(f"{trained.nets[0]}.parameters()", f"{trained.nets[0]}.parameters()", every)
        self.write(f"nn.utils.clip_grad_{self.pick('norm', 'norm', 'value')}_({what}, 1.0)")

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
        if place.in_loop and not place.is_fresh:  # what is asked of a batch is the same in each trip
            return f"{place.loader}.pending({self.names})" if place.loader else (*place.flags, "True")[0]
        return f"{place.batch or 'loss'}.norm({self.names}).item() > 0.5"
