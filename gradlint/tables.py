"""TOML files: their tables, and the rows in which keys stand, for messages that name them."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from gradlint.errors import GradlintError

Toml: TypeAlias = "str | int | float | bool | list[Toml] | dict[str, Toml] | object"

_PLACE = re.compile(r"(?P<what>.*?),? *\(at (?:line (?P<row>\d+)|end of document).*\)", re.DOTALL)


def read(file: Path) -> str:
    """The text of a TOML file. Raises GradlintError."""
    try:
        # TOML is UTF-8; some editors begin it with a byte-order mark.
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise GradlintError(f"{shown(file)}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise GradlintError(f"{shown(file)}: it is not UTF-8") from error


def mentions(file: Path, word: bytes) -> bool:
    """Whether a word is in a file, of whatever kind that is. Raises GradlintError where it cannot be read."""
    try:
        return word in file.read_bytes()
    except OSError as error:
        raise GradlintError(f"{shown(file)}: {error.strerror or error}") from error


def parse(text: str, name: str) -> dict[str, Toml]:
    """The tables of a text that people know as `name`. Raises GradlintError with the row."""
    try:
        return _loads(text)
    # ValueError is what both libraries raise; a deeply nested value exhausts the stack.
    except (ValueError, RecursionError) as error:
        match = _PLACE.fullmatch(str(error))
        row = (match and match["row"]) or str(text.rstrip().count("\n") + 1)
        raise GradlintError(f"{name}:{row}: not valid TOML: {match['what'] if match else error}") from error


def table(file: Path, path: Sequence[str]) -> dict[str, Toml] | None:
    """The table of a file that some keys lead to, None where there is none. Raises GradlintError."""
    found: Toml = parse(read(file), shown(file))
    for depth, name in enumerate(path):
        if not isinstance(found, dict):
            raise GradlintError(f"{shown(file)}: {'.'.join(path[:depth])} must be a table")
        if name not in found:
            return None
        found = found[name]
    if not isinstance(found, dict):
        raise GradlintError(f"{shown(file)}: {'.'.join(path)} must be a table")
    return found


def row(text: str, path: Sequence[str]) -> int:
    """The row where a key's statement begins; the libraries do not tell.

    It is the last row with the key in it before which the text is whole, and has no such key. Only rows that have the
    key are tried, for to parse ever longer beginnings takes long.
    """
    rows = text.splitlines(keepends=True)
    begins = 0
    for number in (index for index, each in enumerate(rows) if path[-1] in each):
        before = _loaded("".join(rows[:number]))
        if before is not None and _has(before, path):
            break
        if before is not None:
            begins = number
    return begins + 1


def shown(file: Path) -> str:
    """The path as people should see it: from the current folder where it is below it."""
    here = Path.cwd()
    return (file.relative_to(here) if file.is_relative_to(here) else file).as_posix()


def _loaded(text: str) -> dict[str, Toml] | None:
    try:
        return _loads(text)
    except ValueError:
        return None


def _has(found: Toml, path: Sequence[str]) -> bool:
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    return True


def _loads(text: str) -> dict[str, Toml]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
