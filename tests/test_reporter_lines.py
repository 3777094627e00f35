"""The formats of one line a finding: concise and grouped."""

from __future__ import annotations

from dataclasses import replace

from samples import SAMPLES

from gradlint.diagnostics import Point, Span
from gradlint.reporters import REPORTERS, Report


def test_concise_names_the_cell() -> None:
    first, second = REPORTERS["concise"](SAMPLES["notebook"].report()).splitlines()
    assert first.startswith("nb.ipynb:cell 2:4:5: GRD101 [*] `loss")
    assert second.startswith("nb.ipynb:cell 5:1:1: GRD101 [*] `(loss")


def test_grouped_is_aligned() -> None:
    sample = SAMPLES["several"]
    first, plain, other = (replace(each, message="m") for each in sample.diagnostics)
    moved = replace(plain, span=Span(Point(7, 10), Point(7, 11)))
    assert REPORTERS["grouped"](Report((first, moved, other), sample.sources)) == (
        """\
train.py:
  14:9  GRD101 [*] m
   7:10 GRD101 m

pkg/gan.py:
  14:9 GRD101 [*] m
"""
    )


def test_grouped_names_the_cell() -> None:
    path, first, _ = REPORTERS["grouped"](SAMPLES["notebook"].report()).splitlines()
    assert path == "nb.ipynb:"
    assert first.startswith("  cell 2:4:5 GRD101 [*] `loss")
