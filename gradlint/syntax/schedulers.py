"""Steps of learning-rate schedulers."""

from __future__ import annotations

import libcst as cst

from gradlint.events import Schedule
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.values import Made

_MODULE = "torch.optim.lr_scheduler."
_OTHER_PROTOCOL = frozenset({"ReduceLROnPlateau"})  # they are stepped with a metric


class Schedulers:
    """Answers for the calls of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def stepped(self, call: cst.Call, statement: cst.CSTNode) -> Schedule | None:
        """The step of a scheduler that the scope has made, and which optimizer's learning rate it sets."""
        match call:
            case cst.Call(func=cst.Attribute(value=cst.Name() as receiver, attr=cst.Name(value="step")), args=[]):
                value = self._objects.value(receiver, self._scope)
            case _:
                return None
        if len(self._scope.bindings.get(receiver.value, ())) != 1:
            return None
        if not isinstance(value, Made) or not value.by.startswith(_MODULE) or not value.given:
            return None
        if value.by.removeprefix(_MODULE) in _OTHER_PROTOCOL or self._objects.optimizer_at(value.given[0]) is None:
            return None
        return Schedule(place_of(call, statement, receiver), value.given[0])
