"""Which scope of the file a call enters, and what its parameters are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradlint.bounds import Bound
from gradlint.events import Call, Forget, Place
from gradlint.regions import GROUPS, NAMELESS, Path
from gradlint.syntax import catalogue
from gradlint.syntax.arguments import before_star, matched
from gradlint.syntax.objects import Objects
from gradlint.syntax.outlines import is_idle, is_stub
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope, calls, changes_gradients, clears_one_of
from gradlint.syntax.tree import constant_of
from gradlint.syntax.values import Function, Instance

MAX_NAMES = Bound(200, "names of a function of which each call that gives it functions makes a copy")

_AROUND = ("__enter__", "__exit__", "__iter__", "__next__", "__getitem__")


class Callees:
    """Resolves the calls of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def called(self, call: cst.Call, statement: cst.CSTNode) -> Call | Forget | None:
        """The scope that a call enters; None where it is not in the project."""
        match call.func:
            case cst.Attribute(value=receiver, attr=cst.Name(value=name)):
                followed = self.method(call, name, receiver, statement)
                if followed is not None:
                    return followed
        found = self._objects.value(call.func, self._scope)
        if isinstance(found, Function):
            return self.function(found, call, statement, call)
        return self.method(call, "__call__", call.func, statement) if isinstance(found, Instance) else None

    def function(
        self, found: Function, node: cst.Call, statement: cst.CSTNode, arguments: cst.Call | None = None
    ) -> Call | Forget | None:
        """The call of a function, by `arguments` or, as a closure, by its caller without any."""
        fixed = found.bound.args[1:] if found.bound is not None else ()
        given = arguments.args if arguments is not None else ()
        return self._enter(node, [*fixed, *given], found.scope, statement, captured=found.captured)

    def method(
        self, call: cst.Call, name: str, receiver: cst.BaseExpression, statement: cst.CSTNode
    ) -> Call | Forget | None:
        """The call of a method of a class of the project; None where the class or the method is not in it.

        Where a subclass, here or elsewhere, says what the method does, nobody can tell.
        """
        path, classes = self._classes(receiver)
        given: tuple[tuple[Path, Path], ...] = ()
        if path is None:
            made = self._objects.value(receiver, self._scope)
            if isinstance(made, Instance) and isinstance(receiver, cst.Call):
                path, classes = Path(self._scope.number, NAMELESS), list(self._objects.lineage(made.of))
                given = tuple(self._objects.given_to(made))
        for class_ in classes:
            if path is not None and name in class_.functions:
                target = self._seen_from(path, classes[0], class_.functions[name][-1])
                waits = is_stub(target) and not catalogue.only_computes(name)
                if waits or any(map(self._objects.program.mentions_clear, self._overrides(class_, name))):
                    return Forget(_place(call, statement), (path,), target.number)
                return self._enter(call, call.args, target, statement, path, given)
            if name in class_.functions and self._objects.program.mentions_clear(class_.functions[name][-1]):
                return Forget(_place(call, statement), None)  # of an object without a name
        return None

    def _seen_from(self, path: Path, class_: Scope, method: Scope) -> Scope:
        """A method as an object runs it: one of its own class, not of the class that the method is inherited from."""
        own = self._objects.program.scopes[path.scope] if path.name == "self" and not path.fields else class_
        return self._objects.program.view(own, method)

    def clears_around(self, node: cst.BaseExpression) -> bool:
        """Whether a context manager or an iterable of this file speaks of clearing gradients."""
        found: list[Scope] = []
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            _, classes = self._classes(node.func.value)
            found = [method for one in classes for method in one.functions.get(node.func.attr.value, ())]
        if isinstance(node, cst.Call) and not found:
            function = self._objects.value(node.func, self._scope)
            found = [function.scope] if isinstance(function, Function) else []
        value = self._objects.value(node, self._scope)
        if isinstance(value, Instance):
            methods = (one.functions.get(name, ()) for one in self._objects.lineage(value.of) for name in _AROUND)
            found += [method for group in methods for method in group]
        return any(map(self._objects.program.mentions_clear, found))

    def is_clearing_property(self, node: cst.Attribute) -> bool:
        """Whether reading an attribute runs a property of this file that changes gradients."""
        _, classes = self._classes(node.value)
        methods = [method for one in classes for method in one.functions.get(node.attr.value, ())]
        words = self._objects.program.clearing_words
        return any(method.decorators and changes_gradients(method, words) for method in methods)

    def _classes(self, receiver: cst.BaseExpression) -> tuple[Path | None, list[Scope]]:
        """An object's path, and the classes of this file in which its methods are looked up."""
        if is_super(receiver):
            owner = self._scope.parent
            if owner is None or owner.kind != "class":
                return None, []
            return Path(owner.number, "self"), list(self._objects.lineage(owner))[1:]
        path = self._objects.path(receiver, self._scope)
        if path is not None and path.name == "self" and not path.fields:
            return path, list(self._objects.lineage(self._objects.program.scopes[path.scope]))
        value = self._objects.value(receiver, self._scope)
        return path, list(self._objects.lineage(value.of)) if isinstance(value, Instance) else []

    def _overrides(self, class_: Scope, name: str) -> Iterator[Scope]:
        """The methods of that name in subclasses of this file."""
        for other in self._objects.derived(class_, self._objects.program.home(class_)):
            if name in other.functions:
                yield other.functions[name][-1]

    def _enter(
        self,
        node: cst.Call,
        arguments: Sequence[cst.Arg],
        target: Scope,
        statement: cst.CSTNode,
        receiver: Path | None = None,
        captured: tuple[tuple[Path, Path], ...] = (),
    ) -> Call | Forget | None:
        """The call of a scope; None where what it does cannot be read, and its name has to tell."""
        if target.unread or self._objects.program.home(target).opaque:
            clears = self._objects.program.mentions_clear(target)
            return Forget(_place(node, statement), None, target.number) if clears else None
        binds = list(captured)
        formals = list(target.parameters)
        if target.receiver is not None and target.parent is not None:
            own = Path(target.parent.number, "self")
            if receiver is not None and receiver != own:
                binds += self._of_instance(own, receiver)
                binds.append((own, receiver))
            formals = formals[1:]
        given, complete = matched(arguments, before_star(target, formals))
        hidden = not complete or any(name not in formals for name in given) or len(given) < len(arguments)
        if is_wrapped(self._objects, target) or (hidden and clears_one_of(target, set(formals) - set(given))):
            return Forget(_place(node, statement), None, target.number)
        target = self._with_functions(node, target, given)
        constants: list[tuple[Path, object]] = []
        written = {id(argument.value) for argument in node.args}
        passed = [(Path(target.number, formal), given[formal]) for formal in formals if formal in given]
        groups: list[tuple[Path, Path]] = []
        for formal in formals:
            value = given.get(formal, target.defaults.get(formal) if complete else None)
            if value is None:
                continue
            known, constant = constant_of(value)
            if known:
                constants.append((Path(target.number, formal), constant))
            elif formal in given:
                actual = self._objects.path(value, self._scope)
                if actual is not None:
                    binds += self._of_instance(Path(target.number, formal), actual)
                    binds.append((Path(target.number, formal), actual))
                    groups += self._groups(Path(target.number, formal), actual)
        # A name is believed where the code does not show that it promises too much; a method may be overridden.
        idle = is_idle(target) and not (target.receiver is not None and is_stub(target))
        says_clear = catalogue.clears_gradients(target.name) and not idle
        return Call(
            _place(node, statement),
            target.number,
            (*binds, *groups),
            tuple(constants),
            says_clear,
            tuple((formal, value) for formal, value in passed if id(value) in written),
            sees=frozenset(scope.number for scope in target.around),
        )

    def _groups(self, inner: Path, outer: Path) -> list[tuple[Path, Path]]:
        """What the parameters of an optimizer are, by what the callee calls it."""
        optimizer = self._objects.optimizer_at(outer)
        return [(inner.field(GROUPS), params) for params in (optimizer.params or () if optimizer is not None else ())]

    def _of_instance(self, inner: Path, outer: Path) -> list[tuple[Path, Path]]:
        """The attributes of an object that are what its constructor was given, by what the callee calls the object."""
        instance = self._objects.instance_at(outer)
        if instance is None:
            return []
        own = Path(instance.of.number, "self")
        return [(attribute.rebase(own, inner), actual) for attribute, actual in self._objects.given_to(instance)]

    def _with_functions(self, node: cst.Call, target: Scope, given: dict[str, cst.BaseExpression]) -> Scope:
        """A callee, with those of its parameters being functions that it is given functions for, and calls."""
        functions = {
            formal: found
            for formal, value in given.items()
            if isinstance(value, (cst.Name, cst.Attribute, cst.Lambda))
            and calls(target, formal)
            and (found := self._objects.given_function(value, self._scope)) is not None
        }
        if not functions or not MAX_NAMES.allows(len(target.bindings)):
            return target
        return self._objects.specialised.copy(target, functions, self._scope)


def is_super(node: cst.BaseExpression) -> bool:
    """Whether an expression is `super()`."""
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "super"


def _place(node: cst.CSTNode, statement: cst.CSTNode) -> Place:
    return place_of(node, statement)


def is_wrapped(objects: Objects, target: Scope) -> bool:
    """Whether a decorator of the project, of a function or of its class, speaks of clearing gradients."""
    class_ = target.parent if target.parent is not None and target.parent.kind == "class" else None
    for decorator in (*target.decorators, *(class_.decorators if class_ is not None else ())):
        plain = decorator.func if isinstance(decorator, cst.Call) else decorator
        found = objects.definition(plain, target.parent) if target.parent is not None else None
        if found is not None:
            around = [*found.scope.functions.get(found.name, ())]
            around += [found.scope.classes[found.name]] if found.name in found.scope.classes else []
            if any(map(objects.program.mentions_clear, around)):
                return True
    return False
