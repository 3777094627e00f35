"""Stand-in for Megatron without a pipeline, after `core/pipeline_parallel/schedules.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def get_forward_backward_func() -> Callable[..., list[float]]:
    return _forward_backward_no_pipelining


def _forward_backward_no_pipelining(
    *,
    forward_step_func: Callable[..., Any],
    data_iterator: Iterator[Any],
    model: Any,
    num_microbatches: int,
    forward_only: bool = False,
) -> list[float]:
    losses = []
    for _ in range(num_microbatches):
        loss = forward_step_func(data_iterator, model)
        losses.append(loss.item())
        if not forward_only:
            (loss / num_microbatches).backward()
    return losses
