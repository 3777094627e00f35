"""What every reporter is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradlint.diagnostics import Diagnostic
from gradlint.source import Source


@dataclass(frozen=True, slots=True)
class Report:
    """The findings in the order in which they are to be shown, and the texts they speak of, by path.

    A text may be missing (it could not be read): its findings are then shown without their lines.
    """

    diagnostics: Sequence[Diagnostic]
    sources: Mapping[str, Source]
    color: bool = False
