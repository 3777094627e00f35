"""Source and rules to diagnostics: lowers, solves, and words what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradlint.diagnostics import Applicability, Diagnostic, Fix, Related, Span
from gradlint.events import Call, Event
from gradlint.flow.facts import Report
from gradlint.flow.prune import prune
from gradlint.flow.solver import Solver
from gradlint.project.link import clears, roots
from gradlint.project.recurrence import call_again
from gradlint.repair import Repair
from gradlint.rule import Finding, FlowRule, Rule
from gradlint.source import Source
from gradlint.syntax.edits import Editor
from gradlint.syntax.lower_file import Lowered, lower
from gradlint.syntax.parse import BrokenSource, deep_recursion

__all__ = ["Analysis", "BrokenSource", "RuleFailure", "diagnose"]


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that crashed, by name, and how."""

    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the rules say of a file; the failures are bugs of gradlint."""

    diagnostics: tuple[Diagnostic, ...]
    failures: tuple[RuleFailure, ...] = ()


def diagnose(source: Source, rules: Sequence[Rule]) -> Analysis:
    """Judge one file by some rules. Raises BrokenSource for text that does not parse, or is nested without measure.

    A rule that crashes costs its own findings only.
    """
    with deep_recursion():
        return _diagnose(lower(source), rules)


def _diagnose(lowered: Lowered, rules: Sequence[Rule]) -> Analysis:
    prune(lowered.graphs)
    call_again(lowered.graphs, lowered.scopes, clears(lowered.graphs))
    diagnostics: list[Diagnostic] = []
    failures: list[RuleFailure] = []
    for rule in rules:
        if not isinstance(rule, FlowRule):
            continue
        try:
            diagnostics.extend(_Teller(lowered, rule).diagnostics())
        except Exception as error:  # whatever it is, it must not cost another rule's findings
            failures.append(RuleFailure(rule.name, f"{type(error).__name__}: {error}"))
    return Analysis(tuple(sorted(diagnostics, key=Diagnostic.sort_key)), tuple(failures))


class _Teller:
    """Words the reports of one rule on one file."""

    def __init__(self, lowered: Lowered, rule: FlowRule) -> None:
        self._lowered = lowered
        self._rule = rule
        self._editor = Editor(lowered.source, lowered.module, lowered.positions, lowered.scopes)

    def diagnostics(self) -> Iterator[Diagnostic]:
        graphs = self._lowered.graphs
        reports = Solver(graphs, self._rule, clears(graphs)).reports(roots(graphs))
        findings: dict[Event, tuple[Finding, Report]] = {}
        told = [(self._rule.tell(report), report) for report in reports]
        # Of several stories of one cause the plainest is told: of fewest places, then the shortest.
        for finding, report in sorted(told, key=lambda t: (len(t[0].story), len(t[1].path))):
            findings.setdefault(finding.cause, (finding, report))
        for finding, report in findings.values():
            yield self._diagnostic(finding, report)

    def _diagnostic(self, finding: Finding, report: Report) -> Diagnostic:
        statement = self._lowered.positions.span(finding.event.place.statement)
        told = {event: (number, label) for number, (event, label) in enumerate(finding.story, start=1)}
        order, label = told.pop(finding.event)
        return Diagnostic(
            path=self._lowered.source.path,
            span=self._span(finding.event),
            code=self._rule.code,
            name=self._rule.name,
            message=finding.message,
            severity=self._rule.severity,
            label=label,
            order=order,
            related=tuple(Related(self._span(event), text, number) for event, (number, text) in told.items()),
            fix=self._fix(finding.repair) if finding.repair is not None else None,
            statement_rows=(statement.start.row, statement.end.row),
        )

    def _fix(self, repair: Repair) -> Fix | None:
        target = repair.anchor.target if isinstance(repair.anchor, Call) else None
        edits = self._editor.edits(repair, target)
        return Fix(repair.message, Applicability.UNSAFE, edits) if edits else None

    def _span(self, event: Event) -> Span:
        return self._lowered.positions.span(event.place.node)
