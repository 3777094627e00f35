"""What names mean in a program: where the project defines them, through imports, base classes and inherited methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import libcst as cst

from gradlint.regions import Path
from gradlint.syntax.program import Definition, File, Program
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import constant_of

ANY_NAME = "Any"  # of what `getattr(module, name)` gives, where the name is only known at run time


class Definitions:
    """Looks names up in one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._attributes: dict[tuple[int, str], list[Binding]] = {}
        self._lineages: dict[Scope, tuple[Scope, ...]] = {}
        self._derived: dict[File, dict[Scope, list[Scope]]] = {}
        self._definitions: dict[tuple[int, int | str], Definition | None] = {}

    def definition(self, node: cst.BaseExpression, scope: Scope) -> Definition | None:
        """Where the project defines what a name, or an attribute of a module, means."""
        key = (scope.number, node.value if isinstance(node, cst.Name) else id(node))
        if key not in self._definitions:
            self._definitions[key] = self._define(node, scope)
        return self._definitions[key]

    def _define(self, node: cst.BaseExpression, scope: Scope) -> Definition | None:
        match node:
            case cst.Name(value=name):
                owner = scope.owner(name)
                file = self.program.home(scope)
                if owner is None:
                    return self.program.member(file, (name,)) if file.table.module.stars else None
                if not any(binding.imported for binding in owner.bindings[name]):
                    return Definition(owner, name)
        imported = self._imported(node, scope)
        return self.program.definition(imported, self.program.home(scope)) if imported else None

    def _imported(self, node: cst.BaseExpression, scope: Scope) -> str:
        """The qualified name of what an import gave a name to; empty for other things."""
        match node:
            case cst.Name(value=name):
                owner = scope.owner(name)
                bindings = owner.bindings[name] if owner is not None else ()
                return next((binding.imported for binding in bindings if binding.imported), "")
            case cst.Attribute(value=value, attr=cst.Name(value=attribute)):
                base = self._imported(value, scope)
                return f"{base}{'' if base.endswith('.') else '.'}{attribute}" if base else ""
            case _:
                return ""

    def class_of_name(self, node: cst.BaseExpression, scope: Scope) -> Scope | None:
        """The class of the project that an expression names; in a class method, also by its first parameter."""
        if isinstance(node, cst.Name) and scope.is_class_method and node.value == scope.parameters[0]:
            return self.program.scopes[scope.parent.number] if scope.parent is not None else None
        found = self.definition(node, scope)
        return found.scope.classes.get(found.name) if found is not None else self._nested_class(node, scope)

    def _nested_class(self, node: cst.BaseExpression, scope: Scope) -> Scope | None:
        """The class inside another one that `self.Optimizer` is."""
        match node:
            case cst.Attribute(value=cst.Name(value=holder), attr=cst.Name(value=name)):
                owner = scope.owner(holder)
                if owner is not None and owner.receiver == holder and owner.parent is not None:
                    lineage = self.lineage(self.program.scopes[owner.parent.number])
                    return next((class_.classes[name] for class_ in lineage if name in class_.classes), None)
        return None

    def attribute_bindings(self, base: Path, attribute: str) -> list[Binding]:
        """How an attribute of a class's own object is set, in the class or a base of it."""
        if base.name != "self" or base.fields:
            return []
        key = (base.scope, attribute)
        if key not in self._attributes:
            self._attributes[key] = list(self._bound_in_class(self.program.scopes[base.scope], attribute))
        return self._attributes[key]

    def bindings_of(self, path: Path) -> list[Binding]:
        """How the variable, or the attribute of a class's own object, is set that leads to an object."""
        if path.name == "self":
            return self.attribute_bindings(Path(path.scope, "self"), path.fields[0]) if path.fields else []
        return self.program.scopes[path.scope].bindings.get(path.name, [])

    def _bound_in_class(self, own: Scope, attribute: str) -> Iterator[Binding]:
        """What inherited methods set is evaluated as they set it on objects of the class's own."""
        for class_ in self.lineage(own):
            if attribute in class_.attributes:
                for binding in class_.attributes[attribute]:
                    inherited = binding.scope.parent is class_ and class_ is not own
                    scope = self.program.view(own, binding.scope) if inherited else binding.scope
                    yield binding if scope is binding.scope else replace(binding, scope=scope)
                return
            if attribute in class_.bindings and attribute not in class_.functions:
                yield from class_.bindings[attribute]
                return

    def lineage(self, class_: Scope) -> tuple[Scope, ...]:
        """A class and its bases in the project, breadth first."""
        if class_ not in self._lineages:
            found: dict[Scope, None] = {}
            queue = [class_] if class_.kind == "class" else []
            while queue:
                top = queue.pop(0)
                if top not in found:
                    found[top] = None
                    queue += self._bases(top)
            self._lineages[class_] = tuple(found)
        return self._lineages[class_]

    def derived(self, class_: Scope, file: File) -> Sequence[Scope]:
        """The classes of a file that are derived from a class."""
        if file not in self._derived:
            found: dict[Scope, list[Scope]] = {}
            for other in file.table.scopes:
                for base in self.lineage(other)[1:] if other.kind == "class" else ():
                    found.setdefault(base, []).append(other)
            self._derived[file] = found
        return self._derived[file].get(class_, ())

    def _bases(self, class_: Scope) -> Iterator[Scope]:
        for base in class_.bases:
            plain = base.value if isinstance(base, cst.Subscript) else base
            found = self.class_of_name(plain, class_.parent) if class_.parent is not None else None
            if found is not None and found is not class_:
                yield found

    def qualified(self, node: cst.BaseExpression, scope: Scope) -> str:
        """The dotted name of an expression with its import resolved; empty for what is no name."""
        match node:
            case cst.Name(value=name):
                return self.program.home(scope).table.imports.get(name, name)
            case cst.Attribute(value=value, attr=cst.Name(value=attribute)):
                base = self.qualified(value, scope)
                return f"{base}.{attribute}" if base else ""
            case cst.Subscript(value=value):
                return self.qualified(value, scope)
            case cst.Call(func=cst.Name(value="getattr"), args=[cst.Arg(value=module), cst.Arg(value=named), *_]):
                base, (known, written) = self.qualified(module, scope), constant_of(named)
                return f"{base}.{written if known else ANY_NAME}" if base else ""
            case _:
                return ""

    @classmethod
    def name_called(cls, node: object) -> str:
        """The last name of what the code of an event calls; empty where it calls nothing."""
        return cls.callee_name(node) if isinstance(node, cst.Call) else ""

    @staticmethod
    def callee_name(call: cst.Call) -> str:
        """The last name of what is called."""
        match call.func:
            case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
                return name
            case _:
                return ""
