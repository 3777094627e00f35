"""One finding a line, as flake8 writes it: for editors, grep and logs."""

from __future__ import annotations

from gradlint.diagnostics import Diagnostic
from gradlint.reporters.places import parts
from gradlint.reporters.report import Report
from gradlint.reporters.terminal import Ink, Pen, plain


def render(report: Report) -> str:
    """`path:line:col: GRD101 [*] message` for each finding, by cell in a notebook; `[*]` where there is a fix."""
    pen = Pen(report.color)
    return "".join(f"{_line(diagnostic, report, pen)}\n" for diagnostic in report.diagnostics)


def _line(diagnostic: Diagnostic, report: Report, pen: Pen) -> str:
    place = (pen(Ink.STRONG, plain(diagnostic.path)), *parts(report.place(diagnostic.path, diagnostic.span.start)))
    colon = pen(Ink.FRAME, ":")
    code = pen(Ink.of(diagnostic.severity), diagnostic.code)
    fixable = " [*]" if diagnostic.fix else ""
    return f"{colon.join(place)}{colon} {code}{fixable} {plain(diagnostic.message)}"
