"""The stand-in against which generated programs are judged does to gradients what PyTorch does."""

from __future__ import annotations

import ast
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from generated.chance import Chance
from generated.execute import execute
from generated.gradients import PROGRAM
from generated.instrument import risky_rows, runs
from generated.ledger import Run
from generated.shrink import draws, written
from generated.standin import Norm, Value

torch = pytest.importorskip("torch", reason="PyTorch is not installed, so the stand-in was compared with nothing")

from oracle.sanitizer import Sanitizer  # noqa: E402 - it needs torch

RUNS = 4  # of each program


class Started:
    """A run of a program under PyTorch: chance decides what it decides under the stand-in."""

    def __init__(self, text: str, choices: tuple[int, ...], patch: pytest.MonkeyPatch) -> None:
        self.run = Run(Chance(choices), risky_rows(ast.parse(text)))
        self._values: dict[tuple[int, int], Value] = {}
        self._asked: list[Any] = []  # kept, for its identity is what a value goes by
        backward, forward, scaler = torch.Tensor.backward, torch.nn.Linear.forward, torch.amp.GradScaler
        unscale, utils = scaler.unscale_, torch.nn.utils

        def may_raise_forward(net: Any, x: Any) -> Any:
            self.run.may_raise()
            return forward(net, x)

        def may_raise_backward(loss: Any) -> None:
            self.run.may_raise(always_seen=True)
            backward(loss)

        patch.setattr(torch.nn.Linear, "forward", may_raise_forward)
        patch.setattr(torch.Tensor, "backward", may_raise_backward)
        patch.setattr(torch.amp, "GradScaler", lambda: scaler(enabled=False))  # no step is skipped under the stand-in
        patch.setattr(scaler, "unscale_", lambda *given: (self.run.may_raise(), unscale(*given)))
        for clip in (utils.clip_grad_norm_, utils.clip_grad_value_):
            patch.setattr(utils, clip.__name__, lambda *given, clip=clip: (self.run.may_raise(), clip(*given)))
        patch.setattr(torch.Tensor, "norm", lambda tensor, order: self._norm(tensor, order))

    def _norm(self, tensor: Any, order: int) -> Norm:
        self._asked.append(tensor)
        return Norm(self._values.setdefault((id(tensor), order), Value()))


def stale_rows(text: str, choices: tuple[int, ...], folder: Path) -> set[int | None]:
    """The rows of the deposits that are applied together with some that were applied before, under PyTorch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # where the sanitizer finds the text under the name that the stand-in goes by
        started = Started(text, choices, patch)
        with Sanitizer(Path(PROGRAM)) as sanitizer:
            execute(compile(text, PROGRAM, "exec"), started.run, {}, lambda: torch.rand(1, 2) + 1)
    return sanitizer.stale_rows


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_what_is_applied_anew_is_the_same_under_pytorch(first: int, tmp_path: Path) -> None:
    compared = stale = 0
    for number in range(first, first + 25):
        text, _ = written(draws(number))
        if "LBFGS" in text or "accelerate" in text:  # that steps as often as the numbers want; this is not here
            continue
        (tmp_path / PROGRAM).write_text(text)
        for run in islice(runs(text, RUNS, seed=number), RUNS, 2 * RUNS):
            rows = {each.added for each in run.stale.all}
            choices = tuple(choice for choice, _ in run.chance.made)
            assert stale_rows(text, choices, tmp_path) == rows, text
            compared += 1
            stale += bool(rows)
    assert compared >= RUNS and stale
