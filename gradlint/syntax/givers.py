"""What a parameter stands for: an object of one class of the project, or an optimizer, by all who call."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from gradlint.bounds import Bound
from gradlint.syntax import catalogue
from gradlint.syntax.arguments import matched, only_parameter
from gradlint.syntax.parameter_lists import ParameterLists
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.spoken import about, speakers
from gradlint.syntax.tree import constant_of, walk, walk_everything
from gradlint.syntax.values import Function, Instance, Optimizer, Value

MAX_HANDS = Bound(4, "functions that hand a parameter on to each other")
MAX_FILES = Bound(20, "files with calls of one function")


class Givers:
    """Answers for one program."""

    def __init__(self, objects: ParameterLists) -> None:
        self._objects = objects
        self._used: dict[Scope, dict[str, set[str]]] = {}

    def given(self, function: Scope, binding: Binding, formal: str) -> Value:
        """What a parameter stands for; None where nobody can tell, or nothing depends on it."""
        return self._found(function, binding, formal, 0) if self._matters(function, formal) else None

    def _matters(self, function: Scope, formal: str) -> bool:
        """Whether a method is called on a parameter that may have to do with gradients."""
        if function not in self._used:
            self._used[function] = _used(function)
        program = self._objects.program
        used, key = self._used[function].get(formal, set()), program.home(function).key
        used = {name for name in used if catalogue.speaks_of_training(formal if name == "__call__" else name)}
        return "step" in used or any(program.surroundings.has_training_function(name, key) for name in used)

    def _found(self, function: Scope, binding: Binding, formal: str, depth: int) -> Value:
        class_ = _annotated(self._objects, binding)
        found = Instance(class_) if class_ is not None else self._by_callers(function, formal, depth)
        return found if not isinstance(found, Instance) or not _has_subclasses(self._objects, found.of) else None

    def _by_callers(self, function: Scope, formal: str, depth: int) -> Value:
        """The one kind of thing that all calls of a function in the project give it."""
        objects = self._objects
        if function.kind != "function" or function.parent is None or function.parent.kind not in ("module", "class"):
            return None
        # A constructor is also run by those of derived classes, and any method by whoever has an object.
        if function.parent.kind == "class" and (
            function.name != "__init__" or _has_subclasses(objects, function.parent)
        ):
            return None
        found: set[Value] = set()
        for file in _files(objects, function):
            for argument, scope in _arguments(objects, function, formal, file) if file else ((None, function),):
                if argument is not None and constant_of(argument) == (True, None):
                    continue  # `optimizer=None` for an evaluation
                if scope is function and isinstance(argument, cst.Name) and argument.value == formal:
                    continue  # it calls itself with what it was given
                found.add(_kind(self._argument(argument, scope, depth)))
                if None in found or len(found) > 1:
                    return None
        return found.pop() if found else None

    def _argument(self, argument: cst.BaseExpression | None, scope: Scope, depth: int) -> Value:
        """What a call gives; where that is a parameter as well, what its function is given."""
        if isinstance(argument, cst.Name) and argument.value in scope.parameters:
            # Not by its value, which would ask for all callers anew at each hand.
            bindings = scope.bindings[argument.value]
            known = len(bindings) == 1 and MAX_HANDS.allows(depth + 1)
            return self._found(scope, bindings[0], argument.value, depth + 1) if known else None
        return self._objects.value(argument, scope) if argument is not None else None


def _used(function: Scope) -> dict[str, set[str]]:
    """The telling methods that are called on each parameter, or on the attribute in which a constructor keeps it."""
    found: dict[str, set[str]] = {}
    class_ = function.parent
    if function.name == "__init__" and class_ is not None and class_.kind == "class":
        kept = {name: only_parameter(bindings, function) for name, bindings in class_.attributes.items()}
        for node in walk_everything(class_.node) if any(kept.values()) else ():
            match node:
                case cst.Call(
                    func=cst.Attribute(value=cst.Attribute(attr=cst.Name(value=of)), attr=cst.Name(value=name))
                ):
                    if kept.get(of) and name not in catalogue.COMMON_METHODS:
                        found.setdefault(kept[of], set()).add(name)
    for node in walk(function.node):
        match node:
            case cst.Call(func=cst.Attribute(value=cst.Name(value=holder), attr=cst.Name(value=name))):
                if name not in catalogue.COMMON_METHODS:
                    found.setdefault(holder, set()).add(name)
            case cst.Call(func=cst.Name(value=called)):
                found.setdefault(called, set()).add("__call__")
    return found


def _annotated(objects: ParameterLists, binding: Binding) -> Scope | None:
    named = binding.annotation
    return objects.class_of_name(named, binding.scope.parent or binding.scope) if named is not None else None


def _has_subclasses(objects: ParameterLists, class_: Scope) -> bool:
    derives = re.compile(rb"class\s+\w+\s*\([^)]*\b%s\b" % re.escape(class_.name.encode()))
    return objects.program.surroundings.is_spoken_of(derives, objects.program.home(class_).key, class_.name)


def _kind(value: Value) -> Value:
    """What is left of a value where nobody knows the names that it was made of."""
    match value:
        case Instance(of=class_):
            return Instance(class_)
        case Optimizer(repeats=repeats, clears=clears):
            return Optimizer(None, repeats, clears)
        case _:
            return None


def _files(objects: ParameterLists, function: Scope) -> Iterator[File | None]:
    """The file of a function, and those that can have it and speak of it; None where there are too many."""
    home = objects.program.home(function)
    yield home
    keys = [
        key for key in objects.program.surroundings.within_reach(home.key, _name_of(function)) or () if key != home.key
    ]
    for key in keys[: MAX_FILES.limit]:
        yield objects.program.file(key)
    if not MAX_FILES.allows(len(keys)):
        yield None


def _name_of(function: Scope) -> str:
    return function.parent.name if function.name == "__init__" and function.parent is not None else function.name


def _arguments(
    objects: ParameterLists, function: Scope, formal: str, file: File
) -> Iterator[tuple[cst.BaseExpression | None, Scope]]:
    """What the calls in a file give to a parameter; None for what cannot be told."""
    name = _name_of(function)
    formals = function.parameters[1:] if function.name == "__init__" else function.parameters
    for scope in speakers(file.table, name):
        if scope.kind == "class":
            continue
        calls = 0
        nodes = about(scope, name)
        for node in nodes:
            if (
                isinstance(node, cst.Call)
                and objects.callee_name(node) == name
                and _means(objects, node, function, scope)
            ):
                calls += 1
                given, complete = matched(node.args, formals)
                yield (given.get(formal, function.defaults.get(formal)) if complete else None), scope
        mentioned = sum(isinstance(node, cst.Name) and node.value == name for node in nodes)
        if mentioned > calls and any(_is_given_away(node, name) for node in nodes):
            yield None, scope


def _means(objects: ParameterLists, call: cst.Call, function: Scope, scope: Scope) -> bool:
    if function.name == "__init__":
        return objects.class_of_name(call.func, scope) is function.parent
    found = objects.value(call.func, scope)
    return isinstance(found, Function) and found.scope is function


def _is_given_away(node: cst.CSTNode, name: str) -> bool:
    """Whether a function is handed on instead of called."""
    match node:
        case cst.Arg(value=cst.Name(value=given)) | cst.Assign(value=cst.Name(value=given)):
            return given == name
        case cst.Element(value=cst.Name(value=given)) | cst.DictElement(value=cst.Name(value=given)):
            return given == name
        case _:
            return False
