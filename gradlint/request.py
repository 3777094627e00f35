"""What a run of `gradlint check` is asked for, and what it answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from gradlint.checking import Mending
from gradlint.config import Configuration
from gradlint.explain import DOCUMENTATION
from gradlint.pool import Progress
from gradlint.runner import Memory
from gradlint.terms import USUAL, Terms


class Status(enum.IntEnum):
    """How a run ended, as an exit status."""

    CLEAN = 0
    FINDINGS = 1
    FAILURE = 2


class Action(enum.Enum):
    """What is done about the findings."""

    REPORT = enum.auto()
    FIX = enum.auto()
    DIFF = enum.auto()
    IGNORE = enum.auto()  # a comment that says so is written beside each


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for besides the paths. `jobs` None: as many as there are processors.

    `reports` are further outputs, a format and a file each; `progress` is told how many files of how many are done.
    """

    configuration: Configuration
    output_format: str
    action: Action = Action.REPORT
    unsafe: bool = False
    terms: Terms = USUAL
    # Why the findings are ignored, with Action.IGNORE.
    reason: str = ""
    baseline: Path | None = None
    writes_baseline: bool = False
    statistics: bool = False
    reports: tuple[tuple[str, Path], ...] = ()
    force_exclude: bool = False
    heed_gitignore: bool = True
    color: bool = False
    jobs: int | None = None
    memory: Memory | None = None
    documentation: str = DOCUMENTATION
    progress: Progress = lambda done, total: None

    @property
    def mending(self) -> Mending:
        """The fixes to work out."""
        if self.action not in (Action.FIX, Action.DIFF):
            return Mending.NONE
        return Mending.UNSAFE if self.unsafe else Mending.SAFE


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be printed: `output` is the findings or the diff, the rest is for standard error, one line each."""

    output: str | bytes
    status: Status
    summary: str
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    # What goes into files, beside what is printed.
    reports: tuple[tuple[Path, str], ...] = ()
    # The changed text of standard input, where there was one to change.
    changed_text: bytes | None = None
    # Where something was not followed to its end, for those who ask.
    stops: tuple[str, ...] = ()
    # What was fixed, by file, for those who ask.
    fixes: tuple[str, ...] = ()
