"""The array of GitLab's code quality reports, which is a part of Code Climate's format."""

from __future__ import annotations

from gradlint.diagnostics import Diagnostic, Severity
from gradlint.fingerprint import Fingerprint, fingerprints
from gradlint.reporters.places import in_file, spoken
from gradlint.reporters.ranking import worst_first
from gradlint.reporters.report import Report
from gradlint.reporters.wire import Json, dump

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(report: Report) -> str:
    """What could not be done, then the findings, worst first."""
    found = worst_first(report.diagnostics)
    known = fingerprints(found, report.sources)
    issues = [_failure(each) for each in dict.fromkeys(report.failures)]
    issues += [_issue(each, fingerprint, report) for each, fingerprint in zip(found, known, strict=True)]
    return dump(issues)


def _issue(diagnostic: Diagnostic, fingerprint: Fingerprint, report: Report) -> Json:
    path = diagnostic.path
    span = in_file(report, path, diagnostic.span)
    message = spoken(report, path, diagnostic.span.start, diagnostic.message)
    begin, end = (span.start.row, span.end.row) if span else (1, 1)
    return {
        "description": f"{diagnostic.code} {diagnostic.name}: {message}",
        "check_name": diagnostic.code,
        "fingerprint": _digest(*fingerprint),
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": path, "lines": {"begin": begin, "end": end}},
    }


def _failure(failure: str) -> Json:
    # There is no other room in the format, and without it a run that read nothing would look clean.
    return {
        "description": f"gradlint: {failure}",
        "check_name": "gradlint",
        "fingerprint": _digest("gradlint", failure),
        "severity": "blocker",
        "location": {"path": ".", "lines": {"begin": 1}},
    }


def _digest(*parts: str | int) -> str:
    # Imported here: it loads OpenSSL.
    import hashlib

    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
