"""On what terms findings are given: what becomes of them once the rules have spoken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradlint.diagnostics import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Terms:
    """How the findings of one file are treated.

    Without `heed_comments` no comment silences anything, and none is reported. `severities` are those that findings of
    some codes have instead of their rule's own; of the codes in `unfixable` no fix is offered.
    """

    heed_comments: bool = True
    severities: Mapping[str, Severity] = field(default_factory=dict, hash=False)
    unfixable: tuple[str, ...] = ()

    def applied(self, findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """The findings with the severity and the fix that they are to have."""
        for each in findings:
            severity = self.severities.get(each.code, each.severity)
            fix = None if each.code in self.unfixable else each.fix
            unchanged = severity is each.severity and fix is each.fix
            yield each if unchanged else replace(each, severity=severity, fix=fix)


USUAL = Terms()
"""The terms of somebody who has asked for no others."""
