"""A small project that is linted with a cache: what the tests of the cache and of its folder share."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gradlint import checking, pool, runner
from gradlint.cache import Cache
from gradlint.cache_folder import NAME
from gradlint.checking import Mending, Outcome
from gradlint.config import Configuration
from gradlint.files import find
from gradlint.layers import Layer
from gradlint.runner import run

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names, links or permissions")
HELPER = "def train(model, x, optimizer):\n    model(x).backward()\n    optimizer.step()\n"
APART = "def update(x):\n    x.backward()\n"
CALLER = "from apart import update\nfor x in xs:\n    update(model(x))\n    optimizer.step()\n"
OTHER = "def unrelated():\n    return 1\n"
TEXTS = {"helper.py": HELPER, "apart.py": APART, "caller.py": CALLER, "other.py": OTHER, "pyproject.toml": ""}


def lay_out(folder: Path) -> None:
    """Write the project."""
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text.encode())


def noting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are linted from now on, whatever is remembered."""
    seen: list[str] = []
    check = checking.check

    def noted(task: checking.Task, workspace: object = None) -> Outcome:
        seen.append(task.path)
        return check(task, workspace)  # type: ignore[arg-type]

    for module in (pool, runner):
        monkeypatch.setattr(module, "check", noted)
    return seen


def lint(
    *paths: str, mending: Mending = Mending.NONE, remember: bool = True, ignore: tuple[str, ...] = ()
) -> list[Outcome]:
    configuration = Configuration(Layer(Path.cwd(), values={"ignore": ignore}))
    memory = Cache(Path(NAME)) if remember else None
    return run(find(paths or (".",), configuration.settings).files, mending=mending, jobs=1, memory=memory)


def said(outcomes: list[Outcome]) -> list[Outcome]:
    """Outcomes without the texts in which nothing was found, which are not remembered."""
    return [replace(each, source=each.source if each.diagnostics else None) for each in outcomes]


def entries() -> list[Path]:
    return sorted(Path(NAME).glob("*.json"))
