"""Many files: reads them, lints those that can hold a finding, in several processes where that pays, fixes them.

A file that cannot be opened is a failure (exit status 2), for nobody knows what is in it. One that is no text does not
parse, which is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gradlint.baseline import Baseline
from gradlint.checking import Mending, Outcome, Task, check
from gradlint.files import File, project_files
from gradlint.fixer import NotWritten, write
from gradlint.pool import Progress, check_all
from gradlint.project.modules import Modules, key_of
from gradlint.rule import Rule
from gradlint.terms import USUAL, Terms
from gradlint.workspace import Workspace, suspicious

if TYPE_CHECKING:
    pass

SYNTAX_CHECK_LIMIT = 2 * 1024 * 1024
"""Bytes of files without a word that any rule looks for, up to which they are parsed all the same, in search of GRD000.

Beyond it, reading is all that such a file may cost, since in a large tree nearly every file is one. All or none are
parsed, so that what is reported does not depend on their order; what is given by name always is.
"""


class Memory(Protocol):
    """Remembers what came of files in earlier runs."""

    def outcomes(
        self, tasks: Sequence[Task], project: Modules, lint: Callable[[Sequence[Task]], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        """What came of each task. `lint` is to be asked for those that are not remembered, all at once."""


def run(
    files: Sequence[File],
    *,
    mending: Mending = Mending.NONE,
    jobs: int | None = None,
    terms: Terms = USUAL,
    spared: Baseline | None = None,
    memory: Memory | None = None,
    progress: Progress = lambda done, total: None,
) -> list[Outcome]:
    """Lint every file. The outcomes are in the order of the files, however many `jobs` there are.

    No file that is linted is written: that is `save`. The `memory` is asked only where some file can hold a finding.
    """
    outcomes: dict[int, Outcome] = {}
    tasks: dict[int, Task] = {}
    for index, file in enumerate(files):
        try:
            data = file.location.read_bytes()
        except OSError as error:
            outcomes[index] = Outcome(file.path, failures=(f"{file.path}: {error.strerror or error}",))
            continue
        tasks[index] = _task(file, data, mending, terms, spared)
    given = tuple(tasks.values())
    if any(suspicious(task.data, task.rules, task.vocabulary) for task in given):
        modules = Modules(project_files(files), _read, {task.key: task.data for task in given})
        whole = Workspace(modules)
        lint = partial(_judged, whole=whole, modules=modules, jobs=jobs, progress=progress)
        # What is remembered is found by the whole project, which costs more than files that can hold no finding.
        judged = memory.outcomes(given, modules, lint) if memory and any(_rules(whole, given)) else lint(given)
    else:
        judged = _plain(given)
    outcomes |= dict(zip(tasks, judged, strict=True))
    return [outcomes[index] for index in range(len(files))]


def _rules(whole: Workspace, tasks: Sequence[Task]) -> Iterator[tuple[Rule, ...]]:
    """The rules that each file can break among the others of its project."""
    return (whole.relevant(task.data, task.rules, task.key, task.vocabulary) for task in tasks)


def _judged(
    tasks: Sequence[Task], *, whole: Workspace, modules: Modules, jobs: int | None, progress: Progress
) -> list[Outcome]:
    """What comes of files of which some can hold a finding, among the modules of their project."""
    promising = [index for index, rules in enumerate(_rules(whole, tasks)) if rules]
    checked = check_all([tasks[index] for index in promising], modules, jobs, progress)
    outcomes = dict(zip(promising, checked, strict=True))
    plain = [index for index in range(len(tasks)) if index not in outcomes]
    outcomes |= dict(zip(plain, _plain([tasks[index] for index in plain]), strict=True))
    return [outcomes[index] for index in range(len(tasks))]


def _plain(tasks: Sequence[Task]) -> list[Outcome]:
    """What comes of files that can hold nothing but a syntax error."""
    met = sum(len(task.data) for task in tasks if not task.explicit)
    return [check(task) if task.explicit or met <= SYNTAX_CHECK_LIMIT else Outcome(task.path) for task in tasks]


def check_unsaved(
    file: File,
    data: bytes,
    *,
    mending: Mending = Mending.NONE,
    terms: Terms = USUAL,
    spared: Baseline | None = None,
) -> Outcome:
    """Lint the bytes that somebody is about to write to a file, among the other files of its project."""
    task = _task(file, data, mending, terms, spared)
    if not suspicious(data, task.rules, task.vocabulary):
        return check(task)
    return check(task, Workspace(Modules(project_files([file]), _read, {task.key: data})))


def _task(file: File, data: bytes, mending: Mending, terms: Terms, spared: Baseline | None = None) -> Task:
    """`terms` are those of the run; where they do not say how bad a finding is, the configuration of each file does."""
    settings, key = file.settings, key_of(file.location)
    rules, own = (
        settings.rules_at(file.location),
        replace(terms, severities={**settings.severities, **terms.severities}),
    )
    return Task(file.path, data, rules, mending, file.explicit, key, settings.vocabulary, own, spared)


def _read(key: str) -> bytes:
    return Path(key).read_bytes()


def save(file: File, outcome: Outcome) -> Outcome:
    """Write the fixed text of a file, if there is one; an outcome without it where that fails."""
    if outcome.source is None or outcome.fixed is None:
        return outcome
    try:
        write(file.location, outcome.source.encode(), outcome.fixed.source.encode())
    except NotWritten as error:
        return replace(outcome, fixed=None, failures=(*outcome.failures, f"{file.path}: not changed: {error}"))
    return outcome


def told_anew(files: Sequence[File], outcomes: Sequence[Outcome], *, terms: Terms = USUAL) -> list[Outcome]:
    """The outcomes once they are saved, with what is left in the files that were changed and in those that speak of
    them.

    Where a finding speaks of another file, its rows there are others now, or the finding is gone.
    """
    told = list(outcomes)
    changed = {outcome.path for outcome in outcomes if outcome.fixed}
    stale = [i for i, outcome in enumerate(outcomes) if outcome.fixed or not changed.isdisjoint(_spoken_of(outcome))]
    workspace = Workspace(Modules(project_files(files), _read)) if stale else None
    for index in stale:
        outcome = outcomes[index]
        source = outcome.fixed.source if outcome.fixed else outcome.source
        again = check(_task(files[index], source.encode() if source else b"", Mending.NONE, terms), workspace)
        if again.failures:
            continue
        if outcome.fixed:
            fixed = replace(outcome.fixed, remaining=again.diagnostics)
            told[index] = replace(outcome, fixed=fixed, others=again.others)
        else:
            told[index] = replace(outcome, diagnostics=again.diagnostics, others=again.others)
    return told


def _spoken_of(outcome: Outcome) -> set[str]:
    """The other files of which the findings that are left of a file speak."""
    left = outcome.fixed.remaining if outcome.fixed else outcome.diagnostics
    paths = {finding.path for finding in left}
    paths |= {place.path for finding in left for place in finding.related if place.path is not None}
    return paths - {outcome.path}
