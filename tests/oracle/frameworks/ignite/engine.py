"""Stand-in for ignite, after `ignite/engine/engine.py` and `ignite/engine/__init__.py` of 0.5."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any

import torch


class Events(enum.Enum):
    ITERATION_STARTED = "iteration_started"
    ITERATION_COMPLETED = "iteration_completed"


class Engine:
    def __init__(self, process_function: Callable[[Engine, Any], Any]) -> None:
        self._process = process_function
        self._handlers: dict[Events, list[tuple[Callable[..., Any], tuple[Any, ...]]]] = {e: [] for e in Events}

    def add_event_handler(self, event: Events, handler: Callable[..., Any], *arguments: Any) -> None:
        self._handlers[event].append((handler, arguments))

    def on(self, event: Events) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.add_event_handler(event, handler)
            return handler

        return register

    def run(self, data: Iterable[Any], max_epochs: int = 1) -> None:
        for _ in range(max_epochs):
            for batch in data:
                self._fire(Events.ITERATION_STARTED)
                self._process(self, batch)
                self._fire(Events.ITERATION_COMPLETED)

    def _fire(self, event: Events) -> None:
        for handler, arguments in self._handlers[event]:
            handler(self, *arguments)


def create_supervised_trainer(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, loss_fn: Callable[..., torch.Tensor]
) -> Engine:
    def update(engine: Engine, batch: Any) -> float:
        optimizer.zero_grad()
        x, y = batch
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return Engine(update)
