"""Places beside a story: the clear that its path does not reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commandline import Run

HEAD = "import torch\nopt = torch.optim.SGD(net.parameters())\n"
BRANCH = """\
for x in loader:
    if amp:
        opt.zero_grad()
        scale(net(x).sum()).backward()
        opt.step()
    else:
        net(x).sum().backward()
        opt.step()
"""
CONTINUE = """\
for x in loader:
    net(x).sum().backward()
    opt.step()
    if x.bad:
        continue
    opt.zero_grad()
"""
TOO_FAR_OUT = """\
for epoch in range(9):
    opt.zero_grad()
    for x in loader:
        net(x).sum().backward()
        opt.step()
"""
NEVER = """\
for x in loader:
    net(x).sum().backward()
    opt.step()
"""
NEAREST = f"""\
for x in loader:
    net(x).sum().backward()
    opt.step()
    opt.zero_grad()
{CONTINUE}"""


@pytest.mark.parametrize(
    ("loop", "rows"),
    [
        pytest.param(BRANCH, [5], id="in the other branch"),
        pytest.param(CONTINUE, [8], id="behind a continue"),
        pytest.param(TOO_FAR_OUT, [4], id="one loop too far out"),
        pytest.param(NEVER, [], id="nowhere"),
        pytest.param(NEAREST, [12], id="the nearest of two"),
    ],
)
def test_the_clear_that_the_path_does_not_reach(folder: Path, gradlint: Run, loop: str, rows: list[int]) -> None:
    (folder / "a.py").write_text(HEAD + loop)
    (found,) = json.loads(gradlint("check", "--output-format", "json").out)
    beside = [place for place in found["related"] if place["order"] == 0]
    assert [place["location"]["row"] for place in beside] == rows
    assert {place["message"] for place in beside} <= {"cleared here, but not on this path"}
    assert found["order"] + len(found["related"]) - len(beside) >= 2
