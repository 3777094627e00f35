"""Objects that were made from classes of the project: what their attributes and methods are."""

from __future__ import annotations

import abc

import libcst as cst

from gradlint.regions import Path
from gradlint.syntax.arguments import constructed, kept
from gradlint.syntax.identity import Identity
from gradlint.syntax.program import Program
from gradlint.syntax.scopes import Scope
from gradlint.syntax.values import Function, Instance, Value, moved


class Instances(Identity, abc.ABC):
    """Answers about such objects; what is at a path in general has to be answered by somebody else."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._instances: dict[Path, Instance | None] = {}
        self._meanwhile: set[Path] = set()
        self._given: dict[Instance, list[tuple[Path, Path]]] = {}

    @abc.abstractmethod
    def at(self, path: Path, depth: int) -> Value:
        """What the object at a path is."""

    def _in_instance(self, path: Path) -> tuple[Value] | None:
        """What an attribute of an object is that was made from a class of the project."""
        for length in range(len(path.fields)):
            holder = Path(path.scope, path.name, path.fields[:length])
            instance = self.instance_at(holder) if holder.name != "self" or holder.fields else None
            if instance is not None:
                method = self._method_of(instance, holder, path.fields[-1]) if length == len(path.fields) - 1 else None
                own = Path(instance.of.number, "self")
                return (method or moved(self.at(own.field(*path.fields[length:]), 0), own, holder),)
        return None

    def instance_at(self, path: Path) -> Instance | None:
        """The object of a class of the project that is at a path; None where there is none, or it is not known."""
        if path in self._instances:
            return self._instances[path]
        if not self._busy:
            self._meanwhile.clear()
        elif path in self._meanwhile:
            return None
        value = self.at(path, 0) if path.name.isidentifier() else None
        found = value if isinstance(value, Instance) else None
        if found is not None or not self._busy:
            self._instances[path] = found
        else:  # amid another question, not knowing may only mean not knowing yet
            self._meanwhile.add(path)
        return found

    def given_to(self, instance: Instance) -> list[tuple[Path, Path]]:
        """The attributes of an object that are what its constructor was given: each with the path of what that is."""
        if instance not in self._given:
            self._given[instance] = []
            scopes = self.program.scopes
            self._given[instance] = [(own, kept(path, scopes[path.scope])) for own, path in constructed(self, instance)]
        return self._given[instance]

    def _bound_method(self, base: cst.BaseExpression, name: str, scope: Scope) -> Function | None:
        """The method that `trainer.name` is, bound to an object of a class of the project."""
        path = self.path(base, scope)
        instance = self.instance_at(path) if path is not None and (path.name != "self" or path.fields) else None
        return self._method_of(instance, path, name) if instance is not None and path is not None else None

    def _method_of(self, instance: Instance, path: Path, name: str) -> Function | None:
        for class_ in self.lineage(instance.of):
            if name in class_.functions:
                method = self.program.view(instance.of, class_.functions[name][-1])
                own = Path(instance.of.number, "self")
                return Function(method, captured=(*self.given_to(instance), (own, path)))
        return None

    def _own_method(self, base: cst.BaseExpression, name: str, scope: Scope) -> Scope | None:
        """The method that `self.name` is."""
        path = self.path(base, scope)
        if path is None or path.name != "self" or path.fields:
            return None
        for class_ in self.lineage(self.program.scopes[path.scope]):
            if name in class_.functions:
                return class_.functions[name][-1]
        return None

    def _class_method(self, base: cst.BaseExpression, name: str, scope: Scope) -> Scope | None:
        """The method that `Trainer.name` is, where it needs no object: of a class that is named here."""
        class_ = self.class_of_name(base, scope)
        if class_ is None:
            return None
        for one in self.lineage(class_):
            if name in one.functions:
                method = one.functions[name][-1]
                return self.program.view(class_, method) if method.needs_no_object else None
        return None
