"""Functions that an object keeps for later: who gives it some, anywhere in the project."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradlint.bounds import Bound
from gradlint.syntax.arguments import matched
from gradlint.syntax.identity import MAX_DEPTH
from gradlint.syntax.objects import Objects
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.tree import constant_of, elements_of, walk
from gradlint.syntax.values import Function, Instance

MAX_FILES = Bound(40, "files that may register a function")

_GIVING = frozenset({"append", "add", "insert"})
_TAKING = frozenset({"get", "values", "items", "copy", "setdefault"})
_DROPPING = frozenset({"clear", "remove", "pop", "discard"})
_LOOKING = frozenset({"len", "bool", "any", "print", "repr", "str"})
_COPYING = frozenset({"list", "tuple", "reversed", "sorted", "iter", "enumerate"})
_EMPTY = frozenset({"list", "dict", "set", "deque", "defaultdict", "OrderedDict"})

_Given = tuple[cst.BaseExpression, Scope]


class Unreadable(Exception):
    """Something is done with the container that nobody can follow."""


class Registered:
    """Answers for one program."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def functions(self, called: cst.BaseExpression, scope: Scope) -> tuple[Function, ...]:
        """All functions that an element of an object's own container may be; none where somebody cannot be followed.

        Only a project can be asked for those who register functions; one in which nobody does may be a library.
        """
        kept = self._container(called, scope, 0)
        if kept is None:
            return ()
        class_, attribute = kept
        try:
            given = [each for file in self._files(class_, attribute) for each in self._put(class_, attribute, file)]
            return tuple(found for node, inner in given for found in self._meant(node, inner, set()))
        except Unreadable:
            return ()

    def _container(self, node: cst.BaseExpression, scope: Scope, depth: int) -> tuple[Scope, str] | None:
        """The class and the attribute whose container an element was taken from."""
        match _whole(node):
            case cst.Attribute(value=cst.Name() as holder, attr=cst.Name(value=attribute)):
                path = self._objects.path(holder, scope)
                own = path is not None and path.name == "self" and not path.fields
                return (self._objects.program.scopes[path.scope], attribute) if path is not None and own else None
            case cst.Name(value=name) if MAX_DEPTH.allows(depth):
                owner = scope.owner(name)
                bindings = owner.bindings[name] if owner is not None else []
                if len(bindings) == 1 and bindings[0].value is not None and not bindings[0].changed:
                    return self._container(bindings[0].value, bindings[0].scope, depth + 1)
        return None

    def _files(self, class_: Scope, word: str) -> Iterator[File]:
        """The file of a class, and those that can have its objects and speak of a word."""
        program = self._objects.program
        home = program.home(class_)
        keys = program.surroundings.within_reach(home.key, word)
        if keys is None or not MAX_FILES.allows(len(keys)):
            raise Unreadable
        for key in dict.fromkeys((home.key, *keys)):
            file = program.file(key)
            if file is None or any(scope.unread for scope in file.table.scopes):
                raise Unreadable
            yield file

    # -- what is put into the container -------------------------------------------------------------------------------

    def _put(self, class_: Scope, attribute: str, file: File) -> Iterator[_Given]:
        for scope in file.table.scopes:
            if scope.kind == "class" or attribute not in names_in(scope):
                continue
            nodes = list(walk(scope.node))
            ours = {id(n): n for n in nodes if _is_of(n, attribute) and self._may_be(class_, n, scope)}
            for node in nodes if ours else ():
                used, given = _use_of(node)
                if used is not None and ours.pop(id(used), None) is not None:
                    yield from ((each, scope) for each in given)
            if ours:
                raise Unreadable

    def _may_be(self, class_: Scope, node: cst.CSTNode, scope: Scope) -> bool:
        """Whether the holder of an attribute may be an object of a class, or of one that is derived from it."""
        assert isinstance(node, cst.Attribute)
        path = self._objects.path(node.value, scope)
        other: Scope | None = None
        if path is not None and path.name == "self" and not path.fields:
            other = self._objects.program.scopes[path.scope]
        else:
            value = self._objects.value(node.value, scope)
            other = value.of if isinstance(value, Instance) else None
        return other is None or class_ in self._objects.lineage(other) or other in self._objects.lineage(class_)

    # -- what that is -------------------------------------------------------------------------------------------------

    def _meant(self, node: cst.BaseExpression, scope: Scope, seen: set[tuple[int, str]]) -> Iterator[Function]:
        """The functions that an expression may be, through the parameters of methods."""
        found = self._objects.value(node, scope)
        if isinstance(found, Function):
            yield found
            return
        if not isinstance(node, cst.Name) or node.value not in scope.parameters or len(scope.bindings[node.value]) != 1:
            raise Unreadable
        if (scope.number, node.value) not in seen:
            seen.add((scope.number, node.value))
            for argument, caller in self._arguments(scope, node.value):
                yield from self._meant(argument, caller, seen)

    def _arguments(self, method: Scope, formal: str) -> Iterator[_Given]:
        """What callers of a method, anywhere in the project, give to one of its parameters."""
        if method.parent is None or method.parent.kind != "class" or method.receiver in (None, formal):
            raise Unreadable
        class_, name = self._objects.program.scopes[method.parent.number], method.name
        for file in self._files(class_, name):
            if f"'{name}'" in file.source.text or f'"{name}"' in file.source.text:
                raise Unreadable
            for scope in file.table.scopes:
                nodes = list(walk(scope.node)) if name in names_in(scope) else []
                ours = {id(n): n for n in nodes if _is_of(n, name) and self._may_be(class_, n, scope)}
                for node in nodes if ours else ():
                    if isinstance(node, cst.Call) and ours.pop(id(node.func), None) is not None:
                        given, complete = matched(node.args, method.parameters[1:])
                        if not complete or formal not in given:
                            raise Unreadable
                        yield given[formal], scope
                if ours:
                    raise Unreadable


def _is_of(node: cst.CSTNode, attribute: str) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value == attribute


def _whole(node: cst.BaseExpression) -> cst.BaseExpression:
    """The container of which an expression takes an element, a part or a copy."""
    while True:
        match node:
            case cst.Subscript(value=inner):
                node = inner
            case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value=name))) if name in _TAKING:
                node = inner
            case cst.Call(func=cst.Name(value=name), args=[cst.Arg(value=inner)]) if name in _COPYING:
                node = inner
            case _:
                return node


def _use_of(node: cst.CSTNode) -> tuple[cst.BaseExpression | None, list[cst.BaseExpression]]:
    """The container that a node uses in a way that can be followed, and what it puts into it."""
    match node:
        case cst.For(iter=iterable) | cst.CompFor(iter=iterable):
            return _whole(iterable), []
        case cst.ComparisonTarget(operator=cst.In() | cst.NotIn(), comparator=container):
            return _whole(container), []
        case cst.Call(func=cst.Name(value=name), args=[cst.Arg(value=container)]) if name in _LOOKING:
            return _whole(container), []
        case cst.Call(func=cst.Attribute(value=container, attr=cst.Name(value=name)), args=[*_, cst.Arg(value=given)]):
            if name in _GIVING:
                return _whole(container), [given]
            return (_whole(container), []) if name in _DROPPING else (None, [])
        case cst.Call(func=cst.Attribute(value=container, attr=cst.Name(value=name))) if name in _DROPPING:
            return _whole(container), []
        case cst.Assign(targets=[cst.AssignTarget(target=target)], value=value):
            return _stored(target, value)
        case cst.AnnAssign(target=target, value=value) if value is not None:
            return _stored(target, value)
        case _:
            return None, []


def _stored(
    target: cst.BaseExpression, value: cst.BaseExpression
) -> tuple[cst.BaseExpression | None, list[cst.BaseExpression]]:
    whole = _whole(target)
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Name) and value.func.value in _EMPTY:
        plain = all(isinstance(argument.value, cst.Name) and argument.value.value in _EMPTY for argument in value.args)
        return (whole, []) if plain else (None, [])
    if isinstance(value, cst.Dict):
        return (None, []) if value.elements else (whole, [])
    parts = elements_of(value)
    if parts is not None:
        return whole, [part for part in parts if constant_of(part) != (True, None)]
    return (whole, [value]) if whole is not target else (None, [])
