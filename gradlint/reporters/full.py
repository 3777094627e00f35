"""The format for people: every place of the story in its lines, numbered as it happens, then the advice as a diff."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Applicability, Diagnostic, Fix, Point
from gradlint.reporters import excerpt, patch
from gradlint.reporters.excerpt import Frame, Mark
from gradlint.reporters.places import shown, stretch
from gradlint.reporters.report import Report
from gradlint.reporters.story import asides, story
from gradlint.reporters.terminal import Ink, Pen, lay_out, plain
from gradlint.selection import ALWAYS_ON
from gradlint.source import Source

_CAUTION = {
    Applicability.SAFE: "safe fix",
    Applicability.UNSAFE: "unsafe fix: it changes what is trained",
}


def render(report: Report) -> str:
    """Each finding in its frame, an empty line between two."""
    return "\n".join("".join(f"{line}\n" for line in _finding(each, report)) for each in report.diagnostics)


def _finding(diagnostic: Diagnostic, report: Report) -> Iterator[str]:
    pen = Pen(report.color)
    source = report.sources.get(diagnostic.path)
    changes = list(patch.hunks(source, diagnostic.fix.edits)) if source and diagnostic.fix else []
    frame = Frame(len(str(_last_row(diagnostic, changes, report))), pen)
    code = pen(Ink.of(diagnostic.severity), f"{diagnostic.code} {diagnostic.name}")
    yield f"{code}{pen(Ink.STRONG, ': ' + plain(diagnostic.message))}"
    for path, marks in _story(diagnostic, report):
        first = next((mark for mark in marks if mark.primary), marks[0])
        arrow = " -->" if first.primary else " :::"
        yield f"{pen(Ink.FRAME, arrow)} {plain(shown(report, path, first.span.start))}"
        text = report.sources.get(path)
        if text is None and not any(mark.label for mark in marks):
            continue  # there is nothing to show
        yield frame.row(None)
        if text:
            yield from excerpt.draw(text, marks, frame)
        else:
            yield from (frame.row(None, mark.label, edge="=") for mark in marks if mark.label)
        yield frame.row(None)
    if source and diagnostic.fix:
        yield from _advice(diagnostic.fix, changes, source, frame)
    elif diagnostic.code != ALWAYS_ON:
        yield f"{frame.pen(Ink.NOTE, 'help')}: `gradlint rule {diagnostic.name}` says what to do"


def _story(diagnostic: Diagnostic, report: Report) -> Iterator[tuple[str, list[Mark]]]:
    """The places of the story by file, and by cell in a notebook; those around the finding's own place come first."""
    own = (diagnostic.path, report.place(diagnostic.path, diagnostic.span.start).cell)
    marks: dict[tuple[str, int | None], list[Mark]] = {own: []}
    for scene in (*story(diagnostic), *asides(diagnostic)):
        ink = Ink.of(diagnostic.severity) if scene.own else Ink.FRAME
        mark = Mark(scene.span, plain(scene.numbered), ink, primary=scene.own)
        marks.setdefault((scene.path, report.place(scene.path, scene.span.start).cell), []).append(mark)
    yield from ((path, each) for (path, _), each in marks.items())


def _advice(fix: Fix, changes: list[patch.Hunk], source: Source, frame: Frame) -> Iterator[str]:
    yield f"{frame.pen(Ink.NOTE, 'help')}: {plain(fix.message)} ({_CAUTION[fix.applicability]})"
    if not source.cells:
        yield frame.row(None)
    cell: int | None = None
    below = 0
    for hunk in changes:
        top = hunk.within.start
        if (here := source.place(Point(top, 1)).cell) != cell:
            yield f"{frame.pen(Ink.FRAME, ' :::')} {plain(source.path)}:cell {here}"
            yield frame.row(None)
            cell, below = here, 0
        if below and hunk.row > below + 1:
            yield frame.gap()
        if hunk.row > max(below, top):
            context = lay_out(source.line(hunk.row - 1)).shown
            yield frame.row(hunk.new_row - top, context)
        for text in hunk.removed:
            yield frame.row(None, frame.pen(Ink.REMOVED, lay_out(text).shown), edge="-", ink=Ink.REMOVED)
        for number, text in enumerate(hunk.added, hunk.new_row - top + 1):
            yield frame.row(number, frame.pen(Ink.ADDED, lay_out(text).shown), edge="+", ink=Ink.ADDED)
        below = hunk.row + len(hunk.removed)


def _last_row(diagnostic: Diagnostic, changes: list[patch.Hunk], report: Report) -> int:
    # One width for the whole finding, or the diff would not line up with the lines above it.
    scenes = (*story(diagnostic), *asides(diagnostic))
    rows = [stretch(report, scene.path, scene.span).end.row for scene in scenes]
    for hunk in changes:
        last = max(hunk.row + len(hunk.removed), hunk.new_row + len(hunk.added)) - 1
        rows.append(last - hunk.within.start + 1)
    return max(rows)
