"""Stand-in for DeepSpeed on one process, after `runtime/engine.py` of 0.19: at boundaries its step also clears."""

from __future__ import annotations

from typing import Any

import torch


def initialize(model: torch.nn.Module, optimizer: torch.optim.Optimizer, config: dict[str, Any]) -> tuple[Any, ...]:
    engine = _Engine(model, optimizer, config.get("gradient_accumulation_steps", 1))
    return engine, engine.optimizer, None, None


class _Engine:
    def __init__(self, module: torch.nn.Module, optimizer: torch.optim.Optimizer, window: int) -> None:
        self.module = module
        self.optimizer = optimizer
        self.window = window
        self.micro_steps = 0

    def __call__(self, *inputs: Any) -> Any:
        return self.module(*inputs)

    def parameters(self) -> Any:
        return self.module.parameters()

    def is_gradient_accumulation_boundary(self) -> bool:
        return (self.micro_steps + 1) % self.window == 0

    def backward(self, loss: torch.Tensor) -> None:
        (loss / self.window).backward()

    def step(self) -> None:
        if self.is_gradient_accumulation_boundary():
            self.optimizer.step()
            self.optimizer.zero_grad()
        self.micro_steps += 1
