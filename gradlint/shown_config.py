"""The configuration as people read it: every option with its default, or what applies to a file and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from gradlint.config import Configuration, Settings, last
from gradlint.errors import GradlintError
from gradlint.files import absolute_path, forced_out_by, shown
from gradlint.layers import Layer
from gradlint.options import BY_KEY, OPTIONS, Kind, Option, Value
from gradlint.rule import Rule, all_rules
from gradlint.selection import meant, suggestion
from gradlint.tables import shown as shown_file

_WIDTH = 100


def named(key: str) -> Option:
    """The option of that key. Raises GradlintError."""
    if key not in BY_KEY:
        raise GradlintError(f"unknown key '{key}'{suggestion(key, BY_KEY)}")
    return BY_KEY[key]


def reference(option: Option | None, fmt: str) -> str:
    """Every option, as a configuration file that changes nothing; or one option explained."""
    wanted = (option,) if option else OPTIONS
    if fmt == "json":
        return json.dumps([_told(each) for each in wanted], indent=2) + "\n"
    if option:
        return (
            f"{option.key}\n\n{_wrapped(option.meaning, '')}\n\nValue: {option.kind.value}\n"
            f"Default: {toml(option.default)}\nExample: {option.example}\n"
        )
    return "\n".join(_as_line(each) for each in OPTIONS)


def of_path(configuration: Configuration, path: str, option: Option | None, fmt: str) -> str:
    """What applies to a file or folder: each value, where it comes from, and which rules run. Raises GradlintError."""
    location = absolute_path(path)
    folder = location if location.is_dir() else location.parent
    chain, settings = configuration.layers(folder), configuration.settings(folder)
    values = [(each, *_effective(chain, each)) for each in ((option,) if option else OPTIONS)]
    excluded = forced_out_by(location, settings)
    if fmt == "json":
        told = {
            "path": shown(location, path),
            "configured_by": shown_file(settings.file) if settings.file else None,
            "excluded_by": excluded,
            "values": {each.key: {"value": _plain(value), "origin": origin} for each, value, origin in values},
            "rules": [rule.code for rule in settings.rules_at(location)],
        }
        return json.dumps(told, indent=2) + "\n"
    if option:
        return "".join(f"{each.key} = {toml(value)}  # {origin}\n" for each, value, origin in values)
    lines = [f"# {shown(location, path)}: " + (f"configured by {shown_file(settings.file)}" if settings.file else
             "no configuration file applies")]  # fmt: skip
    if excluded:
        lines.append(f"# left alone, unless it is given by name: exclude has {excluded!r}")
    lines += [f"{each.key} = {toml(value)}  # {origin}" for each, value, origin in values]
    lines += _rules(location, settings)
    return "".join(f"{line}\n" for line in lines)


def toml(value: Value) -> str:
    """A value as a configuration file has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case tuple():
            return f"[{', '.join(map(toml, value))}]"
    return f"{{ {', '.join(f'{json.dumps(key)} = {toml(each)}' for key, each in value.items())} }}" if value else "{}"


def _as_line(option: Option) -> str:
    # What has no default cannot be set to it.
    begin = "# " if option.key == "extend" else ""
    line = option.example if begin else f"{option.key} = {toml(option.default)}"
    return f"{_wrapped(option.meaning, '# ')}\n{begin}{line}\n"


def _wrapped(text: str, begin: str) -> str:
    import textwrap

    return textwrap.fill(text, _WIDTH, initial_indent=begin, subsequent_indent=begin, break_on_hyphens=False)


def _told(option: Option) -> dict[str, object]:
    return {
        "key": option.key,
        "value": option.kind.value,
        "default": _plain(option.default),
        "meaning": option.meaning,
        "example": option.example,
    }


def _plain(value: Value) -> object:
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def _effective(chain: tuple[Layer, ...], option: Option) -> tuple[Value, str]:
    """The value that counts and where it stands; of what adds up, everything and all places."""
    key = option.key
    said = [layer for layer in chain if key in layer.values]
    value = last(chain, key)
    if key.startswith("extend-"):
        value = tuple(word for layer in said for word in layer.strings(key))
    elif option.kind is Kind.LISTS:
        value = _added_up(layer.lists(key) for layer in said)
    elif option.kind is Kind.TABLE:
        value = _severities(layer.table(key) for layer in said)
    else:
        said = said[-1:]
    return value, ", ".join(layer.origin(key) for layer in said) or "default"


def _severities(tables: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Tables of severities as one, without lines of which a later table speaks as a whole."""
    found: dict[str, str] = {}
    for table in tables:
        said = frozenset().union(*(meant(word, all_rules()).codes for word in table))
        found = {word: how for word, how in found.items() if not meant(word, all_rules()).codes <= said} | dict(table)
    return found


def _added_up(tables: Iterable[Mapping[str, tuple[str, ...]]]) -> Mapping[str, tuple[str, ...]]:
    """Tables of lists as one: where several have the same name, all their lists count."""
    found: dict[str, tuple[str, ...]] = {}
    for name, words in (row for table in tables for row in table.items()):
        found[name] = (*found.get(name, ()), *words)
    return found


def _rules(location: Path, settings: Settings) -> list[str]:
    running = settings.rules_at(location)
    lines = [f"# rules that run: {_codes(running)}"]
    exempt = [rule for rule in settings.rules if rule not in running]
    if exempt:
        lines.append(f"# not here, by per-file-ignores: {_codes(exempt)}")
    other = [rule for rule in all_rules() if rule not in settings.rules]
    if other:
        lines.append(f"# not selected, or in preview: {_codes(other)}")
    return lines


def _codes(rules: tuple[Rule, ...] | list[Rule]) -> str:
    return ", ".join(rule.code for rule in rules) or "none"
