"""The libcst visitor: a scope's statements to a guarded graph, its expressions to events in evaluation order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from gradlint.events import Accumulate, Assign, Event, Read
from gradlint.flow import guards
from gradlint.flow.graph import Edge, Graph
from gradlint.flow.guards import Equals, Literal, Literals, Truth
from gradlint.regions import Path
from gradlint.syntax import catalogue
from gradlint.syntax.builder import Arms, Builder, Ends
from gradlint.syntax.conditions import Conditions
from gradlint.syntax.effects import Effect, Effects, Repeated
from gradlint.syntax.objects import Objects, Parameters
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import children, constant_of, elements_of, walk

MAX_FINALLY = 3  # nested `finally` blocks that get a second copy for jumps; deeper ones are shared


@dataclass(slots=True, eq=False)
class _Loop:
    """An open loop: where its jumps wait, and what it changes."""

    changes: frozenset[Path]
    breaks: Ends = field(default_factory=list)
    continues: Ends = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Handlers:
    """An open `try` body: the node at which its handlers begin."""

    node: int


@dataclass(slots=True, eq=False)
class _Finally:
    """An open `try` with a `finally`: jumps that have to run it first, by where they want to go."""

    jumps: dict[str, Ends] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Test:
    """A condition tested somewhere: its edges, and what the loops around it change."""

    literal: Literal
    edges: tuple[Edge, Edge]
    changes: frozenset[Path] | None


class Lowering:
    """Lowers one scope."""

    def __init__(self, objects: Objects, scope: Scope, watched: frozenset[str]) -> None:
        self._objects = objects
        self._scope = scope
        self._watched = watched
        self._effects = Effects(objects, scope)
        self._conditions = Conditions(objects, scope)
        self._graph = Graph(scope.number, scope.name, volatile=objects.table.volatile)
        self._build = Builder(self._graph)
        self._frames: list[_Loop | _Handlers | _Finally] = []
        self._tests: list[_Test] = []
        self._counters: set[Path] = set()
        self._jumps = 0
        self._statement: cst.CSTNode = scope.node

    def lower(self) -> Graph:
        """The scope's graph."""
        match self._scope.node:
            case cst.Module(body=body):
                self._block(body)
            case cst.FunctionDef(body=body):
                self._suite(body)
            case cst.Lambda(body=body):
                self._statement = body
                self._expression(body)
        self._build.connect(self._build.ends, Graph.EXIT)
        self._graph.kept = frozenset(self._kept())
        self._graph.tested = frozenset(guards.family(t.literal.condition) for t in self._tests if t.edges[0].literal)
        self._graph.counters = frozenset(self._counters)
        return self._graph

    def _kept(self) -> Iterator[object]:
        """Conditions worth remembering: tested twice, or in a loop that leaves them as they are."""
        seen: set[object] = set()
        for test in self._tests:
            if test.edges[0].literal is None:
                continue
            family = guards.family(test.literal.condition)
            steady = test.changes is not None and not _reads_any(test.literal, test.changes)
            counted = any(counter.touches(read) for counter in self._counters for read in test.literal.condition.reads)
            if family in seen or steady or counted or family[0] in ("cycle", "last"):
                yield family
            seen.add(family)

    # -- statements ---------------------------------------------------------------------------------------------

    def _suite(self, body: cst.BaseSuite) -> None:
        if isinstance(body, cst.SimpleStatementSuite):
            outer, self._statement = self._statement, body
            for small in body.body:
                self._small(small)
            self._statement = outer
        else:
            self._block(body.body)

    def _block(self, body: Sequence[cst.CSTNode]) -> None:
        for statement in body:
            outer, self._statement = self._statement, statement
            self._one(statement)
            self._statement = outer

    def _one(self, node: cst.CSTNode) -> None:
        match node:
            case cst.SimpleStatementLine():
                for small in node.body:
                    self._small(small)
            case cst.If():
                self._if(node)
            case cst.For():
                self._for(node.target, node.iter, node.body, node.orelse, node)
            case cst.While():
                self._while(node)
            case cst.Try() | cst.TryStar():
                self._try(node)
            case cst.With():
                for item in node.items:
                    self._expression(item.item)
                    if item.asname is not None:
                        self._rebind(item.asname.name, item.item)
                self._suite(node.body)
            case cst.Match():
                self._match(node)
            case cst.FunctionDef():
                for decorator in node.decorators:
                    self._expression(decorator.decorator)
            case cst.ClassDef():
                pass
            case _:
                pass

    def _small(self, node: cst.CSTNode) -> None:
        match node:
            case cst.Expr(value=value):
                self._expression(value)
            case cst.Assign(targets=targets, value=value):
                self._expression(value)
                for target in targets:
                    self._expression(target.target, store=True)
                    self._assign(target.target, value)
            case cst.AnnAssign(target=target, value=value) if value is not None:
                self._expression(value)
                self._assign(target, value)
            case cst.AugAssign():
                self._expression(node.target, store=True)
                self._expression(node.value, skip_reads=True)
                for event in self._effects.augment(node, self._statement):
                    self._emit(event)
            case cst.Del(target=target):
                for part in elements_of(target) or [target]:
                    for event in self._effects.delete(part, self._statement):
                        self._emit(event)
            case cst.Return(value=value):
                if value is not None:
                    self._expression(value)
                self._jump("return")
            case cst.Raise():
                if node.exc is not None:
                    self._expression(node.exc)
                self._raise()
                self._build.ends = []
                self._jumps += 1
            case cst.Break():
                self._jump("break")
            case cst.Continue():
                self._jump("continue")
            case cst.Assert(test=test):
                self._expression(test)
            case _:
                pass

    def _assign(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        parts = elements_of(target)
        if parts is None:
            for event in self._effects.assign(target, value, self._statement):
                self._emit(event)
            return
        values = elements_of(value)
        for position, part in enumerate(parts):
            inner = part.value if isinstance(part, cst.StarredElement) else part
            self._assign(inner, values[position] if values is not None and len(values) == len(parts) else cst.Ellipsis())

    def _rebind(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        """A name that a `with`, a pattern or a walrus binds."""
        self._assign(target, value)

    # -- branches -----------------------------------------------------------------------------------------------

    def _if(self, node: cst.If) -> None:
        mark, jumps = self._build.mark(), self._jumps
        tests = len(self._tests)
        arms = self._branch(node.test)
        tested = len(self._tests)
        self._build.ends, self._build.holds = arms.true, arms.true_holds
        at = self._build.mark()
        self._suite(node.body)
        first, first_holds, first_events = self._build.ends, self._build.holds, self._build.events_since(at)
        self._build.ends, self._build.holds = arms.false, arms.false_holds
        at = self._build.mark()
        match node.orelse:
            case cst.If() as nested:
                self._if(nested)
            case cst.Else(body=body):
                self._suite(body)
        second_events = self._build.events_since(at)
        if self._jumps == jumps and not self._build.events_since(mark):
            self._build.undo(mark)
            del self._tests[tests:]
            return
        # An overflow is no choice: what is done about it says nothing of the ordinary path.
        if not (_asks_for_overflow(node.test) and not (first and self._build.ends)):
            for edge in arms.true:
                edge.avoids.extend(second_events)
            for edge in arms.false:
                edge.avoids.extend(first_events)
        if self._jumps == jumps and all(isinstance(e, (Assign, Read)) for e in first_events + second_events):
            self._blur(self._tests[tests:tested])
        self._merge(first, first_holds)

    def _blur(self, tests: list[_Test]) -> None:
        """Forget the conditions of a branch that guards nothing that matters."""
        for test in tests:
            for edge in test.edges:
                edge.literal = None

    def _merge(self, ends: Ends, holds: Literals) -> None:
        """Join the current ends with those of another arm."""
        if not self._build.ends:
            self._build.holds = holds
        elif ends:
            self._build.holds &= holds
        self._build.ends = ends + self._build.ends
        if len(self._build.ends) > 1:
            self._build.add(None)

    def _branch(self, test: cst.BaseExpression) -> Arms:
        """Evaluate a test and go two ways; conjunctions and negations by their parts."""
        build = self._build
        match test:
            case cst.UnaryOperation(operator=cst.Not(), expression=inner):
                arms = self._branch(inner)
                return Arms(arms.false, arms.false_holds, arms.true, arms.true_holds)
            case cst.BooleanOperation(left=left, operator=cst.And(), right=right):
                first = self._branch(left)
                build.ends, build.holds = first.true, first.true_holds
                second = self._branch(right)
                return Arms(second.true, second.true_holds, first.false + second.false, first.false_holds & second.false_holds)
            case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
                first = self._branch(left)
                build.ends, build.holds = first.false, first.false_holds
                second = self._branch(right)
                return Arms(first.true + second.true, first.true_holds & second.true_holds, second.false, second.false_holds)
            case cst.NamedExpr(target=target, value=value):
                self._expression(value)
                self._assign(target, value)
                return self._fork(self._conditions.literal(target))
            case cst.Call(func=cst.Name(value="bool"), args=[argument]):
                return self._branch(argument.value)
        known, constant = constant_of(test)
        if known:
            holds = build.holds
            return Arms(build.ends, holds, [], holds) if constant else Arms([], holds, build.ends, holds)
        if _is_main_guard(test):
            return Arms(build.ends, build.holds, [], build.holds)
        if isinstance(test, cst.Name):
            meant = self._named_condition(test)
            if meant is not None:
                return self._branch(meant)
        self._expression(test, skip_reads=True)
        return self._fork(self._conditions.literal(test))

    def _named_condition(self, name: cst.Name) -> cst.BaseExpression | None:
        """The condition that a name stands for: `update = (i + 1) % n == 0`."""
        owner = self._scope.owner(name.value)
        bindings = owner.bindings[name.value] if owner is self._scope else []
        if len(bindings) != 1 or bindings[0].items or bindings[0].each or bindings[0].changed:
            return None
        value = bindings[0].value
        plain = isinstance(value, (cst.Comparison, cst.BooleanOperation)) or (
            isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Not)
        )
        return value if plain and not any(isinstance(part, cst.NamedExpr) for part in walk(value)) else None

    def _fork(self, literal: Literal) -> Arms:
        build = self._build
        node = build.add(None)
        if node is None:
            return Arms([], build.holds, [], build.holds)
        known = guards.decide(build.holds, literal.condition)
        true, false = Edge(node, literal=literal), Edge(node, literal=literal.negated())
        self._tests.append(_Test(literal, (true, false), self._changes()))
        if known is not None:
            taken = known == literal.holds
            return Arms([true] if taken else [], build.holds, [] if taken else [false], build.holds)
        return Arms([true], build.holds | {literal}, [false], build.holds | {literal.negated()})

    def _changes(self) -> frozenset[Path] | None:
        """What the innermost loop changes; None outside loops."""
        for frame in reversed(self._frames):
            if isinstance(frame, _Loop):
                return frame.changes
        return None

    def _match(self, node: cst.Match) -> None:
        self._expression(node.subject)
        done: Ends = []
        done_holds: Literals | None = None
        arms: list[tuple[list[Edge], list[Event]]] = []
        for case in node.cases:
            if not self._build.ends:
                break
            taken = self._pattern(case.pattern, node.subject)
            rest, rest_holds = taken.false, taken.false_holds
            self._build.ends, self._build.holds = taken.true, taken.true_holds
            at = self._build.mark()
            for name in _pattern_names(case.pattern):
                self._assign(name, cst.Ellipsis())
            if case.guard is not None:
                guarded = self._branch(case.guard)
                self._build.ends, self._build.holds = guarded.true, guarded.true_holds
                rest, rest_holds = rest + guarded.false, rest_holds & guarded.false_holds
            self._suite(case.body)
            arms.append((taken.true, self._build.events_since(at)))
            if self._build.ends:
                done_holds = self._build.holds if done_holds is None else done_holds & self._build.holds
            done += self._build.ends
            self._build.ends, self._build.holds = rest, rest_holds
        for position, (edges, _) in enumerate(arms):
            for edge in edges:
                edge.avoids.extend(e for other, (_, events) in enumerate(arms) if other != position for e in events)
        for edge in self._build.ends:
            edge.avoids.extend(e for _, events in arms for e in events)
        self._merge(done, done_holds if done_holds is not None else self._build.holds)

    def _pattern(self, pattern: cst.MatchPattern, subject: cst.BaseExpression) -> Arms:
        match pattern:
            case cst.MatchValue(value=value):
                test = cst.Comparison(subject, [cst.ComparisonTarget(cst.Equal(), value)])
                return self._fork(self._conditions.literal(test))
            case cst.MatchSingleton(value=value):
                test = cst.Comparison(subject, [cst.ComparisonTarget(cst.Is(), value)])
                return self._fork(self._conditions.literal(test))
            case cst.MatchAs(pattern=None):
                return Arms(self._build.ends, self._build.holds, [], self._build.holds)
            case cst.MatchAs(pattern=inner) if inner is not None:
                return self._pattern(inner, subject)
            case _:
                return self._fork(Literal(Truth(f"match {id(pattern)}", frozenset()), True))

    # -- loops --------------------------------------------------------------------------------------------------

    def _for(
        self,
        target: cst.BaseExpression,
        iterable: cst.BaseExpression,
        body: cst.BaseSuite | None,
        orelse: cst.Else | None,
        loop: cst.CSTNode,
        inner: Sequence[cst.BaseExpression | cst.CompFor] = (),
    ) -> None:
        """A `for` statement, or a comprehension's loop around expressions."""
        self._expression(iterable)
        build = self._build
        mark, jumps, tests = build.mark(), self._jumps, len(self._tests)
        head = build.add(None)
        if head is None:
            return
        targets = tuple(p for t in _names(target) if (p := self._effects.own_path(t)) is not None)
        counter, start = self._counter(target, iterable)
        leaves = tuple(p for t in _names(target) if (p := self._objects.path(t, self._scope)) is not None and p not in targets)
        parts: list[cst.CSTNode] = [body] if body is not None else list(inner)
        frame = _Loop(frozenset(targets) | self._written(parts))
        enter = Edge(head, rebinds=targets)
        first: Literal | None = None
        if counter is not None:
            self._counters.add(counter)
            if start is not None:
                first = Literal(Equals(counter, start, frozenset({counter})), True)
                enter.sets = (first,)
        skip = Edge(head)
        before = build.holds
        build.holds = _without(build.holds, frame.changes)
        inside = build.holds
        build.ends = [enter]
        top = build.add(None) or 0
        self._frames.append(frame)
        if body is not None:
            self._suite(body)
        else:
            for part in inner:
                if isinstance(part, cst.CompFor):
                    self._comprehension(part, inner[inner.index(part) + 1 :])
                    break
                self._expression(part)
        self._frames.pop()
        events = [e for e in build.events_since(mark)]
        if self._jumps == jumps and not events:
            build.undo(mark)
            del self._tests[tests:]
            self._orelse(orelse, [], build.holds)
            return
        build.ends = build.ends + frame.continues
        foot = build.add(None)
        exits: Ends = []
        if foot is not None:
            kept = tuple(t for t in targets if t != counter)
            again = Edge(foot, rebinds=kept, advances=(counter,) if counter is not None else (), leaves=leaves, loop=loop)
            if first is not None:
                again.sets = (first.negated(),)
            build.connect([again], top)
            exits.append(Edge(foot))
        if not self._runs(iterable, target, events):
            skip.avoids.extend(events)
            exits.append(skip)
            before_exit = before & inside
        else:
            before_exit = inside
        build.ends, build.holds = exits, before_exit
        self._orelse(orelse, frame.breaks, before_exit)

    def _orelse(self, orelse: cst.Else | None, breaks: Ends, holds: Literals) -> None:
        if orelse is not None:
            self._suite(orelse.body)
        self._merge(breaks, holds)

    def _while(self, node: cst.While) -> None:
        build = self._build
        frame = _Loop(self._written([node.body, node.test]))
        inside = _without(build.holds, frame.changes)
        build.add(None)
        if not build.ends:
            return
        first = self._branch(node.test)
        build.ends, build.holds = first.true, _without(first.true_holds, frame.changes)
        mark = build.mark()
        top = build.add(None)
        self._frames.append(frame)
        self._suite(node.body)
        build.ends = build.ends + frame.continues
        self._merge([], build.holds)
        exits = first.false
        if build.ends and top is not None:
            build.holds = inside
            again = self._branch(node.test)
            for edge in again.true:
                edge.loop = node
            build.connect(again.true, top)
            exits = exits + again.false
        self._frames.pop()
        events = build.events_since(mark)
        for edge in first.false:
            edge.avoids.extend(events)
        build.ends, build.holds = exits, inside
        self._orelse(node.orelse, frame.breaks, inside)

    def _runs(self, iterable: cst.BaseExpression, target: cst.BaseExpression, events: list[Event]) -> bool:
        """Whether a loop runs at least once: over parameters, groups or optimizers, or to clear what it runs over."""
        found = self._objects.value(iterable, self._scope)
        if isinstance(found, Parameters):
            return True
        for name in _names(target):
            path = self._objects.path(name, self._scope)
            if path is None:
                continue
            if "param_groups" in path.fields or self._objects.optimizer_at(path) is not None:
                return True
            own = self._effects.own_path(name)
            cleared = [p for e in events if not isinstance(e, (Assign, Read)) for p in getattr(e, "params", ())]
            if any(p == path or (own is not None and own.holds(p)) or path.holds(p) for p in cleared):
                return True
            if isinstance(self._objects.value(name, self._scope), Parameters) and cleared:
                return True
        if isinstance(iterable, cst.Call) and self._objects.callee_name(iterable) == "range" and iterable.args:
            indices = {n.value for n in _names(target)}
            return any(index in _index_names(e) for e in events for index in indices if hasattr(e, "params"))
        match iterable:
            case cst.List(elements=elements) | cst.Tuple(elements=elements):
                return bool(elements)
            case _:
                return False

    def _counter(self, target: cst.BaseExpression, iterable: cst.BaseExpression) -> tuple[Path | None, int | None]:
        """The variable that a loop counts up by one, and its first value."""
        if not isinstance(iterable, cst.Call):
            return None, None
        name = self._objects.callee_name(iterable)
        if name in ("tqdm", "trange", "track", "prange") and iterable.args and name != "trange":
            return self._counter(target, iterable.args[0].value)
        arguments = [a for a in iterable.args if a.keyword is None]
        if name == "enumerate":
            parts = elements_of(target)
            start: int | None = 0
            given = next((a.value for a in iterable.args if a.keyword is not None and a.keyword.value == "start"), None)
            if given is None and len(arguments) > 1:
                given = arguments[1].value
            if given is not None:
                known, value = constant_of(given)
                start = value if known and isinstance(value, int) else None
            first = parts[0] if parts else None
            return (self._effects.own_path(first), start) if isinstance(first, cst.Name) else (None, None)
        if name in ("range", "trange", "count") and isinstance(target, cst.Name):
            if len(arguments) > 2:
                return None, None
            if len(arguments) < 2:
                begin: object = 0
                known = True
            else:
                known, begin = constant_of(arguments[0].value)
            if name == "count":
                known, begin = constant_of(arguments[0].value) if arguments else (True, 0)
            return self._effects.own_path(target), begin if known and isinstance(begin, int) else None
        parts = elements_of(target)
        if name == "zip" and parts is not None:
            for part, argument in zip(parts, iterable.args, strict=False):
                if isinstance(part, cst.Name) and isinstance(argument.value, cst.Call):
                    if self._objects.callee_name(argument.value) in ("range", "count"):
                        return self._counter(part, argument.value)
        return None, None

    def _written(self, nodes: Sequence[cst.CSTNode]) -> frozenset[Path]:
        """The variables that some code assigns."""
        found: set[Path] = set()
        for root in nodes:
            for node in walk(root):
                targets: list[cst.BaseExpression] = []
                match node:
                    case cst.Assign(targets=assigned):
                        targets = [t.target for t in assigned]
                    case cst.AugAssign(target=one) | cst.AnnAssign(target=one) | cst.For(target=one) | cst.NamedExpr(target=one):
                        targets = [one]
                    case cst.WithItem(asname=cst.AsName(name=one)):
                        targets = [one]
                for target in targets:
                    for name in _names(target):
                        path = self._effects.own_path(name)
                        if path is not None:
                            found.add(path)
        return frozenset(found)

    # -- jumps and exceptions -----------------------------------------------------------------------------------

    def _jump(self, kind: str) -> None:
        """Leave for the end or the next trip of the loop, or the end of the scope, through every `finally`."""
        self._jumps += 1
        for frame in reversed(self._frames):
            if isinstance(frame, _Finally):
                frame.jumps.setdefault(kind, []).extend(self._build.ends)
                break
            if isinstance(frame, _Loop) and kind != "return":
                (frame.breaks if kind == "break" else frame.continues).extend(self._build.ends)
                break
        else:
            self._build.connect(self._build.ends, Graph.EXIT)
        self._build.ends = []

    def _raise(self) -> None:
        """Let control also go to the handlers of the `try` around."""
        for frame in reversed(self._frames):
            if isinstance(frame, _Handlers):
                self._build.branch_off(frame.node)
                return

    def _try(self, node: cst.Try | cst.TryStar) -> None:
        build = self._build
        final = _Finally() if node.finalbody is not None else None
        if final is not None:
            self._frames.append(final)
        handlers: _Handlers | None = None
        before = build.holds
        if node.handlers and build.ends:
            handlers = _Handlers(build.island())
            self._frames.append(handlers)
            self._raise()
        self._suite(node.body)
        if handlers is not None:
            self._frames.remove(handlers)
        if node.orelse is not None:
            self._suite(node.orelse.body)
        done, holds = build.ends, build.holds
        if handlers is not None:
            changes = self._written([node.body])
            for handler in node.handlers:
                build.ends, build.holds = [Edge(handlers.node)], _without(before, changes)
                self._suite(handler.body)
                holds = holds & build.holds if done and build.ends else (holds if done else build.holds)
                done = done + build.ends
        build.ends, build.holds = done, holds
        if len(done) > 1:
            build.add(None)
        if final is not None:
            self._frames.remove(final)
            self._finally(node.finalbody, final)

    def _finally(self, node: cst.Finally | None, final: _Finally) -> None:
        """The `finally` block: once for going on, once for all jumps together, after which they go on to where they want."""
        if node is None:
            return
        build = self._build
        ends, holds = build.ends, build.holds
        if final.jumps:
            build.ends = [end for waiting in final.jumps.values() for end in waiting]
            build.holds = frozenset()
            self._suite(node.body)
            at = build.add(None)
            for kind in final.jumps:
                if at is not None:
                    build.ends = [Edge(at)]
                    self._jump(kind)
        build.ends, build.holds = ends, holds
        self._suite(node.body)

    # -- expressions --------------------------------------------------------------------------------------------

    def _expression(self, node: cst.CSTNode, *, store: bool = False, skip_reads: bool = False) -> None:
        """Emit the events of an expression in the order in which Python evaluates it."""
        match node:
            case cst.Name() | cst.SimpleString() | cst.Integer() | cst.Float() | cst.Lambda() | cst.Ellipsis():
                return
            case cst.Attribute(value=value):
                self._expression(value, skip_reads=skip_reads)
                if not store and not skip_reads:
                    for event in self._effects.read(node, self._statement):
                        self._emit(event)
            case cst.Call():
                self._call(node)
            case cst.BooleanOperation(left=left, right=right):
                self._short_circuit(node, left, right)
            case cst.IfExp(test=test, body=body, orelse=orelse):
                self._either(test, body, orelse)
            case cst.NamedExpr(target=target, value=value):
                self._expression(value)
                self._assign(target, value)
            case cst.ListComp(elt=elt, for_in=loop) | cst.SetComp(elt=elt, for_in=loop) | cst.GeneratorExp(elt=elt, for_in=loop):
                self._comprehension(loop, [elt])
            case cst.DictComp(key=key, value=value, for_in=loop):
                self._comprehension(loop, [key, value])
            case _:
                for child in children(node):
                    self._expression(child, store=store, skip_reads=skip_reads)

    def _call(self, node: cst.Call) -> None:
        updates = isinstance(node.func, cst.Attribute) and node.func.attr.value in catalogue.UPDATING_METHODS
        if isinstance(node.func, cst.Attribute):
            self._expression(node.func.value, skip_reads=True)
        else:
            self._expression(node.func)
        for argument in node.args:
            self._expression(argument.value, skip_reads=updates)
        for effect in self._effects.call(node, self._statement):
            self._effect(effect)

    def _effect(self, effect: Effect) -> None:
        if not isinstance(effect, Repeated):
            self._emit(effect)
            return
        build = self._build
        top = build.add(None)
        for event in effect.events:
            self._emit(event)
        if top is not None:
            foot = build.add(None)
            if foot is not None:
                build.connect([Edge(foot, loop=self._statement)], top)

    def _emit(self, event: Event) -> None:
        if isinstance(event, Assign):
            if not self._matters(event):
                return
            if event.advance is not None:
                self._counters.add(event.target)
            self._build.holds = (
                guards.advance(self._build.holds, event.target, event.advance)
                if event.advance is not None
                else guards.forget(self._build.holds, event.target)
            )
        if isinstance(event, Accumulate):
            self._raise()
        self._build.add(event)
        if isinstance(event, Assign) and event.is_constant:
            literal = guards.settled(event.target, event.constant)
            self._graph.settled[event] = literal
            self._build.holds |= {literal}

    def _matters(self, event: Assign) -> bool:
        """Whether a test or a region depends on the variable."""
        return event.target.name in self._watched or not self._watched.isdisjoint(event.target.fields)

    def _short_circuit(self, node: cst.BooleanOperation, left: cst.BaseExpression, right: cst.BaseExpression) -> None:
        """`a and b()` runs `b` only where `a` is true."""
        build = self._build
        mark = build.mark()
        tests = len(self._tests)
        arms = self._branch(left)
        go, stay = (arms.true, arms.false) if isinstance(node.operator, cst.And) else (arms.false, arms.true)
        go_holds, stay_holds = (
            (arms.true_holds, arms.false_holds) if isinstance(node.operator, cst.And) else (arms.false_holds, arms.true_holds)
        )
        build.ends, build.holds = go, go_holds
        at = build.mark()
        self._expression(right)
        events = build.events_since(at)
        if not build.events_since(mark):
            build.undo(mark)
            del self._tests[tests:]
            return
        for edge in stay:
            edge.avoids.extend(events)
        self._merge(stay, stay_holds)

    def _either(self, test: cst.BaseExpression, body: cst.BaseExpression, orelse: cst.BaseExpression) -> None:
        build = self._build
        mark, tests = build.mark(), len(self._tests)
        arms = self._branch(test)
        build.ends, build.holds = arms.true, arms.true_holds
        at = build.mark()
        self._expression(body)
        first, first_holds, first_events = build.ends, build.holds, build.events_since(at)
        build.ends, build.holds = arms.false, arms.false_holds
        at = build.mark()
        self._expression(orelse)
        second_events = build.events_since(at)
        if not build.events_since(mark):
            build.undo(mark)
            del self._tests[tests:]
            return
        for edge in arms.true:
            edge.avoids.extend(second_events)
        for edge in arms.false:
            edge.avoids.extend(first_events)
        self._merge(first, first_holds)

    def _comprehension(self, loop: cst.CompFor, inner: Sequence[cst.BaseExpression]) -> None:
        parts: list[cst.BaseExpression | cst.CompFor] = [condition.test for condition in loop.ifs]
        if loop.inner_for_in is not None:
            parts.append(loop.inner_for_in)
        self._for(loop.target, loop.iter, None, None, loop, [*parts, *inner])


def _without(holds: Literals, changes: frozenset[Path]) -> Literals:
    return frozenset(literal for literal in holds if not _reads_any(literal, changes))


def _reads_any(literal: Literal, changes: frozenset[Path]) -> bool:
    return any(change.touches(read) for change in changes for read in literal.condition.reads)


def _names(target: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The names and attributes that a target binds."""
    parts = elements_of(target)
    if parts is not None:
        return [name for part in parts for name in _names(part.value if isinstance(part, cst.StarredElement) else part)]
    return [target] if isinstance(target, (cst.Name, cst.Attribute)) else []


def _index_names(event: Event) -> set[str]:
    """Names used as an index in the code of an event."""
    text = event.place.text
    return {part.split("]")[0].strip() for part in text.split("[")[1:]}


def _pattern_names(pattern: cst.MatchPattern) -> list[cst.Name]:
    return [
        part.name
        for part in walk(pattern)
        if isinstance(part, (cst.MatchAs, cst.MatchStar)) and part.name is not None
    ]


def _asks_for_overflow(test: cst.BaseExpression) -> bool:
    """Whether a test asks if a value is finite."""
    words = {part.value for part in walk(test) if isinstance(part, cst.Name)}
    return bool(words & catalogue.FINITENESS)


def _is_main_guard(test: cst.BaseExpression) -> bool:
    match test:
        case cst.Comparison(left=cst.Name(value="__name__")):
            return True
        case _:
            return False

