"""The command line in this process, in an empty folder: what the tests of its options share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

BUG = "for x, y in loader:\n    loss = loss_fn(model(x), y)\n    loss.backward()\n    optimizer.step()\n"
CURED = f"{BUG}    optimizer.zero_grad()\n"
CLEAN = "x = 1\n"
BROKEN = "x = (\n"


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


def codes(output: str) -> list[str]:
    return [f"{each['filename']}:{each['code']}" for each in json.loads(output)]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_bytes(text.encode())
