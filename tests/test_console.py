"""What is said on standard error: the bar of a long run."""

from __future__ import annotations

import pytest

from gradlint.cli import console
from gradlint.cli.console import Progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def test_a_bar_comes_when_it_takes_long_and_goes_without_a_trace(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click._termui_impl.isatty", lambda stream: True)
    progress = Progress(watched=True, started=clock[0])
    progress(1, 10)
    assert capsys.readouterr().err == ""
    clock[0] = console.PATIENCE + 0.1
    progress(4, 10)
    progress(5, 10)
    out, err = capsys.readouterr()
    assert (out, "5/10" in err) == ("", True)
    progress.end()
    assert capsys.readouterr() == ("", "\r\x1b[2K\x1b[?25h")
    progress.end()
    assert capsys.readouterr() == ("", "")


def test_nobody_watches(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(watched=False, started=clock[0])
    clock[0] = 99
    progress(1, 2)
    progress.end()
    assert capsys.readouterr() == ("", "")
