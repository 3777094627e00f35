"""A JSON array with ruff's keys and the related places, as `diagnostics.schema.json` describes it."""

from __future__ import annotations

import json
from importlib import resources

from gradlint.diagnostics import Diagnostic, Edit, Fix, Point
from gradlint.explain import documentation_url
from gradlint.reporters.places import Stretch, stretch
from gradlint.reporters.report import Report
from gradlint.reporters.story import Scene, further
from gradlint.reporters.wire import Json
from gradlint.suppressions import NEVER_ON_A_LINE


def render(report: Report) -> str:
    """The findings as JSON text; ASCII only, so that it survives any console encoding."""
    return json.dumps([_diagnostic(each, report) for each in report.diagnostics], indent=2) + "\n"


def schema() -> str:
    """The JSON schema (draft 2020-12) of this format, as text."""
    return resources.files("gradlint.reporters").joinpath("diagnostics.schema.json").read_text("utf-8")


def _diagnostic(diagnostic: Diagnostic, report: Report) -> Json:
    place = stretch(report, diagnostic.path, diagnostic.span)
    return {
        "cell": place.cell,
        "code": diagnostic.code,
        "end_location": _location(place.end),
        "filename": diagnostic.path,
        "fix": _fix(diagnostic.fix, diagnostic.path, report) if diagnostic.fix else None,
        "location": _location(place.start),
        "message": diagnostic.message,
        "name": diagnostic.name,
        "noqa_row": _noqa_row(diagnostic, report),
        "severity": diagnostic.severity.value,
        "url": documentation_url(diagnostic.name, report.documentation),
        "label": diagnostic.label,
        "order": diagnostic.order,
        "related": [_related(scene, report) for scene in further(diagnostic)],
    }


def _location(point: Point) -> Json:
    return {"column": point.column, "row": point.row}


def _fix(fix: Fix, path: str, report: Report) -> Json:
    edits: list[Json] = [_edit(edit, stretch(report, path, edit.span)) for edit in fix.edits]
    return {"applicability": fix.applicability.value, "edits": edits, "message": fix.message}


def _edit(edit: Edit, place: Stretch) -> Json:
    return {
        "content": edit.content,
        "end_location": _location(place.end),
        "location": _location(place.start),
        "cell": place.cell,
    }


def _related(scene: Scene, report: Report) -> Json:
    place = stretch(report, scene.path, scene.span)
    return {
        "end_location": _location(place.end),
        "filename": scene.path,
        "location": _location(place.start),
        "message": scene.label,
        "cell": place.cell,
        "order": scene.order,
    }


def _noqa_row(diagnostic: Diagnostic, report: Report) -> int | None:
    # The last row: a comment fits there even when the first one ends in a backslash or inside a string.
    if diagnostic.code in NEVER_ON_A_LINE:
        return None
    row = diagnostic.statement_rows[1] or diagnostic.span.start.row
    return report.place(diagnostic.path, Point(row, 1)).row
