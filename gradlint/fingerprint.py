"""What a finding is known by from one run to the next, wherever other edits have moved it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gradlint.diagnostics import Diagnostic
from gradlint.source import Source


class Fingerprint(NamedTuple):
    """A finding by the text of its line, without indentation, and its number (from 1) among all that are alike.

    Row and column are left out, so that edits elsewhere in the file change nothing.
    """

    path: str
    code: str
    line: str
    number: int


def fingerprints(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]) -> list[Fingerprint]:
    """The fingerprint of each finding, in the given order; alike ones are numbered as they stand in the file."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[int, Fingerprint] = {}
    for index in sorted(range(len(diagnostics)), key=lambda index: diagnostics[index].sort_key()):
        finding = diagnostics[index]
        known = (finding.path, finding.code, _line(finding, sources.get(finding.path)))
        seen[known] += 1
        found[index] = Fingerprint(*known, seen[known])
    return [found[index] for index in range(len(diagnostics))]


def _line(finding: Diagnostic, source: Source | None) -> str:
    row = finding.span.start.row
    return source.line(row).strip() if source and row <= source.rows else ""
