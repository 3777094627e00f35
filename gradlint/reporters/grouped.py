"""The findings of each file under its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradlint.diagnostics import Diagnostic
from gradlint.reporters.places import parts
from gradlint.reporters.report import Report
from gradlint.reporters.terminal import Ink, Pen, plain


def render(report: Report) -> str:
    """A path, then `row:col CODE [*] message` for each of its findings; an empty line between two files."""
    groups: dict[str, list[Diagnostic]] = {}
    for diagnostic in report.diagnostics:
        groups.setdefault(diagnostic.path, []).append(diagnostic)
    return "\n".join("".join(f"{line}\n" for line in _group(path, found, report)) for path, found in groups.items())


def _group(path: str, found: Sequence[Diagnostic], report: Report) -> Iterator[str]:
    pen = Pen(report.color)
    yield f"{pen(Ink.STRONG, plain(path))}{pen(Ink.FRAME, ':')}"
    places = [parts(report.place(path, each.span.start)) for each in found]
    rows = [":".join(place[:-1]) for place in places]
    left, right = max(map(len, rows)), max(len(place[-1]) for place in places)
    for diagnostic, row, (*_, column) in zip(found, rows, places, strict=True):
        code = pen(Ink.of(diagnostic.severity), diagnostic.code)
        fixable = " [*]" if diagnostic.fix else ""
        yield f"  {row:>{left}}{pen(Ink.FRAME, ':')}{column:<{right}} {code}{fixable} {plain(diagnostic.message)}"
