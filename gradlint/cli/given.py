"""What `gradlint check` was given: its options, which contradict each other, and the configuration that they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradlint.cli.parameters import split
from gradlint.errors import GradlintError

if TYPE_CHECKING:
    from gradlint.config import Configuration
    from gradlint.layers import Layer

FOR_PROGRAMS = ("github", "gitlab", "sarif", "rdjson", "junit")
"""Formats of findings that have no form for anything else."""

STDIN = "-"
"""The path that stands for standard input."""


@dataclass(frozen=True, slots=True)
class Given:
    """The options of `gradlint check`, as click has read them."""

    paths: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    extend_select: tuple[str, ...]
    extend_ignore: tuple[str, ...]
    preview: bool | None
    fix: bool
    unsafe_fixes: bool
    diffs: bool
    show_fixes: bool
    fixable: tuple[str, ...]
    unfixable: tuple[str, ...]
    add_ignore: bool
    reason: str | None
    ignore_suppressions: bool
    baseline: str | None
    write_baseline: bool
    output_format: str | None
    output_file: str | None
    report: tuple[tuple[str, Path], ...]
    statistics: bool
    exit_zero: bool
    fail_on: str | None
    exclude: tuple[str, ...]
    extend_exclude: tuple[str, ...]
    force_exclude: bool
    no_gitignore: bool
    stdin_filename: str | None
    show_files: bool
    config: tuple[str, ...]
    isolated: bool
    jobs: int | None
    no_cache: bool
    cache_dir: str | None
    color: str
    quiet: bool
    verbose: bool


def check_combinations(given: Given, context: click.Context) -> None:
    """Raises click.UsageError for options that contradict each other."""
    if given.isolated and is_typed(context, "config") and any(_is_file(each) for each in given.config):
        raise click.UsageError("--isolated reads no configuration file, --config names one.")
    if STDIN in given.paths and len(given.paths) > 1:
        raise click.UsageError("- cannot be combined with other paths.")
    if given.write_baseline and not given.baseline:
        raise click.UsageError("--write-baseline needs --baseline FILE, the file to write.")
    if given.write_baseline and given.paths == (STDIN,) and not given.stdin_filename:
        raise click.UsageError("--write-baseline needs --stdin-filename for what comes from standard input.")
    if given.show_fixes and not (given.fix or given.diffs) and is_typed(context, "show_fixes"):
        raise click.UsageError("--show-fixes needs --fix or --diff.")
    if given.stdin_filename and given.paths and given.paths != (STDIN,) and is_typed(context, "stdin_filename"):
        raise click.UsageError("--stdin-filename names what comes from standard input, and paths are given.")
    if given.show_files and STDIN in given.paths:
        raise click.UsageError("--show-files lists files, and - is none.")
    if given.statistics and (given.diffs or given.write_baseline or given.output_format in FOR_PROGRAMS):
        other = "--diff" if given.diffs else "--write-baseline" if given.write_baseline else given.output_format
        raise click.UsageError(f"--statistics and {other} cannot be combined.")
    _check_targets(given)
    acting = [name for name, is_on in (
        ("--fix", given.fix and not given.diffs), ("--diff", given.diffs), ("--add-ignore", given.add_ignore),
        ("--write-baseline", given.write_baseline), ("--show-files", given.show_files),
    ) if is_on]  # fmt: skip
    if len(acting) > 1:
        raise click.UsageError(f"{acting[0]} and {acting[1]} cannot be combined.")
    if given.reason and not given.add_ignore and is_typed(context, "reason"):
        raise click.UsageError("--reason needs --add-ignore, it is the text of its comments.")
    if given.add_ignore and given.ignore_suppressions:
        raise click.UsageError("--add-ignore and --ignore-suppressions cannot be combined.")


def _check_targets(given: Given) -> None:
    """Raises click.UsageError or GradlintError for files that cannot be written, before anything takes long."""
    targets = [("--report", path) for _, path in given.report]
    targets += [("--output-file", Path(given.output_file))] if given.output_file else []
    for asked, path in targets:
        if path == Path(STDIN):
            raise click.UsageError(f"{asked} takes the name of a file; what goes to none is printed.")
        if not path.parent.is_dir():
            raise GradlintError(f"{asked}: {path}: No such file or directory")
    if len({path.absolute() for _, path in targets}) < len(targets):
        raise click.UsageError("Two outputs go to one file.")
    if given.cache_dir and Path(given.cache_dir).is_file():
        raise GradlintError(f"--cache-dir: {given.cache_dir}: a file, and no folder")


def is_typed(context: click.Context, name: str) -> bool:
    """Whether an option stands on the command line, and not in the environment for whichever run it is meant."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def source(context: click.Context, key: str) -> str:
    """The option, or the variable in its place, that a value comes from."""
    name = key.replace("-", "_")
    return f"--{key}" if is_typed(context, name) else f"GRADLINT_{name.upper()}"


def _is_file(text: str) -> bool:
    if "=" not in text:
        return True
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # what is too long to be a name is none
        return False


def _files_and_settings(given: Given) -> tuple[Path | None, list[Layer]]:
    """The configuration file that is named, and what single keys are set to. Raises GradlintError."""
    from gradlint import layers

    files = [each for each in given.config if _is_file(each)]
    if len(files) > 1:
        raise GradlintError(f"--config names two files, {files[0]} and {files[1]}: let one `extend` the other")
    inline = [layers.of_text(each, Path.cwd()) for each in given.config if not _is_file(each)]
    return (Path(files[0]) if files else None), inline


def configured(given: Given, context: click.Context) -> Configuration:
    """What applies: files, the environment, single settings, the command line. Raises GradlintError."""
    from gradlint.config import Configuration

    file, settings = _files_and_settings(given)
    below, above = _layers(given, context)
    return Configuration(below, *settings, above, isolated=given.isolated, given=None if given.isolated else file)


def _layers(given: Given, context: click.Context) -> tuple[Layer, Layer]:
    """What the environment, and the command line above it, say of what can be configured."""
    from gradlint.layers import Layer

    listed = {
        "select": given.select,
        "ignore": given.ignore,
        "extend-select": given.extend_select,
        "extend-ignore": given.extend_ignore,
        "exclude": given.exclude,
        "extend-exclude": given.extend_exclude,
    }
    plain = {
        "preview": given.preview,
        "output-format": given.output_format,
        "fail-on": given.fail_on,
        "cache-dir": given.cache_dir,
    }
    for key, value in listed.items():
        if value and not split(value):
            # An unset variable in quotes: it must not stand for no rule at all.
            raise click.UsageError(f"{source(context, key)} is empty.")
    values: dict[str, Any] = {key: split(value) for key, value in listed.items() if value}  # Any: values of any kind
    values |= {key: value for key, value in plain.items() if value is not None}
    typed = {key: value for key, value in values.items() if is_typed(context, key.replace("-", "_"))}
    below = {key: value for key, value in values.items() if key not in typed}
    origins = {key: source(context, key) for key in below}
    return Layer(Path.cwd(), values=below, origins=origins), Layer(Path.cwd(), values=typed)
