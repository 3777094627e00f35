"""Stand-in for Apex amp, after `apex/amp/handle.py`: the loss is scaled on entry, gradients are unscaled on exit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

SCALE = 4.0


def initialize(models: Any, optimizers: Any, opt_level: str = "O1") -> Any:
    return models, optimizers


@contextmanager
def scale_loss(loss: torch.Tensor, optimizers: Any) -> Iterator[torch.Tensor]:
    parameters = list(master_params(optimizers))
    with torch.no_grad():  # what an earlier step left is added to in the scaled form
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(SCALE)
    yield loss * SCALE
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.div_(SCALE)


def master_params(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    for group in optimizer.param_groups:
        yield from group["params"]
