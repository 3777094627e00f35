"""The command line; the only module that prints or exits."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import click
from click.core import ParameterSource

from gradlint import __version__
from gradlint.errors import GradlintError

# What a command needs is imported by that command: `gradlint --help` must not wait for all of it.
if TYPE_CHECKING:
    from gradlint.session import Answer

FORMATS = ("full", "concise", "json")
RULE_FORMATS = ("text", "json", "markdown")

STDIN = "-"

_FAILURE, _INTERRUPTED = 2, 130

_Command = TypeVar("_Command", bound=Callable[..., Any])  # Any: click passes whatever options a command declares
_EPILOG = "Every option can be set in the environment too: GRADLINT_SELECT for --select. The command line wins."


class _Words(click.types.StringParamType):
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
            _print(f"{_on_one_line(text)}\n", err=True)

    def _say(self, kind: str, color: str, text: str) -> None:
        label = click.style(f"{kind}:", fg=color, bold=True) if self.color else f"{kind}:"
        _print(f"{label} {_on_one_line(text)}\n", err=True)


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
@_option("--output-format", type=click.Choice(FORMATS), help="How findings are printed [default: full].")
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
@_option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Say which configuration applies, which bounds were reached, and how long it takes.",
)
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
    from gradlint.config import Configuration, Layer
    from gradlint.selection import Choice
    from gradlint.session import Action, Request, Status, check_format, check_paths, check_text

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
    settings = configuration.settings(Path.cwd())
    check_format(settings)
    request = Request(
        configuration,
        settings.output_format,
        action=Action.DIFF if diffs else Action.FIX if fix else Action.REPORT,
        unsafe=unsafe_fixes,
        force_exclude=force_exclude,
        color=color == "always" if output_file else _is_colored(color, sys.stdout),
        jobs=jobs,
    )
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("- cannot be combined with other paths.")
    if paths == (STDIN,) or (stdin_filename and not paths):
        answer = check_text(request, _standard_input(), stdin_filename)
    else:
        answer = check_paths(request, paths or (".",))
    console = _Console(quiet, _is_colored(color, sys.stderr))
    _give(answer, output_file, console)
    if verbose:
        for each in answer.stops:
            console.note(each)
        for each in configuration.files():
            console.note(f"Configured by {each}.")
        console.note(f"It took {time.perf_counter() - started:.2f} s.")
    return Status.CLEAN if exit_zero and answer.status is Status.FINDINGS else answer.status


@cli.command("rule")
@click.argument("rule", required=False, metavar="[CODE|NAME]")
@click.option("--all", "every", is_flag=True, help="Explain every rule.")
# Not from the environment: GRADLINT_OUTPUT_FORMAT is the format of findings.
@click.option("--output-format", type=click.Choice(RULE_FORMATS), default="text", show_default=True)
@_colors()
def rule_command(rule: str | None, every: bool, output_format: str, color: str) -> int:
    """Explain a rule: what it finds, what that does to training, how to fix it."""
    from gradlint.explain import explain, explain_all
    from gradlint.rule import all_rules
    from gradlint.selection import named

    if every == bool(rule):
        raise click.UsageError("Give the code or name of a rule, or --all.")
    colored = _is_colored(color, sys.stdout)
    if rule:
        _print(explain(named(rule, all_rules()), output_format, color=colored))
    else:
        _print(explain_all(all_rules(), output_format, color=colored))
    return 0


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 clean, 1 findings, 2 could not do the job, 130 interrupted."""
    console = _Console(quiet=False, color=_is_colored("auto", sys.stderr))
    try:
        status = cli.main(arguments, prog_name="gradlint", standalone_mode=False)
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
        status = _FAILURE
    except Exception as error:
        console.error(f"gradlint crashed, which is a bug ({_place(error)}): {type(error).__name__}: {error}")
        status = _FAILURE
    sys.exit(status)


def _give(answer: Answer, output_file: str | None, console: _Console) -> None:
    """Findings or diff first, then what there is to say about the run."""
    if answer.fixed_text is not None:
        _print(answer.fixed_text)
    if output_file is None:
        _print(answer.output, err=answer.fixed_text is not None)
    else:
        _write(Path(output_file), answer.output)
    for warning in answer.warnings:
        console.warn(warning)
    for error in answer.errors:
        console.error(error)
    if answer.summary:
        console.note(answer.summary)


def _on_one_line(text: str) -> str:
    from gradlint.reporters.terminal import plain

    return plain(text)


def _write(path: Path, output: str | bytes) -> None:
    try:
        path.write_bytes(output if isinstance(output, bytes) else output.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise GradlintError(f"--output-file: {path}: {error.strerror or error}") from error


def _print(text: str | bytes, *, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    if isinstance(text, str) and stream is not None:
        # A name or a line that the terminal's encoding does not have must not end the run.
        encoding = getattr(stream, "encoding", None) or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    if text:
        click.echo(text, nl=False, err=err, color=True)


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise GradlintError("standard input is closed")
    return sys.stdin.buffer.read()


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
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
