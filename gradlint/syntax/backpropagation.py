"""Whether code back-propagates, in what it calls as well, and whether what it back-propagates is its own."""

from __future__ import annotations

import libcst as cst

from gradlint.syntax import catalogue
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.tree import last_name, walk
from gradlint.syntax.values import Function, Instance

_BUILTINS = frozenset(
    """abs bool dict enumerate float format int isinstance len list max min print range repr round set sorted str sum
    tuple zip""".split()
)
_MODULES = ("torch.", "math.", "numpy.", "time.", "logging.")
_OF_TENSORS = frozenset(
    """abs add append argmax clamp clone contiguous cos cpu cuda detach div double exp expand extend flatten
    float item log log_softmax matmul max mean min mm mul norm numel numpy permute pow prod relu repeat requires_grad_
    reshape set_description set_postfix sigmoid sin size softmax sqrt square squeeze std sub sum t tanh tolist to
    transpose unsqueeze var view""".split()
)
_LOSS_TOKENS = frozenset({"loss", "criterion", "mse"})


class Backpropagation:
    """Answers for the functions of one program."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def is_absent(self, function: Scope) -> bool:
        """Whether nothing that a function runs computes gradients of parameters, as far as it can be followed."""
        return self._is_absent(function, set())

    def _is_absent(self, function: Scope, seen: set[Scope]) -> bool:
        if function in seen:
            return True
        seen.add(function)
        if function.unread or function.decorators or {"grad", "backward"} & names_in(function):
            return False
        calls = (node for node in walk(function.node) if isinstance(node, cst.Call))
        return all(self._is_idle(call, function, seen) for call in calls)

    def is_idle(self, call: cst.Call, scope: Scope) -> bool:
        """Whether a call surely back-propagates nothing."""
        return self._is_idle(call, scope, set())

    def _is_idle(self, call: cst.Call, scope: Scope, seen: set[Scope]) -> bool:
        name = self._objects.callee_name(call)
        if name == "zero_grad":
            return isinstance(call.func, cst.Attribute)
        if catalogue.speaks_of_training(name):
            return False
        if isinstance(call.func, cst.Name) and name in _BUILTINS and scope.owner(name) is None:
            return True
        if self._objects.qualified(call.func, scope).startswith(_MODULES):
            return True
        found = self._objects.value(call.func, scope)
        if isinstance(found, Function):
            return self._is_absent(found.scope, seen)
        if isinstance(found, Instance):
            return self._computes(found, call, scope)
        if self._is_module(call.func, scope) or self._is_given_loss(call, scope):
            return True
        return isinstance(call.func, cst.Attribute) and name in _OF_TENSORS

    def _computes(self, module: Instance, call: cst.Call, scope: Scope) -> bool:
        """Whether an object that is called is a module whose code speaks of no gradients."""
        path = self._objects.path(call.func, scope)
        classes = self._objects.lineage(module.of)
        quiet = not any({"grad", "backward"} & names_in(class_) for class_ in classes)
        return quiet and path is not None and is_network(self._objects, path)

    def _is_module(self, node: cst.BaseExpression, scope: Scope) -> bool:
        """Whether an expression is a module: it is made from one of torch's, or asked for its parameters."""
        path = self._objects.path(node, scope)
        if path is None:
            return False
        asked = self._objects.uses(path, "parameters")
        return is_network(self._objects, path) or (
            asked and not any(self._objects.uses(path, use) for use in ("backward", "step"))
        )

    def _is_given_loss(self, call: cst.Call, scope: Scope) -> bool:
        """Whether a function by the name of a loss compares two things: it is given both, and no more to work with."""
        given = [argument.value for argument in call.args]
        if len(given) < 2 or _LOSS_TOKENS.isdisjoint(catalogue.tokens(last_name(call.func))):
            return False
        return not any(self._is_module(each, scope) or self._objects.optimizer(each, scope) for each in given)

    def adds_only(self, function: Scope, *, sure: bool = False) -> bool:
        """Whether a function back-propagates, itself or in what it calls, and nothing there speaks of clearing.

        `sure`: nor is anything called that cannot be followed and might clear by its name.
        """
        reached: dict[Scope, None] = {}
        waiting = [function]
        while waiting:
            scope = waiting.pop()
            if scope in reached:
                continue
            reached[scope] = None
            calls = [node for node in walk(scope.node) if isinstance(node, cst.Call)]
            found = [(call, self._objects.value(call.func, scope)) for call in calls]
            waiting += [value.scope for _, value in found if isinstance(value, Function)]
            if sure and any(not isinstance(value, Function) and self._may_clear(call) for call, value in found):
                return False
        if any(map(self._objects.program.mentions_clear, reached)):
            return False
        return any(back_propagated(node) is not None for scope in reached for node in walk(scope.node))

    def _may_clear(self, call: cst.Call) -> bool:
        name = self._objects.callee_name(call)
        return back_propagated(call) is None and (not name or catalogue.speaks_of_training(name))


def back_propagated(node: cst.CSTNode) -> cst.BaseExpression | None:
    """What a node, a call of its `backward`, back-propagates; None for any other node."""
    match node:
        case cst.Call(func=cst.Attribute(value=loss, attr=cst.Name(value="backward"))):
            return loss
        case _:
            return None


def is_from_outside(loss: cst.BaseExpression, objects: Objects, scope: Scope) -> bool:
    """Whether a loss comes from outside: it is a parameter of the scope, or scaled, reduced or part of one."""
    match loss:
        case cst.Name():
            path = objects.path(loss, scope)
            if path is None or path.scope != scope.number:
                return False
            bindings = scope.bindings.get(path.name, [])
            scaled = bindings[0].value if len(bindings) == 1 and bindings[0].value is not loss else None
            return path.name in scope.parameters or (
                isinstance(scaled, cst.Call)
                and objects.callee_name(scaled) == "scale_loss"
                and is_from_outside(scaled, objects, scope)
            )
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="scale" | "scale_loss")), args=[argument, *_]):
            return is_from_outside(argument.value, objects, scope)
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value=name))):
            return name in catalogue.REDUCTIONS and is_from_outside(inner, objects, scope)
        case cst.Attribute(value=inner, attr=cst.Name(value=name)):
            return "loss" in name and is_from_outside(inner, objects, scope)
        case cst.Subscript(value=inner):
            return is_from_outside(inner, objects, scope)
        case cst.BinaryOperation(left=left, right=right):
            return is_from_outside(left, objects, scope) or is_from_outside(right, objects, scope)
        case _:
            return False
