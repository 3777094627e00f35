"""Which file an import names, seen from the file that imports, and which files speak of a name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from together import Together, key
from together import modules as together

from gradlint.project.modules import SHORT, Modules
from gradlint.project.words import SEARCHED, Words

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


GIVES = {"giver": "import taker, far\n", "taker": "", "far": "", "other": "import far\n", "above": "import giver\n"}


def names(keys: set[str]) -> set[str]:
    return {each.removeprefix("/p/").removesuffix(".py") for each in keys}


def test_acquainted_are_a_file_and_its_importers_with_what_these_import() -> None:
    assert names(together(GIVES).acquainted(key("taker"))) == {"taker", "giver", "far", "above"}
    assert names(together(GIVES).acquainted(key("above"))) == {"above"}


def test_near_is_also_what_acquainted_files_import() -> None:
    assert names(together(GIVES).near(key("above"))) == {"above", "giver"}
    assert names(together(GIVES | {"far": "import deep\n", "deep": ""}).near(key("taker"))) == {
        *("taker", "giver", "far", "above", "deep")
    }


def test_files_that_import_each_other_are_acquainted() -> None:
    ring = {"a": "import b\n", "b": "import c\n", "c": "import a\n", "d": ""}
    assert names(together(ring).acquainted(key("b"))) == {"a", "b", "c"}


def test_a_file_that_cannot_be_read_imports_nothing() -> None:
    assert names(together({"a": "gone", "b": "import c\n", "c": ""}).acquainted(key("c"))) == {"b", "c"}


def test_words_within_reach_are_those_of_acquainted_files() -> None:
    files = GIVES | {"giver": "import taker, far\nrun()", "other": "import far\nrun()"}
    assert names(set(together(files).within_reach(key("taker"), "run"))) == {"giver"}


def test_a_pattern_is_looked_for_in_acquainted_files() -> None:
    files = together(GIVES | {"above": "import giver\nrun()", "other": "import far\nwalk()"})
    assert files.is_spoken_of(re.compile(rb"run\("), key("taker"), "run")
    assert not files.is_spoken_of(re.compile(rb"walk\("), key("taker"), "walk")


NEAR = "import helper\n"
CLEAR = "    optimizer.zero_grad()\n"


def near(helper: str, train: str = NEAR) -> Modules:
    return together({"train": train, "helper": helper})


TIDY = "def tidy():\n    loss.backward()\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(near(TIDY), True, id="plain"),
        pytest.param(near("class A:\n  async def tidy(self):\n    loss.backward()\n"), True, id="method"),
        pytest.param(near("", TIDY), True, id="in-the-file-itself"),
        pytest.param(near("def tidy(self):\n    self.a()\ndef a():\n    p.grad\n"), True, id="by-a-method"),
        pytest.param(near("def tidy(): ...\ndef other():\n    loss.backward()\n"), False, id="the-next-one-trains"),
        pytest.param(near("def tidy():\n    print(Optim)\n"), False, id="speaks-of-optimizers-only"),
        pytest.param(near(TIDY, "import os"), False, id="far-away"),
        pytest.param(near("tidy = 1\ntidy(x.backward())\ndef tidy_up(): x.backward()"), False, id="never-defined"),
    ],
)
def test_has_training_function(files: Modules, expected: bool) -> None:
    assert files.has_training_function("tidy", key("train")) is expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(near(f"def tidy():\n{CLEAR}"), True, id="clears"),
        pytest.param(near("def tidy():\n    p.grad = None\n"), True, id="sets-the-gradient"),
        pytest.param(near("def tidy():\n    p.grad.zero_()\n"), True, id="zeroes-the-gradient"),
        pytest.param(near("def tidy():\n    return p.grad == None\n"), False, id="compares-the-gradient"),
        pytest.param(near("def tidy():\n    make(zero_grad=True)\n"), False, id="names-an-option"),
        pytest.param(near(f"def tidy(): ...\ndef other():\n{CLEAR}"), False, id="the-next-one-clears"),
        pytest.param(near(f"def tidy():\n{CLEAR}", "import os"), False, id="far-away"),
    ],
)
def test_functions_that_clear(files: Modules, expected: bool) -> None:
    assert ("tidy" in files.said_near(key("train")).clearing) is expected


@pytest.mark.parametrize(
    ("helper", "expected"),
    [
        pytest.param(f"def tidy():\n{CLEAR}", False, id="clears-only"),
        pytest.param(f"def tidy():\n{CLEAR}    loss.backward()\n", True, id="back-propagates-too"),
        pytest.param(f"def tidy():\n{CLEAR}\ndef other():\n    loss.backward()\n", False, id="the-next-one-does"),
        pytest.param(TIDY, False, id="back-propagates-only"),
    ],
)
def test_functions_that_are_whole_steps(helper: str, expected: bool) -> None:
    assert ("tidy" in near(helper).said_near(key("train")).whole) is expected


@pytest.mark.parametrize(
    ("helper", "expected"),
    [
        pytest.param(f"class Opt(Base):\n  def step(self):\n{CLEAR}", True, id="its-step-clears"),
        pytest.param(f"class Mine(torch.optim.Optimizer):\n  def step(self):\n{CLEAR}", True, id="by-its-base"),
        pytest.param(
            f"class Opt:\n  def step(self):\n    self.tidy()\n  def tidy(self):\n{CLEAR}", True, id="by-a-method"
        ),
        pytest.param(f"class Opt:\n  def step(self): ...\n  def tidy(self):\n{CLEAR}", False, id="another-method"),
        pytest.param(f"class Trainer:\n  def step(self):\n{CLEAR}", False, id="no-optimizer"),
    ],
)
def test_an_optimizer_whose_step_clears(helper: str, expected: bool) -> None:
    assert near(helper).said_near(key("train")).steps_clear is expected
    assert not near(helper, "import os").said_near(key("train")).steps_clear


def test_a_new_text_is_what_everything_goes_by() -> None:
    old = together({"train": NEAR, "helper": f"class Opt:\n  def step(self):\n{CLEAR}", "other": TIDY})
    seen(old)
    new = old.with_text(key("train"), b"import other\nrun()")
    assert names(new.near(key("train"))) == {"train", "other"}
    assert names(new.acquainted(key("helper"))) == {"helper"}
    assert list(new.speaking_of(("run",))) == [key("train")]
    assert not new.said_near(key("train")).steps_clear
    assert new.has_training_function("tidy", key("train"))
    new = old.with_text(key("helper"), f"def tidy():\n{CLEAR}".encode())
    assert "tidy" in new.said_near(key("train")).clearing
    assert not new.said_near(key("train")).steps_clear
    assert not new.has_training_function("step", key("train"))
    assert seen(old) == seen(together({name: old.content(key(name)).decode() for name in ("train", "helper", "other")}))


def test_a_new_file_is_found_where_there_was_none() -> None:
    old = together({"train": NEAR})
    assert old.locate(("helper",), 0, key("train")) is None
    assert list(old.imported(key("train"))) == []
    new = old.with_text(key("helper"), TIDY.encode())
    assert new.locate(("helper",), 0, key("train")) == key("helper")
    assert list(new.imported(key("train"))) == [key("helper")]
    assert new.has_training_function("tidy", key("train"))


def seen(files: Modules) -> Mapping[str, object]:
    """All that is asked about a small project."""
    train, helper = key("train"), key("helper")
    return {
        "near": files.near(train),
        "acquainted": files.acquainted(helper),
        "imported": list(files.imported(train)),
        "words": [list(files.speaking_of((word,))) for word in ("run", "step", "tidy")],
        "optimizer": files.said_near(train).steps_clear,
        "functions": [files.has_training_function(name, train) for name in ("tidy", "step")],
        "clearing": [(name in files.said_near(train).clearing) for name in ("tidy", "step")],
        "spoken": files.is_spoken_of(re.compile(rb"class Opt"), train, "Opt"),
    }


WORDS = ("run", "runs", "größe", "größen", "x", "ö", "", "*", "_private")


@pytest.mark.parametrize("word", WORDS)
def test_an_index_of_words_says_the_same_as_a_search(word: str) -> None:
    texts = {"b": "run(x) größe", "a": "runs _private größen", "c": "run_x größe run"}
    searched, indexed = Words(texts, lambda each: texts[each].encode()), Words(texts, lambda each: texts[each].encode())
    for number in range(SEARCHED + 1):
        indexed.keys(f"other{number}")
    assert list(indexed.keys(word)) == list(searched.keys(word))


def test_an_index_reads_each_text_once() -> None:
    texts = {f"t{number}": "some words" for number in range(5)}
    read: list[str] = []

    def text(each: str) -> bytes:
        read.append(each)
        return texts[each].encode()

    words = Words(texts, text)
    for number in range(10 * SEARCHED):
        words.keys(f"word{number}")
    assert len(read) <= (SEARCHED + 1) * len(texts)


def test_an_imported_file_that_cannot_be_read_says_nothing() -> None:
    files = together({"train": "import helper\n", "helper": "gone"})
    assert names(files.near(key("train"))) == {"train", "helper"}
    assert "tidy" not in files.said_near(key("train")).clearing
    assert not files.said_near(key("train")).steps_clear


def test_star_imports_in_a_circle_around_a_module_that_nobody_reads_end() -> None:
    """Its name is not looked for in the package around it, under ever longer names."""
    update = "from pkg.networks import *\n\ndef update(opt):\n    Net()\n    opt.step()\n"
    project = Together(
        {
            "pkg/__init__": "from .agents import *\nfrom .algorithms import *\n",
            "pkg/agents": "from pkg.networks import *\n\nBatch()\n",
            "pkg/algorithms": update,
            "pkg/networks": f"class Net:\n    pass\n\n\n{'# nothing' * SHORT}\n",
        }
    )
    assert len(project.events("pkg/algorithms", "update")) == 1


def test_speaking_of_a_name_that_is_not_utf_8() -> None:
    # Such is the name of a module whose file has it.
    modules = Modules({"/p/a.py": "a.py"}, lambda _: b"import \xff")
    assert list(modules.speaking_of(("\udcff",))) == []
