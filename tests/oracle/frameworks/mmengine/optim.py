"""Stand-in for mmengine, after `optim/optimizer/optimizer_wrapper.py`: only `update_params` clears."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class OptimWrapper:
    def __init__(self, optimizer: torch.optim.Optimizer, accumulative_counts: int = 1) -> None:
        self.optimizer = optimizer
        self.window = accumulative_counts
        self.count = 0

    def update_params(self, loss: torch.Tensor) -> None:
        self.backward(loss / self.window)
        if self.count % self.window == 0:
            self.step()
            self.zero_grad()

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()
        self.count += 1

    def step(self) -> None:
        self.optimizer.step()

    def zero_grad(self) -> None:
        self.optimizer.zero_grad()

    @contextmanager
    def optim_context(self, model: torch.nn.Module) -> Iterator[None]:
        yield
