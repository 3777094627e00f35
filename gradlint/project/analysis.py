"""Files and rules to diagnostics: lowers, solves, looks for callers where they decide, and words what was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from gradlint.bounds import Bound
from gradlint.diagnostics import Diagnostic
from gradlint.events import Clear, Event, Forget, NextBatch, Step, Unresolved
from gradlint.flow.facts import Report, Typestate
from gradlint.flow.graph import Graph
from gradlint.flow.prune import pruned, scopes_with
from gradlint.flow.reach import Reach
from gradlint.flow.solver import Solver
from gradlint.flow.trials import Trial, Trials, counts
from gradlint.precedence import is_echo, is_explained, is_slip_told_by_another, is_told_by_another, told_of
from gradlint.project.callers import Callers
from gradlint.project.link import certain_roots, clears, entered, stepped_regions
from gradlint.project.modules import Modules
from gradlint.project.recurrence import Recurrence
from gradlint.project.telling import Homes, Teller, Told
from gradlint.rule import Finding, FlowRule, Rule, ScopeRule, WindowRule
from gradlint.source import Source
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.networks import is_network
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
            diagnostics = list(judged.diagnostics(rules))
        paths = {each.path for each in diagnostics}
        paths |= {place.path for each in diagnostics for place in each.related if place.path is not None}
        others = tuple(self._lowerer.program.texts(paths - {source.path}))
        return Analysis(tuple(sorted(diagnostics, key=Diagnostic.sort_key)), tuple(judged.failures.values()), others)


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
    failures: dict[str, RuleFailure] = field(default_factory=dict)
    _scopes: dict[Scope, None] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)
    _spoken_of: dict[object, str] = field(default_factory=dict)
    _doubtful: set[int] = field(default_factory=set)
    _trials: list[tuple[Trial, Homes]] | None = None

    def diagnostics(self, rules: Sequence[Rule]) -> Iterator[Diagnostic]:
        """What some rules say of the file; those that tell of one typestate share the work."""
        followed: dict[Typestate, list[FlowRule]] = {}
        for rule in rules:
            if isinstance(rule, ScopeRule):
                with self._failing(rule):
                    yield from list(self._by_itself(rule))
            if isinstance(rule, WindowRule):
                with self._failing(rule):
                    yield from list(self._in_windows(rule))
            if isinstance(rule, FlowRule):
                followed.setdefault(rule.typestate, []).append(rule)
        for typestate, flow_rules in followed.items():
            with self._failing(*flow_rules):
                yield from list(self._along_paths(typestate, flow_rules))

    @contextmanager
    def _failing(self, *rules: Rule) -> Iterator[None]:
        """Whatever goes wrong, it must not cost another rule's findings."""
        try:
            yield
        except Exception as error:
            for rule in rules:
                self.failures[rule.name] = RuleFailure(rule.name, f"{type(error).__name__}: {error}")

    def _by_itself(self, rule: ScopeRule) -> Iterator[Diagnostic]:
        """What a rule says of the file that asks for no other."""
        graphs = self.lowerer.own_graphs(self.file)

        @cache
        def acting() -> set[int]:
            return scopes_with(self.lowerer.graphs(self.file.table.scopes), _may_act)

        teller = Teller(self.file, Homes(graphs, self.lowerer.program))
        for graph in graphs.values():
            for finding in rule.findings(graph, lambda call: call.target in acting()):
                if not is_slip_told_by_another(finding.cause, self.selected):
                    yield teller.diagnostic(rule, finding, ())

    def _in_windows(self, rule: WindowRule) -> Iterator[Diagnostic]:
        """What a rule says of the accumulation windows of the file's scopes, and of what they call."""
        if self._trials is None:
            self._trials = list(self._tried())
        told: dict[object, tuple[Finding, Homes]] = {}
        own = self.lowerer.own_graphs(self.file)
        for graph in own.values():
            for finding in rule.apart(graph):
                told.setdefault(finding.cause.place.node, (finding, Homes(own, self.lowerer.program)))
        for trial, homes in self._trials:
            for finding in rule.findings(trial):
                if homes.file(finding.event) is self.file:
                    told.setdefault(finding.cause.place.node, (finding, homes))
        yield from (Teller(self.file, homes).diagnostic(rule, finding, ()) for finding, homes in told.values())

    def _tried(self) -> Iterator[tuple[Trial, Homes]]:
        """The file's scopes with windows in them, run on small numbers for each region that they step."""
        lowered = self.lowerer.graphs(self.file.table.scopes)
        if not any(map(counts, lowered.values())):
            return
        graphs = pruned(lowered, self.callers.may_clear, heeds=(NextBatch,))
        homes = Homes(graphs, self.lowerer.program)
        network = cache(lambda path: is_network(self.lowerer.objects, path))
        trials = Trials(graphs, Reach(clears(graphs, self.callers.may_clear, network), network))
        stepped = stepped_regions(graphs)
        for number in sorted(scope.number for scope in self.file.table.scopes):
            for region in stepped.get(number, ()):
                alone = len({each.owner for each in stepped[number]}) == 1
                trial = trials.of(graphs[number], region, alone=alone)
                if trial is not None:
                    yield trial, homes

    def _along_paths(self, typestate: Typestate, rules: Sequence[FlowRule]) -> Iterator[Diagnostic]:
        """What rules say of paths. Callers are looked for until no report rests on not knowing them."""
        self._scopes = self._scopes or dict.fromkeys(self.file.table.scopes)
        for _ in range(MAX_ROUNDS.limit):
            lowered = self.lowerer.graphs(self._scopes)
            concerned = typestate.concerns(lowered)
            if not concerned:
                return
            # Most files are right whatever the calls may do that nobody can follow: only others are asked about.
            graphs = pruned(lowered, heeds=typestate.heeds)
            told = self._told(graphs, typestate, rules, concerned, lambda event: False)
            if told and any(isinstance(event, Unresolved) for each in lowered.values() for event in each.events()):
                graphs = pruned(lowered, self.callers.may_clear, heeds=typestate.heeds)
                told = self._told(graphs, typestate, rules, concerned, self.callers.may_clear)
            homes = Homes(graphs, self.lowerer.program)
            told = [each for each in told if self._is_told_here(each, homes)]
            unsure = {number for each in told for number in self._resting_on(each.report, graphs)}
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
            told = [each for each in told if not any(self._resting_on(each.report, graphs))]
        told = [each for each in told if self._holds(each, graphs, homes)]
        told = [each for each in told if not is_explained(each.rule.code, each.report, self._spoken_of)]
        causes = [(each.finding.cause, each.report) for each in told]
        told = [each for each in told if not is_echo(each.finding.cause, each.report, causes)]
        self._spoken_of |= {event.place.node: each.rule.code for each in told for event in told_of(each.report)}
        yield from Teller(self.file, homes).diagnostics(told)

    def _told(
        self,
        graphs: dict[int, Graph],
        typestate: Typestate,
        rules: Sequence[FlowRule],
        concerned: Set[int],
        resolve: Callable[[Unresolved], bool],
    ) -> list[Told]:
        network = cache(lambda path: is_network(self.lowerer.objects, path))
        test = clears(graphs, resolve, network)
        if typestate.begins_in:  # who calls a scope, and how often, adds nothing to what it does on all its ways
            begin = certain_roots(graphs, typestate.begins_in)
        else:
            begin = Recurrence(graphs, self.lowerer.objects, test).roots(self._asked)
        solver = Solver(
            graphs, typestate, Reach(test, network, others=typestate.heeds_others, reads=typestate.heeds_reads)
        )
        begin = ((graph, region) for graph, region in begin if graph.scope in concerned)
        return [told for report in solver.reports(begin) for rule in rules for told in self._tell(rule, report)]

    def _tell(self, rule: FlowRule, report: Report) -> Iterator[Told]:
        if rule.name in self.failures or is_told_by_another(report, rule.code, self.selected):
            return
        with self._failing(rule):
            finding = rule.tell(report)
            if finding is not None:
                yield Told(rule, finding, report)

    def _holds(self, told: Told, graphs: dict[int, Graph], homes: Homes) -> bool:
        """Whether nobody who cannot be followed may clear: beside a call that may be of the scope, or in a subclass."""
        finding, report = told.finding, told.report
        again = set(self._called_again(report, graphs))
        if not self._doubtful.isdisjoint(again) or self.callers.hooks_clear(self.file):
            return False
        if any(self.callers.subclass_clears(self.lowerer.program.scopes[number], self.lowerer) for number in again):
            return False
        if told.rule.rests_on_steps and self.callers.step_clears(report.region, self.file, self.lowerer):
            return False
        if self.callers.has_own_backward(self.file):
            return False
        steps = (event for event, _ in finding.story if isinstance(event, Step))
        if told.rule.rests_on_steps and any(self.callers.named_step_clears(step, self.lowerer) for step in steps):
            return False
        # What the path calls may be said anew as well as what it does.
        events = (*(event for event, _ in finding.story), *(moment.event for moment in report.path))
        scopes = {homes.scope(event) for event in events if event is not None}
        return not any(self.callers.override_clears(scope, self.lowerer) for scope in scopes)

    def _is_told_here(self, told: Told, homes: Homes) -> bool:
        """Whether something wrong is said when this file is judged: it is in it, or its path leads through it, or it is
        in a file that is not judged itself. A helper that does nothing wrong alone is not asked for its callers.
        """
        home = homes.file(told.finding.event)
        events = [event for event, _ in told.finding.story]
        events += [moment.event for moment in told.report.path if moment.event is not None]
        if self.file in map(homes.file, events):
            return True
        text = self.lowerer.program.vocabulary.spelt_out(home.source.text.encode())
        return not all(re.search(sign, text) for sign in told.rule.signs)

    def _resting_on(self, report: Report, graphs: dict[int, Graph]) -> Iterator[int]:
        """The scopes that a report takes to be called again, and whose callers nobody has looked for."""
        return (number for number in self._called_again(report, graphs) if number not in self._asked)

    def _called_again(self, report: Report, graphs: dict[int, Graph]) -> Iterator[int]:
        nodes = {id(moment.loop) for moment in report.path if moment.called_again} | set(map(id, report.again))
        for number in graphs if nodes else ():
            if id(self.lowerer.program.scopes[number].node) in nodes:
                yield number


def _may_act(event: Event) -> bool:
    return isinstance(event, (Step, Clear)) or (isinstance(event, Forget) and event.may_step)
