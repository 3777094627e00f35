"""Stand-in for torch/xla on one device, after `torch_xla/core/xla_model.py`: nothing clears."""

from __future__ import annotations

import torch


def xla_device() -> torch.device:
    return torch.device("cpu")


def reduce_gradients(optimizer: torch.optim.Optimizer) -> None:
    pass


def optimizer_step(optimizer: torch.optim.Optimizer, barrier: bool = False) -> None:
    reduce_gradients(optimizer)
    optimizer.step()


def mark_step() -> None:
    pass
