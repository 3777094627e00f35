"""Workflow commands, which GitHub Actions turns into annotations."""

from __future__ import annotations

from gradlint.diagnostics import Diagnostic, Severity
from gradlint.reporters.characters import legal
from gradlint.reporters.places import in_file, shown, spoken
from gradlint.reporters.ranking import worst_first
from gradlint.reporters.report import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_IN_MESSAGES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = _IN_MESSAGES | str.maketrans({":": "%3A", ",": "%2C"})


def render(report: Report) -> str:
    """A command for each failure and each finding, worst first: GitHub keeps ten of a kind in a step."""
    lines = [_command("error", failure, title="gradlint") for failure in report.failures]
    lines += [_finding(each, report) for each in worst_first(report.diagnostics)]
    return "".join(f"{line}\n" for line in lines)


def _finding(diagnostic: Diagnostic, report: Report) -> str:
    path = diagnostic.path
    span = in_file(report, path, diagnostic.span)
    message = spoken(report, path, diagnostic.span.start, diagnostic.message)
    # The log of the step shows the message alone, so the place is said there once more.
    place = shown(report, path, span.start) if span else path
    properties = {"title": f"gradlint ({diagnostic.code})", "file": path}
    if span is None:
        properties |= {"line": "1"}
    elif span.start.row == span.end.row:
        # As ruff and ESLint do it, the end is the column after the last one; GitHub marks whole lines anyway.
        properties |= {"line": f"{span.start.row}", "col": f"{span.start.column}"}
        properties |= {"endLine": f"{span.end.row}", "endColumn": f"{span.end.column}"}
    else:
        # GitHub refuses columns of a stretch over several lines.
        properties |= {"line": f"{span.start.row}", "endLine": f"{span.end.row}"}
    return _command(_COMMANDS[diagnostic.severity], f"{place}: {diagnostic.code} {message}", **properties)


def _command(command: str, message: str, **properties: str) -> str:
    written = ",".join(f"{key}={legal(value).translate(_IN_PROPERTIES)}" for key, value in properties.items())
    return f"::{command} {written}::{legal(message).translate(_IN_MESSAGES)}"
