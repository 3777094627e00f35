"""`gradlint check`: lint files, and do something about what is found."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradlint.cli.console import Console, Progress, is_colored, is_terminal, standard_input, write
from gradlint.cli.parameters import (
    EPILOG,
    HeadedCommand,
    Lines,
    OneOf,
    colors,
    option,
    split,
    unknown,
    unread_variables,
    words,
)
from gradlint.errors import GradlintError
from gradlint.options import FORMATS, SEVERITIES

# What a command needs is imported by that command: `gradlint --help` must not wait for all of it.
if TYPE_CHECKING:
    from gradlint.config import Configuration
    from gradlint.layers import Layer
    from gradlint.request import Answer, Request

STDIN = "-"
_RULES, _FIXES, _OUTPUT, _FILES, _KNOWN = "Rules", "Fixes", "Output", "Files", "Known findings"


def _reports(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    """The pairs of `FORMAT=PATH`. Raises click.BadParameter."""
    found = []
    for value in values:
        name, equals, path = value.partition("=")
        if not (equals and path):
            raise click.BadParameter(f"'{value}' is no FORMAT=PATH, such as sarif=gradlint.sarif", context, option)
        if name not in FORMATS:
            raise click.BadParameter(unknown("format", name, FORMATS), context, option)
        found.append((name, Path(path)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Given:
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


@click.command("check", cls=HeadedCommand, epilog=EPILOG, short_help="Lint files and folders.")
@click.argument("paths", nargs=-1)
@words("--select", "Rules to run: codes, prefixes, names, categories or ALL", heading=_RULES)
@words("--ignore", "Rules not to run", heading=_RULES)
@words("--extend-select", "Rules to run besides those selected elsewhere", heading=_RULES)
@words("--extend-ignore", "Rules not to run besides those ignored elsewhere", heading=_RULES)
@option("--preview/--no-preview", default=None, heading=_RULES, help="Run the rules that are still in preview too.")
@option("--fix", is_flag=True, heading=_FIXES, help="Apply the safe fixes.")
@option("--unsafe-fixes", is_flag=True, heading=_FIXES, help="With --fix or --diff: also those that change training.")
@option("--diff", "diffs", is_flag=True, heading=_FIXES, help="Print what --fix would change, and change nothing.")
@option("--show-fixes", is_flag=True, heading=_FIXES, help="With --fix or --diff: list what was fixed in which file.")
@words("--fixable", "The only rules whose fixes may be applied", heading=_FIXES)
@words("--unfixable", "Rules whose fixes are not applied", heading=_FIXES)
@option("--add-ignore", is_flag=True, heading=_KNOWN, help="Write a comment beside each finding that silences it.")
@option("--reason", metavar="TEXT", heading=_KNOWN, help="With --add-ignore: why, for the comment.")
@option("--ignore-suppressions", is_flag=True, heading=_KNOWN, help="Report what comments silence as well.")
@option("--baseline", metavar="FILE", heading=_KNOWN, help="Report only what is not in that file of known findings.")
@option("--write-baseline", is_flag=True, heading=_KNOWN, help="Write what is found to the file of --baseline.")
@option(
    "--output-format", type=OneOf("format", FORMATS), heading=_OUTPUT, help="How findings are printed [default: full]."
)
@option("--output-file", metavar="PATH", heading=_OUTPUT, help="Write there what would go to standard output.")
@option(
    "--report",
    type=Lines(),
    callback=_reports,
    metavar="FORMAT=PATH",
    multiple=True,
    heading=_OUTPUT,
    help="Also write the findings to a file, in that format; repeatable.",
)
@option("--statistics", is_flag=True, heading=_OUTPUT, help="Print how often each rule was broken, not each finding.")
@option("--exit-zero", is_flag=True, heading=_OUTPUT, help="Exit with 0 although there are findings.")
@option(
    "--fail-on",
    type=OneOf("severity", SEVERITIES),
    heading=_OUTPUT,
    help="The least severity that makes the exit status 1 [default: warning].",
)
@words("--exclude", "Globs of what not to look into, instead of the default ones", heading=_FILES)
@words("--extend-exclude", "Globs of what not to look into besides", heading=_FILES)
@option("--force-exclude", is_flag=True, heading=_FILES, help="Exclude paths even where they are given by name.")
@option("--no-gitignore", is_flag=True, heading=_FILES, help="Look into what git ignores as well.")
@option("--stdin-filename", metavar="PATH", heading=_FILES, help="The name of what comes from standard input.")
@option("--show-files", is_flag=True, heading=_FILES, help="Print the files that would be linted, and lint none.")
@option(
    "--config",
    type=Lines(),
    metavar="PATH|KEY=VALUE",
    multiple=True,
    help="The configuration file, instead of the nearest one of each file; or one key and its value, as the file "
    "would have it. Repeatable.",
)
@option("--isolated", is_flag=True, help="Read no configuration file.")
@option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use [default: as many as processors].")
@option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@option("--cache-dir", metavar="PATH", help="Where the cache is [default: .gradlint_cache beside the configuration].")
@colors()
@option("--quiet", "-q", is_flag=True, help="Print findings and errors only.")
@option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Say which configuration applies, which bounds were reached, and how long it takes.",
)
@click.pass_context
def check_command(context: click.Context, /, **options: Any) -> int:  # Any: click's
    """Lint PATHS: files, folders or - for standard input; by default the current folder."""
    from gradlint.request import Status
    from gradlint.session import check_paths, check_text, listed

    given = _Given(**options)
    started = time.perf_counter()
    _check_combinations(given, context)
    configuration = _configuration(given, context)
    console = Console(given.quiet, is_colored(given.color, sys.stderr))
    progress = Progress(is_terminal(sys.stderr) and not given.quiet)
    request = _request(given, context, configuration, progress)
    try:
        if given.show_files:
            answer = listed(request, given.paths or (".",))
        elif given.paths == (STDIN,) or (given.stdin_filename and not given.paths):
            answer = check_text(request, standard_input(), given.stdin_filename)
        else:
            answer = check_paths(request, given.paths or (".",))
    finally:
        # Whatever happens, the terminal gets its cursor back.
        progress.end()
    for each in unread_variables([check_command]):
        console.warn(each)
    _give(answer, given.output_file, console)
    if given.show_fixes:
        for each in answer.fixes:
            console.note(each)
    if given.verbose:
        for each in answer.stops:
            console.note(each)
        for each in configuration.files():
            console.note(f"Configured by {each}.")
        console.note(f"It took {time.perf_counter() - started:.2f} s.")
    return Status.CLEAN if given.exit_zero and answer.status is Status.FINDINGS else answer.status


def _check_combinations(given: _Given, context: click.Context) -> None:
    """Raises click.UsageError for options that contradict each other."""
    if given.isolated and _is_typed(context, "config") and any(_is_file(each) for each in given.config):
        raise click.UsageError("--isolated reads no configuration file, --config names one.")
    if STDIN in given.paths and len(given.paths) > 1:
        raise click.UsageError("- cannot be combined with other paths.")
    if given.write_baseline and not given.baseline:
        raise click.UsageError("--write-baseline needs --baseline FILE, the file to write.")
    if given.write_baseline and given.paths == (STDIN,) and not given.stdin_filename:
        raise click.UsageError("--write-baseline needs --stdin-filename for what comes from standard input.")
    if given.show_fixes and not (given.fix or given.diffs) and _is_typed(context, "show_fixes"):
        raise click.UsageError("--show-fixes needs --fix or --diff.")
    acting = [name for name, is_on in (
        ("--fix", given.fix and not given.diffs), ("--diff", given.diffs), ("--add-ignore", given.add_ignore),
        ("--write-baseline", given.write_baseline), ("--show-files", given.show_files),
    ) if is_on]  # fmt: skip
    if len(acting) > 1:
        raise click.UsageError(f"{acting[0]} and {acting[1]} cannot be combined.")
    if given.reason and not given.add_ignore and _is_typed(context, "reason"):
        raise click.UsageError("--reason needs --add-ignore, it is the text of its comments.")
    if given.add_ignore and given.ignore_suppressions:
        raise click.UsageError("--add-ignore and --ignore-suppressions cannot be combined.")


def _is_typed(context: click.Context, name: str) -> bool:
    """Whether an option stands on the command line, and not in the environment for whichever run it is meant."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _source(context: click.Context, key: str) -> str:
    """The option, or the variable in its place, that a value comes from."""
    name = key.replace("-", "_")
    return f"--{key}" if _is_typed(context, name) else f"GRADLINT_{name.upper()}"


def _is_file(text: str) -> bool:
    if "=" not in text:
        return True
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # what is too long to be a name is none
        return False


def _configured(given: _Given) -> tuple[Path | None, list[Layer]]:
    """The configuration file that is named, and what single keys are set to. Raises GradlintError."""
    from gradlint import layers

    files = [each for each in given.config if _is_file(each)]
    if len(files) > 1:
        raise GradlintError(f"--config names two files, {files[0]} and {files[1]}: let one `extend` the other")
    inline = [layers.of_text(each, Path.cwd()) for each in given.config if not _is_file(each)]
    return (Path(files[0]) if files else None), inline


def without_options(config: tuple[str, ...], *, isolated: bool) -> Configuration:
    """The configuration of a run that is given no other options: from files, `--config` and the environment.

    Raises click.UsageError and GradlintError.
    """
    arguments = [word for each in config for word in ("--config", each)] + ["--isolated"] * isolated
    context = check_command.make_context("gradlint check", arguments)
    return _configuration(_Given(**context.params), context)


def _configuration(given: _Given, context: click.Context) -> Configuration:
    from gradlint.config import Configuration

    file, settings = _configured(given)
    below, above = _layers(given, context)
    return Configuration(below, *settings, above, isolated=given.isolated, given=None if given.isolated else file)


def _layers(given: _Given, context: click.Context) -> tuple[Layer, Layer]:
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
            raise click.UsageError(f"{_source(context, key)} is empty.")
    values: dict[str, Any] = {key: split(value) for key, value in listed.items() if value}  # Any: values of any kind
    values |= {key: value for key, value in plain.items() if value is not None}
    typed = {key: value for key, value in values.items() if _is_typed(context, key.replace("-", "_"))}
    below = {key: value for key, value in values.items() if key not in typed}
    origins = {key: _source(context, key) for key in below}
    return Layer(Path.cwd(), values=below, origins=origins), Layer(Path.cwd(), values=typed)


def _request(given: _Given, context: click.Context, configuration: Configuration, progress: Progress) -> Request:
    from gradlint.cache import Cache
    from gradlint.request import Action, Request
    from gradlint.rule import all_rules
    from gradlint.selection import codes_of
    from gradlint.terms import Terms

    settings = configuration.settings(Path.cwd())
    rules = all_rules()
    unfixable = codes_of(split(given.unfixable), rules, _source(context, "unfixable"))
    if given.fixable:
        unfixable |= {rule.code for rule in rules} - codes_of(split(given.fixable), rules, _source(context, "fixable"))
    action = Action.REPORT
    if given.diffs or given.fix:
        action = Action.DIFF if given.diffs else Action.FIX
    elif given.add_ignore:
        action = Action.IGNORE
    return Request(
        configuration,
        settings.output_format,
        action=action,
        unsafe=given.unsafe_fixes,
        terms=Terms(heed_comments=not given.ignore_suppressions, unfixable=tuple(sorted(unfixable))),
        reason=given.reason or "",
        baseline=Path(given.baseline) if given.baseline else None,
        writes_baseline=given.write_baseline,
        statistics=given.statistics,
        reports=given.report,
        force_exclude=given.force_exclude,
        heed_gitignore=not given.no_gitignore,
        color=given.color == "always" if given.output_file else is_colored(given.color, sys.stdout),
        jobs=given.jobs,
        memory=None if given.no_cache else Cache(settings.cache_dir),
        documentation=settings.documentation,
        progress=progress,
    )


def _give(answer: Answer, output_file: str | None, console: Console) -> None:
    """Findings or diff first, then what there is to say about the run."""
    if answer.changed_text is not None:
        write(answer.changed_text)
    if output_file is None:
        write(answer.output, err=answer.changed_text is not None)
    else:
        _write(Path(output_file), answer.output, "--output-file")
    for path, text in answer.reports:
        _write(path, text, "--report")
    for warning in answer.warnings:
        console.warn(warning)
    for error in answer.errors:
        console.error(error)
    if answer.summary:
        console.note(answer.summary)


def _write(path: Path, output: str | bytes, asked: str) -> None:
    if path.suffix in (".py", ".pyi", ".ipynb") and path.exists():
        raise GradlintError(f"{asked}: {path}: a source file is not written over")
    try:
        path.write_bytes(output if isinstance(output, bytes) else output.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise GradlintError(f"{asked}: {path}: {error.strerror or error}") from error
