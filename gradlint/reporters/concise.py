"""One finding a line, as flake8 writes it: for editors, grep and logs."""

from __future__ import annotations

from gradlint.diagnostics import Diagnostic
from gradlint.reporters.report import Report
from gradlint.reporters.terminal import Ink, Pen, plain


def render(report: Report) -> str:
    """`path:line:col: GRD101 [*] message` for each finding; `[*]` where there is a fix."""
    pen = Pen(report.color)
    return "".join(f"{_line(diagnostic, pen)}\n" for diagnostic in report.diagnostics)


def _line(diagnostic: Diagnostic, pen: Pen) -> str:
    start = diagnostic.span.start
    colon = pen(Ink.FRAME, ":")
    place = f"{pen(Ink.STRONG, plain(diagnostic.path))}{colon}{start.row}{colon}{start.column}{colon}"
    code = pen(Ink.of(diagnostic.severity), diagnostic.code)
    fixable = " [*]" if diagnostic.fix else ""
    return f"{place} {code}{fixable} {plain(diagnostic.message)}"
