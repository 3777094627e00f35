"""The format for people: the frame, where its underlines stand, notebooks."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from samples import SAMPLES

from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.reporters import REPORTERS, Report
from gradlint.reporters.places import cell_rows
from gradlint.reporters.terminal import lay_out
from gradlint.source import Cell, Source


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


def test_a_story_over_two_cells_has_a_frame_for_each() -> None:
    first = REPORTERS["full"](SAMPLES["notebook"].report()).split("\n\n")[0]
    assert (
        first
        == """\
GRD101 missing-zero-grad: `loss.backward()` adds to gradients that `optimizer.step()` has already applied
 --> nb.ipynb:cell 2:4:5
  |
2 | for sample, target in loader:
3 |     loss = loss_fn(model(sample), target)
4 |     loss.backward()
  |     ^^^^^^^^^^^^^^^ 2: the next iteration adds to the same gradients
  |
 ::: nb.ipynb:cell 4:1:1
  |
1 | optimizer.step()
  | ---------------- 1: applied here, never cleared
  |
help: clear them once they are applied (unsafe fix: it changes what is trained)
 ::: nb.ipynb:cell 4
  |
1 | optimizer.step()
2 + optimizer.zero_grad()"""
    )


def test_advice_over_several_cells_is_numbered_by_cell() -> None:
    second = REPORTERS["full"](SAMPLES["notebook"].report()).split("\n\n")[1]
    assert (
        second.partition("help: ")[2]
        == """\
do as one should (unsafe fix: it changes what is trained)
 ::: nb.ipynb:cell 2
  |
3 |     loss = loss_fn(model(sample), target)
  -     loss.backward()
 ::: nb.ipynb:cell 4
  |
2 | print(loss)
3 + optimizer.zero_grad()
 ::: nb.ipynb:cell 5
  |
1 + loss = again()
"""
    )


def test_an_underline_ends_with_its_cell() -> None:
    source = Source("nb.ipynb", "a(\nb)\nc\nd\n", cells=(Cell(1, 1), Cell(2, 3)))
    span = Span(Point(2, 1), Point(4, 1))
    finding = Diagnostic("nb.ipynb", span, "GRD101", "n", "m", Severity.ERROR, label="all of it")
    assert REPORTERS["full"](Report((finding,), {"nb.ipynb": source})).splitlines()[2:-1] == [
        "  |",
        "1 | a(",
        "2 | b)",
        "  | ^^ all of it",
        "  |",
    ]


def test_the_frame_is_as_wide_as_the_rows_of_the_cells() -> None:
    source = Source("nb.ipynb", "a\n" * 100 + "b", cells=(Cell(1, 1), Cell(2, 101)))
    finding = Diagnostic("nb.ipynb", Span(Point(101, 1), Point(101, 2)), "GRD101", "n", "m", Severity.ERROR)
    assert REPORTERS["full"](Report((finding,), {"nb.ipynb": source})).splitlines()[3] == "1 | b"


@pytest.mark.parametrize(
    ("row", "rows"),
    [
        pytest.param(1, range(1, 3), id="first row of the first"),
        pytest.param(2, range(1, 3), id="last row of the first"),
        pytest.param(3, range(3, 4), id="one of a row"),
        pytest.param(4, range(4, 6), id="last"),
        pytest.param(9, range(4, 6), id="beyond the end"),
    ],
)
def test_rows_of_a_cell(row: int, rows: range) -> None:
    cells = (Cell(1, 1), Cell(2, 3), Cell(7, 4))
    assert cell_rows(Source("nb.ipynb", "a\nb\nc\nd\ne", cells=cells), row) == rows


def test_rows_outside_notebooks_are_those_of_the_text() -> None:
    assert cell_rows(Source("a.py", "a\nb\n"), 2) == range(1, 4)


def test_without_a_fix_it_is_said_where_to_read_on() -> None:
    finding = replace(SAMPLES["design_note"].diagnostics[0], fix=None)
    report = replace(SAMPLES["design_note"].report(), diagnostics=(finding,))
    assert REPORTERS["full"](report).splitlines()[-1] == "help: `gradlint rule missing-zero-grad` says what to do"
    report = replace(report, diagnostics=(replace(finding, code="GRD000"),))
    assert "help" not in REPORTERS["full"](report)


def test_what_is_no_text_is_not_framed() -> None:
    finding = replace(SAMPLES["syntax_error"].diagnostics[0], path="gone.py")
    assert REPORTERS["full"](Report((finding,), {})).count("\n") == 2
