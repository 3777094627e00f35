"""What the options of all commands have in common: names in the environment, types, headings in the help."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])  # Any: click passes whatever options a command declares

_OURS = "GRADLINT_"

CONTEXT = {"help_option_names": ["-h", "--help"]}
"""For each command, which may be asked without the group that it belongs to."""

EPILOG = "Every option can be set in the environment too: GRADLINT_SELECT for --select. The command line wins."


class Words(click.types.StringParamType):
    """Words separated by commas, in the environment as on the command line."""

    name = "list"
    envvar_list_splitter = ","


class Lines(click.types.StringParamType):
    """Something that may hold spaces; in the environment, one a line."""

    name = "text"

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """The lines of a variable."""
        return rv.splitlines()


class OneOf(click.Choice[str]):
    """One of a few words; what is none of them is answered with the nearest."""

    def __init__(self, what: str, words: Sequence[str]) -> None:
        super().__init__(words)
        self.what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # Any: click's
        """The word. Raises click.BadParameter."""
        if value not in self.choices:
            self.fail(unknown(self.what, str(value), self.choices), param, ctx)
        return str(value)


class HeadedOption(click.Option):
    """An option that stands under a heading of its own in the help."""

    def __init__(self, *names: Any, heading: str = "Options", **details: Any) -> None:  # Any: click's own arguments
        super().__init__(*names, **details)
        self.heading = heading


class HeadedCommand(click.Command):
    """A command whose many options are shown by heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all options, those of a heading together."""
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                rows.setdefault(getattr(parameter, "heading", "Options"), []).append(record)
        for heading in sorted(rows, key=lambda heading: heading == "Options"):
            with formatter.section(heading):
                formatter.write_dl(rows[heading])


class Commands(click.Group):
    """The commands; what is none of them is answered with the nearest, or with what was meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names. Raises click.UsageError."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            if Path(name).exists():
                ctx.fail(f"No such command '{name}'; to lint that path: gradlint check {name}")
            ctx.fail(unknown("command", name, self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """`unknown format 'jsn'; did you mean 'json'?`, or all that are known where none is near."""
    from gradlint.selection import suggestion

    words = list(known)
    return f"unknown {what} '{word}'{suggestion(word, words) or '; choose from ' + ', '.join(words)}"


def option(name: str, *names: str, heading: str = "Options", **details: Any) -> Callable[[Decorated], Decorated]:
    """An option that is read from the environment too, under the same name whatever the command."""
    variable = f"{_OURS}{name.partition('/')[0].strip('-').replace('-', '_').upper()}"
    details.setdefault("envvar", variable)
    return click.option(name, *names, cls=HeadedOption, heading=heading, **details)


def words(name: str, text: str, *, heading: str) -> Callable[[Decorated], Decorated]:
    """An option that takes words separated by commas."""
    return option(name, type=Words(), multiple=True, heading=heading, help=f"{text}, separated by commas; repeatable.")


def colors() -> Callable[[Decorated], Decorated]:
    """When to print in colour."""
    return option(
        "--color",
        type=OneOf("choice", ["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Whether to print in colour; NO_COLOR and FORCE_COLOR count as well.",
    )


def unread_variables(commands: Iterable[click.Command]) -> list[str]:
    """What to say about variables of the environment that are named like ours, and that no option reads."""
    from gradlint.selection import suggestion

    known = {option.envvar for command in commands for option in command.params if isinstance(option.envvar, str)}
    found = sorted(name for name in os.environ if name.startswith(_OURS) and name not in known)
    # What they all begin with would make any of them look near.
    ends = sorted(name.removeprefix(_OURS) for name in known)
    near = (suggestion(name.removeprefix(_OURS), ends).replace("'", f"'{_OURS}", 1) for name in found)
    return [f"unknown variable '{name}'{each}" for name, each in zip(found, near, strict=True)]


def split(values: Iterable[str]) -> tuple[str, ...]:
    """The words of all values."""
    return tuple(word for value in values for each in value.split(",") if (word := each.strip()))
