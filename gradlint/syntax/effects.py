"""What calls and assignments do to gradients: one expression in, its events out."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from gradlint.events import Accumulate, Assign, Call, Clear, Event, Forget, Place, Read, Rescale, Step, UpdateScale
from gradlint.regions import ELEMENT, Path, Region
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of, text_of, walk
from gradlint.syntax.values import Function, Instance


class Repeated:
    """A callee that its caller runs again and again before it goes on."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events


Effect = Event | Repeated


class Effects:
    """Reads the expressions of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    # -- calls --------------------------------------------------------------------------------------------------

    def call(self, call: cst.Call, statement: cst.CSTNode) -> list[Effect]:
        """The events of a call, its arguments and receiver not included."""
        name = self._objects.callee_name(call)
        match name, call.func:
            case "backward", cst.Attribute(value=receiver):
                return self._backward(call, receiver, statement)
            case "backward", cst.Name() if self._objects.qualified(call.func) in catalogue.BACKWARD_FUNCTIONS:
                return [Accumulate(self._place(call, statement), self._inputs(call))]
            case "manual_backward", _:
                return [Accumulate(self._place(call, statement))]
            case "step", cst.Attribute(value=receiver):
                return self._step(call, receiver, statement)
            case "zero_grad", cst.Attribute(value=receiver):
                return self._zero_grad(call, receiver, statement)
            case "optimizer_step", _ if call.args:
                regions = self._objects.regions(call.args[0].value, self._scope)
                if regions and self._objects.optimizer(call.args[0].value, self._scope) is not None:
                    return [Step(self._place(call, statement, call.args[0].value), regions)]
            case (("first_step" | "second_step"), cst.Attribute(value=receiver)):
                return self._sam(call, receiver, statement)
            case "update", cst.Attribute(value=receiver) if self._objects.is_scaler(receiver, self._scope):
                return [UpdateScale(self._place(call, statement, receiver))]
            case _ if name in catalogue.GRADIENT_READERS:
                return [Read(self._place(call, statement))]
            case _, cst.Attribute(value=receiver):
                events = self._in_place(call, name, receiver, statement)
                if events:
                    return events
        return self._other(call, name, statement)

    def _backward(self, call: cst.Call, receiver: cst.BaseExpression, statement: cst.CSTNode) -> list[Effect]:
        qualified = self._objects.qualified(call.func)
        if qualified.startswith(catalogue.NO_DEPOSIT) or "dist_autograd" in qualified or _is_super(receiver):
            return []
        place = self._place(call, statement)
        if qualified in catalogue.BACKWARD_FUNCTIONS:
            return [Accumulate(place, self._inputs(call))]
        followed = self._method(call, "backward", receiver, statement)
        if followed is not None:
            return followed
        path = self._objects.path(receiver, self._scope)
        if path is not None and path.name == "self" and not path.fields:
            return [Forget(place, (path,))]
        given = [a for a in call.args if a.keyword is None]
        if given and path is not None:
            if self._objects.uses(path, "step") and not self._objects.uses(path, "zero_grad"):
                return []  # an engine: its step clears
            optimizer = self._objects.optimizer_at(path)
            if optimizer is not None:
                return [Accumulate(place, self._objects.stepped_params(path))]
        return [Accumulate(place, self._inputs(call), given=self._is_parameter(path))]

    def _is_parameter(self, path: Path | None) -> bool:
        return path is not None and path.scope == self._scope.number and path.name in self._scope.parameters

    def _inputs(self, call: cst.Call) -> tuple[Path, ...] | None:
        """The parameters that `inputs=` confines a backward to."""
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value == "inputs":
                return self._objects.parameters_in(argument.value, self._scope)
        return None

    def _step(self, call: cst.Call, receiver: cst.BaseExpression, statement: cst.CSTNode) -> list[Effect]:
        arguments = [a.value for a in call.args if a.keyword is None]
        if self._objects.is_scaler(receiver, self._scope):
            if not arguments:
                return []
            regions = self._objects.regions(arguments[0], self._scope)
            return (
                [Step(self._place(call, statement, arguments[0]), regions, scaler=text_of(receiver))] if regions else []
            )
        optimizer = self._objects.optimizer(receiver, self._scope)
        if optimizer is None:
            followed = self._method(call, "step", receiver, statement)
            return followed if followed is not None else self._other(call, "step", statement)
        path = self._objects.path(receiver, self._scope)
        if path is not None and self._objects.uses(path, "backward") and not self._objects.uses(path, "zero_grad"):
            return []  # an engine: it clears what it steps
        regions = self._objects.regions(receiver, self._scope)
        place = self._place(call, statement, receiver)
        if not regions:
            return [Forget(place, None)]
        step = Step(place, regions)
        after: list[Effect] = [step]
        if path is not None and self._objects.uses(path, catalogue.STEP_HOOK):
            after.append(Clear(place, tuple(r.params for r in regions)))
        closure = self._closure(call)
        if closure is None:
            return after
        found = self._objects.value(closure, self._scope)
        if isinstance(found, Function):
            inner: list[Event] = [Call(self._place(call, statement), found.scope.number)]
            if optimizer.repeats:
                return [Repeated([*inner, step])]
            return [*inner, *after]
        if constant_of(closure) == (True, None):
            return after
        # A closure from elsewhere, a loss that the step itself back-propagates, a context of another engine.
        return [Forget(place, None)]

    @staticmethod
    def _closure(call: cst.Call) -> cst.BaseExpression | None:
        for argument in call.args:
            if argument.star or argument.keyword is None or argument.keyword.value == "closure":
                return argument.value
        return None

    def _sam(self, call: cst.Call, receiver: cst.BaseExpression, statement: cst.CSTNode) -> list[Effect]:
        if self._objects.optimizer(receiver, self._scope) is None:
            return self._other(call, self._objects.callee_name(call), statement)
        regions = self._objects.regions(receiver, self._scope)
        place = self._place(call, statement, receiver)
        clears = any(constant_of(a.value) == (True, True) for a in call.args)
        step: list[Effect] = [Step(place, regions)]
        return [*step, Clear(place, tuple(r.params for r in regions))] if clears else step

    def _zero_grad(self, call: cst.Call, receiver: cst.BaseExpression, statement: cst.CSTNode) -> list[Effect]:
        place = self._place(call, statement, receiver)
        if self._objects.optimizer(receiver, self._scope) is None:
            followed = self._method(call, "zero_grad", receiver, statement)
            if followed is not None:
                return followed
        path = self._objects.path(receiver, self._scope)
        if path is None or _is_super(receiver):
            return [Clear(place, (), possible=True)]
        if self._objects.optimizer_at(path) is not None:
            regions = self._objects.regions(receiver, self._scope)
            params = [r.params for r in regions]
            for other in self._objects.around(path)[1:]:
                if self._objects.optimizer_at(other) is not None:
                    params.extend(self._objects.stepped_params(other))
            return [Clear(place, tuple(dict.fromkeys(params)), owner=path)]
        return [Clear(place, self._objects.around(path), possible=not self._objects.is_made_here(path))]

    def _in_place(
        self, call: cst.Call, name: str, receiver: cst.BaseExpression, statement: cst.CSTNode
    ) -> list[Effect]:
        """Tensor methods that end in an underscore, on a gradient or with one."""
        tensor = _gradient_of(receiver)
        if tensor is None and isinstance(receiver, cst.Name):
            tensor = self._gradient_alias(receiver, exact=True)
        if tensor is not None:
            times_zero = name == "mul_" and len(call.args) == 1 and constant_of(call.args[0].value) == (True, 0)
            own = any(self._reads_gradient(a.value, tensor) for a in call.args)
            if times_zero or (name in catalogue.OVERWRITING_METHODS and not own):
                return [self._clear_of(tensor, call, statement)]
            if own or name in catalogue.RESCALING_METHODS:
                return [self._clear_of(tensor, call, statement, Rescale)]
            return [Read(self._place(call, statement))]
        if (
            name in catalogue.UPDATING_METHODS
            and name.endswith("_")
            and any(self._reads_gradient(a.value, receiver) for a in call.args)
        ):
            return self._manual(receiver, call, statement)
        return []

    def _other(self, call: cst.Call, name: str, statement: cst.CSTNode) -> list[Effect]:
        """A call of no meaning of its own: a scope of this file, or something unknown."""
        followed = self._resolved(call, statement)
        if followed is not None:
            return followed
        if catalogue.clears_gradients(name):
            return [Forget(self._place(call, statement), None)]
        if not catalogue.may_clear_or_step(name):
            return []
        given: list[Path] = []
        parts: Iterable[cst.BaseExpression] = (a.value for a in call.args)
        if isinstance(call.func, cst.Attribute):
            parts = (call.func.value, *parts)
        for part in parts:
            path = self._objects.path(part, self._scope)
            if path is not None:
                given.append(path)
        return [Forget(self._place(call, statement), tuple(given))] if given else []

    def _resolved(self, call: cst.Call, statement: cst.CSTNode) -> list[Effect] | None:
        match call.func:
            case cst.Attribute(value=receiver, attr=cst.Name(value=method)):
                return self._method(call, method, receiver, statement)
            case cst.Name():
                found = self._objects.value(call.func, self._scope)
                if isinstance(found, Function):
                    return [self._enter(call, found.scope, statement)]
                return None
            case _:
                return None

    def _method(
        self, call: cst.Call, name: str, receiver: cst.BaseExpression, statement: cst.CSTNode
    ) -> list[Effect] | None:
        """The call of a method of a class of this file; None where the class or the method is not in it."""
        if _is_super(receiver):
            owner = self._scope.parent
            classes = list(self._objects.lineage(owner))[1:] if owner is not None and owner.kind == "class" else []
            path: Path | None = Path(owner.number, "self") if owner is not None else None
        else:
            path = self._objects.path(receiver, self._scope)
            if path is None:
                return None
            if path.name == "self" and not path.fields:
                classes = list(self._objects.lineage(self._objects.table.scopes[path.scope]))
            else:
                value = self._objects.value(receiver, self._scope)
                classes = list(self._objects.lineage(value.of)) if isinstance(value, Instance) else []
        for class_ in classes:
            if name in class_.functions:
                return [self._enter(call, class_.functions[name][-1], statement, path)]
        return None

    def _enter(self, call: cst.Call, target: Scope, statement: cst.CSTNode, receiver: Path | None = None) -> Call:
        binds: list[tuple[Path, Path]] = []
        formals = list(target.parameters)
        if target.receiver is not None and target.parent is not None:
            own = Path(target.parent.number, "self")
            if receiver is not None and receiver != own:
                binds.append((own, receiver))
            formals = formals[1:]
        given, complete = _arguments(call, formals)
        constants: list[tuple[Path, object]] = []
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
                    binds.append((Path(target.number, formal), actual))
        return Call(self._place(call, statement), target.number, tuple(binds), tuple(constants))

    # -- assignments --------------------------------------------------------------------------------------------

    def assign(self, target: cst.BaseExpression, value: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        """The events of `target = value`, the value's own not included."""
        tensor = _gradient_of(target)
        if tensor is not None:
            own = self._reads_gradient(value, tensor)
            return [self._clear_of(tensor, target, statement, Rescale if own else Clear)]
        match target:
            case cst.Subscript(value=inner):
                base = _gradient_of(inner)
                if base is not None:
                    return [self._clear_of(base, target, statement)] if constant_of(value) == (True, 0) else []
                if _is_data(inner) and self._reads_gradient(value, inner):
                    return self._manual_events(inner, target, statement)
            case cst.Attribute() if _is_data(target) and self._reads_gradient(value, target):
                return self._manual_events(target, target, statement)
        return self._rebound(target, value, statement)

    def _rebound(self, target: cst.BaseExpression, value: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        if not isinstance(target, (cst.Name, cst.Attribute)):
            return []
        path = self.own_path(target)
        if path is None:
            return []
        known, constant = constant_of(value)
        place = Place(target, statement, text_of(target))
        by = _added(target, value)
        if by is not None:
            return [Assign(place, path, advance=by)]
        return [Assign(place, path, constant=constant, is_constant=known)]

    def own_path(self, target: cst.BaseExpression) -> Path | None:
        """The variable itself, not what it is an alias of."""
        if isinstance(target, cst.Name):
            owner = self._scope.owner(target.value) or self._scope
            return Path(owner.number, target.value)
        return self._objects.path(target, self._scope)

    def augment(self, node: cst.AugAssign, statement: cst.CSTNode) -> list[Event]:
        """The events of `target += value` and its like."""
        target, value = node.target, node.value
        tensor = _gradient_of(target)
        if tensor is not None:
            if isinstance(node.operator, (cst.MultiplyAssign, cst.DivideAssign)):
                zero = constant_of(value) == (True, 0)
                return [self._clear_of(tensor, target, statement, Clear if zero else Rescale)]
            return []
        base = target.value if isinstance(target, cst.Subscript) else target
        if self._reads_gradient(value, base):
            return self._manual_events(base, node, statement)
        path = self.own_path(target) if isinstance(target, (cst.Name, cst.Attribute)) else None
        if path is None:
            return []
        known, amount = constant_of(value)
        counts = isinstance(node.operator, (cst.AddAssign, cst.SubtractAssign)) and known and isinstance(amount, int)
        if counts and isinstance(amount, int):
            by = amount if isinstance(node.operator, cst.AddAssign) else -amount
            return [Assign(Place(target, statement, text_of(target)), path, advance=by)]
        return [Assign(Place(target, statement, text_of(target)), path)]

    def delete(self, target: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        """The events of `del target`."""
        tensor = _gradient_of(target)
        return [self._clear_of(tensor, target, statement)] if tensor is not None else []

    def read(self, node: cst.Attribute, statement: cst.CSTNode) -> list[Event]:
        """A gradient that is looked at."""
        return [Read(Place(node, statement, text_of(node)))] if node.attr.value == "grad" else []

    # -- tensors ------------------------------------------------------------------------------------------------

    def _clear_of(
        self, tensor: cst.BaseExpression, node: cst.CSTNode, statement: cst.CSTNode, kind: type[Clear] = Clear
    ) -> Clear:
        params = self._objects.tensors(tensor, self._scope)
        place = Place(node, statement, text_of(node), text_of(tensor))
        if not params:
            return kind(place, (), possible=True)
        # A single tensor with a name of its own is that tensor; an element of something unknown may be anything.
        own = self._objects.path(tensor, self._scope) == params[0] and self._is_single(params[0])
        unknown = not own and any(p.fields[-1:] == (ELEMENT,) or not self._objects.is_made_here(p) for p in params)
        return kind(place, params, possible=unknown, owner=params[0] if own else None)

    def _is_single(self, path: Path) -> bool:
        """Whether a path is that of one tensor in a variable of its own, not of an element of something."""
        owner = self._objects.table.scopes[path.scope]
        bindings = owner.bindings.get(path.name, [])
        return not path.fields and bool(bindings) and not any(b.each for b in bindings)

    def _manual(self, tensor: cst.BaseExpression, node: cst.CSTNode, statement: cst.CSTNode) -> list[Effect]:
        return list(self._manual_events(tensor, node, statement))

    def _manual_events(self, tensor: cst.BaseExpression, node: cst.CSTNode, statement: cst.CSTNode) -> list[Event]:
        plain = tensor.value if _is_data(tensor) and isinstance(tensor, cst.Attribute) else tensor
        params = self._objects.tensors(plain, self._scope)
        place = Place(node, statement, text_of(node), text_of(plain))
        return [Step(place, tuple(Region(p, p) for p in params), manual=True)] if params else [Forget(place, None)]

    def _reads_gradient(self, value: cst.BaseExpression, target: cst.BaseExpression) -> bool:
        """Whether a value is computed from the gradient of the target."""
        wanted = self._objects.tensors(target, self._scope)
        for part in walk(value):
            tensor = _gradient_of(part) if isinstance(part, cst.Attribute) else None
            if tensor is None and isinstance(part, cst.Name):
                tensor = self._gradient_alias(part)
            if tensor is not None:
                found = self._objects.tensors(tensor, self._scope)
                if not wanted or not found or any(a.touches(b) for a in wanted for b in found):
                    return True
        return False

    def _gradient_alias(self, name: cst.Name, *, exact: bool = False) -> cst.BaseExpression | None:
        """The tensor whose gradient a name was bound to; unless `exact`, also one whose gradient it was computed from."""
        owner = self._scope.owner(name.value)
        bindings = owner.bindings[name.value] if owner is not None else []
        if len(bindings) != 1 or bindings[0].value is None or bindings[0].each or bindings[0].items:
            return None
        if exact:
            return _gradient_of(bindings[0].value)
        for part in walk(bindings[0].value):
            if isinstance(part, cst.Attribute):
                tensor = _gradient_of(part)
                if tensor is not None:
                    return tensor
        return None

    def _place(self, node: cst.CSTNode, statement: cst.CSTNode, subject: cst.CSTNode | None = None) -> Place:
        return Place(node, statement, text_of(node), text_of(subject) if subject is not None else "")


def _arguments(call: cst.Call, formals: list[str]) -> tuple[dict[str, cst.BaseExpression], bool]:
    """What a call gives each parameter, and whether no star hides any."""
    given: dict[str, cst.BaseExpression] = {}
    for position, argument in enumerate(call.args):
        if argument.star:
            return given, False
        if argument.keyword is not None:
            given[argument.keyword.value] = argument.value
        elif position < len(formals):
            given[formals[position]] = argument.value
    return given, True


def _gradient_of(node: cst.CSTNode) -> cst.BaseExpression | None:
    """The tensor of `tensor.grad`, `tensor.grad.data` and `tensor._grad`."""
    match node:
        case cst.Attribute(value=tensor, attr=cst.Name(value="grad" | "_grad")):
            return tensor
        case cst.Attribute(value=cst.Attribute() as inner, attr=cst.Name(value="data")):
            return _gradient_of(inner)
        case _:
            return None


def _is_data(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value == "data"


def _is_super(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "super"


def _added(target: cst.BaseExpression, value: cst.BaseExpression) -> int | None:
    """The amount of `i = i + 1`."""
    match value:
        case cst.BinaryOperation(left=left, operator=cst.Add(), right=right) if left.deep_equals(target):
            known, amount = constant_of(right)
            return amount if known and isinstance(amount, int) else None
        case _:
            return None
