"""The closing sentence of a run."""

from __future__ import annotations

from collections.abc import Sequence

from gradlint.diagnostics import Diagnostic
from gradlint.fixer import applies


def clean(*, failed: bool, stopped: int, hidden: int) -> str:
    """What a run without findings says.

    `stopped` is the number of files over which a bound was reached, `hidden` that of findings which a baseline knows.
    """
    if failed:
        return "No findings in what could be checked."
    known = f" ({hidden} known from the baseline)" if hidden else ""
    if stopped:
        files = "1 file was" if stopped == 1 else f"{stopped} files were"
        return f"All checks passed{known}, but {files} not followed to the end (-v says where)."
    return f"All checks passed{known}."


def after_check(left: Sequence[Diagnostic], *, failing: int, unsafe: bool) -> str:
    """What a run that changes nothing found, and how much of it could be fixed.

    `failing` is how many of them are bad enough to fail the run.
    """
    ready = sum(applies(each.fix, unsafe=unsafe) for each in left)
    waiting = sum(applies(each.fix, unsafe=True) for each in left) - ready
    offers = []
    if ready:
        offers.append(f"{ready} fixable with --fix")
    if waiting:
        offers.append(f"{waiting} {'more ' if ready else 'fixable '}with --fix --unsafe-fixes")
    if failing < len(left):
        offers.append(f"{len(left) - failing} below --fail-on")
    return f"Found {counted(len(left))}{_in_brackets(offers)}."


def after_fix(left: Sequence[Diagnostic], fixed: int, *, unsafe: bool) -> str:
    """What a run with `--fix` found and fixed, and how much waits for `--unsafe-fixes`."""
    waiting = 0 if unsafe else sum(applies(each.fix, unsafe=True) for each in left)
    parts = []
    if fixed:
        parts.append(f"{fixed} fixed, {len(left)} remaining")
    if waiting:
        parts.append(f"{waiting} fixable with --unsafe-fixes")
    return f"Found {counted(len(left) + fixed)}{_in_brackets(parts)}."


def after_ignore(left: Sequence[Diagnostic], silenced: int) -> str:
    """What a run with `--add-ignore` silenced, and how much it could not."""
    rest = [f"{len(left)} remaining"] if left else []
    return f"Silenced {counted(silenced)}{_in_brackets(rest)}."


def after_diff(left: Sequence[Diagnostic], fixed: int, *, unsafe: bool) -> str:
    """What a run with `--diff` would fix, and how much it would leave."""
    waiting = 0 if unsafe else sum(applies(each.fix, unsafe=True) for each in left)
    rest = [f"{len(left)} would remain"] if left else []
    if waiting:
        rest.append(f"{waiting} fixable with --unsafe-fixes")
    return f"Would fix {counted(fixed)}{_in_brackets(rest)}."


def counted(count: int) -> str:
    """`1 finding`, `2 findings`."""
    return f"{count} finding{'' if count == 1 else 's'}"


def _in_brackets(parts: Sequence[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""
