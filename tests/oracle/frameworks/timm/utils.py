"""Stand-in for timm's loss scaler, after `timm/utils/cuda.py`; MAE and Swin call the same thing `update_grad`."""

from __future__ import annotations

from typing import Any

import torch


class NativeScaler:
    def __init__(self) -> None:
        self._scaler = torch.amp.GradScaler("cpu", init_scale=4.0)

    def __call__(
        self,
        loss: torch.Tensor,
        optimizer: torch.optim.Optimizer,
        clip_grad: float | None = None,
        parameters: Any = None,
        create_graph: bool = False,
        need_update: bool = True,
        update_grad: bool = True,
    ) -> None:
        self._scaler.scale(loss).backward(create_graph=create_graph)
        if need_update and update_grad:
            if clip_grad is not None:
                self._scaler.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_(parameters, clip_grad)
            self._scaler.step(optimizer)
            self._scaler.update()
