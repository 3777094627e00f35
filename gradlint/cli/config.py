"""`gradlint config`: what can be configured, and what applies to a file."""

from __future__ import annotations

from pathlib import Path

import click

from gradlint.cli.check import without_options
from gradlint.cli.console import write
from gradlint.cli.parameters import CONTEXT, EPILOG, Lines, OneOf, option

FORMATS = ("text", "json")


@click.command(
    "config", context_settings=CONTEXT, epilog=EPILOG, short_help="List what can be configured, and what applies."
)
@click.argument("key", required=False)
@click.option("--show", "path", metavar="PATH", help="What applies to that file, and which file or line says so.")
@click.option(
    "--output-format", type=OneOf("format", FORMATS), default="text", show_default=True, help="How it is printed."
)
@option(
    "--config",
    type=Lines(),
    metavar="PATH|KEY=VALUE",
    multiple=True,
    help="With --show: the configuration file, or one key and its value, as for check.",
)
@option("--isolated", is_flag=True, help="With --show: read no configuration file.")
def config_command(
    key: str | None, path: str | None, output_format: str, config: tuple[str, ...], isolated: bool
) -> int:
    """List every key with its default, explain KEY, or show what applies to a file.

    Without arguments it prints a configuration file that changes nothing.
    """
    from gradlint import shown_config

    option = shown_config.named(key) if key else None
    if path is not None:
        if not Path(path).exists():
            raise click.UsageError(f"--show: {path}: no such file or folder.")
        write(shown_config.of_path(without_options(config, isolated=isolated), path, option, output_format))
    else:
        write(shown_config.reference(option, output_format))
    return 0
