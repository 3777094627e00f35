"""The places of a finding as one story, its own among them."""

from __future__ import annotations

from dataclasses import dataclass

from gradlint.diagnostics import Diagnostic, Span


@dataclass(frozen=True, slots=True)
class Scene:
    """One place; `order` is 0 where there is no story, `own` says that it is the one the finding is reported at."""

    path: str
    span: Span
    label: str
    order: int
    own: bool = False

    @property
    def numbered(self) -> str:
        """The label after its number, if it has one."""
        return f"{self.order}: {self.label}" if self.order else self.label


def story(diagnostic: Diagnostic) -> list[Scene]:
    """Every place in the order in which they happen."""
    own = Scene(diagnostic.path, diagnostic.span, diagnostic.label, diagnostic.order, own=True)
    return sorted((own, *further(diagnostic)), key=lambda scene: scene.order)


def further(diagnostic: Diagnostic) -> list[Scene]:
    """The places besides the finding's own, in the order in which they happen."""
    places = sorted(diagnostic.related, key=lambda place: place.order)
    return [
        Scene(diagnostic.path if place.path is None else place.path, place.span, place.message, place.order)
        for place in places
    ]
