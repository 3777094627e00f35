"""What assignments do to gradients: overwrite or drop them, update a tensor by them, or give a variable a new value."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from gradlint.events import Assign, Clear, Event, Overwrite, Rescale
from gradlint.regions import Path
from gradlint.syntax.gradients import Gradients, gradient_of, is_data, is_zero
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of, last_name, text_of


class Assignments:
    """Reads the assignments of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        self._gradients = Gradients(objects, scope)

    def assign(self, target: cst.BaseExpression, value: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        """The events of `target = value`, the value's own not included."""
        tensor = gradient_of(target)
        if tensor is not None:
            own = self._gradients.is_computed_from(value, tensor) and not is_zero(value)
            other = Clear if constant_of(value) == (True, None) else Overwrite
            overwritten = self._gradients.clear_of(tensor, target, statement, Rescale if own else other)
            handed = [] if own else self._gradients.handed_over(target, value, statement)
            # The one that keeps its gradient is not the one that is overwritten.
            return [replace(overwritten, possible=overwritten.possible and not handed), *handed]
        match target:
            case cst.Subscript(value=inner):
                base = gradient_of(inner)
                if base is not None:
                    return (
                        [self._gradients.clear_of(base, target, statement)] if constant_of(value) == (True, 0) else []
                    )
                if is_data(inner) and self._gradients.is_computed_from(value, inner):
                    return self._gradients.update(inner, target, statement)
            case cst.Attribute() if is_data(target) and self._gradients.is_computed_from(value, target):
                return self._gradients.update(target, target, statement)
        return self._rebound(target, value, statement)

    def _rebound(self, target: cst.BaseExpression, value: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        if not isinstance(target, (cst.Name, cst.Attribute)):
            return []
        path = self.own_path(target)
        if path is None or (_moves(value) and self._objects.path(value, self._scope) == path):
            return []  # `net = net.to(device)`
        known, constant = constant_of(value)
        place = place_of(target, statement)
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
        tensor = gradient_of(target)
        if tensor is not None:
            if isinstance(node.operator, (cst.MultiplyAssign, cst.DivideAssign)):
                zero = constant_of(value) == (True, 0)
                return [self._gradients.clear_of(tensor, target, statement, Clear if zero else Rescale)]
            if isinstance(node.operator, cst.SubtractAssign) and text_of(value) == text_of(target):
                return [self._gradients.clear_of(tensor, target, statement, Overwrite)]
            return []
        whole = isinstance(target, cst.Subscript) and f"{text_of(target)}.grad" not in text_of(value)
        base = target.value if isinstance(target, cst.Subscript) and whole else target
        if self._gradients.is_computed_from(value, base):
            return self._gradients.update(base, node, statement)
        path = self.own_path(target) if isinstance(target, (cst.Name, cst.Attribute)) else None
        if path is None:
            return []
        known, amount = constant_of(value)
        counts = isinstance(node.operator, (cst.AddAssign, cst.SubtractAssign)) and known and isinstance(amount, int)
        if counts and isinstance(amount, int):
            by = amount if isinstance(node.operator, cst.AddAssign) else -amount
            return [Assign(place_of(target, statement), path, advance=by)]
        return [Assign(place_of(target, statement), path)]

    def delete(self, target: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        """The events of `del target`."""
        tensor = gradient_of(target)
        return [self._gradients.clear_of(tensor, target, statement)] if tensor is not None else []


def _moves(value: cst.BaseExpression) -> bool:
    """Whether a call gives back the network that it is called on, for all that it may do to it."""
    return isinstance(value, cst.Call) and last_name(value.func) in ("to", "cuda", "cpu", "train", "eval")


def _added(target: cst.BaseExpression, value: cst.BaseExpression) -> int | None:
    """The amount of `i = i + 1`."""
    match value:
        case cst.BinaryOperation(left=left, operator=cst.Add(), right=right) if left.deep_equals(target):
            known, amount = constant_of(right)
            return amount if known and isinstance(amount, int) else None
        case _:
            return None
