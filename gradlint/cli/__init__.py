"""The command line; the only package that prints or exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from gradlint import __version__
from gradlint.cli.check import check_command
from gradlint.cli.clean import clean_command
from gradlint.cli.config import config_command
from gradlint.cli.console import Console, is_colored
from gradlint.cli.parameters import CONTEXT, EPILOG, Commands
from gradlint.cli.rule import rule_command
from gradlint.errors import GradlintError

_FAILURE, _INTERRUPTED = 2, 130


@click.group(cls=Commands, context_settings=CONTEXT, epilog=EPILOG)
@click.version_option(__version__, prog_name="gradlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find the places where PyTorch training code clears, accumulates or applies the wrong gradients, and show why."""


for _command in (check_command, rule_command, config_command, clean_command):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 clean, 1 findings, 2 could not do the job, 130 interrupted."""
    console = Console(quiet=False, color=is_colored("auto", sys.stderr))
    try:
        status = cli.main(arguments, prog_name="gradlint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        console.note("Interrupted.")
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


def _place(error: BaseException) -> str:
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
