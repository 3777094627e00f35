"""`gradlint clean`: remove caches."""

from __future__ import annotations

from pathlib import Path

import click

from gradlint.cli.check import without_options
from gradlint.cli.console import Console
from gradlint.cli.parameters import CONTEXT, EPILOG, option


@click.command("clean", context_settings=CONTEXT, epilog=EPILOG, short_help="Remove caches.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@option("--quiet", "-q", is_flag=True, help="Say nothing about what was removed.")
def clean_command(paths: tuple[Path, ...], quiet: bool) -> int:
    """Remove the caches in PATHS and below; by default the current folder."""
    from gradlint.cache_folder import clean
    from gradlint.tables import shown

    configuration = without_options((), isolated=False)
    console = Console(quiet, color=False)
    status = 0
    for path in paths or (Path(),):
        if not path.is_dir():
            console.error(f"{path}: {'a file, and no folder' if path.exists() else 'no such folder'}")
            status = 2
            continue
        # One that is configured may lie elsewhere, and a folder may be one itself.
        here = path.absolute()
        removed = clean(here, *{here, configuration.settings(here).cache_dir})
        if not removed:
            console.note("There is no cache.")
        for folder in removed:
            console.note(f"Removed {shown(folder.absolute())}.")
    return status
