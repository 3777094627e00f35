"""Closures that are given to a step: whether they clear, compute the loss, back-propagate it and give it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from gradlint.regions import Path
from gradlint.slips import Breach, ClosureBreach
from gradlint.syntax.arguments import matched, only_parameter
from gradlint.syntax.backpropagation import Backpropagation, back_propagated
from gradlint.syntax.closure_takers import REPEATING
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.results import gives_nothing, is_used_as_number, loss_at_end
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import constant_of, last_name, text_of, walk
from gradlint.syntax.values import Function, Instance, Optimizer

_RECORDING = frozenset({"enable_grad", "no_grad", "set_grad_enabled"})
_ENTIRE = frozenset({"retain_graph", "create_graph"})


@dataclass(frozen=True, slots=True)
class _Handing:
    """An optimizer's step that is given a closure: both as expressions, each in its own scope.

    `closure` None: it is given none. `direct` is the step, where it is the call itself.
    """

    optimizer: cst.BaseExpression
    optimizer_scope: Scope
    closure: cst.BaseExpression | None
    direct: cst.Call | None


class Closures:
    """Answers for the calls of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        self._backward = Backpropagation(objects)

    def broken(self, call: cst.Call, statement: cst.CSTNode, *, asking: bool) -> ClosureBreach | None:
        """What is wrong with the closure that a call hands to a step. `asking`: somebody may wait for the error."""
        handing = self._handed(call)
        if handing is None:
            return None
        optimizer = self._optimizer(handing.optimizer, handing.optimizer_scope)
        if optimizer is None:
            return None
        place = place_of(call, statement, handing.optimizer)
        if handing.closure is None or constant_of(handing.closure) == (True, None):
            needed = optimizer.made_by == REPEATING and not asking
            return ClosureBreach(place, Breach.ABSENT) if needed else None
        closure = self._closure(handing.closure)
        if closure is None:
            return None
        found = self._breach(optimizer, closure, handing, statement, asking=asking)
        if found is None:
            return None
        breach, loss = found
        name = text_of(handing.closure)
        seen = self._sees(closure, handing) if breach is Breach.KEPT else False
        here = self._objects.program.home(closure) is self._objects.program.home(self._scope)
        return ClosureBreach(place, breach, name, closure.number if here else None, loss, seen, optimizer.made_by)

    def _breach(
        self, optimizer: Optimizer, closure: Scope, handing: _Handing, statement: cst.CSTNode, *, asking: bool
    ) -> tuple[Breach, str] | None:
        if optimizer.made_by == REPEATING:
            if not asking and gives_nothing(self._objects, closure):
                return Breach.NOTHING, loss_at_end(closure)
            if optimizer.repeats:
                stale = self._stale_loss(closure)
                if stale:
                    return Breach.STALE, stale
                if self._backward.is_absent(closure):
                    return Breach.NO_BACKWARD, ""
                if handing.direct is None and self._backward.adds_only(closure, sure=True):
                    return Breach.KEPT, ""  # what is handed to the step itself is followed along paths
            return None
        if handing.direct is None:
            return None
        if optimizer.made_by and not asking and gives_nothing(self._objects, closure):
            used = is_used_as_number(handing.direct, statement, self._scope)
            return (Breach.NOTHING, loss_at_end(closure)) if used else None
        kept = self._is_open(handing.optimizer) and self._keeps(closure, handing.optimizer)
        return (Breach.KEPT, "") if kept else None

    # -- which optimizer ------------------------------------------------------------------------------------------

    def _optimizer(self, node: cst.BaseExpression, scope: Scope) -> Optimizer | None:
        """The optimizer that an expression is; None where it is none, or its step may be another one than its class's.

        Where it is None at first, it is no optimizer then.
        """
        found, path = self._objects.optimizer(node, scope), self._objects.path(node, scope)
        if found is None or path is None:
            return found
        if self._is_set_elsewhere(path):
            return None
        if not found.made_by:
            made = [each for each in self._bindings(path) if each.value is None or constant_of(each.value)[0] is False]
            classes = {self._class_of(each) for each in made}
            return replace(found, made_by=classes.pop() if len(classes) == 1 else "")
        return found

    def _class_of(self, binding: Binding) -> str:
        if binding.value is None or binding.each or binding.items or binding.changed:
            return ""
        value = self._objects.value(binding.value, binding.scope)
        return value.made_by if isinstance(value, Optimizer) else ""

    def _is_set_elsewhere(self, path: Path) -> bool:
        """Whether a step is put in the place of an optimizer's own, or a derived class sets another optimizer."""
        owner = self._objects.program.scopes[path.scope]
        home = self._objects.program.home(owner)
        steps = (mention for mention in home.table.mentions.get("step", ()) if mention.written)
        if any(self._objects.path(mention.receiver, mention.scope) == path for mention in steps):
            return True
        derived = self._objects.derived(owner, home) if path.name == "self" and path.fields else ()
        return any(path.fields[0] in class_.attributes for class_ in derived)

    # -- what is handed to which step -----------------------------------------------------------------------------

    def _handed(self, call: cst.Call) -> _Handing | None:
        match call.func:
            case cst.Attribute(value=receiver, attr=cst.Name(value="step")):
                if self._objects.is_scaler(receiver, self._scope):
                    return None
                if isinstance(self._objects.value(receiver, self._scope), Instance):
                    return None
                given, complete = matched(call.args, ["closure"])
                if not complete or given.keys() - {"closure"} or len(call.args) > 1:
                    return None
                return _Handing(receiver, self._scope, given.get("closure"), direct=call)
        return self._passed_on(call) if call.args else None

    def _passed_on(self, call: cst.Call) -> _Handing | None:
        """What a function of the project hands on, of its parameters, to a step: one at least is a function."""
        candidates = [argument.value for argument in call.args if _may_be_function(argument.value)]
        if not candidates:
            return None
        helper = self._objects.value(call.func, self._scope)
        if not isinstance(helper, Function) or helper.bound is not None or helper.scope.decorators:
            return None
        target = helper.scope
        if self._is_overridden(target):
            return None
        given, complete = matched(call.args, target.parameters[1 if target.receiver is not None else 0 :])
        for step in _steps(target) if complete else ():
            handed = step.args[0].value if len(step.args) == 1 and not step.args[0].star else None
            if not isinstance(handed, cst.Name) or not _is_as_given(handed, target) or handed.value not in given:
                continue
            closure = given[handed.value]
            receiver = step.func.value if isinstance(step.func, cst.Attribute) else step.func
            if isinstance(receiver, cst.Name) and _is_as_given(receiver, target) and receiver.value in given:
                return _Handing(given[receiver.value], self._scope, closure, direct=None)
            if self._is_of_same_object(receiver, target, call):
                return _Handing(receiver, target, closure, direct=None)
        return None

    def _is_of_same_object(self, receiver: cst.BaseExpression, target: Scope, call: cst.Call) -> bool:
        """Whether a method speaks of an attribute of the object on which it is called here."""
        match call.func:
            case cst.Attribute(value=cst.Name(value=holder)):
                path = self._objects.path(receiver, target)
                return holder == self._scope.receiver and path is not None and path.name == "self"
            case _:
                return False

    def _closure(self, node: cst.BaseExpression) -> Scope | None:
        """The function that an expression is, where it is no other: not one that a decorator or a subclass changes."""
        found = self._objects.value(node, self._scope)
        if not isinstance(found, Function) or found.scope.unread:
            return None
        closure = found.scope
        if isinstance(closure.node, cst.FunctionDef) and closure.node.asynchronous is not None:
            return None
        if not all(_last_word(each) in _RECORDING for each in closure.decorators):
            return None
        return closure if not self._is_overridden(closure) else None

    def _is_overridden(self, method: Scope) -> bool:
        """Whether a function is a method of a class that others in its file are derived from."""
        class_ = method.parent if method.receiver is not None else None
        return class_ is not None and bool(self._objects.derived(class_, self._objects.program.home(class_)))

    # -- what it does ---------------------------------------------------------------------------------------------

    def _stale_loss(self, closure: Scope) -> str:
        """The loss from outside that is all a closure back-propagates; empty where there is none."""
        calls = [node for node in walk(closure.node) if isinstance(node, cst.Call)]
        losses = {self._from_outside(call, closure) for call in calls if back_propagated(call) is not None}
        others = [call for call in calls if back_propagated(call) is None]
        if len(losses) != 1 or not all(self._backward.is_idle(call, closure) for call in others):
            return ""
        return losses.pop()

    def _from_outside(self, call: cst.Call, closure: Scope) -> str:
        """The variable, computed outside of a closure, that a call back-propagates; empty for anything else."""
        if any(argument.keyword is None or argument.keyword.value not in _ENTIRE for argument in call.args):
            return ""
        loss = back_propagated(call)
        if not isinstance(loss, cst.Name):
            return ""
        name, owner = loss.value, closure.owner(loss.value)
        if owner is None or owner is closure or owner.kind == "class" or name in owner.parameters:
            return ""
        bindings = owner.bindings[name]
        scopes = self._objects.program.home(closure).table.scopes
        written = any(name in scope.foreign and scope.owner(name) is owner for scope in scopes)
        return name if bindings and not written and all(map(self._is_computed, bindings)) else ""

    def _is_computed(self, binding: Binding) -> bool:
        """Whether a variable is bound to a number that is computed there, and not to some object or function."""
        value = binding.value
        if value is None or binding.each or binding.imported or not isinstance(value, (cst.Call, cst.BinaryOperation)):
            return False
        if isinstance(value, cst.BinaryOperation):
            return True
        found = self._objects.value(value, binding.scope)
        class_like = _last_word(value.func)[:1].isupper()
        return not isinstance(found, (Function, Instance, Optimizer)) and not class_like

    # -- optimizers of any class ----------------------------------------------------------------------------------

    def _is_open(self, optimizer: cst.BaseExpression) -> bool:
        """Whether an optimizer is made from a class that an object is given and keeps, so that it may be of any."""
        path = self._objects.path(optimizer, self._scope)
        bindings = list(self._bindings(path)) if path is not None else []
        made = [each for each in bindings if each.value is None or constant_of(each.value) != (True, None)]
        return bool(made) and all(self._makes_given_class(each) for each in made)

    def _bindings(self, path: Path) -> Iterator[Binding]:
        if path.name == "self" and len(path.fields) == 1:
            yield from self._objects.attribute_bindings(Path(path.scope, "self"), path.fields[0])
        elif not path.fields:
            yield from self._objects.program.scopes[path.scope].bindings.get(path.name, ())

    def _makes_given_class(self, binding: Binding) -> bool:
        if binding.each or binding.items or not isinstance(binding.value, cst.Call):
            return False
        func, scope = binding.value.func, binding.scope
        path = self._objects.path(func, scope)
        if path is None or path.name != "self" or len(path.fields) != 1:
            return False
        kept = self._objects.attribute_bindings(Path(path.scope, "self"), path.fields[0])
        return len(kept) == 1 and bool(only_parameter(kept, kept[0].scope)) and kept[0].scope.name == "__init__"

    def _keeps(self, closure: Scope, optimizer: cst.BaseExpression) -> bool:
        """Whether a closure back-propagates, gives back the loss and leaves it to the code around to clear."""
        own = closure.parent is self._scope and not gives_nothing(self._objects, closure)
        return own and self._clears_beside(optimizer) and self._backward.adds_only(closure)

    def _clears_beside(self, optimizer: cst.BaseExpression) -> bool:
        """Whether the scope clears an optimizer, outside of the functions in it."""
        wanted = self._objects.path(optimizer, self._scope)
        for node in walk(self._scope.node):
            match node:
                case cst.Call(func=cst.Attribute(value=receiver, attr=cst.Name(value="zero_grad"))):
                    if self._objects.path(receiver, self._scope) == wanted:
                        return True
        return False

    def _sees(self, closure: Scope, handing: _Handing) -> bool:
        """Whether what the optimizer is called here means the same in the closure."""
        path = self._objects.path(handing.optimizer, self._scope)
        return closure.parent is self._scope and path == self._objects.path(handing.optimizer, closure)


def _steps(function: Scope) -> list[cst.Call]:
    """The calls of a `step` in a function."""
    if function.words.steps is None:
        calls = (node for node in walk(function.node) if isinstance(node, cst.Call))
        named = (call for call in calls if isinstance(call.func, cst.Attribute) and call.func.attr.value == "step")
        function.words.steps = list(named)
    return function.words.steps


def _is_as_given(name: cst.Name, function: Scope) -> bool:
    """Whether a variable is a parameter of a function that has no other value in it."""
    return name.value in function.parameters and len(function.bindings[name.value]) == 1


def _may_be_function(node: cst.BaseExpression) -> bool:
    return isinstance(node, (cst.Name, cst.Attribute, cst.Lambda, cst.Call))


def _last_word(node: cst.BaseExpression) -> str:
    """The last name of a dotted expression, or of what an expression calls."""
    return last_name(node.func if isinstance(node, cst.Call) else node)
