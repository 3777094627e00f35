"""How often each rule has something to say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from gradlint.diagnostics import Diagnostic


def tally(findings: Sequence[Diagnostic], fmt: str) -> str:
    """A line for each rule, the most frequent first: how often, its code, `[*]` if all have a fix, its name.

    With the format `json` an array of objects.
    """
    counts = Counter((each.code, each.name) for each in findings)
    stuck = {each.code for each in findings if each.fix is None}
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    if fmt == "json":
        told = [
            {"code": code, "name": name, "count": count, "fixable": code not in stuck} for (code, name), count in rows
        ]
        return json.dumps(told, indent=2) + "\n"
    return "".join(f"{count}\t{code}\t[{' ' if code in stuck else '*'}] {name}\n" for (code, name), count in rows)


def gone(before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> str:
    """Which findings a fix has removed: `2 x GRD101 missing-zero-grad, 1 x GRD604 ...`."""
    counts = Counter(f"{each.code} {each.name}" for each in before)
    counts.subtract(f"{each.code} {each.name}" for each in after)
    return ", ".join(f"{count} x {what}" for what, count in sorted(counts.items()) if count > 0)
