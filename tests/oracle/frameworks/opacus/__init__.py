"""Stand-in for Opacus, after `privacy_engine.py` and `optimizers/optimizer.py` of 1.6.

Without noise, and with the gradient of the batch in place of those of its samples. As there, gradients that a step has
used may not be used again: it raises.
"""

from __future__ import annotations

from typing import Any

import torch


class PrivacyEngine:
    def make_private(
        self,
        *,
        module: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        data_loader: Any,
        noise_multiplier: float,
        max_grad_norm: float,
    ) -> tuple[Any, ...]:
        return module, DPOptimizer(optimizer, max_grad_norm), data_loader


class DPOptimizer:
    def __init__(self, optimizer: torch.optim.Optimizer, max_grad_norm: float) -> None:
        self.original_optimizer = optimizer
        self.param_groups = optimizer.param_groups
        self.max_grad_norm = max_grad_norm
        self._used = False

    def step(self) -> None:
        if self._used:
            raise ValueError("these gradients have been used: call zero_grad")
        torch.nn.utils.clip_grad_norm_([p for g in self.param_groups for p in g["params"]], self.max_grad_norm)
        self.original_optimizer.step()
        self._used = True

    def zero_grad(self, set_to_none: bool = False) -> None:
        self._used = False
        self.original_optimizer.zero_grad(set_to_none)
