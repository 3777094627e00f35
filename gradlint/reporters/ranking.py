"""The order for programs that show the first so many findings only."""

from __future__ import annotations

from collections.abc import Iterable

from gradlint.diagnostics import Diagnostic


def worst_first(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings by severity, in the given order where that is the same."""
    return sorted(diagnostics, key=lambda diagnostic: diagnostic.severity.rank)
