"""What objects were made from by calls, and joined to: `net = DataParallel(net)`, `model.head = head`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradlint.regions import ELEMENT, Path
from gradlint.syntax.evaluator import Evaluator
from gradlint.syntax.links import Links
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import elements_of


class Wrapping:
    """Answers for one program."""

    def __init__(self, objects: Evaluator) -> None:
        self._objects = objects
        self._links: dict[File, Links] = {}

    def of(self, path: Path) -> tuple[Path, ...]:
        """What an object was made from, and what was made from it; not what shares a maker with it."""
        file = self._objects.program.home(self._objects.program.scopes[path.scope])
        if file not in self._links:
            self._links[file] = self._read(file)
        return self._links[file].around(path)

    def _read(self, file: File) -> Links:
        links = Links()
        for scope in file.table.scopes:
            for made, bindings in scope.holders():
                for binding in bindings:
                    for held in (each for each in self._held(binding) if each != made):
                        links.hold(made.field(ELEMENT), held)
                    for given in self._made_from(binding):
                        links.add(made, given)
            for whole, joined in self._joined(scope):
                links.add(whole, joined)
        return links

    def _held(self, binding: Binding) -> Iterator[Path]:
        """What stands by its name in a literal container."""
        parts = elements_of(binding.value) if binding.value is not None and not binding.each else None
        for part in parts or ():
            held = self._objects.path(part, binding.scope) if isinstance(part, cst.Name) else None
            if held is not None:
                yield held

    def _made_from(self, binding: Binding) -> Iterator[Path]:
        """The objects that a call was given which gave back this one: of what it gives back prepared, only its own."""
        if not isinstance(binding.value, cst.Call) or binding.each:
            return
        own = self._objects.prepared(binding.value, binding.items[0], binding.scope) if binding.items else None
        path = self._objects.path(own, binding.scope) if own is not None else None
        if path is not None:
            yield path
        else:
            yield from self._objects.given(binding.value, binding.scope)

    def _joined(self, scope: Scope) -> Iterator[tuple[Path, Path]]:
        """Objects that get a part of another, as with `net.head = head` and `decoder.weight = embedding.weight`."""
        for target, binding in scope.parts:
            match target, binding:
                case cst.Attribute(value=cst.Name() as holder), Binding(
                    value=cst.Name() | cst.Attribute() as value, items=()
                ):
                    whole, part = self._objects.path(holder, scope), self._objects.path(value, scope)
                    if whole is not None and part is not None:
                        is_tensor = part.fields[-1:] in (("weight",), ("bias",))
                        yield whole, Path(part.scope, part.name, part.fields[:-1]) if is_tensor else part
