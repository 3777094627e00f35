"""What can be configured: each key with its kind of value, its default, and what it means."""

from __future__ import annotations

import enum
import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from gradlint.diagnostics import Severity
from gradlint.explain import DOCUMENTATION
from gradlint.selection import suggestion
from gradlint.tables import Toml

Value: TypeAlias = "str | bool | tuple[str, ...] | Mapping[str, str] | Mapping[str, tuple[str, ...]]"
"""What a key has once it was checked."""

FORMATS = ("full", "concise", "grouped", "json", "github", "gitlab", "sarif", "rdjson", "junit")
"""The output formats; `gradlint.reporters` has one module for each."""

DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pants.d",
    ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__",
    "__pypackages__", "_build", "buck-out", "./build", "./dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
"""What is never looked for sources in, unless `exclude` says otherwise: ruff's list and `__pycache__`.

Of `build` and `dist` only the project's own: further down, `dist` is where people keep distributed training.
"""


class Kind(enum.Enum):
    """What the value of a key is; the text says so in a message."""

    STRINGS = "a list of strings"
    STRING = "a string"
    BOOLEAN = "true or false"
    LISTS = "a table of lists of strings"
    TABLE = "a table of strings"


class Refused(Exception):
    """A value that a key cannot have; the text says why. `keys` lead to the place below the key, where it is deeper."""

    def __init__(self, why: str, *keys: str) -> None:
        super().__init__(why)
        self.keys = keys


@dataclass(frozen=True, slots=True)
class Option:
    """A key of a configuration file. `accepts` looks at single strings and raises Refused."""

    key: str
    kind: Kind
    default: Value
    meaning: str
    example: str
    accepts: Callable[[str], None] | None = None

    def checked(self, value: Toml) -> Value:
        """The value, if it is one. Raises Refused."""
        found = self._typed(value)
        self._accept(found)
        return found

    def _typed(self, value: Toml) -> Value:
        match self.kind, value:
            case (Kind.STRING, str(plain)) | (Kind.BOOLEAN, bool(plain)):
                return plain
            case Kind.STRINGS, list():
                return _strings(value)
            case Kind.LISTS, dict():
                return MappingProxyType({key: _strings(each, key) for key, each in value.items()})
            case Kind.TABLE, dict():
                return MappingProxyType({key: _string(each, key) for key, each in value.items()})
        raise Refused(f" must be {self.kind.value}, not {value!r}")

    def _accept(self, value: Value) -> None:
        if self.accepts is None:
            return
        match value:
            case str():
                self.accepts(value)
            case tuple():
                for each in value:
                    self.accepts(each)
            case Mapping():
                for key, inner in value.items():
                    try:
                        self._accept(inner)
                    except Refused as error:
                        raise Refused(str(error), key) from error


def _strings(value: Toml, *keys: str) -> tuple[str, ...]:
    if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        raise Refused(f" must be {Kind.STRINGS.value}, not {value!r}", *keys)
    return tuple(str(each) for each in value)


def _string(value: Toml, *keys: str) -> str:
    if not isinstance(value, str):
        raise Refused(f" must be {Kind.STRING.value}, not {value!r}", *keys)
    return value


def _one_of(what: str, known: tuple[str, ...]) -> Callable[[str], None]:
    def accepts(word: str) -> None:
        if word not in known:
            raise Refused(f": unknown {what} '{word}'{suggestion(word, known) or f'; use {_listed(known)}'}")

    return accepts


def _listed(words: tuple[str, ...]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"


def _a_path(text: str) -> None:
    if "\0" in text:
        raise Refused(f": {text!r} is no path")


def _dotted(name: str) -> None:
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")):
        raise Refused(f": {name!r} is no dotted name, such as 'trainer.reset_grads'")


SEVERITIES = tuple(each.value for each in Severity)

OPTIONS: tuple[Option, ...] = (
    Option(
        "extend",
        Kind.STRING,
        "",
        "Another configuration file to start from. What this file says wins; lists are replaced, tables and the "
        "`extend-...` lists added to.",
        'extend = "../gradlint.toml"',
        _a_path,
    ),
    Option(
        "select",
        Kind.STRINGS,
        ("ALL",),
        "Rules to run, by code, beginning of a code, name or category, or `ALL`. Rules in preview need `preview`, or "
        "their own code or name here.",
        'select = ["GRD1", "clip-without-unscale"]',
    ),
    Option("ignore", Kind.STRINGS, (), "Rules not to run.", 'ignore = ["GRD604"]'),
    Option(
        "extend-select",
        Kind.STRINGS,
        (),
        "Rules to run besides those that are selected already.",
        'extend-select = ["accumulation-tail"]',
    ),
    Option(
        "extend-ignore",
        Kind.STRINGS,
        (),
        "Rules not to run besides those that are ignored already.",
        'extend-ignore = ["never-stepped"]',
    ),
    Option("preview", Kind.BOOLEAN, False, "Also run the rules that are not settled yet.", "preview = true"),
    Option(
        "per-file-ignores",
        Kind.LISTS,
        MappingProxyType({}),
        "Rules not to run for some files: patterns of paths, each with a list of rules. A folder stands for all files "
        "below it; a `!` before a pattern turns it around.",
        'per-file-ignores = { "tests" = ["ALL"], "demo_*.py" = ["missing-zero-grad"] }',
    ),
    Option(
        "severity",
        Kind.TABLE,
        MappingProxyType({}),
        "How bad the findings of some rules are: `error`, `warning` or `note`.",
        'severity = { never-stepped = "note", GRD4 = "error" }',
        _one_of("severity", SEVERITIES),
    ),
    Option(
        "fail-on",
        Kind.STRING,
        Severity.WARNING.value,
        "The least severity with which a finding makes the exit status 1.",
        'fail-on = "error"',
        _one_of("severity", SEVERITIES),
    ),
    Option(
        "exclude",
        Kind.STRINGS,
        DEFAULT_EXCLUDE,
        "Files and folders to leave alone, instead of the usual ones.",
        'exclude = ["vendored", "old_*.py"]',
    ),
    Option(
        "extend-exclude",
        Kind.STRINGS,
        (),
        "Files and folders to leave alone besides.",
        'extend-exclude = ["third_party"]',
    ),
    Option(
        "known-clearing-calls",
        Kind.STRINGS,
        (),
        "Your own functions and methods that clear gradients.",
        'known-clearing-calls = ["trainer.reset_grads"]',
        _dotted,
    ),
    Option(
        "known-stepping-calls",
        Kind.STRINGS,
        (),
        "Your own functions and methods that apply gradients as `optimizer.step()` does.",
        'known-stepping-calls = ["trainer.apply_updates"]',
        _dotted,
    ),
    Option(
        "target-optimizers",
        Kind.STRINGS,
        (),
        "Your own functions and classes that make optimizers.",
        'target-optimizers = ["my_pkg.optim.build"]',
        _dotted,
    ),
    Option(
        "output-format",
        Kind.STRING,
        "full",
        f"How findings are printed: {_listed(tuple(f'`{each}`' for each in FORMATS))}.",
        'output-format = "concise"',
        _one_of("format", FORMATS),
    ),
    Option(
        "cache-dir",
        Kind.STRING,
        ".gradlint_cache",
        "The folder that remembers what was found in unchanged files.",
        'cache-dir = "~/.cache/gradlint"',
        _a_path,
    ),
    Option(
        "documentation-url",
        Kind.STRING,
        DOCUMENTATION,
        "Where the pages of the rules are, for the links that reports and editors show.",
        'documentation-url = "https://example.com/gradlint/rules"',
    ),
)
"""Every key of a configuration file, in the order in which they are shown."""

BY_KEY: Mapping[str, Option] = MappingProxyType({option.key: option for option in OPTIONS})
