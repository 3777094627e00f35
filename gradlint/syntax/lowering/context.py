"""What the lowering of one scope shares: the growing graph, open loops and `try`s, and the conditions met so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from gradlint.events import Accumulate, Assign, Call, Clear, Event, Forget, MayAdd, Place, Step
from gradlint.flow import conditions, guards
from gradlint.flow.conditions import Literals
from gradlint.flow.graph import Graph
from gradlint.regions import NAMELESS, Path
from gradlint.slips import Unreached
from gradlint.syntax import catalogue
from gradlint.syntax.assignments import Assignments
from gradlint.syntax.builder import Builder, Ends
from gradlint.syntax.closures import Closures
from gradlint.syntax.conditions import Conditions
from gradlint.syntax.effects import Effects
from gradlint.syntax.iterators import Iterators
from gradlint.syntax.losses import Losses
from gradlint.syntax.objects import Objects
from gradlint.syntax.outlines import only_steps_or_clears, refuses
from gradlint.syntax.schedulers import Schedulers
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.slips import Slips
from gradlint.syntax.surroundings import freezes, may_stop
from gradlint.syntax.tree import elements_of, text_of, walk, walk_everything
from gradlint.syntax.unstepped import Fates

RAISE = "raise"
"""The kind of jump that an exception makes through a `finally`, on its way to a handler further out."""


@dataclass(slots=True, eq=False)
class Loop:
    """An open loop: the variables it changes, its `first` node, and the jumps that wait for its end or next trip.

    `counts` are the variables that it, and not a loop inside it, counts up by hand.
    """

    changes: frozenset[Path]
    first: int
    counts: set[Path] = field(default_factory=set)
    breaks: Ends = field(default_factory=list)
    continues: Ends = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Handlers:
    """An open `try` body: the node at which its handlers begin; `asks` whether they wait for a missing attribute."""

    node: int
    asks: bool = False


@dataclass(slots=True, eq=False)
class Finally:
    """An open `try` with a `finally`: jumps that have to run it first, by where they want to go."""

    jumps: dict[str, Ends] = field(default_factory=dict)


class Lowering:
    """The state of one scope's lowering. `statement` is the one that runs now: events stand in it."""

    def __init__(
        self,
        objects: Objects,
        scope: Scope,
        watched: frozenset[str],
        run_statement: Callable[[Lowering, cst.CSTNode], None],
        evaluate: Callable[[Lowering, cst.CSTNode], None],
    ) -> None:
        self.objects = objects
        self.scope = scope
        self.effects = Effects(objects, scope)
        self.assignments = Assignments(objects, scope)
        self.conditions = Conditions(objects, scope)
        self.losses = Losses(objects, scope)
        self.slips = Slips(objects, scope)
        self.iterators = Iterators(objects, scope)
        self.schedulers = Schedulers(objects, scope)
        self.closures = Closures(objects, scope)
        self.fates = Fates(objects, scope)
        self.graph = Graph(
            scope.number,
            scope.name,
            parameters=frozenset(scope.parameters),
            volatile=objects.program.home(scope).table.volatile,
            sizes=self.conditions.sizes,
            spans=self.conditions.spans,
        )
        self.build = Builder(self.graph)
        self.build.holds = self.losses.given()
        self.frames: list[Loop | Handlers | Finally] = []
        self.jumps = 0
        self.asking = 0  # how many open contexts wait for an exception
        self.windowed = 0  # ... and in how many optimizers only act in the last batch of a window
        self.silent = sum(map(Slips.stops_recording, scope.decorators))  # ... and in how many no graph is recorded
        self.statement: cst.CSTNode = scope.node
        self._watched = watched | {NAMELESS}
        self._sure = not (freezes(objects, scope) or may_stop(scope))
        self._given_control: list[int] = []
        self._unreached: list[Clear] = []
        self._run_statement = run_statement
        self._evaluate = evaluate

    # -- the parts of a program ---------------------------------------------------------------------------------

    def run(self, suite: cst.BaseSuite) -> None:
        """Lower the body of a compound statement."""
        if isinstance(suite, cst.SimpleStatementSuite):
            outer, self.statement = self.statement, suite
            for small in suite.body:
                self._run_statement(self, small)
            self.statement = outer
        else:
            self.run_block(suite.body)

    def run_block(self, body: Sequence[cst.CSTNode]) -> None:
        """Lower statements one after another."""
        for statement in body:
            outer, self.statement = self.statement, statement
            self._run_statement(self, statement)
            self.statement = outer

    def evaluate(self, node: cst.CSTNode) -> None:
        """Emit the events of an expression, in the order in which Python evaluates it."""
        self._evaluate(self, node)

    def assign(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        """Emit the events of binding a target, the value's own not included."""
        parts = elements_of(target)
        if parts is None:
            renewed = self.losses.assigned(target, value, self.build.holds)
            for event in self.assignments.assign(target, value, self.statement):
                self.emit(event)
            if renewed is not None:
                self.build.holds = renewed.after(self.build.holds)
            return
        values = elements_of(value)
        for position, part in enumerate(parts):
            inner = part.value if isinstance(part, cst.StarredElement) else part
            paired = values is not None and len(values) == len(parts)
            self.assign(inner, values[position] if values is not None and paired else cst.Ellipsis())

    # -- growing ------------------------------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        """Add an event here, and let what is known of the variables it changes lapse."""
        build = self.build
        if isinstance(event, Assign):
            if not self._matters(event):
                return
            if event.advance is not None:
                self.graph.counters.add(event.target)
                around = next((frame for frame in reversed(self.frames) if isinstance(frame, Loop)), None)
                if around is not None and event.advance == 1:
                    around.counts.add(event.target)
            build.holds = guards.forget(build.holds, event.target)
        if self.windowed and isinstance(event, (Step, Clear)) and self.effects.may_be_gated(event):
            event = replace(event, gated=True)
        if isinstance(event, Accumulate):
            self.may_raise()
            event = replace(event, networks=self.losses.of(event.place.node, build.holds), sure=self._sure)
        if isinstance(event, Call):
            networks = tuple(self.losses.passed(event.arguments, build.holds))
            event = replace(event, networks=networks, handed_on=tuple(self.losses.handed_on(event.arguments)))
        if build.add(event) is None and isinstance(event, Clear):
            self._unreached.append(event)
        if isinstance(event, Assign) and event.is_constant:
            literal = conditions.settled(event.target, event.constant)
            self.graph.settled[event] = literal
            build.holds |= {literal}

    def _matters(self, event: Assign) -> bool:
        """Whether a test or a region depends on the variable."""
        return event.target.name in self._watched or not self._watched.isdisjoint(event.target.fields)

    def may_raise(self) -> None:
        """Let control also go to the handlers of the `try` around, by way of a `finally` that comes first."""
        caught = [number for number, frame in enumerate(self.frames) if isinstance(frame, Handlers)]
        if not caught:
            return
        for frame in reversed(self.frames[caught[-1] :]):
            if isinstance(frame, Finally):
                frame.jumps.setdefault(RAISE, []).extend(replace(end) for end in self.build.ends)
                return
            if isinstance(frame, Handlers):
                self.build.branch_off(frame.node)

    def settles(self, event: Event) -> bool:
        """Whether an event steps or clears, or may do so first of all in another scope: that is not what raises."""
        if isinstance(event, Call):
            target = self.objects.program.scopes[event.target]
            return self.objects.program.mentions_clear(target) or only_steps_or_clears(target)
        return isinstance(event, (Step, Clear))

    def merge(self, ends: Ends, holds: Literals) -> None:
        """Join the current ends with those of another arm."""
        if not self.build.ends:
            self.build.holds = holds
        elif ends:
            self.build.holds &= holds
        self.build.ends = ends + self.build.ends
        if len(self.build.ends) > 1:
            self.build.add(None)

    def continue_at(self, ends: Ends, holds: Literals) -> None:
        """Go on somewhere else."""
        self.build.ends, self.build.holds = ends, holds

    # -- variables ----------------------------------------------------------------------------------------------

    def changes(self) -> frozenset[Path] | None:
        """What the innermost open loop changes; None outside loops."""
        for frame in reversed(self.frames):
            if isinstance(frame, Loop):
                return frame.changes
        return None

    def written(self, nodes: Iterable[cst.CSTNode]) -> frozenset[Path]:
        """The variables that some code assigns."""
        found: set[Path] = set()
        for root in nodes:
            for node in walk(root):
                for target in _targets(node):
                    for name in bound_names(target):
                        path = self.assignments.own_path(name)
                        if path is not None:
                            found.add(path)
        return frozenset(found)

    def give_control(self, node: cst.CSTNode) -> None:
        """Somebody else runs here, and may clear what this scope steps, if it does; a `with` body is seen by itself."""
        self.build.add(MayAdd(Place(node, self.statement, text_of(node))))
        if any("contextmanager" in text_of(decorator) for decorator in self.scope.decorators):
            return
        number = self.build.add(Forget(Place(node, self.statement, text_of(node)), None))
        if number is not None:
            self._given_control.append(number)

    def _trains(self) -> bool:
        """Whether gradients are added or applied here, or in a function that is called here."""
        events = list(self.graph.events())
        targets = (self.objects.program.scopes[event.target] for event in events if isinstance(event, Call))
        helps = any(not names_in(target).isdisjoint(("backward", "step")) for target in targets)
        return helps or any(isinstance(event, (Accumulate, Step)) for event in events)

    def _may_be_cleared_between(self) -> bool:
        """Whether whoever runs this generator may clear in between: a loop here does, or nobody here runs it."""
        nodes = list(walk_everything(self.objects.program.home(self.scope).module))
        runs = [n for n in nodes if isinstance(n, cst.Call) and self.objects.callee_name(n) == self.scope.name]
        loops = [node for node in nodes if isinstance(node, cst.For) and node.iter in runs]
        words = (part for loop in loops for part in walk_everything(loop.body))
        taught = self.objects.program.clearing_words
        names = {word.value for word in words if isinstance(word, cst.Name)}
        return not runs or not taught.isdisjoint(names) or any("zero_" in name for name in names)

    def _may_clear(self) -> bool:
        """Whether the scope is not there to clear, or there is a way to something in it that may do so."""
        doing = any(isinstance(event, (Clear, Call, Forget, MayAdd)) for event in self.graph.events())
        return doing or not catalogue.clears_gradients(self.scope.name) or refuses(self.scope)

    def finish(self) -> Graph:
        """Tie what is left to the exit."""
        self.build.connect(self.build.ends, Graph.EXIT)
        if self._unreached and not self._may_clear():
            self.graph.nodes[self.build.island()].event = Unreached(self._unreached[0].place, fixable=False)
        if self._given_control and not (self._trains() and self._may_be_cleared_between()):
            for number in self._given_control:
                self.graph.nodes[number].event = None
        return self.graph


def _targets(node: cst.CSTNode) -> list[cst.BaseExpression]:
    """What a node binds."""
    match node:
        case cst.Assign(targets=targets):
            return [target.target for target in targets]
        case cst.AugAssign(target=target) | cst.AnnAssign(target=target) | cst.For(target=target):
            return [target]
        case cst.NamedExpr(target=target) | cst.WithItem(asname=cst.AsName(name=target)):
            return [target]
        case _:
            return []


def bound_names(target: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The names and attributes that a target binds."""
    parts = elements_of(target)
    if parts is not None:
        return [n for part in parts for n in bound_names(part.value if isinstance(part, cst.StarredElement) else part)]
    return [target] if isinstance(target, (cst.Name, cst.Attribute)) else []


def without(holds: Literals, changes: frozenset[Path]) -> Literals:
    """The conditions that some changes leave alone."""
    return frozenset(literal for literal in holds if not guards.reads_any(literal, changes))
