"""From the paths on the command line to the files behind them.

What happens to a path follows ruff. A path given by name is read whatever it is called and whatever the excludes say
(they count with `force_exclude`); in a folder only `.py` and `.pyi` files are, less what is excluded and what git
ignores. Symbolic links to files are followed, links to folders only where they are given by name, so loops do no harm.
A path that is missing or cannot be listed is an error: exit status 2, all other paths are linted. So is a notebook
given by name, for as long as notebooks are not read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gradlint.config import Settings
from gradlint.globs import Globs, with_slash

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class File:
    """A file to lint: `path` is how people should see it, `explicit` whether it was given by name."""

    path: str
    location: Path
    explicit: bool
    settings: Settings


@dataclass(slots=True)
class Found:
    """The files, each once, and one line for each path that could not be used."""

    files: list[File] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def find(
    paths: Sequence[str],
    settings: Callable[[Path], Settings],
    *,
    force_exclude: bool = False,
    heed_gitignore: bool = True,
) -> Found:
    """Every file that `paths` stand for, in a stable order.

    `settings` is asked for what applies in an absolute folder. Raises what it raises.
    """
    search = _Search(settings, heed_gitignore=heed_gitignore)
    folders = []
    for given in paths:
        if not given:
            # An unset variable in quotes: it must not stand for the current folder.
            search.found.errors.append("'': an empty path")
            continue
        absolute = absolute_path(given)
        try:
            mode = absolute.stat().st_mode
            is_folder = stat.S_ISDIR(mode)
        except OSError as error:
            search.found.errors.append(f"{given}: {error.strerror}")
            continue
        if force_exclude and is_forced_out(absolute, settings(absolute.parent)):
            continue
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            search.found.errors.append(f"{given}: a device, and no file")
        elif absolute.suffix == ".ipynb" and not is_folder:
            search.found.errors.append(f"{given}: notebooks cannot be checked yet")
        elif is_folder:
            folders.append((absolute, given))
        else:
            search.add(absolute, shown(absolute, given), os.path.realpath(absolute), explicit=True)
    # Folders last: a file in them that is given by name as well counts as given by name.
    for absolute, given in folders:
        search.walk(absolute, shown(absolute, given))
    return search.found


def absolute_path(given: str) -> Path:
    """The path from the root of the file system, without `.` and `..`."""
    return Path(os.path.normpath(Path(given).absolute()))


def shown(absolute: Path, given: str) -> str:
    """How people should see a path: from the current folder where it is below it, else as they gave it."""
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else Path(given)).as_posix()


def is_forced_out(path: Path, settings: Settings) -> bool:
    """Whether an exclude takes out the absolute path, or a folder between it and the root of its configuration."""
    return forced_out_by(path, settings) is not None


def forced_out_by(path: Path, settings: Settings) -> str | None:
    """The pattern of an exclude that takes out the absolute path, or a folder above it; None where none does."""
    above = [each for each in path.parents if each != settings.root and each.is_relative_to(settings.root)]
    for each in (path, *above):
        if settings.excludes_path(each.as_posix()):
            patterns = (Globs(globs.folder, (one,)) for globs in settings.excludes for one in globs.patterns)
            return next(globs.patterns[0] for globs in patterns if globs.match(each.as_posix()))
    return None


PROJECT_MARKS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "gradlint.toml")
"""What lies in the root of a project."""

MAX_PROJECT = 20_000
"""Files of a project that are looked at around a file given by name."""


def project_files(files: Sequence[File]) -> dict[str, str]:
    """The files among which some files are judged, by absolute path, with how people should see them.

    Those are the files themselves and the others of their project: all below the nearest folder above them that looks
    like a project's root; where there is none, for a file that is given by name those of its package, or those in its
    own folder.
    """
    found = {file.location.as_posix(): file.path for file in files}
    walked: dict[Path, list[Path]] = {}
    wanted = {file.location.parent: file.settings for file in files if file.explicit}
    met = [file for file in files if not file.explicit]
    if met:
        # What is met in folders are the files of a project, or of some of its folders: then the others belong to it.
        common = Path(os.path.commonpath([file.location.parent for file in met]))
        if not _is_root(common) and any(map(_is_root, common.parents)):
            wanted.setdefault(common, met[0].settings)
    for folder, settings in wanted.items():
        root = next((each for each in (folder, *folder.parents) if _is_root(each)), None) or _package(folder)
        top = root or folder
        if top not in walked:
            walked[top] = _sources_in(folder) if root is None else _sources_below(root, settings)
        for path in walked[top]:
            if len(found) >= MAX_PROJECT:
                break
            found.setdefault(path.as_posix(), shown(path, path.as_posix()))
    return found


def _package(folder: Path) -> Path | None:
    """The outermost package that a folder is one of."""
    found = None
    while (folder / "__init__.py").is_file():
        found, folder = folder, folder.parent
    return found


def _is_root(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in PROJECT_MARKS)


def _sources_in(folder: Path) -> list[Path]:
    # A pipe may have such a name, and reading it would never end.
    return sorted(path for path in folder.glob("*.py") if path.is_file())


def _sources_below(root: Path, settings: Settings) -> list[Path]:
    search = _Search(lambda _: settings)
    search.walk(root, "")
    return [file.location for file in search.found.files]


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    shown: str
    real: str
    # From the repository's root down; the last one that has an opinion decides.
    ignores: tuple[tuple[str, GitIgnoreSpec], ...]

    def ignores_path(self, path: str) -> bool:
        for base, spec in reversed(self.ignores):
            verdict = spec.check_file(path[len(base) :]).include
            if verdict is not None:
                return verdict
        return False


class _Search:
    def __init__(self, settings: Callable[[Path], Settings], *, heed_gitignore: bool = True) -> None:
        self.found = Found()
        self._settings = settings
        self._heed_gitignore = heed_gitignore
        self._seen: set[str] = set()

    def add(self, path: Path, shown: str, real: str, *, explicit: bool) -> None:
        """Take note of a file, unless its real path is known already."""
        if real not in self._seen:
            self._seen.add(real)
            self.found.files.append(File(shown, path, explicit, self._settings(path.parent)))

    def walk(self, root: Path, shown: str) -> None:
        """Take note of every source file below an absolute folder."""
        base = "" if shown == "." else f"{shown.rstrip('/')}/"
        real = os.path.realpath(root).rstrip(os.sep) + os.sep
        waiting = [_Folder(with_slash(root), base, real, _inherited(root) if self._heed_gitignore else ())]
        links = []
        while waiting:
            folder = waiting.pop()
            try:
                entries = sorted(os.scandir(folder.path), key=lambda entry: entry.name)
            except OSError as error:
                self.found.errors.append(f"{folder.shown.rstrip('/') or root}: {error.strerror}")
                continue
            if self._heed_gitignore:
                folder = _with_own_ignores(folder, {entry.name for entry in entries})
            inner = []
            for entry in self._wanted(entries, folder):
                if entry.is_dir(follow_symlinks=False):
                    inner.append(_inside(folder, entry.name))
                elif entry.is_symlink():
                    links.append((folder, entry))
                else:
                    self._add_entry(folder, entry)
            waiting += reversed(inner)
        # Links last: where both a file and a link to it are found, the file's own name is the one to print.
        for folder, entry in links:
            self._add_entry(folder, entry)

    def _add_entry(self, folder: _Folder, entry: os.DirEntry[str]) -> None:
        real = os.path.realpath(entry.path) if entry.is_symlink() else folder.real + entry.name
        self.add(Path(entry.path), folder.shown + entry.name, real, explicit=False)

    def _wanted(self, entries: Iterable[os.DirEntry[str]], folder: _Folder) -> Iterator[os.DirEntry[str]]:
        settings = self._settings(Path(folder.path))
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not (entry.name.endswith(SUFFIXES) and _is_file(entry)):
                continue
            path = folder.path + entry.name
            if not settings.excludes_path(path) and not folder.ignores_path(f"{path}/" if is_folder else path):
                yield entry


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        # A link that leads to itself.
        return False


def _inside(folder: _Folder, name: str) -> _Folder:
    return _Folder(f"{folder.path}{name}/", f"{folder.shown}{name}/", f"{folder.real}{name}{os.sep}", folder.ignores)


def _inherited(root: Path) -> tuple[tuple[str, GitIgnoreSpec], ...]:
    """The ignore files above a folder, up to the root of its repository; none where they ignore the folder itself."""
    above = []
    for folder in (root, *root.parents):
        above.append(folder)
        if (folder / ".git").exists():
            break
    else:
        return ()
    found = [*_ignore_file(above[-1], ".git/info/exclude")]
    for folder in reversed(above[1:]):
        found += _ignore_file(folder, ".gitignore")
    ignores = tuple(found)
    itself = _Folder("", "", "", ignores).ignores_path(with_slash(root))
    return () if itself else ignores


def _with_own_ignores(folder: _Folder, names: set[str]) -> _Folder:
    ignores = folder.ignores
    path = Path(folder.path)
    if ".git" in names:
        # A repository of its own: what an outer one ignores says nothing about it.
        ignores = _ignore_file(path, ".git/info/exclude")
    if ".gitignore" in names:
        ignores += _ignore_file(path, ".gitignore")
    return _Folder(folder.path, folder.shown, folder.real, ignores)


def _ignore_file(folder: Path, name: str) -> tuple[tuple[str, GitIgnoreSpec], ...]:
    """The folder whose paths an ignore file speaks of, and what it says; nothing where it cannot be read."""
    try:
        text = (folder / name).read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError:
        return ()
    # Importing it costs 35 ms, so only where there is something to ignore.
    from pathspec import GitIgnoreSpec

    lines = [line for line in text.splitlines() if _is_pattern(line)]
    return ((with_slash(folder), GitIgnoreSpec.from_lines(lines)),)


def _is_pattern(line: str) -> bool:
    """Whether a line means something; git skips the others without a word."""
    from pathspec import GitIgnoreSpec

    try:
        return bool(line.strip()) and bool(GitIgnoreSpec.from_lines([line]))
    except ValueError:
        return False
