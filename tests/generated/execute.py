"""Runs the function `main` of a program with what chance gives it."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from types import CodeType, ModuleType
from typing import Any

from generated import standin
from generated.chance import Chance
from generated.ledger import Run
from generated.standin import LENGTHS, Loader, Tensor

FLAGS = ("amp", "warm", "fast")
"""Parameters of `main` that nothing sets."""


def execute(
    code: CodeType,
    run: Run,
    modules: Mapping[str, ModuleType],
    batch: Callable[[], object] = Tensor,
    **names: object,
) -> None:
    """Run a program to its end. It imports some modules instead of those of their names, and has some names besides."""
    standin.begin(run)

    def load(name: str, *rest: Any) -> object:
        wants_names = bool(rest[2:3] and rest[2])  # as in `from torch import nn`
        found = modules.get(name) if wants_names else modules.get(name.partition(".")[0])
        return found or builtins.__import__(name, *rest)

    space = {"__builtins__": {**vars(builtins), "__import__": load}, "__name__": "program", **names}
    exec(code, space)
    main: Any = space["main"]
    parameters = main.__code__.co_varnames[: main.__code__.co_argcount]
    main(**{name: _argument(name, run.chance, batch) for name in parameters})


def _argument(name: str, chance: Chance, batch: Callable[[], object]) -> object:
    if name in FLAGS:
        return bool(chance.choose(2))
    if name in ("n", "accumulate"):
        return chance.choose(3) + 2
    if name == "epochs":
        return LENGTHS[chance.choose(len(LENGTHS) - 1) + 1]
    return Loader(batch) if name == "loader" else batch()
