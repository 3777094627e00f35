"""Stand-in for the widely copied `sam.py`, after pytorch_optimizer's `sam.py`: both halves clear on request only."""

from __future__ import annotations

from typing import Any

import torch


class SAM(torch.optim.Optimizer):
    def __init__(self, params: Any, base_optimizer: Any, rho: float = 0.05, **defaults: Any) -> None:
        super().__init__(params, {"rho": rho, **defaults})
        self.base_optimizer = base_optimizer(self.param_groups, **defaults)

    @torch.no_grad()
    def first_step(self, zero_grad: bool = False) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    climb = p.grad * group["rho"] / (p.grad.norm() + 1e-12)
                    self.state[p]["climb"] = climb
                    p.add_(climb)
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad: bool = False) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if "climb" in self.state[p]:
                    p.sub_(self.state[p].pop("climb"))
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()
