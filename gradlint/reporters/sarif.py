"""SARIF 2.1.0, for code scanning and viewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradlint import __version__
from gradlint.diagnostics import Diagnostic, Edit, Fix, Span
from gradlint.reporters.characters import cut
from gradlint.reporters.line_hash import line_hashes
from gradlint.reporters.places import in_file, is_notebook, spoken
from gradlint.reporters.ranking import worst_first
from gradlint.reporters.report import Report
from gradlint.reporters.sarif_rules import LEVELS, MAX_TEXT, rules
from gradlint.reporters.story import Scene, further, story
from gradlint.reporters.uri import path_uri
from gradlint.reporters.wire import Json, compact, dump, site

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, slots=True)
class _Known:
    """What results refer to: the rules' codes in order, and the hashes of the lines of each file with findings."""

    codes: Sequence[str]
    hashes: Mapping[str, Sequence[str]]


def render(report: Report) -> str:
    """A log of one run; the worst findings come first, since consumers take only so many."""
    found = worst_first(report.diagnostics)
    described = rules(found, report)
    # Of a notebook the file itself would be needed, whose text is not that of its cells.
    files = {each.path for each in found if each.path in report.sources and not is_notebook(report, each.path)}
    known = _Known(list(described), {path: line_hashes(report.sources[path]) for path in files})
    driver = compact(name="gradlint", semanticVersion=__version__, informationUri=site(report))
    run: Json = {
        "tool": {"driver": driver | {"rules": list(described.values())}},
        "invocations": [_invocation(report.failures)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, report, known) for each in found],
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _invocation(failures: Sequence[str]) -> Json:
    notifications: list[Json] = [{"level": "error", "message": _message(failure)} for failure in failures]
    return compact(toolExecutionNotifications=notifications) | {"executionSuccessful": not failures}


def _result(diagnostic: Diagnostic, report: Report, known: _Known) -> Json:
    message = spoken(report, diagnostic.path, diagnostic.span.start, diagnostic.message)
    in_cell = is_notebook(report, diagnostic.path)
    others = further(diagnostic)
    place: Json = {"physicalLocation": _physical(diagnostic.path, diagnostic.span, report)}
    head: dict[str, Json] = {
        "ruleId": diagnostic.code,
        "ruleIndex": known.codes.index(diagnostic.code),
        "level": LEVELS[diagnostic.severity],
        "message": _message(message),
        "locations": [place],
    }
    return head | compact(
        relatedLocations=[{"id": number} | _location(scene, report) for number, scene in enumerate(others, 1)],
        codeFlows=[_flow(diagnostic, report)] if others else [],
        partialFingerprints=_fingerprints(diagnostic, known),
        fixes=[_fix(diagnostic.fix, diagnostic.path)] if diagnostic.fix and not in_cell else [],
    )


def _message(text: str) -> Json:
    return {"text": cut(text, MAX_TEXT)}


def _flow(diagnostic: Diagnostic, report: Report) -> Json:
    steps: list[Json] = [
        {"location": _location(scene, report, otherwise=diagnostic.message)} for scene in story(diagnostic)
    ]
    return {"threadFlows": [{"locations": steps}]}


def _location(scene: Scene, report: Report, *, otherwise: str = "") -> dict[str, Json]:
    text = spoken(report, scene.path, scene.span.start, scene.label or otherwise)
    return {"physicalLocation": _physical(scene.path, scene.span, report), "message": _message(text)}


def _physical(path: str, span: Span, report: Report) -> Json:
    inside = in_file(report, path, span)
    return {"artifactLocation": {"uri": path_uri(path)}, "region": _region(inside) if inside else {"startLine": 1}}


def _region(span: Span) -> Json:
    (row, column), (last, end) = span
    return {"startLine": row, "startColumn": column, "endLine": last, "endColumn": end}


def _fingerprints(diagnostic: Diagnostic, known: _Known) -> Json:
    hashes, row = known.hashes.get(diagnostic.path, ()), diagnostic.span.start.row
    return {"primaryLocationLineHash": hashes[row - 1]} if row <= len(hashes) else {}


def _fix(fix: Fix, path: str) -> Json:
    change: Json = {
        "artifactLocation": {"uri": path_uri(path)},
        "replacements": [_replacement(edit) for edit in sorted(fix.edits, key=lambda edit: edit.span)],
    }
    return {"description": _message(fix.message), "artifactChanges": [change]}


def _replacement(edit: Edit) -> Json:
    return {"deletedRegion": _region(edit.span)} | compact(insertedContent=compact(text=edit.content))
