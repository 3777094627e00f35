"""Stand-in for Hugging Face accelerate on one process, after `accelerator.py` and `optimizer.py` of version 1.15.

`step` and `zero_grad` of a prepared optimizer do nothing but at the end of a window of `accumulate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Accelerator:
    def __init__(self, gradient_accumulation_steps: int = 1) -> None:
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.sync_gradients = True
        self._trips = 0

    def prepare(self, *objects: Any) -> Any:
        ready = tuple(_Optimizer(o, self) if isinstance(o, torch.optim.Optimizer) else o for o in objects)
        return ready if len(ready) > 1 else ready[0]

    @contextmanager
    def accumulate(self, *models: torch.nn.Module) -> Iterator[None]:
        self._trips += 1
        self.sync_gradients = self._trips % self.gradient_accumulation_steps == 0
        yield

    def backward(self, loss: torch.Tensor) -> None:
        (loss / self.gradient_accumulation_steps).backward()

    def clip_grad_norm_(self, parameters: Any, max_norm: float) -> torch.Tensor:
        return torch.nn.utils.clip_grad_norm_(parameters, max_norm)

    def print(self, *values: object) -> None:
        pass


class _Optimizer:
    def __init__(self, optimizer: torch.optim.Optimizer, accelerator: Accelerator) -> None:
        self.optimizer = optimizer
        self.accelerator = accelerator
        self.param_groups = optimizer.param_groups

    def step(self, closure: Any = None) -> None:
        if self.accelerator.sync_gradients:
            self.optimizer.step(closure)

    def zero_grad(self, set_to_none: bool = True) -> None:
        if self.accelerator.sync_gradients:
            self.optimizer.zero_grad(set_to_none)
