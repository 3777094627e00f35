"""Methods of objects that cannot be followed as such: which bodies they may have, and whether these clear."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from gradlint.regions import ELEMENT, Path
from gradlint.syntax import catalogue
from gradlint.syntax.callees import is_super, is_wrapped
from gradlint.syntax.identity import MAX_DEPTH
from gradlint.syntax.objects import Objects
from gradlint.syntax.registered import Registered
from gradlint.syntax.scopes import Binding, Scope, changes_gradients
from gradlint.syntax.tree import constant_of, elements_of, last_name, walk_everything
from gradlint.syntax.values import Function

_MODULES = frozenset(
    """model models net nets network networks module generator discriminator encoder decoder critic actor backbone
    student teacher classifier""".split()
)
_GROWING = ("append", "extend", "insert", "add", "update", "setdefault")


class Bodies:
    """Answers for one program."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._registered = Registered(objects)

    def worked_on(self, call: cst.Call, scope: Scope) -> list[cst.BaseExpression]:
        """What a method may clear that is called by a name which could: its object, or nothing by all its bodies."""
        if not isinstance(call.func, cst.Attribute):
            return []
        receiver = call.func.value
        return [receiver] if self._method_clears(receiver, call.func.attr.value, scope) else []

    def are_harmless(self, called: cst.BaseExpression, scope: Scope) -> bool:
        """Whether what is called is a function that an object was given to keep, and none of those clears."""
        functions = self._registered.functions(called, scope)
        keeper = self._objects.lineage(scope.parent) if scope.parent is not None else ()
        return bool(functions) and not any(self._function_clears(found.scope, keeper, set()) for found in functions)

    def _function_clears(self, function: Scope, given: tuple[Scope, ...], seen: set[Scope]) -> bool:
        """Whether a function may clear that may be given an object of some classes."""
        own = self._objects.lineage(function.parent) if function.parent is not None else ()
        return self._clears(function, own or given, seen)

    def _method_clears(self, receiver: cst.BaseExpression, name: str, scope: Scope) -> bool:
        """Whether an object's method may clear gradients; of an object that nobody saw made, any may."""
        if name in catalogue.SAME_OBJECT_METHODS and self._says_module(receiver, scope):
            return False
        classes = self._own_class(receiver, scope) or self._classes(receiver, scope, 0)
        if classes and name in catalogue.SAME_OBJECT_METHODS and all(self._inherits(name, each) for each in classes):
            return False
        if classes is None:
            return True
        # An object of another class has no such method.
        lineages = [self._objects.lineage(class_) for class_ in classes]
        having = [lineage for lineage in lineages if any(name in class_.functions for class_ in lineage)]
        if not having or self._is_set(name, having, scope):
            return True
        return any(self._clears(_found(name, lineage), lineage, set()) for lineage in having)

    def _own_class(self, node: cst.BaseExpression, scope: Scope) -> list[Scope] | None:
        own = isinstance(node, cst.Name) and node.value == scope.receiver and scope.parent is not None
        return [self._objects.program.scopes[scope.parent.number]] if own and scope.parent is not None else None

    def _inherits(self, name: str, class_: Scope) -> bool:
        """Whether objects of a class have a method from torch's modules, by the name of a base that nobody sees."""
        lineage = self._objects.lineage(class_)
        bases = [self._objects.qualified(base, each).rpartition(".")[2] for each in lineage for base in each.bases]
        return not any(name in each.functions for each in lineage) and any(base.endswith("Module") for base in bases)

    def _says_module(self, node: cst.BaseExpression, scope: Scope) -> bool:
        """Whether a variable is annotated as a module, whose `train(mode)` is no training, or called like one."""
        if not _MODULES.isdisjoint(catalogue.tokens(last_name(node))):
            return True
        owner = scope.owner(node.value) if isinstance(node, cst.Name) else None
        bindings = owner.bindings[node.value] if owner is not None and isinstance(node, cst.Name) else []
        names = [self._objects.qualified(b.annotation, b.scope) if b.annotation is not None else "" for b in bindings]
        return bool(names) and all(name.rpartition(".")[2] == "Module" for name in names)

    def _is_set(self, name: str, lineages: list[tuple[Scope, ...]], scope: Scope) -> bool:
        """Whether something else is put in a method's place, on its object or from outside."""
        mentions = self._objects.program.home(scope).table.mentions.get(name, ())
        return any(mention.call is None for mention in mentions) or any(
            name in class_.attributes for lineage in lineages for class_ in lineage
        )

    # -- which classes ------------------------------------------------------------------------------------------------

    def _classes(self, node: cst.BaseExpression, scope: Scope, depth: int) -> list[Scope] | None:
        """The classes of the project that an object may be made from, whatever else it may be; None for any."""
        if not MAX_DEPTH.allows(depth):
            return None
        if isinstance(node, cst.Call):
            class_ = self._objects.class_of_name(node.func, scope)
            if class_ is not None:
                return [class_]
            if catalogue.is_optimizer_class(self._objects.qualified(node.func, scope)):
                return []
        if isinstance(node, cst.IfExp):
            return _all(self._classes(each, scope, depth + 1) for each in (node.body, node.orelse))
        path = self._objects.path(node, scope)
        return self._at(path, depth + 1) if path is not None else None

    def _at(self, path: Path, depth: int) -> list[Scope] | None:
        key = path.fields[-1] if path.fields else ""
        if not key.startswith("["):
            bindings = self._bindings(path)
            return _all(self._bound(binding, depth) for binding in bindings) if bindings else None
        container = Path(path.scope, path.name, path.fields[:-1])
        held = [binding for binding in self._bindings(container) if not binding.each and not binding.items]
        if not held or len(held) < len(self._bindings(container)) or self._grows(container):
            return None
        return _all(self._held(binding, key, depth) for binding in held)

    def _bindings(self, path: Path) -> list[Binding]:
        if path.fields and path.name == "self":
            return self._objects.attribute_bindings(Path(path.scope, "self", path.fields[:-1]), path.fields[-1])
        return [] if path.fields else self._objects.program.scopes[path.scope].bindings.get(path.name, [])

    def _bound(self, binding: Binding, depth: int) -> list[Scope] | None:
        value = binding.value
        if value is None or binding.each or binding.items or binding.changed:
            return None
        return self._classes(value, binding.scope, depth + 1)

    def _held(self, binding: Binding, key: str, depth: int) -> list[Scope] | None:
        """The classes of what a literal list holds at a place."""
        parts = elements_of(binding.value) if binding.value is not None and not binding.changed else None
        if parts is None or any(isinstance(part, cst.StarredElement) for part in parts):
            return None
        if key != ELEMENT:
            parts = [part for place, part in enumerate(parts) if key == f"[{place}]"]
        return _all(self._classes(part, binding.scope, depth + 1) for part in parts)

    def _grows(self, container: Path) -> bool:
        """Whether its file puts more into a container than what it was made with."""
        file = self._objects.program.home(self._objects.program.scopes[container.scope])
        mentions = (mention for name in _GROWING for mention in file.table.mentions.get(name, ()))
        return any(self._objects.path(mention.receiver, mention.scope) == container for mention in mentions)

    # -- what they do -------------------------------------------------------------------------------------------------

    def _clears(self, function: Scope, lineage: tuple[Scope, ...], seen: set[Scope]) -> bool:
        """Whether a function may clear gradients, itself or by what it calls, as an object of some classes runs it."""
        if function in seen:
            return False
        seen.add(function)
        words = self._objects.program.clearing_words
        if is_wrapped(self._objects, function) or changes_gradients(function, words):
            return True
        calls = (node for node in walk_everything(function.node) if isinstance(node, cst.Call))
        return any(self._call_clears(call, function, lineage, seen) for call in calls)

    def _call_clears(self, call: cst.Call, function: Scope, lineage: tuple[Scope, ...], seen: set[Scope]) -> bool:
        match call.func:
            case cst.Attribute(value=cst.Name(value=receiver), attr=cst.Name(value=name)) if receiver == (
                function.receiver or receiver
            ) and any(name in class_.functions for class_ in lineage):
                return self._clears(_found(name, lineage), lineage, seen)
            case cst.Attribute(value=receiver) if is_super(receiver):
                pass
            case _:
                found = self._objects.value(call.func, function)
                if isinstance(found, Function) and found.bound is None:
                    return self._function_clears(found.scope, lineage, seen)
        name = self._objects.callee_name(call)
        if name in catalogue.SAME_OBJECT_METHODS and len(call.args) < 2:  # `model.train()`, which is no training
            return False
        sets = name in ("setattr", "__setattr__") and not all(constant_of(a.value) != (True, "grad") for a in call.args)
        return not name or sets or catalogue.clears_gradients(name) or catalogue.may_clear_or_step(name)


def _found(name: str, lineage: tuple[Scope, ...]) -> Scope:
    return next(class_.functions[name][-1] for class_ in lineage if name in class_.functions)


def _all(found: Iterable[list[Scope] | None]) -> list[Scope] | None:
    """All classes of several lists; None where one of them is."""
    whole: list[Scope] = []
    for each in found:
        if each is None:
            return None
        whole += each
    return whole
