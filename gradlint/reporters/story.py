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
    """Every place of what happens, in that order."""
    own = Scene(diagnostic.path, diagnostic.span, diagnostic.label, diagnostic.order, own=True)
    return sorted((own, *(scene for scene in further(diagnostic) if scene.order)), key=lambda scene: scene.order)


def asides(diagnostic: Diagnostic) -> list[Scene]:
    """The places beside the story."""
    return [scene for scene in further(diagnostic) if not scene.order]


def further(diagnostic: Diagnostic) -> list[Scene]:
    """The places besides the finding's own, in the order in which they happen, then those beside the story."""
    places = sorted(diagnostic.related, key=lambda place: (not place.order, place.order))
    return [
        Scene(diagnostic.path if place.path is None else place.path, place.span, place.message, place.order)
        for place in places
    ]
