"""Long files are cut, and nothing that is left moves or means something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle.renew_fixed import WHERE, findings_in

from gradlint.project.analysis import diagnose
from gradlint.rule import all_rules
from gradlint.source import Source
from gradlint.syntax import slicing

FOLDER = Path(__file__).resolve().parents[1] / "fixtures"
NAMES = "evaluation_order found_by_programs helpers kin look_alikes optimizers other_steps skips".split()
"""The fixtures of which the most is cut; of all others it is a function or two, always the same."""

FIXTURES = sorted(path for name in NAMES for path in FOLDER.glob(f"*/{name}.py"))

PROGRAM = '''\
import torch

class Trainer:
    """Doc."""

    @staticmethod
    def idle(a,
             b=1):
        """Nothing here."""
        self.flag = a
        return [a, "é",
                b]

    def fit(self):
        for x in self.data: self.update(x)

    def update(self, x):
        self.net(x).backward(); self.solver.step()

def one_line(): return 1

def last():
    x = 1  # comment
'''


@pytest.fixture(autouse=True)
def cut_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "LONG", 0)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_idle_bodies_go_and_every_line_stays(newline: str) -> None:
    source = Source("a.py", PROGRAM.replace("\n", newline))
    part = slicing.cut(source)
    before, after = source.text.split(newline), part.text.split(newline)
    assert len(after) == len(before)
    changed = {row: line for row, (line, old) in enumerate(zip(after, before, strict=True), 1) if line != old}
    assert changed == {9: "        return", 10: "", 11: "", 12: "", 23: "    return"}
    assert part.written == {".flag"}


def test_a_caller_of_what_speaks_of_gradients_stays() -> None:
    assert "self.update(x)" in slicing.cut(Source("a.py", PROGRAM)).text


def test_what_this_python_cannot_parse_stays_whole() -> None:
    text = "def f(:\n    pass\n"
    assert slicing.cut(Source("a.py", text)).text == text


def test_short_files_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "LONG", 1_000)
    assert slicing.cut(Source("a.py", PROGRAM)).text == PROGRAM


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_findings_are_those_of_the_whole_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text("utf-8")
    cut = diagnose(Source(WHERE, text), all_rules())
    monkeypatch.setattr(slicing, "LONG", 10**9)
    assert cut.diagnostics == tuple(findings_in(text) or ())


def test_a_mode_that_is_only_named_stays() -> None:
    text = "import torch\n\ndef test(model, x):\n    model.eval\n    return model(x)\n"
    assert slicing.cut(Source("a.py", text)).text == text
