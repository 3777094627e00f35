"""Loops: `for` with what its variables run over, `while`, and the loops of comprehensions."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from gradlint.events import Assign, Clear, Event, Read, Step
from gradlint.flow.conditions import Equals, Literal, Literals
from gradlint.flow.decisions import COUNTED
from gradlint.flow.graph import Edge
from gradlint.regions import GROUPS, Path
from gradlint.syntax.builder import Ends
from gradlint.syntax.lowering.branches import test_of
from gradlint.syntax.lowering.context import Loop, Lowering, bound_names, without
from gradlint.syntax.scopes import loop_bindings
from gradlint.syntax.tree import constant_of, elements_of, text_of, walk
from gradlint.syntax.values import Groups, Parameters
from gradlint.syntax.window_sizes import meant, number_of

_PROGRESS = frozenset({"tqdm", "track", "trange", "prange"})  # wrap an iterable and count as it does


def for_(low: Lowering, node: cst.For) -> None:
    """A `for` statement, asynchronous or not."""
    _loop(low, node, node.target, node.iter, [node.body], lambda: low.run(node.body), node.orelse)


def comprehension(low: Lowering, loop: cst.CompFor, inner: list[cst.BaseExpression]) -> None:
    """The loop of a comprehension around its conditions, further loops and elements."""

    def body() -> None:
        for condition in loop.ifs:
            low.evaluate(condition.test)
        if loop.inner_for_in is not None:
            comprehension(low, loop.inner_for_in, inner)
        else:
            for part in inner:
                low.evaluate(part)

    _loop(low, loop, loop.target, loop.iter, [*inner, *loop.ifs], body, None)


def _loop(
    low: Lowering,
    node: cst.CSTNode,
    target: cst.BaseExpression,
    iterable: cst.BaseExpression,
    parts: list[cst.CSTNode],
    body: Callable[[], None],
    orelse: cst.Else | None,
) -> None:
    """head -> body -> foot -> body ... -> exit; the way around the body from the head is one of its own."""
    low.evaluate(iterable)
    consumed = low.iterators.looped(iterable, node, low.statement)
    if consumed is not None:
        low.emit(consumed)
    build = low.build
    mark, jumps, tests = build.mark(), low.jumps, len(low.graph.tests)
    head = build.add(None)
    if head is None:
        return
    targets = tuple(p for name in bound_names(target) if (p := low.assignments.own_path(name)) is not None)
    written = low.written(parts)
    frame = Loop(frozenset(targets) | written, len(low.graph.nodes))
    counter, first = _counter(low, target, iterable)
    if counter in written:
        counter = first = None
    limit = _limit(low, iterable) if counter is not None else ""
    if counter is not None:
        low.graph.counters.add(counter)
    outer = low.objects.looping
    own = loop_bindings(target, iterable, low.scope)
    low.objects.looping = {**outer, **{(path.scope, path.name): own[path.name] for path in targets if path.name in own}}
    leaves = _left_behind(low, target, parts)
    # What is an element's own has one trip of the loop, whichever that is.
    last = _last(counter, limit) if not leaves else None
    counted = last is not None and int(limit) <= COUNTED
    before = build.holds
    inside = without(before, frame.changes)
    sets = (first,) if first is not None else ()
    low.continue_at([Edge(head, rebinds=targets, sets=sets, counted=counted)], inside)
    top = build.add(None)
    low.frames.append(frame)
    for event in low.effects.around(iterable, low.statement):
        low.emit(event)
    if counter is not None:
        low.graph.over[counter] = _code_of(low, iterable)
        low.conditions.limits[counter] = limit
        if limit:
            low.graph.bounds[counter] = limit
        elif first is not None and isinstance(first.condition, Equals) and isinstance(first.condition.constant, int):
            low.conditions.starts[counter] = first.condition.constant
        if limit.isdigit():
            low.graph.limits.setdefault(counter, set()).add(int(limit))
    body()
    runs = _runs(low, iterable, target, build.events_since(mark))
    low.objects.looping = outer
    low.frames.pop()
    events = build.events_since(mark)
    if low.jumps == jumps and not events:
        build.undo(mark)
        del low.graph.tests[tests:]
        _after(low, orelse, [], build.holds)
        return
    if frame.continues:
        low.continue_at(build.ends + frame.continues, inside)
    foot = build.add(None)
    exits: Ends = []
    if foot is not None and top is not None:
        others = tuple(t for t in targets if t != counter)
        again = Edge(foot, rebinds=others, leaves=leaves, loop=node, counted=counted, counts=frozenset(frame.counts))
        again.advances = (counter,) if counter is not None else ()
        again.sets = (first.negated(),) if first is not None else ()
        again.literal = last.negated() if last is not None else None
        build.connect([again], top)
        exits.append(Edge(foot, literal=last))
    holds = inside
    if not runs:
        exits.append(Edge(head, avoids=events, no_trip=True))
        holds = before & inside
    low.continue_at(exits, holds)
    _after(low, orelse, frame.breaks, holds)


def _code_of(low: Lowering, iterable: cst.BaseExpression) -> str:
    """The code of what a loop runs over, and of what its names are set to once."""
    names = (part for part in walk(iterable) if isinstance(part, cst.Name))
    known = (meant(name, low.objects, low.scope) for name in names)
    return " ".join(map(text_of, (iterable, *known)))


def _last(counter: Path | None, limit: str) -> Literal | None:
    """What holds in the last trip of a loop over a range that ends at a number."""
    if counter is None or not limit.isdigit() or int(limit) < 1:
        return None
    return Literal(Equals(counter, int(limit) - 1, frozenset({counter})), True)


def _after(low: Lowering, orelse: cst.Else | None, breaks: Ends, holds: Literals) -> None:
    """A loop's `else` runs where it ended by itself; then its breaks join."""
    if orelse is not None:
        low.run(orelse.body)
    low.merge(breaks, holds)


def while_(low: Lowering, node: cst.While) -> None:
    """A `while` statement: its test is evaluated before the first trip and after each."""
    build = low.build
    frame = Loop(low.written([node.body, node.test]), len(low.graph.nodes))
    inside = without(build.holds, frame.changes)
    if build.add(None) is None:
        return
    outer, low.conditions.evaluation = low.conditions.evaluation, f" before {len(low.graph.nodes)}"
    first = test_of(low, node.test)
    low.conditions.evaluation = outer
    low.continue_at(first.true, without(first.true_holds, frame.changes))
    mark = build.mark()
    top = build.add(None)
    low.frames.append(frame)
    low.run(node.body)
    low.merge(frame.continues, build.holds)
    exits = first.false
    if build.ends and top is not None:
        build.holds = inside
        low.conditions.evaluation = f" after {len(low.graph.nodes)}"
        again = test_of(low, node.test)
        low.conditions.evaluation = outer
        for edge in again.true:
            edge.loop = node
            edge.counts = frozenset(frame.counts)
        build.connect(again.true, top)
        exits = exits + again.false
    low.frames.pop()
    for edge in first.false:
        edge.avoids.extend(build.events_since(mark))
    low.continue_at(exits, inside)
    _after(low, node.orelse, frame.breaks, inside)


def _left_behind(low: Lowering, target: cst.BaseExpression, parts: list[cst.CSTNode]) -> tuple[Path, ...]:
    """What each trip has another one of: an element that is a loop's variable, or one by its index that something is
    asked of."""
    names = bound_names(target)
    indices = {name.value for name in names if isinstance(name, cst.Name)}
    found: list[Path] = []
    for name in names:
        path, own = low.objects.path(name, low.scope), low.assignments.own_path(name)
        if path is not None and path != own:
            found.append(path)
    for node in (node for part in parts for node in walk(part)):
        match node:
            case cst.Attribute(
                value=cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(cst.Name(index)))]) as one
            ):
                path = low.objects.path(one, low.scope) if index in indices else None
                if path is not None and path not in found:
                    found.append(path)
            case _:
                pass
    return tuple(found)


def _runs(low: Lowering, iterable: cst.BaseExpression, target: cst.BaseExpression, events: list[Event]) -> bool:
    """Whether a loop runs at least once: over parameters, groups or optimizers, or to clear what it runs over."""
    if isinstance(iterable, (cst.List, cst.Tuple)):
        return bool(iterable.elements)
    if _limit(low, iterable) not in ("", "0") and _limit(low, iterable).isdigit():
        return True
    if isinstance(low.objects.value(iterable, low.scope), (Groups, Parameters)):
        return True
    clears = [event for event in events if isinstance(event, Clear)]
    for name in bound_names(target):
        path, own = low.objects.path(name, low.scope), low.assignments.own_path(name)
        if path is None or own is None:
            continue
        if GROUPS in path.fields or low.objects.optimizer_at(path) is not None:
            return True
        if any(path.holds(params) or own.holds(params) for clear in clears for params in clear.params):
            return True
        if clears and isinstance(low.objects.value(name, low.scope), (Groups, Parameters)):
            return True
        if any(own.name in _indices(event) for event in clears) and not any(isinstance(e, Step) for e in events):
            return True
    return bool(clears) and all(isinstance(event, (Clear, Assign, Read)) for event in events)


def _indices(event: Event) -> set[str]:
    """What stands between square brackets in the code of an event."""
    return {part.split("]")[0].strip() for part in event.place.text.split("[")[1:]}


def _counter(
    low: Lowering, target: cst.BaseExpression, iterable: cst.BaseExpression
) -> tuple[Path | None, Literal | None]:
    """The variable that a loop counts up by one, and what is known of it in the first trip."""
    if not isinstance(iterable, cst.Call):
        return None, None
    name = low.objects.callee_name(iterable)
    arguments = [a.value for a in iterable.args if a.keyword is None and not a.star]
    parts = elements_of(target)
    match name:
        case "enumerate" if parts:
            named = [a.value for a in iterable.args if a.keyword is not None and a.keyword.value == "start"]
            return _counted(low, parts[0], (named or arguments[1:] or [cst.Integer("0")])[0])
        case "range" | "trange" if len(arguments) in (1, 2):
            return _counted(low, target, arguments[0] if len(arguments) == 2 else cst.Integer("0"))
        case "count" if len(arguments) < 2:
            return _counted(low, target, arguments[0] if arguments else cst.Integer("0"))
        case "zip" if parts is not None:
            for part, argument in zip(parts, arguments, strict=False):
                found = _counter(low, part, argument)
                if found[0] is not None:
                    return found
        case _ if name in _PROGRESS and arguments:
            return _counter(low, target, arguments[0])
    return None, None


def _limit(low: Lowering, iterable: cst.BaseExpression) -> str:
    """The code of what a counting loop stops before, empty where there is no such thing."""
    if isinstance(iterable, cst.Call) and low.objects.callee_name(iterable) == "range":
        arguments = [a.value for a in iterable.args]
        if len(arguments) not in (1, 2):
            return ""
        end = arguments[-1]
        return "1" if number_of(end, low.objects, low.scope) == 1 else text_of(end)
    return ""


def _counted(
    low: Lowering, target: cst.BaseExpression, start: cst.BaseExpression
) -> tuple[Path | None, Literal | None]:
    path = low.assignments.own_path(target) if isinstance(target, cst.Name) else None
    known, value = constant_of(start)
    if path is None or not known or not isinstance(value, int):
        return path, None
    return path, Literal(Equals(path, value, frozenset({path})), True)
