"""What several test modules share: golden files, and the command line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import Ran, Run

from gradlint.cli import main

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name; `pytest --update-golden` writes the file instead."""

    def check(name: str, actual: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(actual.encode())
        assert path.exists(), f"no golden file {name}: make it with pytest --update-golden, and read it"
        # Bytes, or a checkout on Windows would turn newlines into something else without being noticed.
        assert actual == path.read_bytes().decode()

    return check


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GRADLINT_") or name.endswith("_COLOR")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def gradlint(folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in an empty folder; `stdin` is what comes from standard input."""

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as exited:
            main(arguments)
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in err
        assert isinstance(exited.value.code, int)  # a text would be printed, and the status be 1
        return Ran(int(exited.value.code), out.decode(), err.decode())

    return run
