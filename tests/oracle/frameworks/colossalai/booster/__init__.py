"""Stand-in for ColossalAI's booster, after `colossalai/booster/booster.py` and the plugins' optimizers of 0.5."""

from __future__ import annotations

from typing import Any

import torch


class Booster:
    def __init__(self, plugin: Any = None) -> None:
        self.plugin = plugin

    def boost(self, model: Any, optimizer: Any, criterion: Any = None, dataloader: Any = None) -> tuple[Any, ...]:
        wrapped = self.plugin.wrap(optimizer) if self.plugin is not None else optimizer
        return model, wrapped, criterion, dataloader, None

    def backward(self, loss: torch.Tensor, optimizer: Any) -> None:
        loss.backward()
