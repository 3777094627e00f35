"""A JSON array with ruff's keys and the related places, as `diagnostics.schema.json` describes it."""

from __future__ import annotations

import json
from importlib import resources
from typing import TypeAlias

from gradlint.diagnostics import Diagnostic, Fix, Point, Related
from gradlint.explain import documentation_url
from gradlint.reporters.report import Report
from gradlint.suppressions import NEVER_ON_A_LINE

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def render(report: Report) -> str:
    """The findings as JSON text; ASCII only, so that it survives any console encoding."""
    return json.dumps([_diagnostic(each) for each in report.diagnostics], indent=2) + "\n"


def schema() -> str:
    """The JSON schema (draft 2020-12) of this format, as text."""
    return resources.files("gradlint.reporters").joinpath("diagnostics.schema.json").read_text("utf-8")


def _diagnostic(diagnostic: Diagnostic) -> Json:
    return {
        "cell": None,
        "code": diagnostic.code,
        "end_location": _location(diagnostic.span.end),
        "filename": diagnostic.path,
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "location": _location(diagnostic.span.start),
        "message": diagnostic.message,
        "name": diagnostic.name,
        "noqa_row": _noqa_row(diagnostic),
        "related": [_related(place, diagnostic) for place in sorted(diagnostic.related, key=lambda each: each.order)],
        "severity": diagnostic.severity.value,
        "url": documentation_url(diagnostic.name),
    }


def _location(point: Point) -> Json:
    return {"column": point.column, "row": point.row}


def _fix(fix: Fix) -> Json:
    edits: list[Json] = [
        {
            "content": edit.content,
            "end_location": _location(edit.span.end),
            "location": _location(edit.span.start),
        }
        for edit in fix.edits
    ]
    return {"applicability": fix.applicability.value, "edits": edits, "message": fix.message}


def _related(related: Related, diagnostic: Diagnostic) -> Json:
    return {
        "end_location": _location(related.span.end),
        "filename": diagnostic.path if related.path is None else related.path,
        "location": _location(related.span.start),
        "message": related.message,
    }


def _noqa_row(diagnostic: Diagnostic) -> int | None:
    # The last row: a comment fits there even when the first one ends in a backslash or inside a string.
    if diagnostic.code in NEVER_ON_A_LINE:
        return None
    return diagnostic.statement_rows[1] or diagnostic.span.start.row
