"""`gradlint check`: lint files, and do something about what is found."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradlint.cli.console import Console, Progress, is_colored, is_terminal, standard_input, write
from gradlint.cli.given import STDIN, Given, check_combinations, configured, source
from gradlint.cli.parameters import (
    CONTEXT,
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
    from gradlint.request import Answer, Request

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


@click.command(
    "check", cls=HeadedCommand, context_settings=CONTEXT, epilog=EPILOG, short_help="Lint files and folders."
)
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

    given = Given(**options)
    started = time.perf_counter()
    check_combinations(given, context)
    configuration = configured(given, context)
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


def without_options(config: tuple[str, ...], *, isolated: bool) -> Configuration:
    """The configuration of a run that is given no other options: from files, `--config` and the environment.

    Raises click.UsageError and GradlintError.
    """
    arguments = [word for each in config for word in ("--config", each)] + ["--isolated"] * isolated
    context = check_command.make_context("gradlint check", arguments)
    return configured(Given(**context.params), context)


def _request(given: Given, context: click.Context, configuration: Configuration, progress: Progress) -> Request:
    from gradlint.cache import Cache
    from gradlint.request import Action, Request
    from gradlint.rule import all_rules
    from gradlint.selection import codes_of
    from gradlint.terms import Terms

    settings = configuration.settings(Path.cwd())
    rules = all_rules()
    unfixable = codes_of(split(given.unfixable), rules, source(context, "unfixable"))
    if given.fixable:
        unfixable |= {rule.code for rule in rules} - codes_of(split(given.fixable), rules, source(context, "fixable"))
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
