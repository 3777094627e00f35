"""`gradlint rule`: explain rules."""

from __future__ import annotations

import sys

import click

from gradlint.cli.console import is_colored, write
from gradlint.cli.parameters import CONTEXT, EPILOG, OneOf, colors

FORMATS = ("text", "json", "markdown")


@click.command("rule", context_settings=CONTEXT, epilog=EPILOG, short_help="Explain a rule.")
@click.argument("rule", required=False, metavar="[CODE|NAME]")
@click.option("--all", "every", is_flag=True, help="Explain every rule.")
# Not from the environment: GRADLINT_OUTPUT_FORMAT is the format of findings.
@click.option(
    "--output-format", type=OneOf("format", FORMATS), default="text", show_default=True, help="How it is printed."
)
@colors()
def rule_command(rule: str | None, every: bool, output_format: str, color: str) -> int:
    """Explain a rule: what it finds, what that does to training, how to fix it."""
    from gradlint.explain import explain, explain_all
    from gradlint.rule import all_rules
    from gradlint.selection import named

    if every == bool(rule):
        raise click.UsageError("Give the code or name of a rule, or --all.")
    colored = is_colored(color, sys.stdout)
    if rule:
        write(explain(named(rule, all_rules()), output_format, color=colored))
    else:
        write(explain_all(all_rules(), output_format, color=colored))
    return 0
