"""Files judged among the others of their project: where they are found, who says what, and how often."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gradlint.checking import Outcome
from gradlint.config import Configuration
from gradlint.files import find
from gradlint.layers import Layer
from gradlint.request import Action, Request
from gradlint.runner import run
from gradlint.session import check_paths

HELPER = "def spread(model, x):\n    model(x).sum().backward()\n"
STEPPER = """\
import torch
from losses import spread

def train(model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x in loader:
        spread(model, x)
        optimizer.step()
"""
UPDATE = """\
import torch

def update(model, optimizer, x):
    model(x).sum().backward()
    optimizer.step()
"""
CALLER = """\
from steps import update

def main(model, optimizer, loader):
    for x in loader:
        {clear}
        update(model, optimizer, x)
"""
ECOSYSTEM = Path(__file__).parent.parent / "ecosystem"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def lint(*paths: str) -> list[Outcome]:
    return run(find(paths, Configuration(Layer(Path.cwd())).settings).files, jobs=1)


def said(*paths: str) -> set[tuple[str, int]]:
    """Where something is reported."""
    return {(d.path, d.span.start.row) for outcome in lint(*paths) for d in outcome.diagnostics}


def test_a_helper_that_only_adds_is_reported_for_the_file_that_steps(folder: Path) -> None:
    write(folder, {"losses.py": HELPER, "train.py": STEPPER, "again.py": STEPPER})
    assert said(".") == {("losses.py", 2)}
    stories = {d.related for outcome in lint(".") for d in outcome.diagnostics}
    assert {place.path for story in stories for place in story} == {"train.py", "again.py"}


@pytest.mark.parametrize("paths", [(".",), ("train.py",)], ids=["all", "the caller alone"])
def test_both_halves_in_helpers_of_one_file(folder: Path, paths: tuple[str, ...]) -> None:
    (folder / "gradlint.toml").touch()
    halves = "def spread(loss):\n    loss.backward()\n\ndef apply(optimizer):\n    optimizer.step()\n"
    loop = STEPPER.replace("import spread", "import apply, spread").replace(
        "spread(model, x)", "spread(model(x).sum())"
    )
    write(folder, {"losses.py": halves, "train.py": loop.replace("optimizer.step()", "apply(optimizer)")})
    assert said(*paths) == {("losses.py", 2)}
    cleared = loop.replace("optimizer.step()", "apply(optimizer)\n        optimizer.zero_grad()")
    write(folder, {"train.py": cleared})
    assert said(*paths) == set()


def test_both_halves_in_methods_of_a_base_class(folder: Path) -> None:
    base = (
        "import torch\n\nclass Base:\n    def __init__(self, model):\n        self.model = model\n"
        "        self.optimizer = torch.optim.Adam(model.parameters())\n\n    def back(self, loss):\n"
        "        loss.backward()\n\n    def update(self):\n        self.optimizer.step()\n"
    )
    own = (
        "from base import Base\n\nclass Own(Base):\n    def fit(self, loader):\n        for x in loader:\n"
        "            self.back(self.model(x).sum())\n            self.update()\n"
    )
    write(folder, {"base.py": base, "own.py": own})
    assert said(".") == {("base.py", 9)}


def test_the_texts_that_a_story_speaks_of_come_with_it(folder: Path) -> None:
    write(folder, {"losses.py": HELPER, "train.py": STEPPER})
    assert {other.path for outcome in lint(".") for other in outcome.others} == {"losses.py"}


def test_a_comment_in_the_helper_silences(folder: Path) -> None:
    quiet = HELPER.replace("backward()", "backward()  # gradlint: ignore[GRD101]")
    write(folder, {"losses.py": quiet, "train.py": STEPPER})
    assert said(".") == set()


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_the_project_of_a_file_given_by_name_is_found(folder: Path, mark: str) -> None:
    write(folder, {"pkg/steps.py": UPDATE, "main.py": CALLER.format(clear="optimizer.zero_grad()")})
    (folder / "main.py").write_text((folder / "main.py").read_text().replace("from steps", "from pkg.steps"))
    assert said("pkg/steps.py") == {("pkg/steps.py", 4)}
    (folder / mark).touch()
    assert said("pkg/steps.py") == set()


def test_a_folder_of_a_project_is_judged_with_the_rest_of_it(folder: Path) -> None:
    write(folder, {"pkg/steps.py": UPDATE, "main.py": CALLER.format(clear="optimizer.zero_grad()")})
    (folder / "main.py").write_text((folder / "main.py").read_text().replace("from steps", "from pkg.steps"))
    (folder / "setup.py").touch()
    assert said("pkg") == set()


@pytest.mark.parametrize(("clear", "expected"), [("pass", {("steps.py", 4)}), ("optimizer.zero_grad()", set())])
def test_callers_decide(folder: Path, clear: str, expected: set[tuple[str, int]]) -> None:
    write(folder, {"steps.py": UPDATE, "main.py": CALLER.format(clear=clear)})
    assert said(".") == expected


def test_modules_that_import_each_other_and_call_in_a_circle(folder: Path) -> None:
    one = "from two import other\n\ndef again(o, n):\n    other(o, n)\n    o.step()\n    x.backward()\n"
    two = "from one import again\n\ndef other(o, n):\n    if n:\n        again(o, n - 1)\n    o.zero_grad()\n"
    write(folder, {"one.py": one, "two.py": two})
    assert [outcome.failures for outcome in lint(".")] == [(), ()]


def test_functions_that_hand_each_other_on_come_to_an_end(folder: Path) -> None:
    text = "def f(step, o):\n    g(step, o)\n    step(o)\n\ndef g(step, o):\n    f(step, o)\n    step(o)\n\n"
    text += "def train(o):\n    x.backward()\n    o.step()\n\nf(train, o)\n"
    write(folder, {"a.py": text})
    assert lint(".")[0].failures == ()


def test_a_broken_neighbour_costs_no_finding(folder: Path) -> None:
    write(folder, {"losses.py": HELPER, "train.py": STEPPER, "steps.py": "def ("})
    assert ("losses.py", 2) in said(".")


def test_any_order_of_files_says_the_same(folder: Path) -> None:
    write(
        folder, {"losses.py": HELPER, "train.py": STEPPER, "steps.py": UPDATE, "main.py": CALLER.format(clear="pass")}
    )
    files = find(["."], Configuration(Layer(Path.cwd())).settings).files
    forth, back = run(files, jobs=1), run(files[::-1], jobs=1)
    assert forth == back[::-1]


def test_nobody_knows_more_of_a_neighbour_because_it_was_judged_before(folder: Path) -> None:
    """A long file that cannot matter is not read for others, so what its classes are is nobody's business."""
    layers = "import torch\n\nclass Layer(torch.nn.Module):\n    pass\n\nlist(Layer().parameters())\n"
    use = "import torch\nfrom layers import Layer\n\nlayer = Layer()\nlayer.requires_grad = False\n"
    write(folder, {"layers.py": layers, "use.py": use})
    assert said("use.py") == {("use.py", 5)}
    write(folder, {"layers.py": layers + "# what else there is to say\n" * 400})
    assert said("use.py") == said("layers.py", "use.py") == set()


LOOP = """\
import torch

def first(model, loader):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for x in loader:
        model(x).sum().backward()
        opt.step()

"""


def test_what_fixes_leave_is_told_of_the_files_as_they_are_now(folder: Path) -> None:
    """A fix in one file moves the rows of which a finding in another one speaks."""
    main = CALLER.format(clear="pass")
    unfixable = UPDATE.replace("optimizer.step()", "return optimizer.step()")
    write(folder, {"steps.py": unfixable, "a.py": LOOP + main, "train.py": LOOP + STEPPER, "losses.py": HELPER})
    request = Request(Configuration(Layer(Path.cwd())), "full", Action.FIX, unsafe=True, jobs=1)
    fixed = check_paths(request, ["."])
    assert "2 fixed, 2 remaining" in fixed.summary
    assert fixed.output == check_paths(replace(request, action=Action.REPORT), ["."]).output
    assert "`update` is called here" in str(fixed.output)


def test_labels_of_real_code_are_well_formed() -> None:
    with (ECOSYSTEM / "labels.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert rows
    assert {row["label"] for row in rows} <= {"true", "harmless", "false"}
    assert all(row["source"] and row["path"] and row["line"].isdigit() and row["reason"] for row in rows)
