"""Stand-in for higher, after `higher/__init__.py` and `higher/optim.py`: steps make new parameters, for SGD only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def innerloop_ctx(model: torch.nn.Module, opt: torch.optim.Optimizer) -> Iterator[tuple[Any, Any]]:
    functional = _Functional(model)
    yield functional, _Differentiable(functional, opt.param_groups[0]["lr"])


class _Functional:
    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model
        self.parameters = dict(model.named_parameters())

    def __call__(self, *inputs: Any) -> Any:
        return torch.func.functional_call(self._model, self.parameters, inputs)


class _Differentiable:
    def __init__(self, functional: _Functional, lr: float) -> None:
        self._functional = functional
        self._lr = lr

    def step(self, loss: torch.Tensor) -> None:
        old = self._functional.parameters
        grads = torch.autograd.grad(loss, list(old.values()), create_graph=True)
        pairs = zip(old.items(), grads, strict=True)
        self._functional.parameters = {name: value - self._lr * grad for (name, value), grad in pairs}
