"""What the user asked for: pyproject.toml, gradlint.toml and the command line, as one frozen Settings per folder."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from gradlint.errors import GradlintError
from gradlint.rule import Rule, all_rules
from gradlint.selection import Choice, UnknownSelector, check, choose, suggestion
from gradlint.vocabulary import Vocabulary

Toml: TypeAlias = "str | int | float | bool | list[Toml] | dict[str, Toml] | object"

DEFAULT_FORMAT = "full"
DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pants.d",
    ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__",
    "__pypackages__", "_build", "buck-out", "./build", "./dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
"""What is never looked for sources in, unless `exclude` says otherwise: ruff's list and `__pycache__`.

Of `build` and `dist` only the project's own: further down, `dist` is where people keep distributed training.
"""

_STRINGS, _STRING, _BOOLEAN = "a list of strings", "a string", "true or false"
KEYS: Mapping[str, str] = MappingProxyType(
    {
        "select": _STRINGS,
        "ignore": _STRINGS,
        "extend-select": _STRINGS,
        "extend-ignore": _STRINGS,
        "preview": _BOOLEAN,
        "exclude": _STRINGS,
        "extend-exclude": _STRINGS,
        "output-format": _STRING,
        "target-optimizers": _STRINGS,
        "known-clearing-calls": _STRINGS,
        "known-stepping-calls": _STRINGS,
    }
)
"""The keys of a configuration file and what their values are."""

_TAUGHT = {
    "target-optimizers": "optimizers",
    "known-clearing-calls": "clearing",
    "known-stepping-calls": "stepping",
}
_NAMES = ("gradlint.toml", "pyproject.toml")  # the first that is there wins
_PLACE = re.compile(r"(?P<what>.*?),? *\(at (?:line (?P<row>\d+)|end of document).*\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Layer:
    """What one configuration file says, or the command line with the environment. None: not a word.

    `folder` is what its globs are relative to; `file` is None for the command line.
    """

    folder: Path
    file: Path | None = None
    choice: Choice = field(default_factory=Choice)
    preview: bool | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    output_format: str | None = None
    vocabulary: Vocabulary = field(default_factory=Vocabulary)


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns and the folder that they are relative to."""

    folder: Path
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What applies to the files of a folder. `root` is the folder of its configuration file, else the current one."""

    root: Path
    file: Path | None
    rules: tuple[Rule, ...]
    excludes: tuple[Globs, ...]
    output_format: str
    vocabulary: Vocabulary


class Configuration:
    """Finds, reads once and combines what applies to each folder.

    `file` stands for the nearest configuration file of every folder; with `isolated` none is looked for.
    """

    def __init__(self, command_line: Layer, *, isolated: bool = False, file: Path | None = None) -> None:
        """Raises GradlintError where `file` cannot be used."""
        self._command_line = command_line
        self._isolated = isolated
        self._given = None if file is None else _required(file)
        self._layers: dict[Path, Layer | None] = {}
        self._settings: dict[Path | None, Settings] = {}

    def settings(self, folder: Path) -> Settings:
        """What applies to the files of an absolute `folder`. Raises GradlintError for a bad configuration file."""
        layer = self._layer(folder)
        file = layer.file if layer else None
        if file not in self._settings:
            self._settings[file] = _combine(layer, self._command_line)
        return self._settings[file]

    def files(self) -> list[str]:
        """The configuration files that applied so far, as people should see them."""
        return sorted(_shown(file) for file in self._settings if file)

    def _layer(self, folder: Path) -> Layer | None:
        if self._isolated or self._given:
            return self._given
        for each in (folder, *folder.parents):
            if each not in self._layers:
                self._layers[each] = _own_layer(each)
            if layer := self._layers[each]:
                return layer
        return None


def where(layer: Layer, key: str) -> str:
    """The place to name in an error about a key: `pyproject.toml:12: key`, or the option."""
    if layer.file is None:
        return f"--{key}"
    return f"{_shown(layer.file)}:{_row(_text(layer.file), _table(layer.file), key)}: {key}"


def _combine(layer: Layer | None, command_line: Layer) -> Settings:
    layers = [each for each in (layer, command_line) if each]
    rules = all_rules()
    for each in layers:
        _check_selectors(each, rules)
    root = layer.folder if layer else command_line.folder
    previews = [each.preview for each in layers if each.preview is not None]
    formats = [each.output_format for each in layers if each.output_format is not None]
    excludes = Globs(root, DEFAULT_EXCLUDE)
    for each in layers:
        excludes = excludes if each.exclude is None else Globs(each.folder, each.exclude)
    return Settings(
        root=root,
        file=layer.file if layer else None,
        rules=choose((each.choice for each in layers), rules, preview=bool(previews and previews[-1])),
        excludes=(excludes, *(Globs(each.folder, each.extend_exclude) for each in layers if each.extend_exclude)),
        output_format=formats[-1] if formats else DEFAULT_FORMAT,
        vocabulary=(layer or command_line).vocabulary,
    )


def _check_selectors(layer: Layer, rules: tuple[Rule, ...]) -> None:
    choice = layer.choice
    for key, selectors in (
        ("select", choice.select or ()),
        ("ignore", choice.ignore),
        ("extend-select", choice.extend_select),
        ("extend-ignore", choice.extend_ignore),
    ):
        try:
            check(selectors, rules)
        except UnknownSelector as error:
            raise GradlintError(f"{where(layer, key)}: {error}") from error


def _own_layer(folder: Path) -> Layer | None:
    for name in _NAMES:
        file = folder / name
        # A pyproject.toml that does not speak of gradlint is not ours to read, not even to complain about.
        if file.is_file() and (name == "gradlint.toml" or "gradlint" in _text(file)):
            table = _read(file)
            if table is not None:
                return _checked(file, table)
    return None


def _required(file: Path) -> Layer:
    file = file.absolute()
    table = _read(file)
    if table is None:
        raise GradlintError(f"{_shown(file)}: there is no table [tool.gradlint] in it")
    return _checked(file, table)


def _text(file: Path) -> str:
    try:
        # TOML is UTF-8; some editors begin it with a byte-order mark.
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise GradlintError(f"{_shown(file)}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise GradlintError(f"{_shown(file)}: it is not UTF-8") from error


def _loads(text: str) -> dict[str, Toml]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _table(file: Path) -> tuple[str, ...]:
    return ("tool", "gradlint") if file.name == "pyproject.toml" else ()


def _read(file: Path) -> dict[str, Toml] | None:
    """The file's own table, None where there is none."""
    text = _text(file)
    try:
        found: Toml = _loads(text)
    # ValueError is what both libraries raise; a deeply nested value exhausts the stack.
    except (ValueError, RecursionError) as error:
        match = _PLACE.fullmatch(str(error))
        row = (match and match["row"]) or str(text.rstrip().count("\n") + 1)
        raise GradlintError(f"{_shown(file)}:{row}: not valid TOML: {match['what'] if match else error}") from error
    path = _table(file)
    for depth, name in enumerate(path):
        if not isinstance(found, dict):
            raise GradlintError(f"{_shown(file)}: {'.'.join(path[:depth])} must be a table")
        if name not in found:
            return None
        found = found[name]
    if not isinstance(found, dict):
        raise GradlintError(f"{_shown(file)}: {'.'.join(path)} must be a table")
    return found


def _checked(file: Path, table: dict[str, Toml]) -> Layer:
    layer = Layer(file.parent, file)
    for key, value in table.items():
        if key not in KEYS:
            raise GradlintError(f"{where(layer, key)}: unknown key '{key}'{suggestion(key, KEYS)}")
        layer = _with(layer, key, value)
    return layer


def _with(layer: Layer, key: str, value: Toml) -> Layer:
    match key, value:
        case ("select" | "ignore" | "extend-select" | "extend-ignore", list()):
            words = {key.replace("-", "_"): _strings(layer, key, value)}
            return replace(layer, choice=replace(layer.choice, **words))
        case "exclude", list():
            return replace(layer, exclude=_strings(layer, key, value))
        case "extend-exclude", list():
            return replace(layer, extend_exclude=_strings(layer, key, value))
        case "target-optimizers" | "known-clearing-calls" | "known-stepping-calls", list():
            names = {_TAUGHT[key]: _dotted(layer, key, value)}
            return replace(layer, vocabulary=replace(layer.vocabulary, **names))
        case "preview", bool():
            return replace(layer, preview=value)
        case "output-format", str():
            return replace(layer, output_format=value)
    raise _ill_typed(layer, key, value)


def _strings(layer: Layer, key: str, values: list[Toml]) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str):
            raise _ill_typed(layer, key, values)
    return tuple(str(value) for value in values)


def _dotted(layer: Layer, key: str, values: list[Toml]) -> tuple[str, ...]:
    names = _strings(layer, key, values)
    for name in names:
        if not all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")):
            raise GradlintError(f"{where(layer, key)}: {name!r} is no dotted name, such as 'trainer.reset_grads'")
    return names


def _ill_typed(layer: Layer, key: str, value: Toml) -> GradlintError:
    return GradlintError(f"{where(layer, key)} must be {KEYS[key]}, not {value!r}")


def _row(text: str, table: tuple[str, ...], key: str) -> int:
    """The row where a key's statement begins; the libraries do not tell, so ever longer beginnings are read."""
    row = 1
    for last, beginning in _beginnings(text):
        try:
            found: Toml = _loads(beginning)
        except ValueError:
            continue
        for name in (*table, key):
            if not isinstance(found, dict) or name not in found:
                row = last + 1
                break
            found = found[name]
        else:
            break
    return row


def _beginnings(text: str) -> Iterator[tuple[int, str]]:
    lines = text.splitlines(keepends=True)
    for last in range(1, len(lines) + 1):
        yield last, "".join(lines[:last])


def _shown(file: Path) -> str:
    """The path as people should see it: from the current folder where it is below it."""
    here = Path.cwd()
    return (file.relative_to(here) if file.is_relative_to(here) else file).as_posix()
