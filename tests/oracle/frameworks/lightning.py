"""Stand-in for Lightning on one process, after `core/module.py`, `loops/optimization` and `fabric/fabric.py` of 2.6.

Fitting by hand runs `training_step` and nothing else; fitting automatically clears and steps around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class LightningModule(torch.nn.Module):
    automatic_optimization = True

    def optimizers(self, use_pl_optimizer: bool = True) -> Any:
        return self._optimizers[0] if len(self._optimizers) == 1 else self._optimizers

    def manual_backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def toggle_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        own = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for parameter in self.parameters():
            parameter.requires_grad_(id(parameter) in own)

    def untoggle_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        for parameter in self.parameters():
            parameter.requires_grad_(True)

    def clip_gradients(self, optimizer: torch.optim.Optimizer, gradient_clip_val: float) -> None:
        torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], gradient_clip_val)

    def log(self, name: str, value: object) -> None:
        pass


class Trainer:
    def __init__(self, max_epochs: int = 1, accumulate_grad_batches: int = 1) -> None:
        self.max_epochs = max_epochs
        self.window = accumulate_grad_batches

    def fit(self, model: LightningModule, batches: Iterable[Any]) -> None:
        made: Any = model.configure_optimizers()
        model._optimizers = list(made) if isinstance(made, (list, tuple)) else [made]
        for _ in range(self.max_epochs):
            for number, batch in enumerate(batches):
                if model.automatic_optimization:
                    self._step(model, batch, number)
                else:
                    model.training_step(batch, number)

    def _step(self, model: LightningModule, batch: Any, number: int) -> None:
        (optimizer,) = model._optimizers
        loss = model.training_step(batch, number)
        if number % self.window == 0:
            optimizer.zero_grad()
        (loss / self.window).backward()
        if (number + 1) % self.window == 0:
            optimizer.step()


class Fabric:
    def launch(self) -> None:
        pass

    def setup(self, module: torch.nn.Module, *optimizers: torch.optim.Optimizer) -> Any:
        return (module, *optimizers) if optimizers else module

    def setup_optimizers(self, *optimizers: torch.optim.Optimizer) -> Any:
        return optimizers if len(optimizers) > 1 else optimizers[0]

    def setup_dataloaders(self, loader: Any) -> Any:
        return loader

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def clip_gradients(self, module: torch.nn.Module, optimizer: Any, max_norm: float) -> None:
        torch.nn.utils.clip_grad_norm_(module.parameters(), max_norm)
