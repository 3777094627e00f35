"""Stand-in for Apex's older wrapper, after `apex/fp16_utils/fp16_optimizer.py`: it scales, and clears on request."""

from __future__ import annotations

import torch


class FP16_Optimizer:
    def __init__(self, init_optimizer: torch.optim.Optimizer, static_loss_scale: float = 1.0) -> None:
        self.optimizer = init_optimizer
        self.loss_scale = static_loss_scale

    @property
    def param_groups(self) -> list[dict[str, list[torch.Tensor]]]:
        return self.optimizer.param_groups

    def backward(self, loss: torch.Tensor) -> None:
        loss.float().backward()

    def clip_master_grads(self, max_norm: float) -> torch.Tensor:
        return torch.nn.utils.clip_grad_norm_([p for g in self.param_groups for p in g["params"]], max_norm)

    def step(self) -> None:
        self.optimizer.step()

    def zero_grad(self) -> None:
        self.optimizer.zero_grad()
