"""Fixtures of several files: what their marks demand, what the linter says of them, and what its fixes make of them.

A project is a folder beside the fixtures that are scripts. Functions named `..._right` or `..._wrong` are its cases, in
whichever file they are, and marks may stand in any file. Since a marked line may serve right cases as well as wrong
ones, marks belong to the project: each wrong case has to reuse stale gradients at marked lines and nowhere else, the
right ones nowhere, and every mark has to be met by a case. A mark inside of a case has to be met by that case.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from gradlint.checking import Mending, Outcome
from gradlint.config import Configuration
from gradlint.files import find
from gradlint.layers import Layer
from gradlint.runner import run, save
from oracle.cases import FIXTURES, Case, cases_in, marks_in

SOURCE_ROOTS = ("", "src")
"""Folders below that of a project from which its modules are imported."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A line of a project: its file, relative to the folder, and its row."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a program in it."""

    folder: Path

    def __str__(self) -> str:
        return self.folder.name

    @property
    def files(self) -> list[Path]:
        """All its Python files."""
        return sorted(self.folder.rglob("*.py"))

    def line(self, path: Path, row: int) -> Line:
        """A line of one of its files."""
        return Line(path.relative_to(self.folder).as_posix(), row)

    def cases(self) -> list[Case]:
        """The cases of all files."""
        return [case for path in self.files for case in cases_in(path)]

    def case(self, name: str) -> Case | None:
        """The case of that name, if there is one."""
        return next((case for case in self.cases() if case.name == name), None)

    def marks(self, code: str) -> set[Line]:
        """The lines of all files on which a rule has to speak."""
        return {self.line(path, mark.row) for path in self.files for mark in marks_in(path) if mark.code == code}

    def own_marks(self, case: Case, code: str) -> set[Line]:
        """The marks inside of one case, not those of what it calls."""
        return {self.line(case.path, row) for row in case.flagged(code) if row in case.own_rows}

    @contextmanager
    def module_of(self, case: Case) -> Iterator[ModuleType]:
        """The module of a case, imported anew with all others of the project, as a program started there has them."""
        before = set(sys.modules)
        roots = [str(self.folder / root) for root in SOURCE_ROOTS if (self.folder / root).is_dir()]
        sys.path[:0] = roots
        try:
            importlib.invalidate_caches()
            yield importlib.import_module(self._module_name(case.path))
        finally:
            del sys.path[: len(roots)]
            # All before any goes: a namespace package asks its parent for its path.
            for name in [name for name in set(sys.modules) - before if self._holds(sys.modules[name])]:
                del sys.modules[name]

    def _module_name(self, path: Path) -> str:
        parts = path.relative_to(self.folder).with_suffix("").parts
        return ".".join(parts[1:] if parts[0] in SOURCE_ROOTS else parts)

    def _holds(self, module: ModuleType) -> bool:
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        return any(place is not None and Path(place).is_relative_to(self.folder) for place in places)

    def outcomes(self, *files: Path, mending: Mending = Mending.NONE) -> dict[Path, Outcome]:
        """What the linter says of the folder in one run, or of some files that are given by name."""
        paths = [str(path) for path in files or (self.folder,)]
        found = find(paths, Configuration(Layer(self.folder), isolated=True).settings)
        assert not found.errors
        judged = run(found.files, mending=mending, jobs=1)
        assert [failure for outcome in judged for failure in outcome.failures] == []
        return {file.location: outcome for file, outcome in zip(found.files, judged, strict=True)}

    def said(self, *files: Path) -> set[tuple[Line, str]]:
        """The lines on which the linter speaks and the codes of the rules."""
        return {
            (self.line(Path(finding.path).resolve(), finding.span.start.row), finding.code)
            for outcome in self.outcomes(*files).values()
            for finding in outcome.diagnostics
        }

    def fixed(self, folder: Path) -> Project:
        """A copy in another folder, which is not there yet, after `--fix --unsafe-fixes`."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
        copy = Project(folder)
        found = find([str(folder)], Configuration(Layer(folder), isolated=True).settings)
        for file, outcome in zip(found.files, run(found.files, mending=Mending.UNSAFE, jobs=1), strict=True):
            assert not save(file, outcome).failures
        return copy


@cache
def projects(rule: str = "*") -> tuple[Project, ...]:
    """The fixtures of a rule that are folders."""
    return tuple(Project(path) for path in sorted(FIXTURES.glob(f"{rule}/*")) if (path / "pyproject.toml").exists())
