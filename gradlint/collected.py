"""The findings of a run, put together from what was said of each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gradlint.baseline import Baseline, Stale
from gradlint.checking import Outcome
from gradlint.config import Configuration, Settings
from gradlint.diagnostics import Diagnostic
from gradlint.files import File, absolute_path, is_forced_out
from gradlint.rule import all_rules
from gradlint.source import Source


@dataclass(frozen=True)
class Collected:
    """What a run has found: the outcome of each file, and what could not be done at all, one line each.

    A finding that lies in another file than the one that was judged counts by the configuration of its own file.
    """

    files: Sequence[File]
    outcomes: Sequence[Outcome]
    configuration: Configuration
    errors: Sequence[str] = ()
    baseline: Baseline | None = None
    # Whether fixes that were worked out count, or the files stay as they are.
    is_fixed: bool = True

    @cached_property
    def everything(self) -> list[Diagnostic]:
        """All that is left once fixes were applied, in order; what several files say of a helper they share, once."""
        said = [(each.path, left(each) if self.is_fixed else each.diagnostics) for each in self.outcomes]
        found = [finding for path, findings in said for finding in findings if finding.path == path]
        shared = {
            finding.sort_key(): finding
            for path, findings in reversed(said)
            for finding in reversed(findings)
            if finding.path != path
        }
        own = {finding.sort_key() for finding in found}
        others = [self._weighed(each) for key, each in shared.items() if key not in own and self._counts(each)]
        return sorted((*found, *others), key=Diagnostic.sort_key)

    @cached_property
    def findings(self) -> list[Diagnostic]:
        """What is to be told: all that no baseline knows."""
        return self.everything if self.baseline is None else self.baseline.new(self.everything, self.sources)

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The texts that findings speak of, as they are once fixes were applied."""
        found = {other.path: other for outcome in self.outcomes for other in outcome.others}
        fixed = self.is_fixed
        own = ((each.fixed.source if each.fixed and fixed else each.source) for each in self.outcomes)
        return found | {source.path: source for source in own if source is not None}

    @property
    def failures(self) -> tuple[str, ...]:
        """What could not be done, one line each."""
        return (*self.errors, *(failure for outcome in self.outcomes for failure in outcome.failures))

    @property
    def fixed(self) -> int:
        """How many findings fixes have removed."""
        return sum(outcome.fixed.count for outcome in self.outcomes if outcome.fixed)

    @property
    def failing(self) -> list[Diagnostic]:
        """The findings that are bad enough to fail the run."""
        return [each for each in self.findings if each.severity.rank <= self._settings(each.path).fail_on.rank]

    @property
    def judged(self) -> dict[str, frozenset[str]]:
        """The rules that have judged each file."""
        return {
            file.path: frozenset(rule.code for rule in file.settings.rules_at(file.location))
            for file, outcome in zip(self.files, self.outcomes, strict=True)
            if not outcome.failures
        }

    @property
    def stale(self) -> list[Stale]:
        """What the baseline knows and is there no more."""
        return [] if self.baseline is None else self.baseline.stale(self.everything, self.sources, self.judged)

    @cached_property
    def _by_path(self) -> dict[str, File]:
        return {file.path: file for file in self.files}

    def _settings(self, path: str) -> Settings:
        file = self._by_path.get(path)
        return file.settings if file else self.configuration.settings(absolute_path(path).parent)

    def _counts(self, finding: Diagnostic) -> bool:
        """Whether a finding is wanted by the configuration of the file that it lies in."""
        file = self._by_path.get(finding.path)
        location: Path = file.location if file else absolute_path(finding.path)
        settings = self._settings(finding.path)
        if file is None and is_forced_out(location, settings):
            return False
        return any(rule.code == finding.code for rule in settings.rules_at(location))

    def _weighed(self, finding: Diagnostic) -> Diagnostic:
        """A finding with the severity that the configuration of its file gives it."""
        usual = {rule.code: rule.severity for rule in all_rules()}
        severity = self._settings(finding.path).severities.get(finding.code, usual[finding.code])
        return finding if severity is finding.severity else replace(finding, severity=severity)


def left(outcome: Outcome) -> Sequence[Diagnostic]:
    """The findings of a file once its fixes were applied."""
    return outcome.fixed.remaining if outcome.fixed else outcome.diagnostics
