"""Code that does nothing, where it was meant to do something: what statements were meant to do, by kinds of slips."""

from __future__ import annotations

import libcst as cst

from gradlint.slips import Slip
from gradlint.syntax.discarded import Discards
from gradlint.syntax.divided import Divisions
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import last_name
from gradlint.syntax.uncalled import Methods
from gradlint.syntax.unread import Attributes
from gradlint.syntax.updates import Updates
from gradlint.syntax.weights import Weights

EXPECTING = frozenset(
    """raises warns deprecated_call assertRaises assertRaisesRegex assertWarns assertWarnsRegex suppress
    catch_warnings""".split()
)
"""Contexts in which somebody may name an attribute only to see what happens."""


class Slips:
    """Answers for the statements of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._methods = Methods(objects, scope)
        self._attributes = Attributes(objects, scope)
        self._discards = Discards(objects, scope)
        self._updates = Updates(objects, scope)
        self._divisions = Divisions(objects, scope)
        self._weights = Weights(objects, scope)
        self._counts = objects.program.home(scope).is_torch

    def in_expression(
        self, value: cst.BaseExpression, statement: cst.CSTNode, *, asking: bool, recording: bool
    ) -> Slip | None:
        """What a statement that is only an expression was meant to do.

        `asking`: it may ask whether something is there; `recording` is false where nothing records a graph anyway.
        """
        if isinstance(value, cst.Attribute):
            counts = self._counts or value.attr.value == "zero_grad"  # nobody else has one
            return self._methods.named(value, statement) if counts and not asking else None
        if isinstance(value, cst.Call):
            weighed = self._divisions.twice(value, statement) or self._weights.of(value, statement)
            if weighed is not None:
                return weighed
        return self._discards.dropped(value, statement) if recording and self._counts else None

    def in_assignment(self, node: cst.Assign, statement: cst.CSTNode) -> Slip | None:
        """What an assignment was meant to do."""
        return self._attributes.written(node, statement) if self._counts else None

    def in_update(self, node: cst.BaseSmallStatement, statement: cst.CSTNode) -> Slip | None:
        """What a statement was meant to change by its own gradient, and does not change."""
        return self._updates.missed(node, statement)

    def asks(self, context: cst.BaseExpression) -> bool:
        """Whether a context waits for an exception or a warning."""
        return isinstance(context, cst.Call) and self._objects.callee_name(context) in EXPECTING

    @staticmethod
    def stops_recording(context: cst.BaseExpression) -> bool:
        """Whether no graph is recorded inside of a context, or of a function with such a decorator."""
        func = context.func if isinstance(context, cst.Call) else context
        return last_name(func) in ("no_grad", "inference_mode")

    @staticmethod
    def catches_attribute_errors(handlers: tuple[cst.BaseExpression | None, ...]) -> bool:
        """Whether some of the exceptions that are caught say that an attribute is not there."""
        types = (each for handler in handlers if handler is not None for each in _alternatives(handler))
        return any(last_name(each) == "AttributeError" for each in types)


def _alternatives(handler: cst.BaseExpression) -> list[cst.BaseExpression]:
    return [element.value for element in handler.elements] if isinstance(handler, cst.Tuple) else [handler]
