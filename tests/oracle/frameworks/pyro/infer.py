"""Stand-in for Pyro, after `infer/svi.py` and `infer/trace_elbo.py`: `SVI.step` clears what it has applied.

A model is a network here, a guide another, and the loss what the model makes of the guide's output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class Trace_ELBO:
    def differentiable_loss(self, model: Any, guide: Any, *inputs: Any) -> torch.Tensor:
        return ((model(guide(*inputs)) - 1) ** 2).mean()

    def loss_and_grads(self, model: Any, guide: Any, *inputs: Any) -> float:
        loss = self.differentiable_loss(model, guide, *inputs)
        loss.backward()
        return loss.item()


class SVI:
    def __init__(self, model: Any, guide: Any, optim: Callable[[Any], None], loss: Trace_ELBO) -> None:
        self.model, self.guide, self.optim, self.loss = model, guide, optim, loss

    def step(self, *inputs: Any) -> float:
        loss = self.loss.loss_and_grads(self.model, self.guide, *inputs)
        params = [*self.model.parameters(), *self.guide.parameters()]
        self.optim(params)
        for parameter in params:
            parameter.grad = None
        return loss
