"""What one configuration file says, or the command line: checked values, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from gradlint import tables
from gradlint.errors import GradlintError
from gradlint.options import BY_KEY, Refused, Value
from gradlint.selection import Choice, suggestion
from gradlint.tables import Toml

NAMES = ("gradlint.toml", "pyproject.toml")
"""The configuration files that are looked for; the first that is there wins."""


INLINE = "--config"
"""The option that sets any key."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The values that are given, by key. `folder` is what its patterns are relative to.

    `file` is None for the command line; there, `origins` say which option, variable or setting a value comes from.
    """

    folder: Path
    file: Path | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def choice(self) -> Choice:
        """What it says about rules."""
        select = self.strings("select") if "select" in self.values else None
        return Choice(select, self.strings("ignore"), self.strings("extend-select"), self.strings("extend-ignore"))

    def strings(self, key: str) -> tuple[str, ...]:
        """The value of a key that is a list of strings; none where it is not given."""
        value = self.values.get(key, ())
        assert isinstance(value, tuple)
        return value

    def text(self, key: str) -> str | None:
        """The value of a key that is a string."""
        value = self.values.get(key)
        assert value is None or isinstance(value, str)
        return value

    def lists(self, key: str) -> Mapping[str, tuple[str, ...]]:
        """The value of a key that is a table of lists."""
        value = self.values.get(key, {})
        assert isinstance(value, Mapping)
        return {name: each for name, each in value.items() if isinstance(each, tuple)}

    def table(self, key: str) -> Mapping[str, str]:
        """The value of a key that is a table of strings."""
        value = self.values.get(key, {})
        assert isinstance(value, Mapping)
        return {name: each for name, each in value.items() if isinstance(each, str)}

    def origin(self, *keys: str) -> str:
        """Where a key stands: `pyproject.toml:12`, or the option."""
        if self.file is None:
            return self.origins.get(keys[0], f"--{keys[0]}")
        return f"{tables.shown(self.file)}:{tables.row(tables.read(self.file), (*_path(self.file), *keys))}"

    def where(self, *keys: str) -> str:
        """The place to name in an error about a key: `pyproject.toml:12: key`, or the option."""
        origin = self.origin(*keys)
        # An option or a variable is for one key, and has its name.
        return f"{origin}: {'.'.join(keys)}" if self.file or origin == INLINE else origin


def in_folder(folder: Path) -> Layer | None:
    """What the configuration file of a folder says, None where there is none. Raises GradlintError."""
    for name in NAMES:
        file = folder / name
        # A pyproject.toml that does not speak of gradlint is not ours to read, not even to complain about.
        if file.is_file() and (name == "gradlint.toml" or tables.mentions(file, b"gradlint")):
            found = tables.table(file, _path(file))
            if found is not None:
                return _checked(Layer(file.parent, file), found)
    return None


def of_file(file: Path) -> Layer:
    """What a file says that somebody has named. Raises GradlintError."""
    file = file.absolute()
    found = tables.table(file, _path(file))
    if found is None:
        raise GradlintError(f"{tables.shown(file)}: there is no table [tool.gradlint] in it")
    return _checked(Layer(file.parent, file), found)


def of_text(text: str, folder: Path) -> Layer:
    """What `--config 'key = value'` says. Raises GradlintError."""
    try:
        found = tables.parse(text, INLINE)
    except GradlintError as error:
        raise GradlintError(f"{error}; write it as in a file: 'select = [\"GRD1\"]'") from error
    layer = Layer(folder, origins=dict.fromkeys(found, INLINE))
    if "extend" in found:
        raise GradlintError(f"{INLINE}: extend: name the file itself, as in --config FILE")
    return _checked(layer, found)


def _path(file: Path) -> tuple[str, ...]:
    return ("tool", "gradlint") if file.name == "pyproject.toml" else ()


def _checked(layer: Layer, found: Mapping[str, Toml]) -> Layer:
    values: dict[str, Value] = {}
    for key, value in found.items():
        option = BY_KEY.get(key)
        if option is None and key == "tool" and not _path(layer.file or Path()):
            raise GradlintError(f"{layer.where(key)}: in this file the keys stand without the heading [tool.gradlint]")
        if option is None:
            raise GradlintError(f"{layer.where(key)}: unknown key '{key}'{suggestion(key, BY_KEY)}")
        try:
            values[key] = option.checked(value)
        except Refused as error:
            raise GradlintError(f"{layer.where(key, *error.keys)}{error}") from error
    return Layer(layer.folder, layer.file, MappingProxyType(values), layer.origins)
