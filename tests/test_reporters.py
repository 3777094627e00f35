"""What holds of all formats, on findings made by hand.

After a wanted change: `pytest tests/test_reporters.py --update-golden`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from samples import SAMPLES

from gradlint.diagnostics import Severity
from gradlint.reporters import REPORTERS, Report
from gradlint.rule import Rule

Golden = Callable[[str, str], None]

FOR_PEOPLE = ["full", "concise", "grouped"]
SUFFIXES = {"json": "json", "gitlab": "json", "sarif": "sarif", "rdjson": "json", "junit": "xml"}

everywhere = pytest.mark.parametrize("name", SAMPLES)


class MissingZeroGrad(Rule):
    """Gradients are applied twice.

    ## What it does

    Finds a step
    without a clear.

    ## Example

    ```python
    optimizer.step()
    ```
    """

    code = "GRD101"
    category = "clearing"
    severity = Severity.ERROR


@everywhere
@pytest.mark.parametrize("fmt", REPORTERS)
def test_golden(fmt: str, name: str, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    # Neither a release nor a better word in the documentation of a rule is to change SARIF's golden files.
    monkeypatch.setattr("gradlint.reporters.sarif.__version__", "1.2.3")
    monkeypatch.setattr("gradlint.reporters.sarif_rules.all_rules", lambda: (MissingZeroGrad(),))
    golden(f"{fmt}/{name}.{SUFFIXES.get(fmt, 'txt')}", REPORTERS[fmt](SAMPLES[name].report()))


def test_colours(golden: Golden) -> None:
    report = SAMPLES["several"].report(color=True)
    golden("color.txt", "".join(REPORTERS[fmt](report) for fmt in FOR_PEOPLE))


@everywhere
@pytest.mark.parametrize("fmt", FOR_PEOPLE)
def test_without_colour_nothing_steers_the_terminal(fmt: str, name: str) -> None:
    text = REPORTERS[fmt](SAMPLES[name].report())
    assert not [char for char in text if char != "\n" and unicodedata.category(char) == "Cc"]
    assert "\u202e" not in text


@pytest.mark.parametrize("fmt", FOR_PEOPLE)
def test_colour_changes_nothing_else(fmt: str) -> None:
    report = SAMPLES["several"].report(color=True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", REPORTERS[fmt](report))
    assert bare == REPORTERS[fmt](replace(report, color=False))


@pytest.mark.parametrize("fmt", REPORTERS)
def test_a_finding_whose_text_is_missing_is_still_shown(fmt: str) -> None:
    assert "train.py" in REPORTERS[fmt](Report(SAMPLES["design_note"].diagnostics, {}))


@everywhere
@pytest.mark.parametrize("fmt", REPORTERS)
def test_can_be_written_in_utf8(fmt: str, name: str) -> None:
    text = REPORTERS[fmt](SAMPLES[name].report(failures=("\udcff: cannot be read",)))
    assert text.encode().decode() == text
    assert "\0" not in text
    assert not text or text.endswith("\n")


@everywhere
@pytest.mark.parametrize("fmt", ["json", "gitlab", "sarif", "rdjson", "junit"])
def test_what_programs_parse_is_ascii(fmt: str, name: str) -> None:
    assert REPORTERS[fmt](SAMPLES[name].report()).isascii()


@pytest.mark.parametrize("fmt", ["github", "gitlab", "sarif", "rdjson", "junit"])
def test_a_failure_does_not_look_clean_to_programs(fmt: str) -> None:
    text = REPORTERS[fmt](SAMPLES["clean"].report(failures=("gone.py: no such file",)))
    assert "gone.py: no such file" in text


@pytest.mark.parametrize("fmt", ["github", "gitlab", "sarif", "rdjson"])
def test_the_worst_come_first(fmt: str) -> None:
    finding = SAMPLES["syntax_error"].diagnostics[0]
    found = [replace(finding, message=f"a {each.value}", severity=each) for each in (*Severity, *Severity)[::-1]]
    told = re.findall("a (error|warning|note)", REPORTERS[fmt](Report(found, {})))
    assert told == ["error", "error", "warning", "warning", "note", "note"]


@pytest.mark.parametrize("fmt", ["full", "concise", "grouped", "github"])
def test_clean_text_is_empty(fmt: str) -> None:
    assert REPORTERS[fmt](SAMPLES["clean"].report()) == ""


def test_every_golden_file_has_its_sample() -> None:
    folder = Path(__file__).parent / "golden"
    stems = {fmt: {path.stem for path in (folder / fmt).iterdir()} for fmt in REPORTERS}
    assert stems == {fmt: set(SAMPLES) for fmt in REPORTERS}
