"""Ways that fork: `if`, `match`, conditional expressions, `and` and `or`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import libcst as cst

from gradlint.events import Call, Clear, Event, Forget, Lend, Rescale, UpdateScale
from gradlint.flow import decisions
from gradlint.flow.conditions import Literal, Literals, Truth
from gradlint.flow.graph import Edge, Test
from gradlint.regions import Path
from gradlint.syntax import catalogue
from gradlint.syntax.builder import Arms, Ends
from gradlint.syntax.lowering import skips
from gradlint.syntax.lowering.context import Lowering
from gradlint.syntax.tree import constant_of, walk

Arm = Callable[[], None]


def if_(low: Lowering, node: cst.If) -> None:
    """An `if` statement with its `elif`s and `else`."""

    other = node.orelse.body if isinstance(node.orelse, cst.Else) else node.orelse

    def then() -> None:
        skips.emit(low, node, node.body, other)
        low.run(node.body)

    def orelse() -> None:
        if not isinstance(node.orelse, cst.If):
            skips.emit(low, node, other, node.body)
        match node.orelse:
            case cst.If() as nested:
                if_(low, nested)
            case cst.Else(body=body):
                low.run(body)

    fork(low, node.test, then, orelse)


def fork(low: Lowering, test: cst.BaseExpression, then: Arm, orelse: Arm) -> None:
    """Go two ways after a test. Each way avoids the events of the other; without events there is no fork."""
    build = low.build
    mark, jumps, first_test = build.mark(), low.jumps, len(low.graph.tests)
    arms = test_of(low, test)
    own_tests = low.graph.tests[first_test:]
    low.continue_at(arms.true, arms.true_holds)
    at = build.mark()
    then()
    ends, holds, events = build.ends, build.holds, build.events_since(at)
    low.continue_at(arms.false, arms.false_holds)
    at = build.mark()
    orelse()
    others = build.events_since(at)
    if low.jumps == jumps and not build.events_since(mark):
        build.undo(mark)
        del low.graph.tests[first_test:]
        return
    # An overflow is no choice: what is done about it, and left with a jump, says nothing of the ordinary path.
    if (ends and build.ends) or not _asks_for_overflow(test):
        _avoid(arms.true, others)
        _avoid(arms.false, events)
    for own in own_tests:
        own.guards, own.jumps = events + others, low.jumps != jumps
    low.merge(ends, holds)


def call(low: Lowering, event: Call) -> None:
    """A call. What it is given for a flag is tested before it: `update(loss, (i + 1) % n == 0)`."""
    flag = next(_flags(low, event), None)
    if flag is None:
        low.emit(event)
        return
    parameter, test = flag
    first = len(low.graph.tests)
    arms = test_of(low, test)
    events = [replace(event, constants=(*event.constants, (parameter, value))) for value in (True, False)]
    low.continue_at(arms.true, arms.true_holds)
    low.emit(events[0])
    ends, holds = low.build.ends, low.build.holds
    low.continue_at(arms.false, arms.false_holds)
    low.emit(events[1])
    for own in low.graph.tests[first:]:
        own.guards, own.jumps = list(events), False
    low.merge(ends, holds)


def _flags(low: Lowering, event: Call) -> Iterator[tuple[Path, cst.BaseExpression]]:
    """The parameters of a call that are given whether a counter has come around."""
    for parameter, value in event.arguments:
        test = _named_condition(low, value) if isinstance(value, cst.Name) else value
        if isinstance(test, (cst.Comparison, cst.BooleanOperation, cst.UnaryOperation)) and any(
            isinstance(part, cst.Modulo) for part in walk(test)
        ):
            yield parameter, test


def _avoid(edges: Ends, events: list[Event]) -> None:
    """Note what edges go around: only what may clear, or update a scaler, is ever asked for."""
    may_clear = (Clear, Call, Forget, Lend, UpdateScale)
    clears = [event for event in events if isinstance(event, may_clear) and not isinstance(event, Rescale)]
    for edge in edges:
        edge.avoids.extend(clears)


def _asks_for_overflow(test: cst.BaseExpression) -> bool:
    """Whether a test asks if a value is finite."""
    return any(isinstance(part, cst.Name) and part.value in catalogue.FINITENESS for part in walk(test))


def test_of(low: Lowering, test: cst.BaseExpression) -> Arms:
    """Evaluate a test and go two ways; conjunctions and negations by their parts."""
    build = low.build
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            arms = test_of(low, inner)
            return Arms(arms.false, arms.false_holds, arms.true, arms.true_holds)
        case cst.BooleanOperation(left=left, operator=cst.And(), right=right):
            first = test_of(low, left)
            low.continue_at(first.true, first.true_holds)
            second = test_of(low, right)
            either = first.false_holds & second.false_holds
            return Arms(second.true, second.true_holds, first.false + second.false, either)
        case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
            first = test_of(low, left)
            low.continue_at(first.false, first.false_holds)
            second = test_of(low, right)
            either = first.true_holds & second.true_holds
            return Arms(first.true + second.true, either, second.false, second.false_holds)
        case cst.NamedExpr(target=target, value=value):
            low.evaluate(value)
            low.assign(target, value)
            return _split(low, low.conditions.literal(target))
        case cst.Call(func=cst.Name(value="bool"), args=[argument]):
            return test_of(low, argument.value)
    known, constant = constant_of(test)
    if known or _is_main_guard(test):
        always = bool(constant) or not known
        return Arms(build.ends if always else [], build.holds, [] if always else build.ends, build.holds)
    if isinstance(test, cst.Name):
        meant = _named_condition(low, test)
        if meant is not None:
            return test_of(low, meant)
    low.evaluate(test)
    return _split(low, low.conditions.literal(test))


def _named_condition(low: Lowering, name: cst.Name) -> cst.BaseExpression | None:
    """The condition that a name stands for: `update = (i + 1) % n == 0`."""
    owner = low.scope.owner(name.value)
    bindings = owner.bindings[name.value] if owner is not None and owner is low.scope else []
    if len(bindings) != 1 or bindings[0].items or bindings[0].each or bindings[0].changed:
        return None
    value = bindings[0].value
    plain = isinstance(value, (cst.Comparison, cst.BooleanOperation)) or (
        isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Not)
    )
    return value if plain and value is not None and _is_steady(low, value) else None


def _is_steady(low: Lowering, value: cst.BaseExpression) -> bool:
    """Whether a condition still means the same where its name is tested: only loops set what it reads."""
    for part in walk(value):
        if isinstance(part, (cst.NamedExpr, cst.Call)) and not _is_length(part):
            return False
        if isinstance(part, cst.Name):
            owner = low.scope.owner(part.value)
            bindings = owner.bindings[part.value] if owner is not None else []
            if any(b.changed for b in bindings) or sum(not b.each for b in bindings) > 1:
                return False
    return True


def _is_length(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "len"


def _split(low: Lowering, literal: Literal) -> Arms:
    build = low.build
    node = build.add(None)
    if node is None:
        return Arms([], build.holds, [], build.holds)
    known = decisions.decide(build.holds, literal.condition)
    true, false = Edge(node, literal=literal), Edge(node, literal=literal.negated())
    low.graph.tests.append(Test(literal, (true, false), low.changes()))
    if known is not None:
        taken = known == literal.holds
        return Arms([true] if taken else [], build.holds, [] if taken else [false], build.holds)
    return Arms([true], build.holds | {literal}, [false], build.holds | {literal.negated()})


def match_(low: Lowering, node: cst.Match) -> None:
    """A `match` statement: one arm a case, tried in order."""
    build = low.build
    low.evaluate(node.subject)
    done: Ends = []
    done_holds: Literals | None = None
    arms: list[tuple[Ends, list[Event]]] = []
    for case in node.cases:
        if not build.ends:
            break
        taken = _pattern(low, case.pattern, node.subject)
        rest, rest_holds = taken.false, taken.false_holds
        low.continue_at(taken.true, taken.true_holds)
        at = build.mark()
        for name in _pattern_names(case.pattern):
            low.assign(name, cst.Ellipsis())
        if case.guard is not None:
            guarded = test_of(low, case.guard)
            low.continue_at(guarded.true, guarded.true_holds)
            rest, rest_holds = rest + guarded.false, rest_holds & guarded.false_holds
        low.run(case.body)
        arms.append((taken.true, build.events_since(at)))
        if build.ends:
            done_holds = build.holds if done_holds is None else done_holds & build.holds
        done += build.ends
        low.continue_at(rest, rest_holds)
    arms.append((build.ends, []))
    for edges, own in arms:
        _avoid(edges, [event for _, events in arms if events is not own for event in events])
    low.merge(done, done_holds if done_holds is not None else build.holds)


def _pattern(low: Lowering, pattern: cst.MatchPattern, subject: cst.BaseExpression) -> Arms:
    match pattern:
        case cst.MatchValue(value=value):
            return _split(low, low.conditions.matches(subject, cst.Equal(), value))
        case cst.MatchSingleton(value=value):
            return _split(low, low.conditions.matches(subject, cst.Is(), value))
        case cst.MatchAs(pattern=None):
            return Arms(low.build.ends, low.build.holds, [], low.build.holds)
        case cst.MatchAs(pattern=inner) if inner is not None:
            return _pattern(low, inner, subject)
        case _:
            return _split(low, Literal(Truth(f"match {len(low.graph.tests)}", frozenset()), True))


def _pattern_names(pattern: cst.MatchPattern) -> list[cst.Name]:
    parts = [part for part in walk(pattern) if isinstance(part, (cst.MatchAs, cst.MatchStar))]
    return [part.name for part in parts if part.name is not None]


def _is_main_guard(test: cst.BaseExpression) -> bool:
    match test:
        case cst.Comparison(left=cst.Name(value="__name__")):
            return True
        case _:
            return False
