"""Writes `x.fixed.py` beside each fixture `x.py`: what `gradlint check --fix --unsafe-fixes` makes of it.

Run it after a change of the fixer, and read the diff: `python tests/oracle/renew_fixed.py`
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from gradlint.diagnostics import Diagnostic
from gradlint.fixer import fix
from gradlint.linter import lint
from gradlint.rule import all_rules
from gradlint.source import Source

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
WHERE = "fixture.py"
"""What every text is called, so that what was said of one need not be asked for again."""


@cache
def findings_in(text: str) -> Sequence[Diagnostic] | None:
    """What is said of a text; None where it does not parse or a rule crashed."""
    result = lint(Source(WHERE, text), all_rules())
    return result.diagnostics if result.parses and not result.failures else None


def fixed_text(path: Path) -> str:
    """The text of a file after all its fixes, the unsafe ones included."""
    source = Source.decode(str(path), path.read_bytes())
    findings = findings_in(source.text) or ()
    return fix(source, findings, lambda edited: findings_in(edited.text), unsafe=True).source.text


def main() -> int:
    """Renew all files; the exit status is 0."""
    for path in sorted(FIXTURES.glob("*/*.py")):
        if not path.name.endswith(".fixed.py"):
            text, renewed = fixed_text(path), path.with_suffix(".fixed.py")
            if not renewed.exists() or renewed.read_text(encoding="utf-8") != text:
                renewed.write_text(text, encoding="utf-8", newline="\n")
                print(renewed.relative_to(FIXTURES.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
