"""Reads calls by the rows of `gradlint.syntax.frameworks`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from gradlint.events import Accumulate, Clear, Event, Forget, NextBatch, Place, Step
from gradlint.regions import Path
from gradlint.syntax import frameworks
from gradlint.syntax.callees import Callees
from gradlint.syntax.composite import Effect, Guarded, Repeated
from gradlint.syntax.frameworks import Argument, Does, Row
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.surroundings import clears_outside
from gradlint.syntax.tree import constant_of, text_of
from gradlint.syntax.values import Function, Instance
from gradlint.syntax.window_sizes import number_of, size_of


class FrameworkCalls:
    """Reads the calls of one scope."""

    def __init__(self, objects: Objects, scope: Scope, callees: Callees) -> None:
        self._objects = objects
        self._scope = scope
        self._callees = callees

    def read(self, call: cst.Call, name: str, statement: cst.CSTNode) -> list[Effect] | None:
        """The effects of a call that a row describes; None for any other."""
        for row in frameworks.rows(name):
            if self._fits(row, call, name):
                effects = self._effects(row, call, statement)
                if effects is not None:
                    return effects
        return None

    def captures(self, context: cst.BaseExpression) -> bool:
        """Whether a context records what is done in it, to do it later."""
        return (
            isinstance(context, cst.Call) and self._objects.qualified(context.func, self._scope) in frameworks.CAPTURES
        )

    def counted(self, context: cst.BaseExpression, statement: cst.CSTNode) -> NextBatch | None:
        """What entering a context counts whose framework makes windows of batches."""
        match context:
            case cst.Call(func=cst.Attribute(value=receiver, attr=cst.Name(value=name)), args=arguments) if (
                name == frameworks.WINDOWED
                and frameworks.has_windows(self._objects.program.home(self._scope).source.text)
            ):
                given = (self._objects.path(argument.value, self._scope) for argument in arguments)
                networks = tuple(path for path in given if path is not None)
                return NextBatch(place_of(context, statement), self._size(receiver), networks)
            case _:
                return None

    def _size(self, accelerator: cst.BaseExpression) -> str:
        """The code of the size of windows, or the number that it always is."""
        size = size_of(accelerator, self._objects, self._scope)
        if size is None:
            return frameworks.WINDOW_SIZE
        number = number_of(size, self._objects, self._scope)
        return text_of(size) if number is None else str(number)

    def may_be_prepared(self, optimizer: Path) -> bool:
        """Whether an optimizer may have been given to a framework, and this be what that gave back."""
        values = [binding.value for binding in self._objects.bindings_of(optimizer)]
        return not values or not all(isinstance(value, cst.Call) and self._is_plain(value) for value in values)

    def _is_plain(self, call: cst.Call) -> bool:
        return frameworks.gives_back(self._objects.qualified(call.func, self._scope)) is None

    # -- which row ------------------------------------------------------------------------------------------------

    def _fits(self, row: Row, call: cst.Call, name: str) -> bool:
        if row.within and not re.search(row.within, self._objects.qualified(call.func, self._scope)):
            return False
        if row.on is not None and not self._is_on(row, call.func):
            return False
        if row.called.startswith("*") and (not name.islower() or len(call.args) < 2):
            return False
        return not self._is_in_sight(call.func)

    def _is_on(self, row: Row, func: cst.BaseExpression) -> bool:
        if row.on is None or not isinstance(func, cst.Attribute):
            return False
        path = self._objects.path(func.value, self._scope)
        if path is None:
            return False
        named = [path.name, *path.fields]
        last = next(field for field in reversed(named) if not field.startswith("["))
        return frameworks.is_kind(row.on, last, self._objects.makers(path))

    def _is_in_sight(self, func: cst.BaseExpression) -> bool:
        """Whether what is called, or the class of what it is called on, is in this file and speaks for itself."""
        found = self._objects.value(func, self._scope)
        holder = self._objects.value(func.value, self._scope) if isinstance(func, cst.Attribute) else None
        if isinstance(holder, Instance) and isinstance(func, cst.Attribute):
            return any(func.attr.value in class_.functions for class_ in self._objects.lineage(holder.of))
        return isinstance(found, (Function, Instance))

    # -- what it does -----------------------------------------------------------------------------------------------

    def _effects(self, row: Row, call: cst.Call, statement: cst.CSTNode) -> list[Effect] | None:
        """The effects; None where the row wants an optimizer, and there is none."""
        if any(argument.star for argument in call.args) and (row.steps_if or row.clears_if or row.never_if):
            return None
        if row.never_if is not None and self._constant(call, row.never_if, absent=False) is not False:
            return []
        if Does.RUN in row.does:
            return self._run(call, statement)
        worked_on = self._optimizer(row, call)
        if worked_on is None and (row.on_receiver or Does.STEP in row.does):
            return None
        effects: list[Effect] = []
        for does in row.does:
            effects += self._effect(does, row, call, statement, worked_on)
        return effects

    def _effect(
        self, does: Does, row: Row, call: cst.Call, statement: cst.CSTNode, optimizer: cst.BaseExpression | None
    ) -> Iterator[Effect]:
        place = place_of(call, statement)
        regions = self._objects.regions(optimizer, self._scope) if optimizer is not None else ()
        params = tuple(region.params for region in regions)
        match does:
            case Does.ADD:
                loss = _argument(call, row.loss) if row.loss is not None else None
                yield Accumulate(place, params or None, given=loss is not None and self._is_parameter(loss))
            case Does.STEP if optimizer is not None and self._may_clear_besides(optimizer):
                yield Forget(place, None)
            case Does.STEP if optimizer is not None:
                test = _argument(call, row.steps_if) if row.steps_if is not None else None
                # No clear can be put beside a step that happens inside a call, and only sometimes.
                subject = text_of(optimizer) if test is None else ""
                yield from _under(test, Step(Place(call, statement, place.text, subject), regions))
            case Does.CLEAR:
                asked = self._constant(call, row.clears_if, absent=False) if row.clears_if is not None else True
                if asked is None:
                    yield Forget(place, tuple(region.owner for region in regions))
                elif asked:
                    yield Clear(place, params)
            case Does.FORGET:
                yield Forget(place, tuple(region.owner for region in regions) if optimizer is not None else None)

    def _optimizer(self, row: Row, call: cst.Call) -> cst.BaseExpression | None:
        """The expression of the optimizer that a call works with."""
        node = _argument(call, row.optimizer) if row.optimizer is not None else None
        if row.on_receiver and isinstance(call.func, cst.Attribute):
            node = call.func.value
        return node if node is not None and self._objects.optimizer(node, self._scope) is not None else None

    def _may_clear_besides(self, optimizer: cst.BaseExpression) -> bool:
        regions = self._objects.regions(optimizer, self._scope)
        return not regions or any(self._objects.gives_away(region.owner) for region in regions)

    def _is_parameter(self, loss: cst.BaseExpression) -> bool:
        path: Path | None = self._objects.path(loss, self._scope)
        return path is not None and path.scope == self._scope.number and path.name in self._scope.parameters

    def _constant(self, call: cst.Call, asked: Argument, *, absent: bool) -> bool | None:
        """Whether an argument is true; None where nobody can tell."""
        value = _argument(call, asked)
        if value is None:
            return absent
        known, constant = constant_of(value)
        return bool(constant) if known else None

    def _run(self, call: cst.Call, statement: cst.CSTNode) -> list[Effect] | None:
        """A function that a loop of the framework calls, where no handler of this file can clear in between."""
        given = call.args[0].value if call.args else None
        found = self._objects.value(given, self._scope) if given is not None else None
        if not isinstance(found, Function) or found.bound is not None or clears_outside(self._objects, found.scope):
            return None
        entered = self._callees.function(found, call, statement)
        return [Repeated((entered,))] if entered is not None else None


def _argument(call: cst.Call, wanted: Argument) -> cst.BaseExpression | None:
    """What a call is given for a parameter."""
    names = wanted.names.split()
    for position, argument in enumerate(call.args):
        if argument.keyword is not None:
            if argument.keyword.value in names:
                return argument.value
        elif position == wanted.position and not argument.star:
            return argument.value
    return None


def _under(test: cst.BaseExpression | None, event: Event) -> Iterator[Effect]:
    """An event under a condition that a call is given, or without any."""
    if test is None:
        yield event
        return
    known, constant = constant_of(test)
    if not known:
        yield Guarded(test, (event,))
    elif constant:
        yield event
