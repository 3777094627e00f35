"""What runs of generated programs note of clips and scalers is what the programs do, and a wrong report is refuted."""

from __future__ import annotations

from collections.abc import Set

import pytest
from generated.claim import Claim
from generated.claims_of_scaling import ClippedScaled, Refused, Unscaled, Useless
from generated.judge import seen, told

HEAD = """\
import torch
from torch import nn, optim

def main(loader, amp):
    net = nn.Linear(2, 2)
    opt = optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler()
    for x in loader:
        opt.zero_grad()
"""
CLIP = "nn.utils.clip_grad_norm_(net.parameters(), 1.0)"
SCALED, PLAIN = "scaler.scale(net(x).sum()).backward()", "net(x).sum().backward()"
UNSCALE, STEP, UPDATE, BARE = "scaler.unscale_(opt)", "scaler.step(opt)", "scaler.update()", "opt.step()"


@pytest.mark.parametrize(
    ("lines", "true", "false"),
    [
        pytest.param((SCALED, CLIP, STEP, UPDATE), ClippedScaled(11, 12), Useless(11, 9), id="clipped-scaled"),
        pytest.param((SCALED, UNSCALE, CLIP, STEP, UPDATE), None, ClippedScaled(12, 13), id="unscaled-first"),
        pytest.param(
            (SCALED, f"if amp: {UNSCALE}", CLIP, STEP, UPDATE), None, ClippedScaled(12, 13), id="unscaled-on-one-way"
        ),
        pytest.param((SCALED, STEP, CLIP, UPDATE), Useless(12, 11), ClippedScaled(12, 11), id="clipped-late"),
        pytest.param((CLIP, PLAIN, BARE), Useless(10, 9), None, id="clipped-early"),
        pytest.param((SCALED, BARE), Unscaled(10, 11), None, id="without-the-scaler"),
        pytest.param((SCALED, STEP, UPDATE, BARE), Unscaled(11, 13), None, id="again-without-the-scaler"),
        pytest.param((SCALED, UNSCALE, BARE, UPDATE), None, Unscaled(10, 12), id="unscaled-and-without-it"),
        pytest.param((PLAIN, f"if amp: {SCALED}", BARE), None, Unscaled(11, 12), id="scaled-on-one-way"),
        pytest.param((SCALED, STEP), Refused(11), None, id="never-updated"),
        pytest.param((SCALED, UNSCALE, UNSCALE, STEP, UPDATE), Refused(12), Refused(13), id="unscaled-twice"),
        pytest.param((SCALED, UNSCALE, STEP, UPDATE), None, Refused(12), id="as-it-should-be"),
    ],
)
def test_runs_bear_out_what_is_so(lines: tuple[str, ...], true: Claim | None, false: Claim | None) -> None:
    text = HEAD + "".join(f"        {line}\n" for line in lines)
    found = seen(text)
    if true is not None:
        assert true.happens(found) and not true.is_refuted(found)
    if false is not None:
        assert false.is_refuted(found) or not false.happens(found)


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        pytest.param((SCALED, CLIP, STEP, UPDATE), {"GRD402"}, id="clipped-scaled"),
        pytest.param((SCALED, STEP, CLIP, UPDATE), {"GRD401"}, id="clipped-late"),
        pytest.param((SCALED, BARE), {"GRD403"}, id="without-the-scaler"),
        pytest.param((SCALED, UNSCALE, UNSCALE, STEP, UPDATE), {"GRD404"}, id="unscaled-twice"),
        pytest.param((SCALED, UNSCALE, CLIP, STEP, UPDATE), set(), id="as-it-should-be"),
    ],
)
def test_reports_of_clips_and_scalers_are_judged(lines: tuple[str, ...], codes: Set[str]) -> None:
    """Else none of them could be wrong."""
    text = HEAD + "".join(f"        {line}\n" for line in lines)
    assert {each.code for each in told(text)} == codes
