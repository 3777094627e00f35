"""Which losses a gradient scaler has multiplied, and what it steps and unscales."""

from __future__ import annotations

import pytest
from test_events import graphs

from gradlint.events import Accumulate, Clip, Step, Unscale

HEAD = """\
import torch
from torch import nn

scaler = torch.amp.GradScaler()
off = torch.amp.GradScaler(enabled=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("scaler.scale(loss).backward()", "scaler", id="at-once"),
        pytest.param("scaled = scaler.scale(model(x).sum())\nscaled.backward()", "scaler", id="in-a-variable"),
        pytest.param("loss = model(x).sum()\nloss.backward()", "", id="not-at-all"),
        pytest.param("off.scale(loss).backward()", "", id="by-one-that-is-off"),
        pytest.param(
            "loss = model(x).sum()\nif amp:\n    loss = scaler.scale(loss)\nloss.backward()", None, id="only-sometimes"
        ),
        pytest.param(
            "loss = out.loss\nif amp:\n    loss = scaler.scale(loss)\nloss.backward()", None, id="or-not-at-all"
        ),
    ],
)
def test_a_loss_knows_its_scaler(code: str, expected: str | None) -> None:
    (added,) = (each for each in graphs(HEAD + code)[0].events() if isinstance(each, Accumulate))
    assert added.scaler == expected


def test_nobody_knows_whether_a_loss_from_outside_is_scaled() -> None:
    graph = graphs(f"{HEAD}\ndef add(loss):\n    loss.backward()\n")[1]
    assert [each.scaler for each in graph.events() if isinstance(each, Accumulate)] == [None]


def test_what_is_unscaled_clipped_and_stepped() -> None:
    code = "scaler.unscale_(optimizer)\nnn.utils.clip_grad_norm_(model.parameters(), 1.0)\nscaler.step(optimizer)"
    unscaled, clipped, stepped = (e for e in graphs(HEAD + code)[0].events() if isinstance(e, (Unscale, Clip, Step)))
    assert isinstance(unscaled, Unscale) and [str(region.owner) for region in unscaled.regions] == ["optimizer"]
    assert isinstance(clipped, Clip) and list(map(str, clipped.params)) == ["model"]
    assert isinstance(stepped, Step) and stepped.scaler == "scaler"


def test_what_another_library_clips_may_be_unscaled_before() -> None:
    code = "accelerator.clip_grad_norm_(model.parameters(), 1.0)"
    assert [each.params for each in graphs(HEAD + code)[0].events() if isinstance(each, Clip)] == [()]
