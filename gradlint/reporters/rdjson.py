"""reviewdog's diagnostic format, after its `reviewdog.proto`: columns are bytes of UTF-8, ends are exclusive."""

from __future__ import annotations

from gradlint.diagnostics import Diagnostic, Edit, Point, Severity, Span
from gradlint.reporters.places import in_file, spoken
from gradlint.reporters.ranking import worst_first
from gradlint.reporters.report import Report
from gradlint.reporters.story import Scene, further
from gradlint.reporters.wire import Json, compact, dump, page, site
from gradlint.source import Source

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}


def render(report: Report) -> str:
    """One `DiagnosticResult`; its severity is that of the worst finding, and what could not be done comes first."""
    found = worst_first(report.diagnostics)
    diagnostics: list[Json] = [{"message": failure, "severity": "ERROR"} for failure in report.failures]
    diagnostics += [_diagnostic(each, report) for each in found]
    worst = "ERROR" if report.failures else _SEVERITIES[found[0].severity] if found else None
    head = compact(source=compact(name="gradlint", url=site(report)), severity=worst)
    return dump(head | {"diagnostics": diagnostics})


def _diagnostic(diagnostic: Diagnostic, report: Report) -> Json:
    return compact(
        message=spoken(report, diagnostic.path, diagnostic.span.start, diagnostic.message),
        location=_location(diagnostic.path, diagnostic.span, report),
        severity=_SEVERITIES[diagnostic.severity],
        code=compact(value=diagnostic.code, url=page(report, diagnostic.name)),
        suggestions=_suggestions(diagnostic, report),
        relatedLocations=[_related(scene, report) for scene in further(diagnostic)],
    )


def _location(path: str, span: Span, report: Report) -> Json:
    inside = in_file(report, path, span)
    source = report.sources.get(path)
    return {"path": path, "range": _range(inside, source) if inside else {"start": {"line": 1}}}


def _range(span: Span, source: Source | None) -> Json:
    return {"start": _position(span.start, source), "end": _position(span.end, source)}


def _position(point: Point, source: Source | None) -> Json:
    column = source.utf8_column(point) if source and point.row <= source.rows else point.column
    return {"line": point.row, "column": column}


def _related(scene: Scene, report: Report) -> Json:
    message = spoken(report, scene.path, scene.span.start, scene.label)
    return compact(message=message, location=_location(scene.path, scene.span, report))


def _suggestions(diagnostic: Diagnostic, report: Report) -> list[Json]:
    source = report.sources.get(diagnostic.path)
    if diagnostic.fix is None or source is None or in_file(report, diagnostic.path, diagnostic.span) is None:
        return []
    # Several suggestions would be alternatives: edits that belong together have to be one.
    edit = _merged(diagnostic.fix.edits, source)
    return [{"range": _range(edit.span, source), "text": edit.content}]


def _merged(edits: tuple[Edit, ...], source: Source) -> Edit:
    ordered = sorted(edits, key=lambda edit: edit.span)
    start = ordered[0].span.start
    at = source.offset(start)
    pieces: list[str] = []
    for edit in ordered:
        pieces += source.text[at : source.offset(edit.span.start)], edit.content
        at = source.offset(edit.span.end)
    return Edit(Span(start, source.point(at)), "".join(pieces))
