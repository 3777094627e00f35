"""What a name means where it is mentioned: a certain function, another thing, or nobody can tell."""

from __future__ import annotations

import enum

import libcst as cst

from gradlint.events import Call, Forget
from gradlint.syntax import catalogue
from gradlint.syntax.callees import Callees
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.spoken import about
from gradlint.syntax.tree import constant_of, last_name, walk
from gradlint.syntax.values import Function, Instance


class Mentioned(enum.Enum):
    """How a scope speaks of a function by its name."""

    NOT = enum.auto()
    MEANT = enum.auto()
    BESIDE_A_CLEAR = enum.auto()  # something of that name may be it, and the same code clears gradients
    GIVEN_AWAY = enum.auto()  # it is kept somewhere, and nobody can tell who runs it


def mention_of(name: str, function: Scope, scope: Scope, objects: Objects) -> Mentioned:
    """How the code of a scope, without what is nested in it, speaks of a function that goes by a name."""
    nodes = about(scope, name)
    unclear = False
    if any(
        _keeps(node, name, function, scope, objects) or _is_wrapped_in(node, name, function, scope, objects)
        for node in nodes
    ):
        return Mentioned.GIVEN_AWAY
    callees = Callees(objects, scope)
    for node in nodes:
        meant = _means(node, name, function, scope, objects, callees)
        if meant:
            return Mentioned.MEANT
        unclear |= meant is None
    beside = unclear and (_clears(scope) or _own_methods_clear(scope, objects))
    return Mentioned.BESIDE_A_CLEAR if beside else Mentioned.NOT


def _means(
    node: cst.CSTNode, name: str, function: Scope, scope: Scope, objects: Objects, callees: Callees
) -> bool | None:
    """Whether a node means the function; None where it may, and nobody can tell."""
    match node:
        case cst.Call(func=cst.Name(value=called) | cst.Attribute(attr=cst.Name(value=called))) if called == name:
            entered = callees.called(node, node)
            if isinstance(entered, (Call, Forget)) and entered.target is not None:
                return _is(entered.target, function, objects)
            if isinstance(node.func, cst.Attribute) and _is_other(node.func.value, scope, objects):
                return False
            made = objects.value(node, scope)
            return made.of is function.parent if isinstance(made, Instance) else None
        case cst.Arg(value=cst.Name(value=given) | cst.Attribute(attr=cst.Name(value=given)) as value) if given == name:
            return _value_is(value, function, scope, objects)
        case cst.Assign(value=cst.Name(value=given) | cst.Attribute(attr=cst.Name(value=given)) as value) if (
            given == name
        ):
            return _value_is(value, function, scope, objects)
        case cst.SimpleString():
            return None if constant_of(node) == (True, name) else False
        case _:
            return False


def _value_is(node: cst.BaseExpression, function: Scope, scope: Scope, objects: Objects) -> bool | None:
    found = objects.value(node, scope)
    return _is(found.scope.number, function, objects) if isinstance(found, Function) else None


def _is(number: int, function: Scope, objects: Objects) -> bool:
    originals = objects.program.originals
    return originals.get(number, number) == originals.get(function.number, function.number)


def _is_other(receiver: cst.BaseExpression, scope: Scope, objects: Objects) -> bool:
    """Whether an object is known to be something whose methods are not the project's."""
    if objects.optimizer(receiver, scope) is not None or objects.is_scaler(receiver, scope):
        return True
    words = [part.value for part in walk(receiver) if isinstance(part, cst.Name)]
    last = words[-1] if words else ""
    return catalogue.cannot_clear(last) or catalogue.named_like_optimizer(last) or "scaler" in last.lower()


def _keeps(node: cst.CSTNode, name: str, function: Scope, scope: Scope, objects: Objects) -> bool:
    """Whether a literal container is given the function."""
    match node:
        case cst.Element(value=cst.Name(value=kept) as value) | cst.DictElement(value=cst.Name(value=kept) as value):
            return kept == name and _value_is(value, function, scope, objects) is True
        case _:
            return False


def _is_wrapped_in(node: cst.CSTNode, name: str, function: Scope, scope: Scope, objects: Objects) -> bool:
    """Whether a call is given the function, and what it calls speaks of clearing: `clears(optimizer)(step)`."""
    if not isinstance(node, cst.Call):
        return False
    given = [argument.value for argument in node.args if last_name(argument.value) == name]
    if not any(_value_is(value, function, scope, objects) for value in given):
        return False
    called = node.func
    while isinstance(called, cst.Call):
        called = called.func
    found, class_ = objects.value(called, scope), objects.class_of_name(called, scope)
    around = [method for methods in class_.functions.values() for method in methods] if class_ is not None else []
    around += [found.scope] if isinstance(found, Function) else []
    return any(objects.program.mentions_clear(each) for each in around if each is not function)


def _own_methods_clear(scope: Scope, objects: Objects) -> bool:
    """Whether a method that is called on the scope's own object speaks of clearing."""
    if scope.receiver is None or scope.parent is None:
        return False
    lineage = objects.lineage(objects.program.scopes[scope.parent.number])
    for node in walk(scope.node):
        match node:
            case cst.Attribute(value=cst.Name(value=holder), attr=cst.Name(value=name)) if holder == scope.receiver:
                methods = [method for class_ in lineage for method in class_.functions.get(name, ())]
                if any(method is not scope and objects.program.mentions_clear(method) for method in methods):
                    return True
    return False


def _clears(scope: Scope) -> bool:
    """Whether code may clear gradients; a variable called `grad` is only a tensor that a method is given."""
    if scope.words.clears is None:
        nodes = list(walk(scope.node))
        names = (node.value for node in nodes if isinstance(node, cst.Name))
        scope.words.clears = any("zero_" in name or catalogue.clears_gradients(name) for name in names) or any(
            isinstance(node, cst.Attribute) and node.attr.value == "grad" for node in nodes
        )
    return scope.words.clears
