"""Words what rules found: which file each event stands in, the calls that lead there, spans and fixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gradlint.diagnostics import Applicability, Diagnostic, Fix, Related, Span
from gradlint.events import Call, Event
from gradlint.flow.facts import Report
from gradlint.flow.graph import Graph
from gradlint.repair import Repair
from gradlint.rule import Finding, FlowRule, Rule
from gradlint.slips import ClosureBreach
from gradlint.syntax.edits import Editor
from gradlint.syntax.program import File, Program
from gradlint.syntax.scopes import Scope


class Told(NamedTuple):
    """What a rule has to say of a report."""

    rule: FlowRule
    finding: Finding
    report: Report


class Homes:
    """Which scope, and so which file, an event stands in."""

    def __init__(self, graphs: dict[int, Graph], program: Program) -> None:
        self._graphs = graphs
        self._program = program
        self._scopes: dict[Event, int] | None = None

    def scope(self, event: Event) -> Scope:
        """The scope that an event stands in."""
        if self._scopes is None:
            self._scopes = {each: number for number, graph in self._graphs.items() for each in graph.events()}
        return self._program.scopes[self._scopes[event]]

    def file(self, event: Event) -> File:
        """The file that an event stands in."""
        return self._program.home(self.scope(event))

    def name(self, number: int) -> str:
        """What a scope is called."""
        return self._program.scopes[number].name

    def node(self, number: int) -> object:
        """The code of a scope."""
        return self._program.scopes[number].node


class Teller:
    """Words what is said of one file."""

    def __init__(self, file: File, homes: Homes) -> None:
        self._judged = file
        self._homes = homes
        self._editor = Editor(file.source, file.module, file.positions, homes.node)

    def diagnostics(self, told: Iterable[Told]) -> Iterator[Diagnostic]:
        """One for each cause, whichever rule tells of it.

        Of several stories of one cause the plainest is told: of fewest places, then the shortest.
        """
        findings: dict[object, Told] = {}
        places: set[object] = set()
        for each in sorted(told, key=lambda t: (len(t.finding.story), len(t.report.path))):
            finding = each.finding
            # A cause is a place, for a method that several classes inherit is one piece of code, and the calls that
            # lead to it: two loops that use one helper are two programs.
            cause = (finding.cause.place.node, *(call.place.node for call in each.report.opened))
            place = (finding.event.place.node, finding.cause.place.node)
            if cause not in findings and place not in places:
                places.add(place)
                findings[cause] = each
        for rule, finding, report in findings.values():
            yield self.diagnostic(rule, finding, [*report.opened, *(moment.event for moment in report.path)])

    def diagnostic(self, rule: Rule, finding: Finding, way: Iterable[Event | None]) -> Diagnostic:
        """A finding for people, with the calls among the events on the way to it."""
        home = self._homes.file(finding.event)
        statement = home.positions.span(finding.event.place.statement)
        story = self._with_calls(finding.story, way)
        told = {event: (number, label) for number, (event, label) in enumerate(story, start=1)}
        order, label = told.pop(finding.event)
        places = [(event, text, number) for event, (number, text) in told.items()]
        nodes = {event.place.node for event in (finding.event, *told)}
        places += [(event, text, 0) for event, text in finding.asides if event.place.node not in nodes]
        return Diagnostic(
            path=home.source.path,
            span=self._span(finding.event),
            code=rule.code,
            name=rule.name,
            message=finding.message,
            severity=rule.severity,
            label=label,
            order=order,
            related=tuple(self._related(event, text, number, home) for event, text, number in places),
            fix=self._fix(finding.repair) if finding.repair is not None and home is self._judged else None,
            statement_rows=(statement.start.row, statement.end.row),
        )

    def _with_calls(
        self, story: Sequence[tuple[Event, str]], way: Iterable[Event | None]
    ) -> Iterator[tuple[Event, str]]:
        """A story, and before each place the calls that lead to it and have not been told yet."""
        sites = {event.target: event for event in way if isinstance(event, Call)}
        told = {event.place.node for event, _ in story}
        for event, label in story:
            leading: list[Call] = []
            scope = self._homes.scope(event)
            while scope.number in sites:
                call = sites.pop(scope.number)
                scope = self._homes.scope(call)
                if call.place.node not in told:
                    leading.append(call)
                    told.add(call.place.node)
            yield from ((call, f"`{self._homes.name(call.target)}` is called here") for call in reversed(leading))
            yield event, label

    def _related(self, event: Event, text: str, number: int, home: File) -> Related:
        other = self._homes.file(event)
        return Related(self._span(event), text, number, None if other is home else other.source.path)

    def _fix(self, repair: Repair) -> Fix | None:
        """A fix is text in the finding's own file, or none."""
        target = repair.anchor.target if isinstance(repair.anchor, (Call, ClosureBreach)) else None
        if self._homes.file(repair.anchor) is not self._judged:
            return None
        edits = self._editor.edits(repair, target)
        applicability = Applicability.SAFE if repair.safe else Applicability.UNSAFE
        return Fix(repair.message, applicability, edits) if edits else None

    def _span(self, event: Event) -> Span:
        return self._homes.file(event).positions.span(event.place.node)
