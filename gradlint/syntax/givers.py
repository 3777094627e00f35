"""What a parameter stands for: an object of one class of the project, or an optimizer, by all who call."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from gradlint.syntax import catalogue
from gradlint.syntax.arguments import matched, only_parameter
from gradlint.syntax.parameter_lists import ParameterLists
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Binding, Scope, names_in
from gradlint.syntax.tree import walk, walk_everything
from gradlint.syntax.values import Function, Instance, Optimizer, Value

MAX_FILES = 20  # files read in search of those who call one function

# What every module of torch has: it says nothing of a class of the project's own.
_OF_MODULES = catalogue.SAME_OBJECT_METHODS | frozenset(
    "forward parameters named_parameters modules state_dict load_state_dict zero_grad item backward".split()
)


def given(objects: ParameterLists, function: Scope, binding: Binding, formal: str) -> Value:
    """What a parameter stands for; None where nobody can tell, or nothing depends on it."""
    key = objects.program.home(function).key
    if not any(
        name == "step" or objects.program.surroundings.has_function(name, key) for name in _used(function, formal)
    ):
        return None
    class_ = _annotated(objects, binding)
    found = Instance(class_) if class_ is not None else _by_callers(objects, function, formal)
    return found if not isinstance(found, Instance) or not _has_subclasses(objects, found.of) else None


def _used(function: Scope, formal: str) -> Iterator[str]:
    """The telling methods that are called on a parameter, or on the attribute in which a constructor keeps it."""
    class_ = function.parent
    if function.name == "__init__" and class_ is not None and class_.kind == "class":
        fields = {name for name, bindings in class_.attributes.items() if only_parameter(bindings, function) == formal}
        for node in walk_everything(class_.node) if fields else ():
            match node:
                case cst.Call(
                    func=cst.Attribute(value=cst.Attribute(attr=cst.Name(value=field)), attr=cst.Name(value=name))
                ):
                    if field in fields and name not in _OF_MODULES:
                        yield name
    for node in walk(function.node):
        match node:
            case cst.Call(func=cst.Attribute(value=cst.Name(value=holder), attr=cst.Name(value=name))):
                if holder == formal and name not in _OF_MODULES:
                    yield name
            case cst.Call(func=cst.Name(value=called)) if called == formal:
                yield "__call__"


def _annotated(objects: ParameterLists, binding: Binding) -> Scope | None:
    named = binding.annotation
    return objects.class_of_name(named, binding.scope.parent or binding.scope) if named is not None else None


def _has_subclasses(objects: ParameterLists, class_: Scope) -> bool:
    derives = re.compile(rb"class\s+\w+\s*\([^)]*\b%s\b" % re.escape(class_.name.encode()))
    return objects.program.surroundings.is_spoken_of(derives, objects.program.home(class_).key)


def _by_callers(objects: ParameterLists, function: Scope, formal: str) -> Value:
    """The one kind of thing that all calls of a function in the project give it."""
    if function.kind != "function" or function.parent is None or function.parent.kind not in ("module", "class"):
        return None
    if function.parent.kind == "class" and function.name != "__init__":
        return None
    found: set[Value] = set()
    for file in _files(objects, function):
        for argument, scope in _arguments(objects, function, formal, file) if file is not None else ((None, function),):
            value = objects.value(argument, scope) if argument is not None else None
            found.add(_kind(value))
            if None in found or len(found) > 1:
                return None
    return found.pop() if found else None


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
    for key in keys[:MAX_FILES]:
        yield objects.program.file(key)
    if len(keys) > MAX_FILES:
        yield None


def _name_of(function: Scope) -> str:
    return function.parent.name if function.name == "__init__" and function.parent is not None else function.name


def _arguments(
    objects: ParameterLists, function: Scope, formal: str, file: File
) -> Iterator[tuple[cst.BaseExpression | None, Scope]]:
    """What the calls in a file give to a parameter; None for what cannot be told."""
    name = _name_of(function)
    formals = function.parameters[1:] if function.name == "__init__" else function.parameters
    for scope in file.table.scopes:
        if scope.kind == "class" or name not in names_in(scope):
            continue
        calls = 0
        nodes = list(walk(scope.node))
        for node in nodes:
            if (
                isinstance(node, cst.Call)
                and objects.callee_name(node) == name
                and _means(objects, node, function, scope)
            ):
                calls += 1
                given, complete = matched(node.args, formals)
                yield (given.get(formal) if complete else None), scope
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
