"""Which objects lead to which others, both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gradlint.regions import Path

_Way = Mapping[tuple[int, str], Mapping[Path, set[Path]]]
"""What each object leads to, by the variables that hold them."""


class Links:
    """Pairs of objects: a whole and what it was made from."""

    def __init__(self) -> None:
        self._parts: dict[tuple[int, str], dict[Path, set[Path]]] = {}
        self._wholes: dict[tuple[int, str], dict[Path, set[Path]]] = {}

    def add(self, whole: Path, part: Path) -> None:
        """One more pair; an object is no part of itself."""
        if whole != part:
            self._parts.setdefault((whole.scope, whole.name), {}).setdefault(whole, set()).add(part)
            self.hold(whole, part)

    def hold(self, whole: Path, part: Path) -> None:
        """A pair that is gone through from the part only: the whole may be something else as well."""
        if whole != part:
            self._wholes.setdefault((part.scope, part.name), {}).setdefault(part, set()).add(whole)

    def around(self, path: Path) -> tuple[Path, ...]:
        """What an object was made from, and what was made from it; not what only shares a maker with it."""
        return (*_reached(path, self._parts, _exactly), *_reached(path, self._wholes, _exactly))

    def touching(self, path: Path) -> tuple[Path, ...]:
        """The same, with what goes for an object that is inside of another one going for that one as well."""
        return (*_reached(path, self._parts, _near), *_reached(path, self._wholes, _near))


def _exactly(path: Path, way: _Way) -> Iterable[Path]:
    return way.get((path.scope, path.name), {}).get(path, ())


def _near(path: Path, way: _Way) -> Iterable[Path]:
    """What a method of `self` gives back may come from anywhere in there, which says nothing."""
    links = way.get((path.scope, path.name), {})
    near = (each for each in links if path.holds(each) or (each.holds(path) and (each.fields or each.name != "self")))
    return (other for each in near for other in links[each])


def _reached(start: Path, way: _Way, near: Callable[[Path, _Way], Iterable[Path]]) -> list[Path]:
    """All that links lead to from an object, one after the other, but for itself."""
    seen: dict[Path, None] = {}
    queue = [start]
    while queue:
        for other in sorted(near(queue.pop(), way)):
            if other not in seen and other != start:
                seen[other] = None
                queue.append(other)
    return list(seen)
