"""The formats, on findings made by hand. After a wanted change: `pytest tests/test_reporters.py --update-golden`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import jsonschema
import pytest

from gradlint.diagnostics import Applicability, Diagnostic, Edit, Fix, Point, Related, Severity, Span
from gradlint.reporters import REPORTERS, Report
from gradlint.reporters.json import schema
from gradlint.reporters.terminal import lay_out
from gradlint.source import Source

Golden = Callable[[str, str], None]

TRAIN = """\
import torch


def train(model, loader, loss_fn):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10):
        model.train()
        print(epoch)


def batch(model, loader, loss_fn, optimizer):
    for sample, target in loader:
        loss = loss_fn(model(sample), target)
        loss.backward()
        optimizer.step()
"""


def place(source: Source, text: str, *, skip: int = 0) -> Span:
    """The span of a text in the source, after so many others of the same text."""
    start = -1
    for _ in range(skip + 1):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def at(row: int, column: int) -> Span:
    return Span(Point(row, column), Point(row, column))


def clear_after(source: Source, step: str, clear: str) -> Fix:
    end = place(source, step).end
    indent = source.line(end.row)[: -len(source.line(end.row).lstrip())]
    edit = Edit(Span(end, end), f"{source.newline}{indent}{clear}")
    return Fix("clear them once they are applied", Applicability.UNSAFE, (edit,))


def missing_clear(
    source: Source,
    backward: str = "loss.backward()",
    step: str = "optimizer.step()",
    clear: str = "optimizer.zero_grad()",
) -> Diagnostic:
    """The finding of the design note, at the first such calls of a text."""
    span = place(source, backward)
    return Diagnostic(
        path=source.path,
        span=span,
        code="GRD101",
        name="missing-zero-grad",
        message=f"`{backward}` adds to gradients that `{step}` has already applied",
        severity=Severity.ERROR,
        label="the next iteration adds to the same gradients",
        order=2,
        related=(Related(place(source, step), "applied here, never cleared", 1),),
        fix=clear_after(source, step, clear),
        statement_rows=(span.start.row, span.end.row),
    )


@dataclass(frozen=True)
class Sample:
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]

    def report(self, *, color: bool = False) -> Report:
        return Report(self.diagnostics, self.sources, color)


def sample(diagnostics: list[Diagnostic], *sources: Source) -> Sample:
    return Sample(tuple(diagnostics), {source.path: source for source in sources})


def one(path: str, text: str, **names: str) -> Sample:
    source = Source(path, text)
    return sample([missing_clear(source, **names)], source)


def several() -> Sample:
    first, second = Source("train.py", TRAIN), Source("pkg/gan.py", TRAIN.replace("optimizer", "opt_d"))
    plain = replace(missing_clear(first), label="", order=0, related=(), fix=None, severity=Severity.NOTE)
    found = missing_clear(second, step="opt_d.step()", clear="opt_d.zero_grad()")
    return sample([missing_clear(first), plain, replace(found, severity=Severity.WARNING)], first, second)


def syntax_error() -> Sample:
    source = Source("broken.py", "import torch\n\nfor x in loader\n    loss.backward()\n")
    message = "the file does not parse: expected ':'"
    return sample([Diagnostic("broken.py", at(3, 16), "GRD000", "syntax-error", message, Severity.ERROR)], source)


def several_edits() -> Sample:
    rows = ["import torch", "", "model.train()", *(f"x{i} = {i}" for i in range(8)), "while True:"]
    body = ["    (", "        loss", "    ).backward()", "    optimizer.step", "    done()"]
    source = Source("edits.py", "\n".join([*rows, *body]))
    finding = missing_clear(source, backward="(\n        loss\n    ).backward()", step="optimizer.step")
    edits = (
        Edit(place(source, "optimizer.step"), "optimizer.step()"),
        Edit(at(2, 1), "\noptimizer = make()\n"),
        Edit(Span(Point(6, 1), Point(8, 1)), ""),
        Edit(at(17, 11), "\n    optimizer.zero_grad()\n"),
    )
    return sample([replace(finding, fix=Fix("take a step and clear", Applicability.SAFE, edits))], source)


def other_file() -> Sample:
    main = Source("train.py", TRAIN)
    helper = Source(
        "lib/steps.py", "def apply(optimizer, scaler):\n    # AMP\n    scaler.step(optimizer)\n    scaler.update()\n"
    )
    finding = missing_clear(main)
    related = (
        replace(finding.related[0], span=place(main, "print(epoch)"), message="this calls `apply`"),
        Related(Span(Point(7, 3), Point(7, 9)), "a file that could not be read again", 5, "gone.py"),
        Related(place(main, "optimizer.step()"), "applied again", 4),
        Related(place(helper, "scaler.step(optimizer)"), "applied here, never cleared", 2, helper.path),
    )
    return sample([replace(finding, order=3, related=related)], main, helper)


def far_apart() -> Sample:
    """Places whose gaps are one line too long to show, one that is just short enough, and a place beyond the end."""
    rows = [
        "step()",
        "",
        "",
        "",
        "",
        "def f():",
        "    loss.backward()",
        "    1",
        "    2",
        "    3",
        "    step()",
        "    4",
    ]
    source = Source("far.py", "\n".join(rows))
    finding = missing_clear(source, step="    step()\n", clear="zero_grad()")
    related = (
        Related(place(source, "step()"), "applied first", 1),
        Related(place(source, "    step()\n"), "a line with its newline", 3),
        Related(at(14, 1), "beyond the end", 4),
    )
    edits = (Edit(at(1, 1), "start()\n"), Edit(Span(Point(11, 1), Point(12, 1)), ""))
    return sample([replace(finding, related=related, fix=Fix("do", Applicability.UNSAFE, edits))], source)


SAMPLES: dict[str, Sample] = {
    "clean": sample([]),
    "design_note": one("train.py", TRAIN),
    "several": several(),
    "syntax_error": syntax_error(),
    "odd_path": one("my runs/lr=0,1: größe 😀.py", TRAIN),
    "wide_characters": one(
        "wide.py",
        "for é, 训练 in loader:\n    s = 'é😀e\u0301'; verlust_é.backward(); 优化.step()\n",
        backward="verlust_é.backward()",
        step="优化.step()",
        clear="优化.zero_grad()",
    ),
    "several_edits": several_edits(),
    "other_file": other_file(),
    "far_apart": far_apart(),
    "tabs": one("tabs.py", "while True:\n\tx =\t1;\tloss.backward()\t# why\n\toptimizer.step()\n"),
    "carriage_returns": one("crlf.py", TRAIN.replace("\n", "\r\n")),
    "steering": one("esc\x1b[2J.py", "while True:  # \x1b[31m \u202e\n\tloss.backward() # \x0c\n\toptimizer.step()\n"),
}

everywhere = pytest.mark.parametrize("name", SAMPLES)


@everywhere
@pytest.mark.parametrize("fmt", REPORTERS)
def test_golden(fmt: str, name: str, golden: Golden) -> None:
    golden(f"{fmt}/{name}.{'json' if fmt == 'json' else 'txt'}", REPORTERS[fmt](SAMPLES[name].report()))


def test_full_is_drawn_as_the_design_note_has_it() -> None:
    assert REPORTERS["full"](SAMPLES["design_note"].report()) == (
        """\
GRD101 missing-zero-grad: `loss.backward()` adds to gradients that `optimizer.step()` has already applied
 --> train.py:14:9
   |
12 |     for sample, target in loader:
13 |         loss = loss_fn(model(sample), target)
14 |         loss.backward()
   |         ^^^^^^^^^^^^^^^ 2: the next iteration adds to the same gradients
15 |         optimizer.step()
   |         ---------------- 1: applied here, never cleared
   |
help: clear them once they are applied (unsafe fix: it changes what is trained)
   |
15 |         optimizer.step()
16 +         optimizer.zero_grad()
"""
    )


def test_coloured_full_and_concise(golden: Golden) -> None:
    report = SAMPLES["several"].report(color=True)
    golden("color.txt", REPORTERS["full"](report) + REPORTERS["concise"](report))


@everywhere
@pytest.mark.parametrize("fmt", ["full", "concise"])
def test_without_colour_nothing_steers_the_terminal(fmt: str, name: str) -> None:
    text = REPORTERS[fmt](SAMPLES[name].report())
    assert not [char for char in text if char != "\n" and unicodedata.category(char) == "Cc"]
    assert "\u202e" not in text


@pytest.mark.parametrize("fmt", ["full", "concise"])
def test_colour_changes_nothing_else(fmt: str) -> None:
    report = SAMPLES["several"].report(color=True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", REPORTERS[fmt](report))
    assert bare == REPORTERS[fmt](replace(report, color=False))


@pytest.mark.parametrize("name", ["wide_characters", "tabs"])
def test_underlines_stand_under_their_text(name: str) -> None:
    (finding,) = SAMPLES[name].diagnostics
    lines = REPORTERS["full"](SAMPLES[name].report()).splitlines()
    under = next(line for line in lines if "^" in line)

    def cells(text: str) -> int:
        return sum((not unicodedata.combining(c)) + (unicodedata.east_asian_width(c) in "WF") for c in text)

    call = finding.message.split("`")[1]
    before = next(line for line in lines[1:] if call in line).partition(call)[0]
    assert cells(before) == under.index("^")
    assert cells(call) == under.count("^")


@everywhere
def test_json_is_what_its_schema_says(name: str) -> None:
    jsonschema.Draft202012Validator(json.loads(schema())).validate(
        json.loads(REPORTERS["json"](SAMPLES[name].report()))
    )


def test_the_schema_is_one_and_refuses_other_things() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    validator.check_schema(validator.schema)
    found = json.loads(REPORTERS["json"](SAMPLES["design_note"].report()))
    for key in found[0]:
        assert not validator.is_valid([{k: v for k, v in found[0].items() if k != key}]), key
    assert not validator.is_valid([found[0] | {"line": 14}])


def test_json_has_ruffs_keys_in_order() -> None:
    (found,) = json.loads(REPORTERS["json"](SAMPLES["design_note"].report()))
    assert " ".join(found) == (
        "cell code end_location filename fix location message name noqa_row related severity url"
    )


@pytest.mark.parametrize(
    ("rows", "code", "expected"),
    [
        pytest.param((14, 16), "GRD101", 16, id="last row of the statement"),
        pytest.param((0, 0), "GRD101", 14, id="statement unknown"),
        pytest.param((0, 0), "GRD000", None, id="no comment counts where the file does not parse"),
    ],
)
def test_json_noqa_row(rows: tuple[int, int], code: str, expected: int | None) -> None:
    finding = replace(SAMPLES["design_note"].diagnostics[0], statement_rows=rows, code=code)
    (found,) = json.loads(REPORTERS["json"](Report((finding,), {})))
    assert found["noqa_row"] == expected


@pytest.mark.parametrize("fmt", REPORTERS)
def test_clean_output(fmt: str) -> None:
    assert REPORTERS[fmt](SAMPLES["clean"].report()) == ("[]\n" if fmt == "json" else "")


@pytest.mark.parametrize("fmt", REPORTERS)
def test_a_finding_whose_text_is_missing_is_still_shown(fmt: str) -> None:
    assert "train.py" in REPORTERS[fmt](Report(SAMPLES["design_note"].diagnostics, {}))


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        pytest.param("ab", (0, 1, 2), id="ascii"),
        pytest.param("é", (0, 1), id="precomposed"),
        pytest.param("e\u0301x", (0, 1, 1, 2), id="combining"),
        pytest.param("😀x", (0, 2, 3), id="emoji"),
        pytest.param("训x", (0, 2, 3), id="CJK"),
        pytest.param("\uff21x", (0, 2, 3), id="full width"),
        pytest.param("\tx", (0, 4, 5), id="tab"),
        pytest.param("ab\tx", (0, 1, 2, 4, 5), id="tab to the next stop"),
        pytest.param("\x1b", (0, 1), id="escape"),
    ],
)
def test_screen_columns(text: str, stops: tuple[int, ...]) -> None:
    assert lay_out(text).stops == stops


def test_every_golden_file_has_its_sample() -> None:
    folder = Path(__file__).parent / "golden"
    stems = {fmt: {path.stem for path in (folder / fmt).iterdir()} for fmt in REPORTERS}
    assert stems == {fmt: set(SAMPLES) for fmt in REPORTERS}
