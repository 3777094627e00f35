"""Standard output and standard error: what goes where, in which colours, and never a character that steers."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

import click

from gradlint.errors import GradlintError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

PATIENCE = 1.0
"""Seconds after which somebody who waits at a terminal is shown how far the run is."""


@dataclass(frozen=True, slots=True)
class Console:
    """Standard error: what is said about the run, and never a finding."""

    quiet: bool
    color: bool

    def error(self, text: str) -> None:
        """Something could not be done; said even when quiet."""
        self._say("error", "red", text)

    def warn(self, text: str) -> None:
        """Something to look at that does not fail the run."""
        if not self.quiet:
            self._say("warning", "yellow", text)

    def note(self, text: str) -> None:
        """Something to know."""
        if not self.quiet:
            write(f"{_on_one_line(text)}\n", err=True)

    def _say(self, kind: str, color: str, text: str) -> None:
        label = click.style(f"{kind}:", fg=color, bold=True) if self.color else f"{kind}:"
        write(f"{label} {_on_one_line(text)}\n", err=True)


@dataclass(slots=True)
class Progress:
    """A bar on standard error while a run takes long; none where nobody watches."""

    watched: bool
    started: float = field(default_factory=time.monotonic)
    _bar: ProgressBar[int] | None = None

    def __call__(self, done: int, total: int) -> None:
        """So many files of all that are to be analysed are done."""
        if not self.watched or (self._bar is None and time.monotonic() - self.started < PATIENCE):
            return
        if self._bar is None:
            self._bar = click.progressbar(length=total, label="Checking", show_pos=True, file=sys.stderr)
            self._bar.render_progress()
        self._bar.update(done - self._bar.pos)

    def end(self) -> None:
        """Take the bar away, before anything else is said."""
        if self._bar is not None:
            click.echo("\r\x1b[2K\x1b[?25h", nl=False, err=True, color=True)
            self._bar = None


def write(text: str | bytes, *, err: bool = False) -> None:
    """Print a text, or bytes as they are."""
    stream = sys.stderr if err else sys.stdout
    if isinstance(text, str) and stream is not None:
        # A name or a line that the terminal's encoding does not have must not end the run.
        encoding = getattr(stream, "encoding", None) or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    if text:
        click.echo(text, nl=False, err=err, color=True)


def standard_input() -> bytes:
    """All that comes from standard input. Raises GradlintError."""
    if sys.stdin is None:
        raise GradlintError("standard input is closed")
    return sys.stdin.buffer.read()


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at a stream."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def is_colored(when: str, stream: TextIO | None) -> bool:
    """Whether to colour what goes to a stream; `when` is `auto`, `always` or `never`."""
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream)


def _on_one_line(text: str) -> str:
    from gradlint.reporters.terminal import plain

    return plain(text)
