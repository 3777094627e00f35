"""Calls that the configuration teaches, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import BUG, Run, codes, write

from gradlint import pool

TOLD = BUG.replace("optimizer.step()", "trainer.advance()")
WIPED = f"{BUG}    self.trainer.wipe()\n"


def test_a_call_that_the_configuration_says_clears(folder: Path, gradlint: Run) -> None:
    write(folder, bug=WIPED)
    assert gradlint("check").status == 1
    (folder / "pyproject.toml").write_text('[tool.gradlint]\nknown-clearing-calls = ["trainer.wipe"]\n')
    assert gradlint("check") == (0, "", "All checks passed.\n")
    assert gradlint("check", "-", "--stdin-filename", "x.py", stdin=WIPED.encode()).status == 0
    assert gradlint("check", "--isolated").status == 1


def test_a_call_that_the_configuration_says_steps(folder: Path, gradlint: Run) -> None:
    write(folder, bug=TOLD)
    assert gradlint("check").status == 0
    (folder / "gradlint.toml").write_text("known-stepping-calls = ['advance']\n")
    assert "`trainer.advance()` has already applied" in gradlint("check").out
    assert gradlint("check", "-", stdin=TOLD.encode()).status == 1


def test_a_file_that_only_a_taught_step_makes_worth_reading_has_other_files(folder: Path, gradlint: Run) -> None:
    main = "from lib import log_it, opt\n" + BUG.replace("optimizer.step()", "advance(opt)\n    log_it()")
    write(folder, main=main, lib="import torch\nopt = torch.optim.SGD(ps)\ndef log_it():\n    opt.zero_grad()\n")
    (folder / "gradlint.toml").write_text("known-stepping-calls = ['advance']\n")
    assert gradlint("check").status == 0
    assert gradlint("check", "-", "--stdin-filename", "main.py", stdin=main.encode()).status == 0
    write(folder, lib="import torch\nopt = torch.optim.SGD(ps)\ndef log_it(): pass\n")
    assert gradlint("check").status == 1


def test_a_taught_step_beside_a_backward_in_another_file(folder: Path, gradlint: Run) -> None:
    main = "from lib import back\nfor x in loader:\n    back(x)\n    advance(opt)\n"
    write(folder, main=main, lib="def back(x):\n    net(x).sum().backward()\n")
    (folder / "gradlint.toml").write_text("known-stepping-calls = ['advance']\n")
    assert gradlint("check", "main.py").status == 1
    assert gradlint("check", "-", "--stdin-filename", "main.py", stdin=main.encode()).status == 1


def test_a_call_that_the_configuration_says_makes_an_optimizer(folder: Path, gradlint: Run) -> None:
    write(folder, bug="o = lib.build(net.parameters())\n" + BUG.replace("optimizer", "o"))
    assert gradlint("check").status == 0
    (folder / "gradlint.toml").write_text("target-optimizers = ['lib.build']\n")
    assert gradlint("check").status == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_each_file_is_judged_by_its_own_configuration(
    folder: Path, gradlint: Run, monkeypatch: pytest.MonkeyPatch, jobs: str
) -> None:
    monkeypatch.setattr(pool, "PARALLEL_FROM", 0)
    for name, line in {"a": "known-clearing-calls = ['wipe']", "b": "preview = false", "c": ""}.items():
        (folder / name).mkdir()
        (folder / name / "gradlint.toml").write_text(line)
        write(folder / name, wiped=WIPED, told=TOLD)
    (folder / "c" / "gradlint.toml").write_text("known-stepping-calls = ['advance']")
    ran = gradlint("check", "--output-format", "json", "--jobs", jobs)
    assert codes(ran.out) == ["b/wiped.py:GRD101", "c/told.py:GRD101", "c/wiped.py:GRD101"]


def test_a_name_that_can_mean_no_call(folder: Path, gradlint: Run) -> None:
    (folder / "pyproject.toml").write_text("[tool.gradlint]\n\nknown-clearing-calls = ['reset()']\n")
    ran = gradlint("check")
    assert (ran.status, ran.out) == (2, "")
    expected = "pyproject.toml:3: known-clearing-calls: 'reset()' is no dotted name, such as 'trainer.reset_grads'"
    assert ran.err == f"error: {expected}\n"
