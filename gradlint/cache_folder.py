"""The folder of a cache: entries by name, written at one stroke, and never more than some of the newest.

A folder is used, and cleaned, only where it is a real one with our tag in it, or empty: what a link leads to, or
anybody else's files, is nothing of ours. Nothing here is ever an error for a run, which can do without.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from gradlint.errors import GradlintError
from gradlint.exchange import SUFFIX, exchange

NAME = ".gradlint_cache"
"""What the folder is called where nobody says otherwise."""

MAX_ENTRIES = 50
"""One is written for each state of the files that is linted, so that these are the last fifty runs."""

MAX_AGE = 30 * 24 * 3600
"""Seconds after which an entry that nobody asked for goes."""

MAX_SIZE = 16 * 1024 * 1024
"""Bytes of the largest entry: some ten thousand findings."""

_TAG = "CACHEDIR.TAG"
# The signature is that of the Cache Directory Tagging Specification: programs for backups leave such a folder out.
_TAG_TEXT = b"Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of gradlint.\n"
_IGNORE = ".gitignore"
_IGNORE_TEXT = b"# So that the cache of gradlint is in no repository.\n*\n"
_ENTRY = re.compile(r"[0-9a-f]{64}\.json")
_ABANDONED = 3600


def load(folder: Path, name: str) -> object:
    """What is stored by a name of 64 hexadecimal digits; None where there is nothing that makes sense."""
    file = folder / f"{name}.json"
    try:
        # Somebody else may have put a pipe there, or a link to a file without end.
        if not is_cache(folder) or not _is_small_file(file):
            return None
        content: object = json.loads(file.read_bytes())
        # What is asked for is not old.
        os.utime(file)
    except (OSError, ValueError, RecursionError):
        return None
    return content


def store(folder: Path, name: str, content: object) -> None:
    """Keep something by its name, if that is possible, and drop what is old."""
    data = json.dumps(content, separators=(",", ":")).encode()
    if len(data) > MAX_SIZE:
        return
    with contextlib.suppress(OSError):
        if _is_ready(folder):
            exchange(folder / f"{name}.json", data)
            _prune(folder)


def is_cache(folder: Path) -> bool:
    """Whether a path is a real folder with our tag in it."""
    tag = folder / _TAG
    try:
        return stat.S_ISDIR(folder.lstat().st_mode) and _is_small_file(tag) and tag.read_bytes() == _TAG_TEXT
    except OSError:
        return False


def clean(folder: Path, *caches: Path) -> list[Path]:
    """Remove every cache that is called `.gradlint_cache`, at a folder or below it, and the given ones.

    Links are not followed; of what is in a cache only our own files go. Raises GradlintError where one cannot go.
    """
    found = [each for each in caches if is_cache(each)]
    for top, names, _ in os.walk(folder):
        here = Path(top)
        if here.name == NAME and is_cache(here) and here not in found:
            found.append(here)
        names[:] = [] if here.name in (NAME, ".git") else sorted(names)
    for each in found:
        try:
            _remove(each)
        except OSError as error:
            raise GradlintError(f"{each}: cannot be removed: {error.strerror or error}") from error
    return found


def _is_small_file(file: Path) -> bool:
    status = file.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_size <= MAX_SIZE


def _is_ready(folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    if not is_cache(folder):
        if folder.is_symlink() or any(folder.iterdir()):
            return False
        exchange(folder / _TAG, _TAG_TEXT)
    if not os.path.lexists(folder / _IGNORE):
        exchange(folder / _IGNORE, _IGNORE_TEXT)
    return True


def _prune(folder: Path) -> None:
    now = time.time()
    entries = sorted(((each.lstat().st_mtime, each) for each in _entries(folder)), reverse=True)
    for number, (written, entry) in enumerate(entries):
        if number >= MAX_ENTRIES or now - written > MAX_AGE:
            # Another run may have been faster, or be reading it on Windows.
            with contextlib.suppress(OSError):
                entry.unlink()
    for each in _unfinished(folder):
        with contextlib.suppress(OSError):
            if now - each.lstat().st_mtime > _ABANDONED:
                each.unlink()


def _remove(folder: Path) -> None:
    for each in (*_entries(folder), *_unfinished(folder)):
        each.unlink(missing_ok=True)
    if {each.name for each in folder.iterdir()} <= {_TAG, _IGNORE}:
        # The tag goes last, so that whoever interrupts this can do it again.
        (folder / _IGNORE).unlink(missing_ok=True)
        (folder / _TAG).unlink(missing_ok=True)
        folder.rmdir()


def _entries(folder: Path) -> Iterator[Path]:
    return (each for each in list(folder.iterdir()) if _ENTRY.fullmatch(each.name) and not _is_folder(each))


def _unfinished(folder: Path) -> Iterator[Path]:
    found = (each for each in list(folder.iterdir()) if each.name.startswith(".") and each.suffix == SUFFIX)
    return (each for each in found if not _is_folder(each))


def _is_folder(path: Path) -> bool:
    """Whether it is one itself, and no link to one."""
    return path.is_dir() and not path.is_symlink()
