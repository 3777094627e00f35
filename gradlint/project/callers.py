"""Who may call a scope from another file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gradlint.project.modules import Modules
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.scopes import Scope, names_in

MAX_FILES = 60  # files read in search of the callers of one scope


class Callers(Protocol):
    """Finds scopes in other files that may call one."""

    def of(self, scope: Scope, lowerer: Lowerer) -> Iterator[Scope]:
        """Scopes that speak of a scope by its name, in files that can know it."""


class NoCallers:
    """There are no other files."""

    def of(self, scope: Scope, lowerer: Lowerer) -> Iterator[Scope]:
        """Methods that the object inherits from a class of its own file."""
        return inherited_callers(scope, lowerer)


def inherited_callers(scope: Scope, lowerer: Lowerer) -> Iterator[Scope]:
    """Methods that speak of a method and that its class inherits, as its objects run them."""
    class_ = scope.parent
    if class_ is None or class_.kind != "class":
        return
    overridden = set(class_.functions)
    for base in lowerer.objects.lineage(lowerer.program.scopes[class_.number])[1:]:
        for name, methods in base.functions.items():
            if name not in overridden and scope.name in names_in(methods[-1]):
                yield lowerer.program.view(class_, methods[-1])
        overridden |= set(base.functions)


class CallersByName:
    """Looks through the bytes of a project's files for the name of a scope and of where it is defined."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules

    def of(self, scope: Scope, lowerer: Lowerer) -> Iterator[Scope]:
        """Scopes that mention the name, in files that mention the module or the class (or one derived from it) too."""
        yield from inherited_callers(scope, lowerer)
        home = lowerer.program.home(scope)
        found: dict[str, None] = {}
        for origin in self._origins(scope, home.key):
            found |= dict.fromkeys(self._modules.speaking_of((scope.name, origin)))
        found.pop(home.key, None)
        for key in list(found)[:MAX_FILES]:
            file = lowerer.program.file(key)
            for other in file.table.scopes if file is not None else ():
                if other.kind != "class" and scope.name in names_in(other):
                    yield other

    def _origins(self, scope: Scope, key: str) -> Iterator[str]:
        """Names by which a file can know where a scope is defined: its class, or its module."""
        if scope.parent is not None and scope.parent.kind == "class":
            yield scope.parent.name
        else:
            parts = key.removesuffix(".py").removesuffix("/__init__").rpartition("/")
            yield parts[2]
