"""Remembers what came of files, so that to lint what has not changed costs the reading and nothing else.

What is said of a file depends on all others of its project: on what it calls, and on who calls it. So an entry is
about a whole run, and its name is a digest of all that the outcomes depend on: the bytes of every file of the project,
what is asked of which file, and what looks at them (this program, its parser, Python). So none is ever out of date.
Only what there is to be said is in it, no text of any file.

Who can write to the folder can have findings left out, or made up (see `transcript`), but nothing worse.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import gradlint
from gradlint.cache_folder import load, store
from gradlint.checking import Mending, Outcome, Task
from gradlint.project.modules import Modules
from gradlint.source import Source, UndecodableSource
from gradlint.transcript import Damaged, has_something_to_say, read, written


@dataclass(frozen=True, slots=True)
class Cache:
    """A `runner.Memory` in a folder of its own, which is made when something is first to be remembered."""

    folder: Path

    def outcomes(
        self, tasks: Sequence[Task], project: Modules, lint: Callable[[Sequence[Task]], Sequence[Outcome]]
    ) -> list[Outcome]:
        """What came of each task, as remembered or by `lint`, which is asked at once for all that are not.

        Only what came of whole runs without fixes is remembered, and no failures. Raises what `lint` raises.
        """
        if any(task.mending is not Mending.NONE for task in tasks):
            return list(lint(tasks))
        name = _digest(tasks, project)
        known = _remembered(load(self.folder, name), tasks, project)
        left = [index for index in range(len(tasks)) if index not in known]
        outcomes = known | dict(zip(left, lint([tasks[index] for index in left]) if left else (), strict=True))
        if any(_is_worth_keeping(outcomes[index]) for index in left):
            store(self.folder, name, _entry(outcomes))
        return [outcomes[index] for index in range(len(tasks))]


def _is_worth_keeping(outcome: Outcome) -> bool:
    """Whether it can be remembered: not what failed, nor what is no text, in which no place could be looked up."""
    return not outcome.failures and (outcome.source is not None or not outcome.diagnostics)


def _entry(outcomes: Mapping[int, Outcome]) -> dict[str, object]:
    """Outcomes by index: those with something to say, and which are to be tried again. The others are clean."""
    told = {index: outcome for index, outcome in sorted(outcomes.items()) if _is_worth_keeping(outcome)}
    return {
        "files": len(outcomes),
        "again": [index for index in sorted(outcomes) if index not in told],
        "told": [[index, written(outcome)] for index, outcome in told.items() if has_something_to_say(outcome)],
    }


def _remembered(entry: object, tasks: Sequence[Task], project: Modules) -> dict[int, Outcome]:
    """The outcomes of an entry by index; of one that makes no sense in any place, none."""
    match entry:
        case {"files": count, "again": [*again], "told": [*told]} if type(count) is int and count == len(tasks):
            texts = _Texts(project)
            try:
                spoken = dict(_told(row, tasks, texts) for row in told)
                missing = {_index(each, tasks) for each in again}
            except Damaged:
                return {}
            return {
                index: spoken.get(index) or Outcome(task.path)
                for index, task in enumerate(tasks)
                if index not in missing
            }
    return {}


def _told(row: object, tasks: Sequence[Task], texts: _Texts) -> tuple[int, Outcome]:
    match row:
        case [number, outcome]:
            index = _index(number, tasks)
            return index, read(outcome, tasks[index], texts.by_name)
    raise Damaged


def _index(value: object, tasks: Sequence[Task]) -> int:
    if type(value) is not int or not 0 <= value < len(tasks):
        raise Damaged
    return value


class _Texts:
    """The texts of a project's files by what people call them, each decoded once."""

    def __init__(self, project: Modules) -> None:
        self._project = project
        self._keys = {name: key for key, name in project.files.items()}
        self._known: dict[str, Source | None] = {}

    def by_name(self, name: str) -> Source | None:
        if name not in self._known:
            self._known[name] = self._decoded(name)
        return self._known[name]

    def _decoded(self, name: str) -> Source | None:
        try:
            return Source.decode(name, self._project.content(self._keys[name]))
        except (KeyError, OSError, UndecodableSource):
            return None


def _digest(tasks: Sequence[Task], project: Modules) -> str:
    """A name for all that the outcomes of tasks depend on; `project` has their bytes."""
    import hashlib  # only where there is something to remember

    digest = hashlib.sha256()
    for part in _parts(tasks, project):
        # With its length before it no part can be taken for the end of another one.
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _parts(tasks: Sequence[Task], project: Modules) -> Iterator[bytes]:
    yield from _judge()
    yield str(len(tasks)).encode()
    known: dict[int, str] = {}
    for task in tasks:
        yield _text(_terms(task, known))
    for key, name in project.files.items():
        yield _text(key)
        yield _text(name)
        try:
            yield project.content(key)
        except OSError:
            yield b"\0unreadable"


def _terms(task: Task, known: dict[int, str]) -> str:
    """All that is asked of a file but its bytes: whatever fields a task has, so that a new one counts by itself.

    `known` are the texts of values that tasks share, by identity: some are long.
    """
    told = []
    for value in (getattr(task, each.name) for each in fields(task) if each.name != "data"):
        if id(value) not in known or isinstance(value, str):
            known[id(value)] = ",".join(rule.code for rule in value) if value is task.rules else repr(value)
        told.append(known[id(value)])
    return "\n".join(told)


@cache
def _judge() -> tuple[bytes, ...]:
    """What judges the files: the sources of this package as they are, the parser, and Python."""
    own = Path(gradlint.__file__).parent
    return (gradlint.__version__.encode(), sys.version.encode(), *_contents(own), *_parser())


def _contents(folder: Path) -> Iterable[bytes]:
    # Times of files would be cheaper by some milliseconds, but differ wherever the same version is installed anew.
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).as_posix().encode()
        yield path.read_bytes()


def _parser() -> Iterable[bytes]:
    """Which libcst there is, found without importing it, which would cost more than all the rest."""
    found = importlib.util.find_spec("libcst")
    for location in (found and found.submodule_search_locations) or ():
        # Nothing where it is no folder but in an archive.
        for path in sorted(Path(location).glob("*")):
            yield f"{path.name} {path.stat().st_size if path.is_file() else ''}".encode()
            if path.name == "_version.py":
                yield path.read_bytes()


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
