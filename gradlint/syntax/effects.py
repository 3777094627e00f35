"""What calls and assignments do to gradients: one expression in, its events out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from gradlint.events import (
    Accumulate,
    Assign,
    Clear,
    Event,
    Forget,
    Lend,
    MayAdd,
    NextBatch,
    Overwrite,
    Place,
    Read,
    Step,
)
from gradlint.regions import Path
from gradlint.syntax import catalogue
from gradlint.syntax.backpropagation import is_from_outside
from gradlint.syntax.bodies import Bodies
from gradlint.syntax.called import Called, is_zero_grad
from gradlint.syntax.callees import Callees, is_super
from gradlint.syntax.composite import Effect, Repeated
from gradlint.syntax.framework_calls import FrameworkCalls
from gradlint.syntax.gradients import Gradients, gradient_of
from gradlint.syntax.known_calls import KnownCalls
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scaling import Scaling
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.surroundings import hook_clears, may_be_wrapped, steps_may_clear
from gradlint.syntax.tree import constant_of, walk
from gradlint.syntax.unfollowed import Unfollowed
from gradlint.syntax.values import Function


class Effects:
    """Reads the expressions of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        self._callees = Callees(objects, scope)
        self._gradients = Gradients(objects, scope)
        self._frameworks = FrameworkCalls(objects, scope, self._callees)
        self._bodies = Bodies(objects)
        self._called = Called(objects, scope)
        self._known = KnownCalls(objects, scope, self._clear_by)
        self._unfollowed = Unfollowed(objects, scope)
        self._scaling = Scaling(objects, scope)
        self._steps_may_clear = steps_may_clear(objects, scope)

    # -- calls --------------------------------------------------------------------------------------------------

    def call(self, call: cst.Call, statement: cst.CSTNode) -> list[Effect]:
        """The events of a call, its arguments and receiver not included."""
        taught = self._known.read(call, statement)
        if taught is not None:
            return [*taught]
        name = self._objects.callee_name(call)
        known = self._frameworks.read(call, name, statement)
        if known is not None:
            return known
        scaling = self._scaling.read(call, name, statement)
        if scaling is not None:
            return [*scaling]
        match name, call.func:
            case "backward", cst.Attribute(value=receiver):
                return self._backward(call, receiver, statement)
            case "backward", cst.Name() if (
                self._objects.qualified(call.func, self._scope) in catalogue.BACKWARD_FUNCTIONS
            ):
                return [Accumulate(place_of(call, statement), self._inputs(call))]
            case "step", cst.Attribute(value=receiver):
                return self._step(call, receiver, statement)
            case "zero_grad", cst.Attribute(value=receiver):
                return self._zero_grad(call, receiver, statement)
            case _, cst.Attribute(value=receiver):
                events = self._gradients.changed_in_place(call, name, receiver, statement)
                if events:
                    return [*events]
        return self._other(call, name, statement)

    def _backward(self, call: cst.Call, receiver: cst.BaseExpression, statement: cst.CSTNode) -> list[Effect]:
        qualified = self._objects.qualified(call.func, self._scope)
        place = place_of(call, statement)
        if qualified.startswith(catalogue.NO_DEPOSIT) or "dist_autograd" in qualified or is_super(receiver):
            return [MayAdd(place)]
        if qualified in catalogue.BACKWARD_FUNCTIONS:
            return [Accumulate(place, self._inputs(call))]
        followed = self._callees.method(call, "backward", receiver, statement)
        if followed is not None:
            return [followed]
        path = self._objects.path(receiver, self._scope)
        if path is not None and path.name == "self" and not path.fields:
            return [Forget(place, (path,))]
        given = [a for a in call.args if a.keyword is None]
        if given and path is not None:
            if self._objects.is_engine(path):
                return [MayAdd(place)]  # its step clears
            optimizer = self._objects.optimizer_at(path)
            if optimizer is not None:
                return [Accumulate(place, self._objects.stepped_params(path))]
        outside, scaler = is_from_outside(receiver, self._objects, self._scope), self._scaling.by(receiver)
        return [Accumulate(place, self._inputs(call), outside, scaler=None if outside and not scaler else scaler)]

    def _inputs(self, call: cst.Call) -> tuple[Path, ...] | None:
        """The parameters that `inputs=` confines a backward to."""
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value == "inputs":
                return self._objects.parameters_in(argument.value, self._scope)
        return None

    def _step(self, call: cst.Call, receiver: cst.BaseExpression, statement: cst.CSTNode) -> list[Effect]:
        if self._objects.is_scaler(receiver, self._scope):
            return [*self._scaling.step(call, receiver, statement)]
        optimizer = self._objects.optimizer(receiver, self._scope)
        if optimizer is None:
            followed = self._callees.method(call, "step", receiver, statement)
            return [followed] if followed is not None else self._other(call, "step", statement)
        path = self._objects.path(receiver, self._scope)
        if path is not None and self._objects.is_engine(path):
            return []  # it clears what it steps
        regions = self._objects.regions(receiver, self._scope)
        place = place_of(call, statement, receiver)
        if not regions or any(self._objects.gives_away(region.owner) for region in regions):
            return [Forget(place, None)]
        if self._steps_may_clear and any(
            may_be_wrapped(self._objects, region.owner, self._scope) for region in regions
        ):
            return [Forget(place, tuple(region.owner for region in regions))]
        step = Step(place, regions)
        after: list[Effect] = [MayAdd(place), step] if self._objects.fills_before_step(path) else [step]
        if optimizer.clears or (path is not None and hook_clears(self._objects, path, self._scope)):
            stepped = tuple(region.params for region in regions)
            after.append(Clear(place, stepped, whole=stepped))
        closure = self._closure(call)
        if closure is None:
            return after
        found = self._objects.value(closure, self._scope)
        entered = self._callees.function(found, call, statement) if isinstance(found, Function) else None
        if isinstance(found, Function) and not optimizer.made_by and "backward" not in names_in(found.scope):
            return [Forget(place, None)]  # it may back-propagate what the closure gives back, as a line search does
        if entered is not None:
            inner: list[Event] = [entered]
            if optimizer.repeats:
                return [Repeated((*inner, step))]
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

    def _zero_grad(self, call: cst.Call, receiver: cst.BaseExpression, statement: cst.CSTNode) -> list[Effect]:
        match receiver:
            case cst.Call(func=cst.Attribute(value=stepped, attr=cst.Name(value="step"))):
                receiver = stepped  # `optimizer.step().zero_grad()`, of an optimizer that gives itself back
        place = place_of(call, statement, receiver)
        if self._objects.optimizer(receiver, self._scope) is not None:
            return [self._clear_by(owner, place) for owner in self._owners(receiver)]
        followed = self._callees.method(call, "zero_grad", receiver, statement)
        if followed is not None:
            return [followed]
        path = self._objects.path(receiver, self._scope)
        if path is None or is_super(receiver):
            return [Clear(place, (), possible=True)]
        known = self._objects.is_made_here(path)
        whole = (path,) if self._is_one_object(path) else ()
        return [Clear(place, self._objects.related(path), not known, whole=whole)]

    def _is_one_object(self, path: Path) -> bool:
        """Whether a variable means one object throughout its scope, or what was made of it: `model = wrap(model)`."""
        bindings = [] if path.name == "self" else self._objects.program.scopes[path.scope].bindings.get(path.name, [])
        values = [binding.value for binding in bindings[1:]]
        return all(value is not None and path.name in _names(value) for value in values)

    def _owners(self, receiver: cst.BaseExpression) -> list[Path]:
        """The optimizers that an expression means: several where it is one of a literal container."""
        return list(dict.fromkeys(region.owner for region in self._objects.regions(receiver, self._scope)))

    def _clear_by(self, optimizer: Path, place: Place) -> Clear:
        """An optimizer clears its own parameters, and those of what it wraps or is wrapped by."""
        around = [path for path in self._objects.around(optimizer) if self._objects.optimizer_at(path) is not None]
        params = [params for path in (optimizer, *around) for params in self._objects.stepped_params(path)]
        # One that nothing steps, and that nobody saw made, may be another by a second name.
        stepped = self._objects.uses(optimizer, "step") or self._objects.uses(optimizer, "scaler.step")
        stranger = not stepped and not self._objects.is_made_here(optimizer)
        if not stepped:  # what its networks were made from may be stepped by others
            params = [part for path in params for part in self._objects.related(path) if part != optimizer]
        return Clear(place, tuple(dict.fromkeys(params)), possible=stranger, owner=optimizer, apart=stepped)

    def _other(self, call: cst.Call, name: str, statement: cst.CSTNode) -> list[Effect]:
        """A call of no meaning of its own: a scope of this file, an optimizer's method by another name, or unknown."""
        followed = self._callees.called(call, statement)
        if followed is not None:
            return [followed]
        method = self._called.method_by_name(call.func)
        if method is not None and method.attr.value == "zero_grad":
            return self._zero_grad(call, method.value, statement)
        if method is not None and self._objects.optimizer(method.value, self._scope) is not None:
            return self._step(call, method.value, statement)
        place = place_of(call, statement)
        values = [a.value for a in call.args]
        known = (call.func, *values, *self._called.kept(call))
        if (
            catalogue.clears_gradients(name)
            or any(map(is_zero_grad, known))
            or any(map(self._known.clears, values))
            or self._called.keeps_a_clear(call)
        ):
            return [Forget(place, None)]
        zeros = (name in ("zeros_", "zero_") and len(values) == 1) or (
            name == "constant_" and len(values) == 2 and constant_of(values[1]) == (True, 0)
        )
        if zeros and gradient_of(values[0]) is not None:  # those of torch and torch.nn.init
            return [self._gradients.clear_of(gradient_of(values[0]) or values[0], call, statement)]
        if name == "setattr" and len(values) == 3 and constant_of(values[1]) == (True, "grad"):
            kind = Clear if constant_of(values[2]) == (True, None) else Overwrite
            return [self._gradients.clear_of(values[0], call, statement, kind)]
        if self._called.is_given_handler(call.func):
            return [Forget(place, None)]
        lent = [found for value in values if isinstance(found := self._objects.value(value, self._scope), Function)]
        keeps = name != "partial" and (name in catalogue.CALLING or not catalogue.cannot_clear(name))
        effects: list[Effect] = [Lend(place, found.scope.number) for found in lent if keeps]
        if name == "append" and isinstance(call.func, cst.Attribute):
            grown = self._objects.path(call.func.value, self._scope)
            effects += [Assign(place, grown.field("[-1]"))] if grown is not None else []
        return [
            *effects,
            *self._unresolved(call, name, place, values),
            *self._unfollowed.read(call, name, statement, place),
        ]

    def _unresolved(self, call: cst.Call, name: str, place: Place, values: list[cst.BaseExpression]) -> Iterator[Event]:
        """What a call may do that nobody can follow, by what it is given and by its name, where it has one."""
        lookup = self._called.looked_up(call.func)
        if lookup is not None or self._called.is_nameless(call.func):
            if catalogue.cannot_clear(name) or self._bodies.are_harmless(call.func, self._scope):
                return
            # Given nothing, or whatever there is, it has to know the optimizer from elsewhere.
            known = [*([lookup.args[0].value] if lookup is not None else []), *values, *self._called.held_by(values)]
            anything = not call.args or self._called.hands_on(call)
            yield self._called.of_no_name(place, lookup, None if anything else tuple(self._paths(known)))
            return
        # An optimizer is given to be worked with, unless the name says otherwise; of its holder only the name tells.
        paths = self._paths(values)
        if catalogue.may_clear_or_step(name):
            given = [*self._paths(self._bodies.worked_on(call, self._scope)), *paths]
        elif not catalogue.cannot_clear(name):
            given = [path for path in paths if self._objects.optimizer_at(path) is not None]
        else:
            given = []
        if given and not self._bodies.are_harmless(call.func, self._scope):
            yield Forget(place, tuple(given))
        of_somebody = self._called.of_somebody(call, place)
        if of_somebody is not None:
            yield of_somebody

    def _paths(self, nodes: Iterable[cst.BaseExpression]) -> list[Path]:
        return [path for node in nodes if (path := self._objects.path(node, self._scope)) is not None]

    # -- what else happens ----------------------------------------------------------------------------------------

    def around(self, node: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        """What entering and leaving a context, or fetching the next element, may do besides."""
        clears = self._callees.clears_around(node) or self._frameworks.captures(node)
        return [Forget(place_of(node, statement), None)] if clears else []

    def counted(self, node: cst.BaseExpression, statement: cst.CSTNode) -> NextBatch | None:
        """What entering a context counts that makes windows of batches."""
        return self._frameworks.counted(node, statement)

    def may_be_gated(self, event: Event) -> bool:
        """Whether something is done by an optimizer that a framework may keep from doing it."""
        match event:
            case Clear(owner=Path() as owner, params=params):
                return owner not in params and self._frameworks.may_be_prepared(owner)
            case Step(manual=False, regions=regions):
                return any(self._frameworks.may_be_prepared(region.owner) for region in regions)
            case _:
                return False

    def read(self, node: cst.Attribute, statement: cst.CSTNode, given_to: cst.Call | None = None) -> list[Event]:
        """A gradient that is looked at, by the call that it is given to, or a property that does more than look."""
        if self._callees.is_clearing_property(node):
            return [Forget(place_of(node, statement), None)]
        place = place_of(node, statement)
        if node.attr.value != "grad":
            return []
        # Whoever looks at gradients may do so to change them; what only computes makes nothing out of nothing.
        computes = given_to is not None and self._unfollowed.only_computes(given_to)
        return [Read(place)] if computes else [Read(place), MayAdd(place)]


def _names(node: cst.CSTNode) -> set[str]:
    return {part.value for part in walk(node) if isinstance(part, cst.Name)}
