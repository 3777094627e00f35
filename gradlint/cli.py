"""The command line; the only module that prints or exits."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

import click
from click.core import ParameterSource

from gradlint import __version__, summary
from gradlint.config import Configuration, Layer, Settings, where
from gradlint.diagnostics import Diagnostic
from gradlint.errors import GradlintError
from gradlint.explain import FORMATS, explain, explain_all
from gradlint.files import absolute_path, find, is_forced_out, shown
from gradlint.fixer import diff
from gradlint.reporters import REPORTERS, Report
from gradlint.reporters.terminal import plain
from gradlint.rule import all_rules
from gradlint.runner import Mending, Outcome, Task, check, run, save
from gradlint.selection import Choice, named, suggestion

STDIN = "-"
UNNAMED = "<stdin>"
"""What standard input is called where `--stdin-filename` does not name it."""

_CLEAN, _FINDINGS, _FAILURE, _INTERRUPTED = 0, 1, 2, 130
_Command = TypeVar("_Command", bound=Callable[..., Any])  # Any: click passes whatever options a command declares
_EPILOG = "Every option can be set in the environment too: GRADLINT_SELECT for --select. The command line wins."


class _Words(click.ParamType):
    """Words separated by commas, in the environment as on the command line."""

    name = "list"
    envvar_list_splitter = ","


@dataclass(frozen=True, slots=True)
class _Console:
    """Standard error: what is said about the run, and never a finding."""

    quiet: bool
    color: bool

    def error(self, text: str) -> None:
        """Something could not be done; said even when quiet."""
        self._say("error", "red", text)

    def warn(self, text: str) -> None:
        """Something to look at that does not fail the run."""
        if not self.quiet:
            self._say("warning", "yellow", text)

    def note(self, text: str) -> None:
        """Something to know."""
        if not self.quiet:
            _print(f"{plain(text)}\n", err=True)

    def _say(self, kind: str, color: str, text: str) -> None:
        label = click.style(f"{kind}:", fg=color, bold=True) if self.color else f"{kind}:"
        _print(f"{label} {plain(text)}\n", err=True)


@dataclass(frozen=True, slots=True)
class _Request:
    """What `check` is to do with the outcomes."""

    settings: Settings
    console: _Console
    fixes: bool
    unsafe: bool
    diffs: bool
    color: str
    output_file: Path | None

    @property
    def mending(self) -> Mending:
        if not (self.fixes or self.diffs):
            return Mending.NONE
        return Mending.UNSAFE if self.unsafe else Mending.SAFE


def _option(name: str, *names: str, **details: Any) -> Callable[[_Command], _Command]:  # Any: click's own arguments
    """An option that is read from the environment too, under the same name whatever the command."""
    variable = name.partition("/")[0].strip("-").replace("-", "_").upper()
    return click.option(name, *names, envvar=f"GRADLINT_{variable}", **details)


def _words(name: str, text: str) -> Callable[[_Command], _Command]:
    return _option(name, type=_Words(), multiple=True, help=f"{text}, separated by commas; repeatable.")


def _colors() -> Callable[[_Command], _Command]:
    return _option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(__version__, prog_name="gradlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find gradients that are applied twice in PyTorch training code, with the path that proves it."""


@cli.command("check", epilog=_EPILOG)
@click.argument("paths", nargs=-1)
@_words("--select", "Rules to run: codes, prefixes, names, categories or ALL")
@_words("--ignore", "Rules not to run")
@_words("--extend-select", "Rules to run besides those selected elsewhere")
@_words("--extend-ignore", "Rules not to run besides those ignored elsewhere")
@_option("--preview/--no-preview", default=None, help="Run the rules that are still in preview too.")
@_option("--fix", is_flag=True, help="Apply the safe fixes.")
@_option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: also those that change what is trained.")
@_option("--diff", "diffs", is_flag=True, help="Print what --fix would change as a diff, and change nothing.")
@_option("--output-format", type=click.Choice(sorted(REPORTERS)), help="How findings are printed [default: full].")
@_option("--output-file", metavar="PATH", help="Write there what would go to standard output.")
@_option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
@_words("--exclude", "Globs of what not to look into, instead of the default ones")
@_words("--extend-exclude", "Globs of what not to look into besides")
@_option("--force-exclude", is_flag=True, help="Exclude paths even where they are given by name.")
@_option("--stdin-filename", metavar="PATH", help="The name of what comes from standard input.")
@_option("--config", metavar="PATH", help="The configuration file, instead of the nearest one of each file.")
@_option("--isolated", is_flag=True, help="Read no configuration file.")
@_option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use [default: as many as processors].")
@_option("--no-cache", is_flag=True, expose_value=False, help="Accepted for scripts' sake: nothing is cached yet.")
@_colors()
@_option("--quiet", "-q", is_flag=True, help="Print findings and errors only.")
@_option("--verbose", "-v", is_flag=True, help="Say which configuration applies, and how long it takes.")
@click.pass_context
def check_command(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...],
    extend_ignore: tuple[str, ...],
    preview: bool | None,
    fix: bool,
    unsafe_fixes: bool,
    diffs: bool,
    output_format: str | None,
    output_file: str | None,
    exit_zero: bool,
    exclude: tuple[str, ...],
    extend_exclude: tuple[str, ...],
    force_exclude: bool,
    stdin_filename: str | None,
    config: str | None,
    isolated: bool,
    jobs: int | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Lint PATHS: files, folders or - for standard input; by default the current folder."""
    started = time.perf_counter()
    if isolated and config and context.get_parameter_source("config") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--isolated reads no configuration file, --config names one.")
    choice = Choice(_split(select) if select else None, _split(ignore), _split(extend_select), _split(extend_ignore))
    command_line = Layer(
        folder=Path.cwd(),
        choice=choice,
        preview=preview,
        exclude=_split(exclude) if exclude else None,
        extend_exclude=_split(extend_exclude),
        output_format=output_format,
    )
    file = Path(config) if config and not isolated else None
    configuration = Configuration(command_line, isolated=isolated, file=file)
    request = _Request(
        settings=configuration.settings(Path.cwd()),
        console=_Console(quiet, _is_colored(color, sys.stderr)),
        fixes=fix and not diffs,
        unsafe=unsafe_fixes,
        diffs=diffs,
        color=color,
        output_file=Path(output_file) if output_file else None,
    )
    _check_format(request.settings)
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("- cannot be combined with other paths.")
    if paths == (STDIN,) or (stdin_filename and not paths):
        status = _check_stdin(request, configuration, stdin_filename, force_exclude=force_exclude)
    else:
        status = _check_paths(request, configuration, paths or (".",), force_exclude=force_exclude, jobs=jobs)
    if verbose:
        request.console.note(f"It took {time.perf_counter() - started:.2f} s.")
    return _CLEAN if exit_zero and status == _FINDINGS else status


@cli.command("rule")
@click.argument("rule", required=False, metavar="[CODE|NAME]")
@click.option("--all", "every", is_flag=True, help="Explain every rule.")
# Not from the environment: GRADLINT_OUTPUT_FORMAT is the format of findings.
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True)
@_colors()
def rule_command(rule: str | None, every: bool, output_format: str, color: str) -> int:
    """Explain a rule: what it finds, what that does to training, how to fix it."""
    if every == bool(rule):
        raise click.UsageError("Give the code or name of a rule, or --all.")
    colored = _is_colored(color, sys.stdout)
    if rule:
        _print(explain(named(rule, all_rules()), output_format, color=colored))
    else:
        _print(explain_all(all_rules(), output_format, color=colored))
    return _CLEAN


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 clean, 1 findings, 2 could not do the job, 130 interrupted."""
    console = _Console(quiet=False, color=_is_colored("auto", sys.stderr))
    try:
        status: int = cli.main(arguments, prog_name="gradlint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = _INTERRUPTED
    except GradlintError as error:
        console.error(str(error))
        status = _FAILURE
    except OSError as error:
        # A full disk or a standard output that does not take any more; files are dealt with where they are read.
        console.error(f"{error.filename or 'the output could not be written'}: {error.strerror or error}")
        _silence_stdout()
        status = _FAILURE
    except Exception as error:
        console.error(f"gradlint crashed, which is a bug ({_place(error)}): {type(error).__name__}: {error}")
        status = _FAILURE
    sys.exit(status)


def _check_paths(
    request: _Request, configuration: Configuration, paths: Sequence[str], *, force_exclude: bool, jobs: int | None
) -> int:
    found = find(paths, configuration.settings, force_exclude=force_exclude)
    if not found.files and not found.errors:
        request.console.warn(f"no Python files in {', '.join(paths)}")
    outcomes = run(found.files, mending=request.mending, jobs=jobs)
    if request.fixes:
        outcomes = [save(file, outcome) for file, outcome in zip(found.files, outcomes, strict=True)]
    if request.diffs:
        _deliver(request, b"".join(_diff(each) for each in outcomes))
    else:
        _deliver(request, _report(request, outcomes))
    return _conclude(request, outcomes, found.errors, has_files=bool(found.files))


def _check_stdin(request: _Request, configuration: Configuration, filename: str | None, *, force_exclude: bool) -> int:
    content = click.get_binary_stream("stdin").read()
    path = absolute_path(filename or "stdin.py")
    settings = configuration.settings(path.parent)
    name = shown(path, filename) if filename else UNNAMED
    outcomes = []
    if not (filename and force_exclude and is_forced_out(path, settings)):
        outcomes.append(check(Task(name, content, settings.rules, request.mending)))
    if request.diffs:
        _deliver(request, b"".join(_diff(each, is_file=False) for each in outcomes))
    elif request.fixes:
        fixed = outcomes[0].fixed if outcomes else None
        _print(fixed.source.encode() if fixed else content)
        _deliver(request, _report(request, outcomes), err=True)
    else:
        _deliver(request, _report(request, outcomes))
    return _conclude(request, outcomes, (), has_files=bool(outcomes))


def _conclude(request: _Request, outcomes: Sequence[Outcome], errors: Iterable[str], *, has_files: bool) -> int:
    """Say on standard error what there is to say, and find the exit status."""
    for outcome in outcomes:
        for warning in outcome.warnings:
            request.console.warn(warning)
    failures = [*errors, *(failure for outcome in outcomes for failure in outcome.failures)]
    for failure in failures:
        request.console.error(failure)
    left = [finding for outcome in outcomes for finding in _left(outcome)]
    fixed = sum(outcome.fixed.count for outcome in outcomes if outcome.fixed)
    if left or fixed:
        request.console.note(_summary(request, left, fixed))
    elif failures:
        request.console.note("No findings in what could be checked.")
    elif has_files:
        request.console.note("All checks passed.")
    if failures:
        return _FAILURE
    return _FINDINGS if (fixed if request.diffs else left) else _CLEAN


def _summary(request: _Request, left: Sequence[Diagnostic], fixed: int) -> str:
    if request.diffs:
        return summary.after_diff(left, fixed, unsafe=request.unsafe)
    if request.fixes:
        return summary.after_fix(left, fixed, unsafe=request.unsafe)
    return summary.after_check(left, unsafe=request.unsafe)


def _left(outcome: Outcome) -> Sequence[Diagnostic]:
    return outcome.fixed.remaining if outcome.fixed else outcome.diagnostics


def _diff(outcome: Outcome, *, is_file: bool = True) -> bytes:
    if outcome.source is None or outcome.fixed is None:
        return b""
    return diff(outcome.source, outcome.fixed.source, is_file=is_file)


def _report(request: _Request, outcomes: Iterable[Outcome]) -> str:
    findings: list[Diagnostic] = []
    sources = {}
    for outcome in outcomes:
        findings += _left(outcome)
        if outcome.source:
            sources[outcome.path] = outcome.fixed.source if outcome.fixed else outcome.source
    to_file = request.output_file is not None
    color = request.color == "always" if to_file else _is_colored(request.color, sys.stdout)
    return REPORTERS[request.settings.output_format](Report(sorted(findings, key=Diagnostic.sort_key), sources, color))


def _deliver(request: _Request, text: str | bytes, *, err: bool = False) -> None:
    """To the output file, if there is one."""
    if request.output_file is None:
        _print(text, err=err)
        return
    try:
        request.output_file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise GradlintError(f"--output-file: {request.output_file}: {error.strerror or error}") from error


def _print(text: str | bytes, *, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    if isinstance(text, str) and stream is not None:
        # A name or a line that the terminal's encoding does not have must not end the run.
        encoding = getattr(stream, "encoding", None) or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    if text:
        click.echo(text, nl=False, err=err, color=True)


def _check_format(settings: Settings) -> None:
    if settings.output_format not in REPORTERS:
        place = where(Layer(settings.root, settings.file), "output-format")
        near = suggestion(settings.output_format, REPORTERS)
        raise GradlintError(f"{place}: unknown format '{settings.output_format}'{near}")


def _is_colored(when: str, stream: TextIO | None) -> bool:
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for value in values for each in value.split(",") if (word := each.strip()))


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _silence_stdout() -> None:
    """Nothing is flushed to it at exit any more, which could only fail once more."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
