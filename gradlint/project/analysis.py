"""Files and rules to diagnostics: lowers, solves, looks for callers where they decide, and words what was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from gradlint.bounds import Bound
from gradlint.diagnostics import Applicability, Diagnostic, Fix, Related, Span
from gradlint.events import Call, Clear, Event, Forget, Step, Unresolved
from gradlint.flow.facts import Report
from gradlint.flow.graph import Graph
from gradlint.flow.prune import doing, pruned
from gradlint.flow.reach import Reach
from gradlint.flow.solver import Solver
from gradlint.precedence import is_slip_told_by_another, is_told_by_another
from gradlint.project.callers import Callers
from gradlint.project.link import clears, entered
from gradlint.project.modules import Modules
from gradlint.project.recurrence import Recurrence
from gradlint.repair import Repair
from gradlint.rule import Finding, FlowRule, Rule, ScopeRule
from gradlint.source import Source
from gradlint.syntax.edits import Editor
from gradlint.syntax.losses import is_network
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.parse import BrokenSource, deep_recursion
from gradlint.syntax.program import Alone, File, Program
from gradlint.syntax.scopes import Scope
from gradlint.vocabulary import Vocabulary

__all__ = ["Analysis", "BrokenSource", "Project", "RuleFailure", "diagnose"]

MAX_ROUNDS = Bound(6, "rounds in search of callers of callers")


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that crashed, by name, and how."""

    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the rules say of a file; the failures are bugs of gradlint.

    Where the file's code does something wrong through a helper in a file that says too little to be judged by itself,
    the diagnostic is about that other file. `others` are the texts of all other files that diagnostics speak of.
    """

    diagnostics: tuple[Diagnostic, ...]
    failures: tuple[RuleFailure, ...] = ()
    others: tuple[Source, ...] = ()


class Project:
    """Judges files among the others of their project. What was read for one file serves the next one.

    All are read by one vocabulary.
    """

    def __init__(self, modules: Modules | None = None, vocabulary: Vocabulary | None = None) -> None:
        self._modules = modules
        self._lowerer = Lowerer(Program(modules or Alone(), vocabulary or Vocabulary()))
        self._callers = Callers(modules)

    def edited(self, key: str, source: Source) -> Project:
        """The same project, with one file as somebody is about to write it."""
        modules = self._modules.with_text(key, source.encode()) if self._modules is not None else None
        changed = Project(modules, self._lowerer.program.vocabulary)
        changed._lowerer.program.trees = self._lowerer.program.trees
        return changed

    def has_other_text(self, source: Source, key: str) -> bool:
        """Whether a file was read already, and with another text than this one."""
        return self._lowerer.program.has_other_text(source, key)

    def diagnose(self, source: Source, rules: Sequence[Rule], key: str = "") -> Analysis:
        """Judge one file by some rules. Raises BrokenSource for text that does not parse, or is nested without measure.

        A rule that crashes costs its own findings only.
        """
        with deep_recursion():
            file = self._lowerer.program.read(source, key)
            judged = _Judged(self._lowerer, self._callers, file, frozenset(rule.code for rule in rules))
            diagnostics: list[Diagnostic] = []
            failures: list[RuleFailure] = []
            for rule in rules:
                try:
                    if isinstance(rule, FlowRule):
                        diagnostics.extend(judged.diagnostics(rule))
                    elif isinstance(rule, ScopeRule):
                        diagnostics.extend(judged.by_itself(rule))
                except Exception as error:  # whatever it is, it must not cost another rule's findings
                    failures.append(RuleFailure(rule.name, f"{type(error).__name__}: {error}"))
        paths = {each.path for each in diagnostics}
        paths |= {place.path for each in diagnostics for place in each.related if place.path is not None}
        others = tuple(self._lowerer.program.texts(paths - {source.path}))
        return Analysis(tuple(sorted(diagnostics, key=Diagnostic.sort_key)), tuple(failures), others)


def diagnose(source: Source, rules: Sequence[Rule], vocabulary: Vocabulary | None = None) -> Analysis:
    """Judge one file by itself. Raises BrokenSource, as `Project.diagnose` does."""
    return Project(vocabulary=vocabulary).diagnose(source, rules)


@dataclass(slots=True)
class _Judged:
    """One file under judgement: the graphs of its scopes, of what they call, and of their callers once they matter."""

    lowerer: Lowerer
    callers: Callers
    file: File
    selected: frozenset[str]
    _scopes: dict[Scope, None] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)
    _doubtful: set[int] = field(default_factory=set)

    def by_itself(self, rule: ScopeRule) -> Iterator[Diagnostic]:
        """What a rule says of the file that asks for no other."""
        graphs = self.lowerer.own_graphs(self.file)

        @cache
        def acting() -> set[int]:
            return doing(self.lowerer.graphs(self.file.table.scopes), (Step, Clear, Forget))

        teller = _Teller(self.file, rule, _Homes(graphs, self.lowerer.program))
        for graph in graphs.values():
            for finding in rule.findings(graph, lambda call: call.target in acting()):
                if not is_slip_told_by_another(finding.cause, self.selected):
                    yield teller.diagnostic(finding, ())

    def diagnostics(self, rule: FlowRule) -> Iterator[Diagnostic]:
        """What a rule says of the file. Callers are looked for until no report rests on not knowing them."""
        self._scopes = self._scopes or dict.fromkeys(self.file.table.scopes)
        for _ in range(MAX_ROUNDS.limit):
            lowered = self.lowerer.graphs(self._scopes)
            # Most files are right whatever the calls may do that nobody can follow: only others are asked about.
            graphs = pruned(lowered)
            told = self._reports(graphs, rule, lambda event: False)
            if told and any(isinstance(event, Unresolved) for each in lowered.values() for event in each.events()):
                graphs = pruned(lowered, self.callers.may_clear)
                told = self._reports(graphs, rule, self.callers.may_clear)
            homes = _Homes(graphs, self.lowerer.program)
            told = [(finding, report) for finding, report in told if self._is_told_here(finding, homes, rule)]
            unsure = {number for _, report in told for number in self._resting_on(report, graphs)}
            if not unsure:
                break
            for number in sorted(unsure):
                inside = entered(number, graphs, self.lowerer.program.originals)
                found = self.callers.of(self.lowerer.program.scopes[number], self.lowerer, inside)
                self._asked.add(number)
                self._scopes |= found.scopes
                if found.doubtful:
                    self._doubtful.add(number)
        else:
            MAX_ROUNDS.note()
            told = [(finding, report) for finding, report in told if not any(self._resting_on(report, graphs))]
        told = [(finding, report) for finding, report in told if self._holds(finding, report, graphs, homes)]
        yield from _Teller(self.file, rule, homes).diagnostics(told)

    def _reports(
        self, graphs: dict[int, Graph], rule: FlowRule, resolve: Callable[[Unresolved], bool]
    ) -> list[tuple[Finding, Report]]:
        network = cache(lambda path: is_network(self.lowerer.objects, path))
        test = clears(graphs, resolve, network)
        begin = Recurrence(graphs, self.lowerer.objects, test).roots(self._asked)
        solver = Solver(graphs, rule, Reach(test, network))
        reports = (report for report in solver.reports(begin) if not is_told_by_another(report, self.selected))
        return [(rule.tell(report), report) for report in reports]

    def _holds(self, finding: Finding, report: Report, graphs: dict[int, Graph], homes: _Homes) -> bool:
        """Whether nobody who cannot be followed may clear: beside a call that may be of the scope, or in a subclass."""
        again = set(self._called_again(report, graphs))
        if not self._doubtful.isdisjoint(again) or self.callers.hooks_clear(self.file):
            return False
        if any(self.callers.subclass_clears(self.lowerer.program.scopes[number], self.lowerer) for number in again):
            return False
        if self.callers.step_clears(report.region, self.file, self.lowerer) or self.callers.has_own_backward(self.file):
            return False
        scopes = {homes.scope(event) for event, _ in finding.story}
        return not any(self.callers.override_clears(scope, self.lowerer) for scope in scopes)

    def _is_told_here(self, finding: Finding, homes: _Homes, rule: FlowRule) -> bool:
        """Whether something wrong is said when this file is judged: it is in it, or comes from it, or is in a file that
        is not judged itself. A helper that does nothing wrong alone is not asked for its callers.
        """
        home = homes.file(finding.event)
        if self.file in (home, homes.file(finding.cause)):
            return True
        text = self.lowerer.program.vocabulary.spelt_out(home.source.text.encode())
        return not all(re.search(sign, text) for sign in rule.signs)

    def _resting_on(self, report: Report, graphs: dict[int, Graph]) -> Iterator[int]:
        """The scopes that a report takes to be called again, and whose callers nobody has looked for."""
        return (number for number in self._called_again(report, graphs) if number not in self._asked)

    def _called_again(self, report: Report, graphs: dict[int, Graph]) -> Iterator[int]:
        nodes = {id(moment.loop) for moment in report.path if moment.called_again} | set(map(id, report.again))
        for number in graphs if nodes else ():
            if id(self.lowerer.program.scopes[number].node) in nodes:
                yield number


class _Homes:
    """Which scope, and so which file, an event stands in."""

    def __init__(self, graphs: dict[int, Graph], program: Program) -> None:
        self._graphs = graphs
        self._program = program
        self._scopes: dict[Event, int] | None = None

    def scope(self, event: Event) -> Scope:
        if self._scopes is None:
            self._scopes = {each: number for number, graph in self._graphs.items() for each in graph.events()}
        return self._program.scopes[self._scopes[event]]

    def file(self, event: Event) -> File:
        return self._program.home(self.scope(event))

    def name(self, number: int) -> str:
        return self._program.scopes[number].name

    def node(self, number: int) -> object:
        return self._program.scopes[number].node


class _Teller:
    """Words the reports of one rule on one file."""

    def __init__(self, file: File, rule: Rule, homes: _Homes) -> None:
        self._judged = file
        self._rule = rule
        self._homes = homes
        self._editor = Editor(file.source, file.module, file.positions, homes.node)

    def diagnostics(self, told: Iterable[tuple[Finding, Report]]) -> Iterator[Diagnostic]:
        findings: dict[object, tuple[Finding, Report]] = {}
        places: set[object] = set()
        # Of several stories of one cause the plainest is told: of fewest places, then the shortest.
        for finding, report in sorted(told, key=lambda t: (len(t[0].story), len(t[1].path))):
            # A cause is a place, for a method that several classes inherit is one piece of code, and the calls that
            # lead to it: two loops that use one helper are two programs.
            cause = (finding.cause.place.node, *(call.place.node for call in report.opened))
            place = (finding.event.place.node, finding.cause.place.node)
            if cause not in findings and place not in places:
                places.add(place)
                findings[cause] = (finding, report)
        for finding, report in findings.values():
            yield self.diagnostic(finding, [*report.opened, *(moment.event for moment in report.path)])

    def diagnostic(self, finding: Finding, way: Iterable[Event | None]) -> Diagnostic:
        """A finding for people, with the calls among the events on the way to it."""
        home = self._homes.file(finding.event)
        statement = home.positions.span(finding.event.place.statement)
        story = self._with_calls(finding.story, way)
        told = {event: (number, label) for number, (event, label) in enumerate(story, start=1)}
        order, label = told.pop(finding.event)
        return Diagnostic(
            path=home.source.path,
            span=self._span(finding.event),
            code=self._rule.code,
            name=self._rule.name,
            message=finding.message,
            severity=self._rule.severity,
            label=label,
            order=order,
            related=tuple(self._related(event, text, number, home) for event, (number, text) in told.items()),
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
        target = repair.anchor.target if isinstance(repair.anchor, Call) else None
        if self._homes.file(repair.anchor) is not self._judged:
            return None
        edits = self._editor.edits(repair, target)
        return Fix(repair.message, Applicability.UNSAFE, edits) if edits else None

    def _span(self, event: Event) -> Span:
        return self._homes.file(event).positions.span(event.place.node)
