"""Which object an expression means: access paths, canonical through aliases."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator

import libcst as cst

from gradlint.bounds import Bound
from gradlint.regions import ELEMENT, Path
from gradlint.syntax import catalogue, lightning
from gradlint.syntax.definitions import Definitions
from gradlint.syntax.program import Definition, Program
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import constant_of, slice_of, walk
from gradlint.syntax.values import Instance, Value
from gradlint.vocabulary import is_named

MAX_DEPTH = Bound(12, "assignments followed one after another")


class Identity(Definitions, abc.ABC):
    """Paths for one program: two mentions of one object have one path."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._paths: dict[tuple[int, str], Path] = {}
        self._busy: set[object] = set()
        self._looping: dict[tuple[int, str], Binding] = {}
        # What is at paths, outside of all loops and in the loops that are being read now.
        self._steady_values: dict[Path, Value] = {}
        self._values = self._steady_values

    @property
    def looping(self) -> dict[tuple[int, str], Binding]:
        """What loop variables stand for inside the loops that are being read now."""
        return self._looping

    @looping.setter
    def looping(self, bindings: dict[tuple[int, str], Binding]) -> None:
        self._looping = bindings
        self._values = {} if bindings else self._steady_values

    def path(self, node: cst.BaseExpression, scope: Scope, depth: int = 0) -> Path | None:
        """The access path of an expression, through aliases; None for what has no name."""
        match node:
            case cst.Name(value=name):
                return self._variable(name, scope, depth)
            case cst.Attribute(value=base, attr=cst.Name(value=attribute)):
                variable = self._of_module(node, scope, depth)
                if variable is not None:
                    return variable
                inner = self.path(base, scope, depth)
                if inner is None:
                    return None
                if attribute in catalogue.SAME_OBJECT_FIELDS or attribute == "data":
                    return inner
                return self._attribute(inner, attribute, scope, depth)
            case cst.Subscript(value=base, slice=slices):
                inner = self.path(base, scope, depth)
                return inner and self._element(inner, slices, scope, depth)
            case cst.Call() if lightning.lasting_method(node) is not None and self._lasting(node, scope, depth):
                return self._lasting(node, scope, depth)
            case cst.Call(func=cst.Attribute(attr=cst.Name(value="compile")), args=[cst.Arg(value=compiled), *_]) if (
                self.qualified(node.func, scope) == "torch.compile"
            ):
                return self.path(compiled, scope, depth)
            case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=method)), args=[]):
                inner = self.path(base, scope, depth)
                if inner is None or method in catalogue.SAME_OBJECT_METHODS:
                    return inner
                return inner.field(f"{method}()")
            case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=method))) if (
                method in catalogue.SAME_OBJECT_METHODS
            ):
                return self.path(base, scope, depth)
            case cst.Await(expression=inner_node):
                return self.path(inner_node, scope, depth)
            case cst.NamedExpr(target=target):
                return self.path(target, scope, depth)
            case _:
                return None

    def _variable(self, name: str, scope: Scope, depth: int) -> Path:
        owner = scope.owner(name)
        if owner is None:
            found = self.definition(cst.Name(name), scope)
            return self._global(found, depth) if found is not None else Path(scope.module.number, name)
        if owner.receiver == name and owner.parent is not None:
            return Path(owner.parent.number, "self")
        own = Path(owner.number, name)
        bindings = owner.bindings[name]
        if not bindings or not MAX_DEPTH.allows(depth):
            return own
        key = (owner.number, name)
        if any(binding.imported for binding in bindings):
            found = self.definition(cst.Name(name), scope)
            return self._global(found, depth) if found is not None else own
        if key in self.looping:
            return self._alias(self.looping[key], own, depth)
        if key not in self._paths:
            self._paths[key] = own  # a name that is bound to itself stays itself
            meant = {self._alias(binding, own, depth) for binding in bindings}
            self._paths[key] = meant.pop() if len(meant) == 1 else own
        return self._paths[key]

    def _global(self, found: Definition, depth: int) -> Path:
        """The path of what another file defines, through aliases there."""
        if not found.name:
            return Path(found.scope.number, "<module>")
        return self._variable(found.name, found.scope, depth + 1)

    def _of_module(self, node: cst.Attribute, scope: Scope, depth: int) -> Path | None:
        """The path of a variable that is mentioned as an attribute of its module."""
        if not isinstance(node.value, (cst.Name, cst.Attribute)):
            return None
        found = self.definition(node, scope)
        return self._global(found, depth) if found is not None and found.name else None

    def _alias(self, binding: Binding, own: Path, depth: int) -> Path:
        """What a binding makes its variable another name of; the variable itself where that is nothing."""
        value = binding.value
        if value is None or binding.changed:
            return own
        lasting = None if binding.each else self._lasting(value, binding.scope, depth + 1)
        if lasting is not None:
            return lasting.field(*(f"[{position}]" for position in binding.items))
        if binding.each:
            value, constant = self.iterated(value, binding)
            container = self.path(value, binding.scope, depth + 1) if value is not None else None
            if container is None or container == own or constant:
                return own
            return container.field(ELEMENT)
        for position in binding.items:
            parts = value.elements if isinstance(value, (cst.Tuple, cst.List)) else None
            if parts is None or position >= len(parts):
                return own
            value = parts[position].value
        if not isinstance(value, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)):
            return own
        if isinstance(value, cst.Call) and not (
            isinstance(value.func, cst.Attribute) and value.func.attr.value in catalogue.SAME_OBJECT_METHODS
        ):
            return own
        if isinstance(value, cst.Attribute) and value.attr.value in ("grad", "data"):
            return own  # the gradient and the data are followed as values, not as objects
        found = self.path(value, binding.scope, depth + 1)
        return found if found is not None and found.name[:1].isidentifier() else own

    def _lasting(self, value: cst.BaseExpression, scope: Scope, depth: int) -> Path | None:
        """The objects that a call of a Lightning module gives back, the same ones each time."""
        method = lightning.lasting_method(value)
        base = self.path(method[0], scope, depth) if method is not None else None
        if method is None or base is None or base.name != "self" or base.fields:
            return None
        is_module = any(map(lightning.is_module, self.lineage(self.program.scopes[base.scope])))
        return base.field(f"{method[1]}()") if is_module else None

    def iterated(self, value: cst.BaseExpression, binding: Binding) -> tuple[cst.BaseExpression | None, bool]:
        """What a loop variable runs over: the container, through enumerate, zip, list and items."""
        items = binding.items
        for _ in range(4):
            if not isinstance(value, cst.Call) or self._lasting(value, binding.scope, 0) is not None:
                break
            name = self.callee_name(value)
            if name == "enumerate" and value.args and items[:1] != ():
                if items[0] == 0:
                    return None, True
                value, items = value.args[0].value, items[1:]
            elif name == "zip" and items and items[0] < len(value.args):
                value, items = value.args[items[0]].value, items[1:]
            elif name == "items" and isinstance(value.func, cst.Attribute):
                if items[:1] != (1,):
                    return None, True
                value, items = value.func.value, items[1:]
            elif name == "values" and isinstance(value.func, cst.Attribute):
                value = value.func.value
            elif name in ("list", "tuple", "reversed", "sorted", "iter") and value.args:
                value = value.args[0].value
            else:
                return None, False
        return (None, False) if items else (value, False)

    @abc.abstractmethod
    def instance_at(self, path: Path) -> Instance | None:
        """The object of a class of the project that is at a path; None where there is none, or it is not known."""

    @abc.abstractmethod
    def given_to(self, instance: Instance) -> list[tuple[Path, Path]]:
        """The attributes of an object that are what its constructor was given: each with the path of what that is."""

    def _attribute(self, base: Path, attribute: str, scope: Scope, depth: int) -> Path:
        instance = self.instance_at(base) if base.name != "self" or base.fields else None
        if instance is not None and MAX_DEPTH.allows(depth):
            own = Path(instance.of.number, "self")
            for inner, outer in self.given_to(instance):
                if inner == own.field(attribute):
                    return outer
            inside = self._attribute(own, attribute, scope, depth + 1)
            return inside.rebase(own, base) if own.holds(inside) else base.field(attribute)
        bindings = self.attribute_bindings(base, attribute)
        if not bindings and base.name == "self" and not base.fields:
            shown = self._property(base, attribute)
            if shown is not None and MAX_DEPTH.allows(depth):
                return self._attribute(base, shown, scope, depth + 1)
            # `self.optimizer` that nobody sets is taken to be the property of `self._optimizer`, and the other way.
            private = attribute.startswith("_")
            twin = attribute.lstrip("_") if private else f"_{attribute}"
            bindings = self.attribute_bindings(base, twin)
            attribute = twin if bindings or private else attribute
        own = base.field(attribute)
        if len(bindings) == 1 and MAX_DEPTH.allows(depth) and own not in self._busy:
            value = bindings[0].value
            if isinstance(value, cst.Attribute) and not bindings[0].items and not bindings[0].each:
                self._busy.add(own)
                found = self.path(value, bindings[0].scope, depth + 1)
                self._busy.discard(own)
                # Only what the object itself reaches has the same name in another method.
                if (
                    found is not None
                    and found.scope == base.scope
                    and found.name == "self"
                    and "grad" not in found.fields
                ):
                    return found
        return own

    def _property(self, base: Path, name: str) -> str | None:
        """The attribute that a property of a class's own object gives back."""
        for class_ in self.lineage(self.program.scopes[base.scope]):
            for function in class_.functions.get(name, ()):
                if not any(isinstance(d, cst.Name) and "property" in d.value for d in function.decorators):
                    continue
                for part in walk(function.node):
                    match part:
                        case cst.Return(value=cst.Attribute(value=cst.Name(value=own), attr=cst.Name(value=shown))):
                            return shown if own == function.receiver and shown != name else None
        return None

    def _element(self, base: Path, slices: Iterable[cst.SubscriptElement], scope: Scope, depth: int) -> Path:
        parts = list(slices)
        if len(parts) == 1 and isinstance(parts[0].slice, cst.Index):
            known, constant = constant_of(parts[0].slice.value)
            if known:
                return self._named_item(base, constant, depth) or base.field(f"[{constant!r}]")
        if len(parts) == 1 and isinstance(parts[0].slice, cst.Slice):
            return base.field(slice_of(parts[0].slice) or ELEMENT)
        return base.field(ELEMENT)

    def _named_item(self, base: Path, key: object, depth: int) -> Path | None:
        """The object that a literal dictionary, bound once, holds by its own name under a key."""
        bindings = self.program.scopes[base.scope].bindings.get(base.name, []) if not base.fields else []
        if len(bindings) != 1 or bindings[0].items or bindings[0].each or not MAX_DEPTH.allows(depth):
            return None
        value = bindings[0].value
        for pair in value.elements if isinstance(value, cst.Dict) else ():
            if isinstance(pair, cst.DictElement) and constant_of(pair.key) == (True, key):
                return self.path(pair.value, bindings[0].scope, depth + 1)
        return None

    def goes_by(self, node: cst.BaseExpression, scope: Scope, known: tuple[str, ...]) -> bool:
        """Whether one of some dotted names means an expression: as it is written, imported or defined."""
        return bool(known) and any(is_named(name, known) for name in self._names(node, scope))

    def _names(self, node: cst.BaseExpression, scope: Scope) -> Iterator[str]:
        yield _written(node)
        yield self.qualified(node, scope)
        found = self.definition(node, scope) if isinstance(node, (cst.Name, cst.Attribute)) else None
        if found is not None and found.name:
            module = self.program.home(found.scope).key.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            class_ = f".{found.scope.name}" if found.scope.kind == "class" else ""
            yield f"{module}{class_}.{found.name}"


def _written(node: cst.BaseExpression) -> str:
    """The dotted text of an expression, from the last part on that is no name."""
    match node:
        case cst.Name(value=name):
            return name
        case cst.Attribute(value=value, attr=cst.Name(value=attribute)):
            return f"{_written(value)}.{attribute}"
        case _:
            return ""
