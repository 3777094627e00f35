"""Many files: reads them, lints those that can hold a finding, in several processes where that pays, fixes them.

A file that cannot be opened is a failure (exit status 2), for nobody knows what is in it. One that is no text does not
parse, which is a finding.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gradlint.diagnostics import Diagnostic
from gradlint.files import File, project_files
from gradlint.fixer import Fixed, NotWritten, fix, write
from gradlint.linter import LintResult, described, lint, no_text
from gradlint.project.modules import Modules, key_of
from gradlint.rule import Rule
from gradlint.source import Source, UndecodableSource
from gradlint.terms import USUAL, Terms
from gradlint.vocabulary import Vocabulary
from gradlint.workspace import Workspace, suspicious

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

SYNTAX_CHECK_LIMIT = 2 * 1024 * 1024
"""Bytes of files without a word that any rule looks for, up to which they are parsed all the same, in search of GRD000.

Beyond it, reading is all that such a file may cost, since in a large tree nearly every file is one. All or none are
parsed, so that what is reported does not depend on their order; what is given by name always is.
"""

PARALLEL_FROM = 120_000
"""Bytes of files to analyse from which several processes pay: about 0.3 s of work, where a pool costs 0.1 s."""

GROUPS_PER_WORKER = 4
"""Into how many groups of neighbouring files each process's share is cut, so that none waits long for another one."""


class Mending(enum.Enum):
    """Which fixes are applied."""

    NONE = enum.auto()
    SAFE = enum.auto()
    UNSAFE = enum.auto()


@dataclass(frozen=True, slots=True)
class Task:
    """The bytes of one file and what is to be done with them. `explicit`: somebody asked for this very file.

    `key` is what the file is called among its modules, `vocabulary` what its configuration teaches, `terms` what
    becomes of its findings.
    """

    path: str
    data: bytes
    rules: tuple[Rule, ...]
    mending: Mending = Mending.NONE
    explicit: bool = True
    key: str = ""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    terms: Terms = USUAL


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file. `failures` and `warnings` are one line each.

    `source` is None where it is no text, and may be where nothing was found in it.
    """

    path: str
    source: Source | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fixed: Fixed | None = None
    # Texts of other files that the diagnostics speak of.
    others: tuple[Source, ...] = ()
    # Bounds at which something was not followed further, and how often.
    stops: tuple[tuple[str, int], ...] = ()


Progress: TypeAlias = "Callable[[int, int], None]"
"""Is told how many of how many files that have to be analysed are done."""


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
        tasks[index] = _task(file, data, mending, terms)
    given = tuple(tasks.values())
    if any(suspicious(task.data, task.rules, task.vocabulary) for task in given):
        modules = Modules(project_files(files), _read, {task.key: task.data for task in given})
        whole = Workspace(modules)
        lint = partial(_judged, whole=whole, modules=modules, jobs=jobs or _processors(), progress=progress)
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
    tasks: Sequence[Task], *, whole: Workspace, modules: Modules, jobs: int, progress: Progress
) -> list[Outcome]:
    """What comes of files of which some can hold a finding, among the modules of their project."""
    promising = [index for index, rules in enumerate(_rules(whole, tasks)) if rules]
    checked = _check_all([tasks[index] for index in promising], modules, jobs, progress)
    outcomes = dict(zip(promising, checked, strict=True))
    plain = [index for index in range(len(tasks)) if index not in outcomes]
    outcomes |= dict(zip(plain, _plain([tasks[index] for index in plain]), strict=True))
    return [outcomes[index] for index in range(len(tasks))]


def _plain(tasks: Sequence[Task]) -> list[Outcome]:
    """What comes of files that can hold nothing but a syntax error."""
    met = sum(len(task.data) for task in tasks if not task.explicit)
    return [check(task) if task.explicit or met <= SYNTAX_CHECK_LIMIT else Outcome(task.path) for task in tasks]


def check_unsaved(file: File, data: bytes, *, mending: Mending = Mending.NONE, terms: Terms = USUAL) -> Outcome:
    """Lint the bytes that somebody is about to write to a file, among the other files of its project."""
    task = _task(file, data, mending, terms)
    if not suspicious(data, task.rules, task.vocabulary):
        return check(task)
    return check(task, Workspace(Modules(project_files([file]), _read, {task.key: data})))


def _task(file: File, data: bytes, mending: Mending, terms: Terms) -> Task:
    """`terms` are those of the run; how bad findings are is for the configuration of each file to say."""
    settings, key = file.settings, key_of(file.location)
    rules, own = settings.rules_at(file.location), replace(terms, severities=settings.severities)
    return Task(file.path, data, rules, mending, file.explicit, key, settings.vocabulary, own)


def _read(key: str) -> bytes:
    return Path(key).read_bytes()


def check(task: Task, workspace: Workspace | None = None) -> Outcome:
    """Lint one file and fix its text as far as asked for. Never raises: what breaks is a failure."""
    workspace = workspace or Workspace()
    try:
        source = Source.decode(task.path, task.data)
    except UndecodableSource as error:
        return Outcome(task.path, diagnostics=tuple(task.terms.applied(no_text(task.path, task.rules, error))))
    result = _lint(source, task, workspace)
    outcome = Outcome(
        task.path, source, result.diagnostics, result.failures, result.warnings, None, result.others, result.stops
    )
    if task.mending is Mending.NONE or not any(each.fix for each in result.diagnostics):
        return outcome
    try:
        fixed = fix(
            source,
            result.diagnostics,
            lambda edited: _findings(edited, task, workspace),
            unsafe=task.mending is Mending.UNSAFE,
        )
    except Exception as error:
        # A fix that makes no sense must cost its own file's fixes only.
        crash = f"{task.path}: fixing crashed, which is a bug: {described(error)}"
        return replace(outcome, failures=(*result.failures, crash))
    return replace(outcome, fixed=fixed) if fixed.source != source else outcome


def save(file: File, outcome: Outcome) -> Outcome:
    """Write the fixed text of a file, if there is one; an outcome without it where that fails."""
    if outcome.source is None or outcome.fixed is None:
        return outcome
    try:
        write(file.location, outcome.source.encode(), outcome.fixed.source.encode())
    except NotWritten as error:
        return replace(outcome, fixed=None, failures=(*outcome.failures, f"{file.path}: not fixed: {error}"))
    return outcome


def told_anew(files: Sequence[File], outcomes: Sequence[Outcome], *, terms: Terms = USUAL) -> list[Outcome]:
    """The outcomes once they are saved: what is left and speaks of a file that another one's fix has changed.

    Its rows there are others now, or the finding is gone.
    """
    told = list(outcomes)
    changed = {outcome.path for outcome in outcomes if outcome.fixed}
    stale = [index for index, outcome in enumerate(outcomes) if not changed.isdisjoint(_spoken_of(outcome))]
    workspace = Workspace(Modules(project_files(files), _read)) if stale else None
    for index in stale:
        outcome = outcomes[index]
        source = outcome.fixed.source if outcome.fixed else outcome.source
        again = check(_task(files[index], source.encode() if source else b"", Mending.NONE, terms), workspace)
        if not again.failures:
            fixed = outcome.fixed and replace(outcome.fixed, remaining=again.diagnostics)
            told[index] = replace(outcome, diagnostics=again.diagnostics, fixed=fixed, others=again.others)
    return told


def _spoken_of(outcome: Outcome) -> set[str]:
    """The other files of which the findings that are left of a file speak."""
    left = outcome.fixed.remaining if outcome.fixed else outcome.diagnostics
    paths = {finding.path for finding in left}
    paths |= {place.path for finding in left for place in finding.related if place.path is not None}
    return paths - {outcome.path}


def _lint(source: Source, task: Task, workspace: Workspace) -> LintResult:
    return lint(source, task.rules, workspace=workspace, key=task.key, vocabulary=task.vocabulary, terms=task.terms)


def _findings(source: Source, task: Task, workspace: Workspace) -> tuple[Diagnostic, ...] | None:
    result = _lint(source, task, workspace)
    return result.diagnostics if result.parses and not result.failures else None


def _check_all(tasks: Sequence[Task], modules: Modules, jobs: int, progress: Progress) -> list[Outcome]:
    workers = min(jobs, len(tasks))
    if workers > 1 and sum(len(task.data) for task in tasks) >= PARALLEL_FROM:
        # Some sandboxes have no semaphores or allow no further processes.
        with contextlib.suppress(ImportError, NotImplementedError, OSError), _pool(workers, modules) as pool:
            return _check_in(pool, tasks, modules, workers, progress)
    workspace = Workspace(modules)
    outcomes = []
    for task in tasks:
        outcomes.append(check(task, workspace))
        progress(len(outcomes), len(tasks))
    return outcomes


def _check_in(
    pool: ProcessPoolExecutor, tasks: Sequence[Task], modules: Modules, workers: int, progress: Progress
) -> list[Outcome]:
    from concurrent.futures.process import BrokenProcessPool

    outcomes: dict[int, Outcome] = {}
    try:
        futures = {group: pool.submit(_check_group, [tasks[i] for i in group]) for group in _groups(tasks, workers)}
        for group, future in futures.items():
            with contextlib.suppress(BrokenProcessPool):
                outcomes |= dict(zip(group, future.result(), strict=True))
                progress(len(outcomes), len(tasks))
    except BrokenProcessPool:
        pass
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return [outcomes.get(index) or _check_apart(task, modules) for index, task in enumerate(tasks)]


def _groups(tasks: Sequence[Task], workers: int) -> list[range]:
    """Neighbours stay together, for they are likely to need the same other files; some groups for each worker."""
    whole = sum(len(task.data) for task in tasks)
    groups: list[range] = []
    start = size = 0
    for index, task in enumerate(tasks):
        size += len(task.data)
        if size * workers * GROUPS_PER_WORKER >= whole or index == len(tasks) - 1:
            groups.append(range(start, index + 1))
            start, size = index + 1, 0
    return groups


def _check_group(tasks: Sequence[Task]) -> list[Outcome]:
    """In a worker: what was read for one group serves the next one."""
    return [check(task, _workspaces[-1]) for task in tasks]


def _check_apart(task: Task, modules: Modules) -> Outcome:
    """A file whose process died, perhaps through the fault of another one: once more, in a process of its own."""
    from concurrent.futures.process import BrokenProcessPool

    with _pool(1, modules) as pool:
        try:
            return pool.submit(_check_group, [task]).result()[0]
        except BrokenProcessPool:
            return Outcome(task.path, failures=(f"{task.path}: gradlint's process died over this file",))


def _pool(workers: int, modules: Modules) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Forking copies a process with all that it has imported, but not its other threads, and whatever locks they hold.
    can_fork = sys.platform == "linux" and threading.active_count() == 1
    if can_fork:
        with contextlib.suppress(ImportError):
            importlib.import_module("gradlint.project.analysis")
    context = multiprocessing.get_context("fork" if can_fork else "spawn")
    return ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(modules,))


_workspaces: list[Workspace] = []
"""The workspace of a worker process, set when it begins."""


def _begin(modules: Modules) -> None:
    # An interrupted worker just ends, without a traceback: the parent says what there is to say.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _workspaces.append(Workspace(modules))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
