"""A stand-in for torch that keeps nothing but which backward put something into which `.grad`, and who applied it.

A gradient is the list of the deposits in it. A step that finds deposits which a step has already applied beside new
ones is a stale reuse. Where a program went around a clear under a condition that it alone knows, what was applied by
then is in doubt (see `instrument`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from generated.chance import Chance
from generated.gradients import Leaf
from generated.ledger import Run

_run = Run(Chance())


def begin(run: Run) -> None:
    """From now on this run is meant."""
    global _run
    _run = run


class Value:
    """A number that the program looks at: whether it is large is chance, and the same whenever it is asked."""

    def __init__(self) -> None:
        self._is_large: bool | None = None

    def __gt__(self, other: object) -> bool:
        if self._is_large is None:
            self._is_large = bool(_run.chance.choose(2))
        return self._is_large


class Tensor:
    """A result of modules, by the parameters that its gradient reaches."""

    def __init__(
        self, reach: frozenset[Parameter] = frozenset(), *, scaled: bool = False, divided: bool = False
    ) -> None:
        self.reach = reach
        self.divided = divided
        self._scaled = scaled
        self._values: dict[int, Value] = {}

    def backward(self, **options: Any) -> None:
        """Deposit into everything that this was computed from."""
        _run.may_raise(always_seen=True)
        _run.deposit(sorted(self.reach, key=lambda parameter: parameter.number), scaled=self._scaled)
        _run.windows.add_loss(divided=self.divided)

    def norm(self, order: int) -> Norm:
        """A number: each has its own."""
        return Norm(self._values.setdefault(order, Value()))

    def roll(self, shift: int) -> Tensor:
        """Another batch."""
        return Tensor()

    def detach(self) -> Tensor:
        """The same, without a way back."""
        return Tensor()

    def sum(self) -> Tensor:
        """A loss."""
        return self

    mean = sum

    def __add__(self, other: object) -> Tensor:
        return Tensor(self.reach | other.reach) if isinstance(other, Tensor) else self

    __radd__ = __sub__ = __mul__ = __rmul__ = __pow__ = __add__

    def __truediv__(self, number: int) -> Tensor:
        """A smaller loss."""
        return Tensor(self.reach, divided=True)


@dataclass(slots=True)
class Norm:
    """A tensor that holds one number."""

    value: Value

    def item(self) -> Value:
        """The number."""
        return self.value


def mse_loss(output: Tensor, target: Tensor) -> Tensor:
    """A loss that is called one: whoever has been cleared knows that it was computed since."""
    loss = output + target
    for parameter in loss.reach:
        parameter.emptied.lossy = bool(parameter.emptied.clears)
    return loss


class Parameter(Leaf):
    """A leaf that knows its number."""

    def __init__(self) -> None:
        super().__init__(_run.number())
        _run.leaves.append(self)


class Module:
    """A network, by its parameters."""

    def __init__(self) -> None:
        self._parts: dict[str, Module | Parameter] = {}

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, (Module, Parameter)):
            self.__dict__.setdefault("_parts", {})[name] = value
        object.__setattr__(self, name, value)

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, those of the parts as well."""
        for part in self._parts.values():
            yield from part.parameters() if isinstance(part, Module) else (part,)

    def __call__(self, *inputs: Any) -> Any:
        """A forward pass."""
        _run.may_raise()
        return self.forward(*inputs)

    def forward(self, x: Tensor) -> Tensor:
        """What comes out depends on all parameters and on what goes in."""
        return Tensor(x.reach | frozenset(self.parameters()))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear everything."""
        clear(self.parameters(), set_to_none)

    def to(self, device: str) -> Module:
        """Parameters stay what they are."""
        return self

    def train(self, mode: bool = True) -> Module:
        """Nothing that is kept here."""
        return self

    def eval(self) -> Module:
        """Nothing that is kept here."""
        return self


class Linear(Module):
    """A layer with one parameter that matters."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.weight = Parameter()


class Sequential(Module):
    """Layers one after the other."""

    def __init__(self, *layers: Module) -> None:
        super().__init__()
        for number, layer in enumerate(layers):
            setattr(self, str(number), layer)


class Optimizer:
    """Applies the gradients of its parameters."""

    calls = 1
    """How often it calls a closure."""

    def __init__(self, params: Iterable[Any], lr: float = 0.1) -> None:
        given = list(params)
        groups = given if given and isinstance(given[0], dict) else [{"params": given}]
        self.number = _run.number()
        self.param_groups = [{**group, "params": list(group["params"]), "lr": lr} for group in groups]

    def parameters(self) -> Iterator[Parameter]:
        """The parameters of all groups."""
        for group in self.param_groups:
            yield from group["params"]

    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """Apply what the closure leaves, or what is there."""
        if closure is None:
            _run.update(self.parameters(), self.number)
        for _ in range(self.calls if closure is not None else 0):
            closure()
            _run.update(self.parameters(), self.number)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear everything."""
        clear(self.parameters(), set_to_none)


class LBFGS(Optimizer):
    """Calls its closure again and again."""

    calls = 2


class GradScaler:
    """Scales losses, and is told of what it would not do; it does so all the same, and no step is skipped here."""

    def __init__(self, *device: str, enabled: bool = True) -> None:
        self._unscaled: set[int] = set()
        self._stepped: set[int] = set()

    def scale(self, loss: Tensor) -> Tensor:
        """The same way back."""
        return Tensor(loss.reach, scaled=True, divided=loss.divided)

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide what an optimizer has; it does not do that twice, nor once the optimizer has stepped."""
        _run.may_raise()
        if optimizer.number in self._unscaled | self._stepped:
            _run.scaling.refuse()
        self._unscaled.add(optimizer.number)
        _run.scaling.divide(optimizer.parameters())

    def step(self, optimizer: Optimizer) -> None:
        """A step of the optimizer, once what it has is divided; not twice."""
        if optimizer.number in self._stepped:
            _run.scaling.refuse()
        self._stepped.add(optimizer.number)
        with _run.scaling.stepping(optimizer.parameters()):
            optimizer.step()

    def update(self) -> None:
        """From now on everything may be done again."""
        self._unscaled.clear()
        self._stepped.clear()


class Accelerator:
    """Divides each loss by the size of its windows; it has prepared nothing, so nothing waits for their end."""

    def __init__(self, gradient_accumulation_steps: int = 1) -> None:
        self.gradient_accumulation_steps = gradient_accumulation_steps

    def backward(self, loss: Tensor) -> None:
        """Go back from a loss."""
        loss.backward()


def clip_grad_norm_(parameters: Iterable[Parameter], limit: float) -> None:
    """Nothing that is kept here but what was there."""
    _run.may_raise()
    _run.scaling.clip(parameters)


def clear(parameters: Iterable[Parameter], set_to_none: bool = True) -> None:
    """Nothing is left in the gradients of some parameters."""
    for parameter in parameters:
        if set_to_none:
            parameter.grad = None
        elif parameter.grad is not None:
            parameter.grad.zero_()
        else:
            parameter.cleared(())


LENGTHS = (0, 1, 2, 3, 5, 14)
"""Of data. The last one is long enough for two rounds of windows of two and of three together, and a step."""


class Loader:
    """Batches; how many is chosen anew each time."""

    def __init__(self, batch: Callable[[], object] = Tensor) -> None:
        self._batch = batch
        self._count: int | None = None

    def __len__(self) -> int:
        """How many there are this time."""
        if self._count is None:
            self._count = LENGTHS[_run.chance.choose(len(LENGTHS))]
        return self._count

    def pending(self, *which: int) -> bool:
        """Whether there is more to do, each time anew. Nobody sees what this does."""
        _run.call_stranger()
        return bool(_run.chance.choose(2))

    def __iter__(self) -> Iterator[object]:
        _run.may_raise()
        self._count = None
        return iter([self._batch() for _ in range(len(self))])


def modules() -> dict[str, ModuleType]:
    """What a program gets for `import torch` and the like."""
    torch, nn, optim, amp = map(ModuleType, ("torch", "torch.nn", "torch.optim", "torch.amp"))
    for part in (Module, Linear, Sequential, Parameter):
        setattr(nn, part.__name__, part)
    for name in ("SGD", "Adam", "AdamW", "RMSprop"):
        setattr(optim, name, type(name, (Optimizer,), {}))
    vars(optim).update(LBFGS=LBFGS, Optimizer=Optimizer)
    vars(amp).update(GradScaler=GradScaler)
    nn.functional = ModuleType("torch.nn.functional")
    nn.functional.mse_loss = mse_loss
    nn.utils = ModuleType("torch.nn.utils")
    vars(nn.utils).update(clip_grad_norm_=clip_grad_norm_, clip_grad_value_=clip_grad_norm_)
    vars(torch).update(nn=nn, optim=optim, amp=amp, Tensor=Tensor)
    accelerate = ModuleType("accelerate")
    vars(accelerate).update(Accelerator=Accelerator)
    return {"accelerate": accelerate, "torch": torch, "torch.nn": nn, "torch.optim": optim, "torch.amp": amp}
