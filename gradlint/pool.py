"""Many files at once: in several processes where that pays, else one after the other."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from gradlint.checking import Outcome, Task, check
from gradlint.project.modules import Modules
from gradlint.workspace import Workspace

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

PARALLEL_FROM = 120_000
"""Bytes of files to analyse from which several processes pay: about 0.3 s of work, where a pool costs 0.1 s."""

GROUPS_PER_WORKER = 4
"""Into how many groups of neighbouring files each process's share is cut, so that none waits long for another one."""


Progress: TypeAlias = "Callable[[int, int], None]"
"""Is told how many of how many files that have to be analysed are done."""


def check_all(tasks: Sequence[Task], modules: Modules, jobs: int | None, progress: Progress) -> list[Outcome]:
    """What comes of each task, in their order; `jobs` None: as many processes as there are processors."""
    workers = min(jobs or _processors(), len(tasks))
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
