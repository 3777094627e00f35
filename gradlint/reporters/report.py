"""What every reporter is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradlint.diagnostics import Diagnostic, Point
from gradlint.explain import DOCUMENTATION
from gradlint.source import Place, Source


@dataclass(frozen=True, slots=True)
class Report:
    """The findings in the order in which they are to be shown, and the texts they speak of, by path.

    A text may be missing (it could not be read): its findings are then shown without their lines. `failures` are
    what could not be done, one line each: a format that a program reads must not look clean then. `documentation` is
    the base of links to the pages of rules.
    """

    diagnostics: Sequence[Diagnostic]
    sources: Mapping[str, Source]
    color: bool = False
    failures: Sequence[str] = ()
    documentation: str = DOCUMENTATION

    def place(self, path: str, point: Point) -> Place:
        """A place as people look for it, by cell in a notebook."""
        source = self.sources.get(path)
        return source.place(point) if source else Place(None, *point)
