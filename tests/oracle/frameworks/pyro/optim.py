"""Stand-in for Pyro, after `optim/optim.py`: called with parameters, it steps an optimizer for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class Adam:
    def __init__(self, optim_args: dict[str, Any]) -> None:
        self._args = optim_args
        self._optimizers: dict[torch.Tensor, torch.optim.Optimizer] = {}

    def __call__(self, params: Iterable[torch.Tensor]) -> None:
        for parameter in params:
            if parameter not in self._optimizers:
                self._optimizers[parameter] = torch.optim.Adam([parameter], **self._args)
            self._optimizers[parameter].step()
