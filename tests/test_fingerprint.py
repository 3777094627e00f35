"""What a finding is known by from one run to the next."""

from __future__ import annotations

from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.fingerprint import Fingerprint, fingerprints
from gradlint.source import Source


def findings(text: str, *rows: int, code: str = "GRD101") -> tuple[list[Diagnostic], dict[str, Source]]:
    spans = [Span(Point(row, 1), Point(row, 2)) for row in rows]
    found = [Diagnostic("t.py", span, code, "n", "m", Severity.ERROR) for span in spans]
    return found, {"t.py": Source("t.py", text)}


def test_is_the_line_without_its_indentation() -> None:
    assert fingerprints(*findings("x\n  a.backward()  \n", 2)) == [Fingerprint("t.py", "GRD101", "a.backward()", 1)]


def test_alike_ones_are_numbered_as_they_stand_in_the_file() -> None:
    found = fingerprints(*findings("a\nb\na\na\n", 4, 2, 1))
    assert [(each.line, each.number) for each in found] == [("a", 2), ("b", 1), ("a", 1)]


def test_edits_elsewhere_change_nothing() -> None:
    edited = fingerprints(*findings("a\n\n\nif x:\n    a\n", 5))
    assert edited == fingerprints(*findings("a\n", 1))


def test_another_code_counts_by_itself() -> None:
    (one,), sources = findings("a\n", 1)
    (other,), _ = findings("a\n", 1, code="GRD102")
    assert [each.number for each in fingerprints([one, other], sources)] == [1, 1]


def test_a_text_that_is_missing_or_shorter_now() -> None:
    found, _ = findings("", 1)
    assert fingerprints(found, {}) == [Fingerprint("t.py", "GRD101", "", 1)]
    assert fingerprints(findings("a\n", 7)[0], findings("a\n")[1])[0].line == ""
