"""Which file an import names, seen from the file that imports, and which files speak of a name."""

from __future__ import annotations

import pytest

from gradlint.project.modules import Modules

FILES = (
    "/p/train.py",
    "/p/helpers.py",
    "/p/pkg/__init__.py",
    "/p/pkg/loop.py",
    "/p/pkg/deep/__init__.py",
    "/p/pkg/deep/step.py",
    "/p/space/part.py",
    "/p/src/lib/__init__.py",
    "/p/src/lib/core.py",
    "/p/examples/a/train.py",
    "/p/examples/a/helpers.py",
    "/other/helpers.py",
)


def modules(**texts: str) -> Modules:
    def read(key: str) -> bytes:
        name = key.rpartition("/")[2].removesuffix(".py")
        if texts.get(name) == "gone":
            raise FileNotFoundError(key)
        return texts.get(name, "").encode()

    return Modules({key: key for key in FILES}, read)


@pytest.mark.parametrize(
    ("module", "level", "importer", "expected"),
    [
        pytest.param("helpers", 0, "/p/train.py", "/p/helpers.py", id="sibling"),
        pytest.param("helpers", 0, "/p/examples/a/train.py", "/p/examples/a/helpers.py", id="nearest-first"),
        pytest.param("pkg.loop", 0, "/p/train.py", "/p/pkg/loop.py", id="absolute"),
        pytest.param("pkg", 0, "/p/train.py", "/p/pkg/__init__.py", id="package"),
        pytest.param("pkg.loop", 0, "/p/examples/a/train.py", "/p/pkg/loop.py", id="from-far-below"),
        pytest.param("space.part", 0, "/p/train.py", "/p/space/part.py", id="namespace-package"),
        pytest.param("space", 0, "/p/train.py", None, id="a-folder-is-no-module"),
        pytest.param("lib.core", 0, "/p/examples/a/train.py", "/p/src/lib/core.py", id="src-layout"),
        pytest.param("torch.optim", 0, "/p/train.py", None, id="not-the-project's"),
        pytest.param("loop", 1, "/p/pkg/__init__.py", "/p/pkg/loop.py", id="relative"),
        pytest.param("loop", 2, "/p/pkg/deep/step.py", "/p/pkg/loop.py", id="relative-from-the-parent"),
        pytest.param("", 1, "/p/pkg/loop.py", "/p/pkg/__init__.py", id="the-package-itself"),
        pytest.param("helpers", 1, "/p/pkg/loop.py", None, id="relative-looks-nowhere-else"),
    ],
)
def test_locate(module: str, level: int, importer: str, expected: str | None) -> None:
    parts = tuple(module.split(".")) if module else ()
    assert modules().locate(parts, level, importer) == expected


def test_files_that_speak_of_names() -> None:
    texts = {"train": "from loop import run_epoch\nrun_epoch()", "loop": "def run_epoch(): ...", "part": "run_epochs()"}
    found = list(modules(**texts).speaking_of(("run_epoch",)))
    assert found == ["/p/examples/a/train.py", "/p/pkg/loop.py", "/p/train.py"]
    assert list(modules(**texts).speaking_of(("run_epoch", "loop"))) == ["/p/examples/a/train.py", "/p/train.py"]


def test_what_cannot_be_read_speaks_of_nothing() -> None:
    found = modules(train="gone", loop="run()")
    assert list(found.speaking_of(("run",))) == ["/p/pkg/loop.py"]
    assert found.source("/p/train.py") is None
    assert found.source("/nowhere.py") is None


def test_a_text_that_is_not_written_yet() -> None:
    changed = modules(loop="old()").with_text("/p/pkg/loop.py", b"new()")
    source = changed.source("/p/pkg/loop.py")
    assert source is not None
    assert source.text == "new()"
    assert list(changed.speaking_of(("old",))) == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("from pkg.loop import run", id="plain"),
        pytest.param("from pkg import (loop, other)", id="in-parentheses"),
        pytest.param("from pkg import (\n    other,  # of no use (yet)\n    loop,\n)", id="over-several-lines"),
        pytest.param("from pkg import(\n    loop as again,\n)", id="renamed"),
        pytest.param("if True:\n    import os, pkg.loop", id="indented"),
    ],
)
def test_files_that_a_file_imports(line: str) -> None:
    found = modules(train=line)
    assert "/p/pkg/loop.py" in found.imported("/p/train.py")
    assert "/p/train.py" in found.acquainted("/p/pkg/loop.py")
