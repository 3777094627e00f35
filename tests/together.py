"""Projects of a few files in memory, for tests of what asks about more than one of them."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from gradlint.events import Event
from gradlint.project.callers import Callers, Found
from gradlint.project.modules import Modules
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.program import File, Program
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import walk_everything


def key(name: str) -> str:
    """What a file is called among the others: `pkg/steps` is `/p/pkg/steps.py`."""
    return f"/p/{name}.py"


def modules(files: Mapping[str, str]) -> Modules:
    """Files by their names without an ending; one whose text is `gone` cannot be read."""
    texts = {key(name): text for name, text in files.items()}

    def read(wanted: str) -> bytes:
        if texts[wanted] == "gone":
            raise FileNotFoundError(wanted)
        return texts[wanted].encode()

    return Modules({each: each.removeprefix("/p/") for each in texts}, read)


class Together:
    """A project, and what is asked about its scopes."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.modules = modules(files)
        self.lowerer = Lowerer(Program(self.modules))
        self.callers = Callers(self.modules)
        self.program, self.objects = self.lowerer.program, self.lowerer.objects

    def file(self, name: str) -> File:
        found = self.program.file(key(name))
        assert found is not None
        return found

    def scope(self, file: str, dotted: str = "<module>") -> Scope:
        """A scope by its name, and that of the class or function around it: `Trainer.fit`."""
        outer, _, name = dotted.rpartition(".")
        for scope in self.file(file).table.scopes:
            if scope.name == name and (not outer or (scope.parent is not None and scope.parent.name == outer)):
                return scope
        raise LookupError(dotted)

    def called(self, file: str, dotted: str, inside: frozenset[int] = frozenset()) -> tuple[set[str], bool]:
        """The callers of a scope as `file:name`, and whether a doubt is left."""
        found: Found = self.callers.of(self.scope(file, dotted), self.lowerer, inside)
        named = {f"{self.program.home(scope).source.path.removesuffix('.py')}:{scope.name}" for scope in found.scopes}
        return named, found.doubtful

    def events(self, file: str, dotted: str = "<module>") -> list[Event]:
        scope = self.scope(file, dotted)
        return list(self.lowerer.graphs([scope])[scope.number].events())


def call_in(scope: Scope, text: str) -> cst.Call:
    """The call in a scope that is written like this."""
    calls = (node for node in walk_everything(scope.node) if isinstance(node, cst.Call))
    return next(call for call in calls if cst.Module([]).code_for_node(call) == text)
