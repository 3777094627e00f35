"""Stand-in for tianshou 2, after `algorithm/algorithm_base.py`: the step takes the loss, and clears first."""

from __future__ import annotations

import torch


class Algorithm:
    def _create_optimizer(self, module: torch.nn.Module, lr: float) -> _Optimizer:
        return _Optimizer(torch.optim.SGD(module.parameters(), lr=lr))


class _Optimizer:
    def __init__(self, optim: torch.optim.Optimizer) -> None:
        self._optim = optim

    def step(self, loss: torch.Tensor) -> None:
        self._optim.zero_grad()
        loss.backward()
        self._optim.step()
