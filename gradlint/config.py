"""What the user asked for: configuration files and the command line, as one frozen Settings per folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gradlint import layers, tables
from gradlint.diagnostics import Severity
from gradlint.errors import GradlintError
from gradlint.globs import Globs
from gradlint.layers import Layer
from gradlint.options import BY_KEY, Value
from gradlint.rule import Rule, all_rules
from gradlint.selection import Choice, UnknownSelector, choose, meant
from gradlint.vocabulary import Vocabulary

_SELECTING = ("select", "ignore", "extend-select", "extend-ignore")


@dataclass(frozen=True, slots=True)
class Exemption:
    """Some files, or (`inverted`) all others, in which some rules do not run."""

    globs: Globs
    inverted: bool
    codes: frozenset[str]

    def covers(self, path: str) -> bool:
        """Whether it speaks of an absolute path with forward slashes."""
        return self.globs.match_from(path) is not self.inverted


@dataclass(frozen=True, slots=True)
class Settings:
    """What applies to the files of a folder. `root` is the folder of its configuration file, else the current one."""

    root: Path
    file: Path | None
    rules: tuple[Rule, ...]
    exemptions: tuple[Exemption, ...]
    excludes: tuple[Globs, ...]
    severities: Mapping[str, Severity]
    fail_on: Severity
    output_format: str
    vocabulary: Vocabulary
    cache_dir: Path
    documentation: str

    def rules_at(self, path: Path) -> tuple[Rule, ...]:
        """The rules that run for the file at an absolute path."""
        if not self.exemptions:
            return self.rules
        here = path.as_posix()
        exempt = frozenset().union(*(each.codes for each in self.exemptions if each.covers(here)))
        return tuple(rule for rule in self.rules if rule.code not in exempt) if exempt else self.rules

    def excludes_path(self, path: str) -> bool:
        """Whether an absolute path with forward slashes is to be left alone."""
        return any(globs.match(path) for globs in self.excludes)


class Configuration:
    """Finds, reads once and combines what applies to each folder.

    `given` stands for the nearest configuration file of every folder; with `isolated` none is looked for. `above` are
    the layers that win over files, the command line last.
    """

    def __init__(self, *above: Layer, isolated: bool = False, given: Path | None = None) -> None:
        """Raises GradlintError where `given` cannot be used."""
        self._above = above
        self._isolated = isolated
        self._given = None if given is None else layers.of_file(given)
        self._found: dict[Path, Layer | None] = {}
        self._extended: dict[Path, tuple[Layer, ...]] = {}
        self._settings: dict[Path | None, Settings] = {}

    def settings(self, folder: Path) -> Settings:
        """What applies to the files of an absolute `folder`. Raises GradlintError for a bad configuration file."""
        layer = self._layer(folder)
        file = layer.file if layer else None
        if file not in self._settings:
            self._settings[file] = _combine(self.layers(folder), layer.folder if layer else None, file)
        return self._settings[file]

    def layers(self, folder: Path) -> tuple[Layer, ...]:
        """All that speaks of the files of a folder; what comes later wins. Raises GradlintError."""
        layer = self._layer(folder)
        return (*(self._with_extended(layer) if layer else ()), *self._above)

    def files(self) -> list[str]:
        """The configuration files that applied so far, as people should see them."""
        extended = {layer.file for chain in self._extended.values() for layer in chain if layer.file}
        return sorted(map(tables.shown, extended))

    def _layer(self, folder: Path) -> Layer | None:
        if self._isolated or self._given:
            return self._given
        for each in (folder, *folder.parents):
            if each not in self._found:
                self._found[each] = layers.in_folder(each)
            if layer := self._found[each]:
                return layer
        return None

    def _with_extended(self, layer: Layer) -> tuple[Layer, ...]:
        """A file's layer, with those that it extends before it."""
        assert layer.file is not None
        if layer.file not in self._extended:
            chain = [layer]
            while parent := chain[0].text("extend"):
                target = (chain[0].folder / Path(parent).expanduser()).resolve()
                if any(each.file and each.file.resolve() == target for each in chain):
                    raise GradlintError(f"{chain[0].where('extend')}: '{parent}' extends this file in its turn")
                try:
                    chain.insert(0, layers.of_file(target))
                except GradlintError as error:
                    if target.is_file():
                        raise
                    raise GradlintError(f"{chain[0].where('extend')}: {error}") from error
            self._extended[layer.file] = tuple(chain)
        return self._extended[layer.file]


def last(chain: Iterable[Layer], key: str) -> Value:
    """The value of a key in the layer that wins, or its default."""
    found = BY_KEY[key].default
    for layer in chain:
        found = layer.values.get(key, found)
    return found


def _combine(chain: tuple[Layer, ...], folder: Path | None, file: Path | None) -> Settings:
    rules = all_rules()
    root = folder or Path.cwd()
    for layer in chain:
        _check_selectors(layer, rules)
    excludes = Globs(root, _strings(BY_KEY["exclude"].default))
    for layer in chain:
        excludes = Globs(layer.folder, layer.strings("exclude")) if "exclude" in layer.values else excludes
    further = (Globs(each.folder, each.strings("extend-exclude")) for each in chain if "extend-exclude" in each.values)
    caches = [layer for layer in chain if "cache-dir" in layer.values]
    return Settings(
        root=root,
        file=file,
        rules=choose(_choices(chain), rules, preview=bool(last(chain, "preview"))),
        exemptions=tuple(each for layer in chain for each in _exemptions(layer, rules)),
        excludes=(excludes, *further),
        severities=_severities(chain, rules),
        fail_on=Severity(last(chain, "fail-on")),
        output_format=str(last(chain, "output-format")),
        vocabulary=Vocabulary(
            _strings(last(chain, "known-clearing-calls")),
            _strings(last(chain, "known-stepping-calls")),
            _strings(last(chain, "target-optimizers")),
        ),
        cache_dir=(caches[-1].folder if caches else root) / Path(str(last(chain, "cache-dir"))).expanduser(),
        documentation=str(last(chain, "documentation-url")),
    )


def _choices(chain: Iterable[Layer]) -> Iterable[Choice]:
    """What is said about rules: by a file with all that it extends, key by key, then by each layer above."""
    files = [layer for layer in chain if layer.file]
    if files:
        selects = [layer.choice.select for layer in files if layer.choice.select is not None]
        ignores = [layer.choice.ignore for layer in files if "ignore" in layer.values]
        yield Choice(
            selects[-1] if selects else None,
            ignores[-1] if ignores else (),
            tuple(word for layer in files for word in layer.choice.extend_select),
            tuple(word for layer in files for word in layer.choice.extend_ignore),
        )
    yield from (layer.choice for layer in chain if not layer.file)


def _strings(value: Value) -> tuple[str, ...]:
    assert isinstance(value, tuple)
    return value


def _check_selectors(layer: Layer, rules: tuple[Rule, ...]) -> None:
    placed: list[tuple[tuple[str, ...], str]] = [((key,), word) for key in _SELECTING for word in layer.strings(key)]
    placed += [(("severity", word), word) for word in layer.table("severity")]
    for pattern, words in layer.lists("per-file-ignores").items():
        placed += [(("per-file-ignores", pattern), word) for word in words]
    for keys, word in placed:
        try:
            meant(word, rules)
        except UnknownSelector as error:
            raise GradlintError(f"{layer.where(*keys)}: {error}") from error


def _exemptions(layer: Layer, rules: tuple[Rule, ...]) -> Iterable[Exemption]:
    # Patterns with the same rules are one expression, or each file would be asked about every pattern.
    together: dict[frozenset[str], list[str]] = {}
    for pattern, words in layer.lists("per-file-ignores").items():
        codes = frozenset().union(*(meant(word, rules).codes for word in words))
        if pattern.startswith("!"):
            yield Exemption(Globs(layer.folder, (pattern.removeprefix("!"),)), inverted=True, codes=codes)
        else:
            together.setdefault(codes, []).append(pattern)
    for codes, patterns in together.items():
        yield Exemption(Globs(layer.folder, tuple(patterns)), inverted=False, codes=codes)


def _severities(chain: Iterable[Layer], rules: tuple[Rule, ...]) -> Mapping[str, Severity]:
    found: dict[str, Severity] = {}
    for layer in chain:
        table = layer.table("severity")
        # The narrower word wins over the wider one, wherever they stand.
        for word in sorted(table, key=lambda word: meant(word, rules).narrowness):
            found |= dict.fromkeys(meant(word, rules).codes, Severity(table[word]))
    return found
