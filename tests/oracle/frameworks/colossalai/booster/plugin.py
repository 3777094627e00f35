"""Stand-in for plugins: data parallelism leaves the optimizer as it is, Gemini's clears after its step."""

from __future__ import annotations

from typing import Any

import torch


class TorchDDPPlugin:
    def wrap(self, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        return optimizer


class GeminiPlugin:
    def wrap(self, optimizer: torch.optim.Optimizer) -> _GeminiOptimizer:
        return _GeminiOptimizer(optimizer)


class _GeminiOptimizer:
    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optim = optimizer

    def step(self, *arguments: Any) -> None:
        self.optim.step()
        self.zero_grad()

    def zero_grad(self) -> None:
        self.optim.zero_grad()
