"""Tests of branches as literals that guards can compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from gradlint.flow.conditions import CALLED, Condition, Cycle, Equals, IsNone, LastTrip, Literal, Span, Truth
from gradlint.regions import Path
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of, text_of, walk
from gradlint.syntax.window_sizes import meant, number_of

_CALL = Path(-1, CALLED)
_STEADY_CALLS = frozenset({"len", "isinstance", "hasattr", "int", "bool", "min", "max", "str", "float", "abs", "range"})


class Conditions:
    """Reads the tests of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        # What the counters of the loops around stop before, by its code.
        self.limits: dict[Path, str] = {}
        # What counters begin at that count what a loop takes out of something.
        self.starts: dict[Path, int] = {}
        # What the periods of cycles are, by their code, where that is set once and to a number.
        self.sizes: dict[str, int] = {}
        # What tests ask how far a counter has come since it was noted down.
        self.spans: dict[Condition, Span] = {}
        # Set where a `while` tests: what it calls gives another result each time, and another one than elsewhere.
        self.evaluation = ""

    def literal(self, test: cst.BaseExpression) -> Literal:
        """The literal that is true where the test is."""
        literal = self._literal(test)
        condition = literal.condition
        if self.evaluation and _CALL in condition.reads and isinstance(condition, Truth | Equals):
            return Literal(replace(condition, subject=f"{condition.subject}{self.evaluation}"), literal.holds)
        return literal

    def _literal(self, test: cst.BaseExpression) -> Literal:
        match test:
            case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=operator, comparator=right)]):
                found = self._comparison(left, operator, right)
                if found is not None:
                    return found
            case cst.BinaryOperation(operator=cst.Modulo()):
                cycle = self._cycle(test, 0)
                if cycle is not None:
                    return Literal(cycle, False)
            case _:
                pass
        truth = self._truth(test)
        span = self._span(test)
        if span is not None:
            self.spans[truth] = span
        return Literal(truth, True)

    def _span(self, test: cst.BaseExpression) -> Span | None:
        """`counter - mark >= period`."""
        match test:
            case cst.Comparison(
                left=cst.BinaryOperation(left=counted, operator=cst.Subtract(), right=noted),
                comparisons=[
                    cst.ComparisonTarget(
                        operator=cst.GreaterThan() | cst.GreaterThanEqual() as operator,
                        comparator=cst.Name() | cst.Attribute() as size,
                    )
                ],
            ):
                counter, mark = self._objects.path(counted, self._scope), self._objects.path(noted, self._scope)
                if counter is None or mark is None:
                    return None
                return Span(counter, mark, text_of(size), isinstance(operator, cst.GreaterThan))
            case _:
                return None

    def matches(self, subject: cst.BaseExpression, operator: cst.BaseCompOp, value: cst.BaseExpression) -> Literal:
        """The literal that is true where a pattern's value fits the subject."""
        found = self._comparison(subject, operator, value)
        if found is not None:
            return found
        text = f"{text_of(subject)} matches {text_of(value)}"
        return Literal(Truth(text, self.reads(subject) | self.reads(value)), True)

    def _truth(self, test: cst.BaseExpression) -> Condition:
        path = self._objects.path(test, self._scope) if isinstance(test, (cst.Name, cst.Attribute)) else None
        return Truth(path if path is not None else text_of(test), self.reads(test))

    def _comparison(
        self, left: cst.BaseExpression, operator: cst.BaseCompOp, right: cst.BaseExpression
    ) -> Literal | None:
        known, constant = constant_of(right)
        if not known and constant_of(left)[0] and isinstance(operator, (cst.Equal, cst.NotEqual)):
            left, right = right, left
            known, constant = constant_of(right)
        positive = isinstance(operator, (cst.Equal, cst.Is))
        if positive or isinstance(operator, (cst.NotEqual, cst.IsNot)):
            if known and constant is None:
                path = self._objects.path(left, self._scope)
                return Literal(IsNone(path, self.reads(left)), positive) if path is not None else None
            if known and isinstance(constant, int) and not isinstance(constant, bool):
                cycle = self._cycle(left, constant)
                if cycle is not None:
                    return Literal(cycle, positive)
            last = self._last_trip(left, right)
            if last is not None:
                return Literal(last, positive)
            if known:
                return Literal(self._equals(left, constant), positive)
            if isinstance(left, cst.BinaryOperation) and isinstance(left.operator, cst.Modulo):
                cycle = self._cycle_to(left, right)
                if cycle is not None:
                    return Literal(cycle, positive)
        if (
            isinstance(operator, (cst.GreaterThan, cst.GreaterThanEqual))
            and known
            and constant == int(isinstance(operator, cst.GreaterThanEqual))
        ):
            return Literal(Equals(self._subject(left), 0, self.reads(left)), False)
        if isinstance(operator, cst.GreaterThanEqual):
            last = self._last_trip(left, right)
            if last is not None:
                return Literal(last, True)
        return None

    def _subject(self, node: cst.BaseExpression) -> Path | str:
        path = self._objects.path(node, self._scope) if isinstance(node, (cst.Name, cst.Attribute)) else None
        return path if path is not None else text_of(node)

    def _cycle(self, node: cst.BaseExpression, rest: int) -> Cycle | None:
        """`(counter + shift) % period == rest`."""
        if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Modulo):
            return None
        counted = self._sum(node.left)
        if counted is None:
            return None
        counter, shift = counted
        size = number_of(node.right, self._objects, self._scope)
        if size is not None:
            self.sizes[text_of(node.right)] = size
        return Cycle(counter, shift - rest, text_of(node.right), self.reads(node))

    def _cycle_to(self, node: cst.BinaryOperation, rest: cst.BaseExpression) -> Cycle | None:
        """`counter % period == period - 1` and the like."""
        if isinstance(rest, cst.BinaryOperation) and isinstance(rest.operator, cst.Subtract):
            known, back = constant_of(rest.right)
            if known and isinstance(back, int) and text_of(rest.left) == text_of(node.right):
                cycle = self._cycle(node, 0)
                if cycle is not None:
                    return Cycle(cycle.counter, cycle.shift + back, cycle.period, cycle.reads)
        return None

    def _sum(self, node: cst.BaseExpression) -> tuple[Path, int] | None:
        match node:
            case cst.Name() | cst.Attribute():
                path = self._objects.path(node, self._scope)
                return (path, 0) if path is not None else None
            case cst.BinaryOperation(left=left, operator=cst.Add() | cst.Subtract() as operator, right=right):
                if constant_of(left)[0] and isinstance(operator, cst.Add):
                    left, right = right, left
                known, amount = constant_of(_remainder(right))
                inner = self._sum(left)
                if known and isinstance(amount, int) and inner is not None:
                    return inner[0], inner[1] + (amount if isinstance(operator, cst.Add) else -amount)
        return None

    def _equals(self, left: cst.BaseExpression, constant: object) -> Equals:
        """`counter + shift == constant`, by the counter alone."""
        counted = self._sum(left)
        if counted is not None and isinstance(constant, int) and not isinstance(constant, bool):
            return Equals(counted[0], constant - counted[1], self.reads(left))
        return Equals(self._subject(left), constant, self.reads(left))

    def _last_trip(self, left: cst.BaseExpression, right: cst.BaseExpression) -> LastTrip | Equals | None:
        """`i == len(x) - 1`, `i + 1 == len(x)`."""
        counted = self._sum(left)
        if counted is None:
            return None
        counter, shift = counted
        limit = self.limits.get(counter, "")
        known, value = constant_of(right)
        if known:
            last = isinstance(value, int) and limit.isdigit() and value - shift == int(limit) - 1
            return Equals(counter, int(limit) - 1, self.reads(left)) if last else None
        value = self._once(right)
        if isinstance(value, cst.BinaryOperation) and self._is_length(value.left):
            right = value
        end = right
        if isinstance(right, cst.BinaryOperation) and isinstance(right.operator, cst.Subtract):
            known, back = constant_of(right.right)
            if not known or not isinstance(back, int):
                return None
            end, shift = right.left, shift + back
        if self._is_length(end):
            return LastTrip(counter, self.reads(left)) if shift == 1 - self.starts.get(counter, 0) else None
        return LastTrip(counter, self.reads(left)) if shift == 1 and text_of(end) == limit else None

    def _is_length(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a number of elements: `len(x)`, `x.size(0)`, `x.shape[0]`, or always one of them."""
        match self._once(node):
            case cst.Call(func=cst.Name(value="len")) | cst.Call(func=cst.Attribute(attr=cst.Name(value="size"))):
                return True
            case other:
                path = self._objects.path(other, self._scope)
                return path is not None and path.fields[-2:-1] == ("shape",)

    def _once(self, node: cst.BaseExpression) -> cst.BaseExpression:
        return meant(node, self._objects, self._scope)

    def reads(self, node: cst.BaseExpression) -> frozenset[Path]:
        """The variables that an expression's value depends on."""
        return frozenset(self._reads(node))

    def _reads(self, node: cst.BaseExpression) -> Iterator[Path]:
        for part in walk(node):
            if isinstance(part, (cst.Name, cst.Attribute)):
                path = self._objects.path(part, self._scope)
                if path is not None:
                    yield path
            elif isinstance(part, cst.Call) and not (
                isinstance(part.func, cst.Name) and part.func.value in _STEADY_CALLS
            ):
                yield _CALL


def _remainder(node: cst.BaseExpression) -> cst.BaseExpression:
    """What is left of a number by a period that is larger: `i + 1 % n` is `i + 1`, for `%` binds before `+`."""
    match node:
        case cst.BinaryOperation(left=cst.Integer() as left, operator=cst.Modulo()):
            return left
        case _:
            return node
