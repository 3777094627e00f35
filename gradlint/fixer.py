"""Applies fixes: chooses those that can go together, checks that they cure, writes the file."""

from __future__ import annotations

import difflib
import os
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

from gradlint.diagnostics import Applicability, Diagnostic, Fix
from gradlint.exchange import exchange
from gradlint.selection import ABOUT_COMMENTS
from gradlint.source import Source, UndecodableSource

MAX_ROUNDS = 30
"""How often a text is edited and linted again. Fixes that go together take one round, each that does harm a few."""

Lint: TypeAlias = Callable[[Source], "Sequence[Diagnostic] | None"]
"""The findings in a text; None where it does not parse or could not be judged."""


class NotWritten(Exception):
    """The fixed file stays as it was; the text says why."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text after its fixes, the findings that are left, and how many are gone."""

    source: Source
    remaining: tuple[Diagnostic, ...]
    count: int


class _Replacement(NamedTuple):
    """An edit by offsets into the text."""

    start: int
    end: int
    content: str


@dataclass(frozen=True, slots=True)
class _Cure:
    """A finding, where it starts, and what its fix does to the text."""

    finding: Diagnostic
    offset: int
    replacements: tuple[_Replacement, ...]


def applies(fix: Fix | None, *, unsafe: bool) -> bool:
    """Whether there is a fix, and it may be applied."""
    return fix is not None and (unsafe or fix.applicability is Applicability.SAFE)


def fix(source: Source, findings: Sequence[Diagnostic], lint: Lint, *, unsafe: bool) -> Fixed:
    """The text with every fix that removes its finding and adds none.

    Fixes that touch the same place wait for the next round. Where a round makes things worse, ever fewer fixes are
    tried together until the one that does harm stands alone; that one is refused.
    """
    left, count = tuple(findings), 0
    refused: set[tuple[str, str, int]] = set()
    together = len(left)
    for _ in range(MAX_ROUNDS):
        cures = _compatible(source, left, refused, unsafe=unsafe)[: max(together, 1)]
        if not cures:
            break
        edited = replace(source, text=_edited(source.text, cures))
        after = lint(edited) if _survives_writing(edited) else None
        moved = _mover(cures)
        if after is not None and _is_better(left, edited, after, cures, moved):
            refused = {(code, message, moved(offset)) for code, message, offset in refused}
            count += len(left) - len(after)
            source, left = edited, tuple(after)
            together *= 2
        elif len(cures) == 1:
            refused.add(_key(cures[0]))
        else:
            together = len(cures) // 2
    return Fixed(source, left, count)


def write(path: Path, original: bytes, fixed: bytes) -> None:
    """Put `fixed` in the place of the `original` bytes: a whole new file, under the old one's name and permissions.

    A symbolic link stays, its target is rewritten. Raises NotWritten.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.read_bytes() != original:
            raise NotWritten("it changed while it was being checked")
        if not os.access(target, os.W_OK):
            raise NotWritten("it is read-only")
        exchange(target, fixed)
    except OSError as error:
        raise NotWritten(error.strerror or str(error)) from error


def diff(before: Source, after: Source, *, is_file: bool = True) -> bytes:
    """A unified diff for `git apply` and `patch -p1`, in the file's own encoding; empty without a change."""
    names = _diff_names(before.path) if is_file else (before.path, before.path)
    parts = []
    for number, line in enumerate(difflib.unified_diff(_lines(before), _lines(after), lineterm="")):
        if number < len(names):
            parts.append(f"{line[:4]}{names[number]}\n".encode("utf-8", "surrogateescape"))
            continue
        parts.append(line.rstrip("\n").encode(before.encoding) + b"\n")
        if not line.endswith("\n") and not line.startswith("@@"):
            parts.append(b"\\ No newline at end of file\n")
    return b"".join(parts)


def _survives_writing(source: Source) -> bool:
    """Whether the text can be written in its file's encoding and would be read back as it is.

    It would not where text came before the coding cookie, so that the cookie no longer counts.
    """
    try:
        return Source.decode(source.path, source.encode()) == source
    except (UnicodeEncodeError, UndecodableSource):
        return False


def _compatible(
    source: Source, findings: Iterable[Diagnostic], refused: set[tuple[str, str, int]], *, unsafe: bool
) -> list[_Cure]:
    """The fixes that may be applied, in the order of the text, less those that touch what an earlier one touches."""
    cures: list[_Cure] = []
    taken: list[_Replacement] = []
    for finding in findings:
        if finding.fix is None or not applies(finding.fix, unsafe=unsafe):
            continue
        cure = _cure(source, finding, finding.fix)
        if cure is None or _key(cure) in refused:
            continue
        if all(_is_free(each, taken) for each in cure.replacements):
            cures.append(cure)
            for each in cure.replacements:
                insort(taken, each)
    return cures


def _cure(source: Source, finding: Diagnostic, fix: Fix) -> _Cure | None:
    """None where the edits do not make sense in the text."""
    replacements = []
    for edit in fix.edits:
        if not 1 <= edit.span.start.row <= edit.span.end.row <= source.rows:
            return None
        start, end = source.offset(edit.span.start), source.offset(edit.span.end)
        if not 0 <= start <= end <= len(source.text):
            return None
        replacements.append(_Replacement(start, end, edit.content))
    # Sorting is stable: what is inserted at one place keeps its order.
    replacements.sort(key=lambda each: (each.start, each.end))
    if not replacements or any(one.end > other.start for one, other in pairwise(replacements)):
        return None
    return _Cure(finding, source.offset(finding.span.start), tuple(replacements))


def _is_free(wanted: _Replacement, taken: list[_Replacement]) -> bool:
    """Whether nothing touches it; `taken` is sorted and free of overlaps, so its neighbours are enough to look at."""
    place = bisect_left(taken, wanted)
    return not any(
        wanted.start <= other.end and other.start <= wanted.end for other in taken[max(place - 1, 0) : place + 1]
    )


def _replacements(cures: Iterable[_Cure]) -> list[_Replacement]:
    return sorted((each for cure in cures for each in cure.replacements), key=lambda each: (each.start, each.end))


def _edited(text: str, cures: Iterable[_Cure]) -> str:
    parts, done = [], 0
    for replacement in _replacements(cures):
        parts += [text[done : replacement.start], replacement.content]
        done = replacement.end
    return "".join((*parts, text[done:]))


def _mover(cures: Iterable[_Cure]) -> Callable[[int], int]:
    """Where a place of the text is after the edits."""
    replacements = _replacements(cures)
    ends = [each.end for each in replacements]
    shifts = [0, *accumulate(len(each.content) - (each.end - each.start) for each in replacements)]
    return lambda offset: offset + shifts[bisect_right(ends, offset)]


def _key(cure: _Cure) -> tuple[str, str, int]:
    return (cure.finding.code, cure.finding.message, cure.offset)


def _is_better(
    before: Sequence[Diagnostic],
    edited: Source,
    after: Sequence[Diagnostic],
    cures: Sequence[_Cure],
    moved: Callable[[int], int],
) -> bool:
    """Whether every fix removed its finding, and no rule has more to say than it had less those.

    Save the one about comments: where a fix cures what a comment silences as well, that one is not needed any more.
    """
    allowed = Counter(each.code for each in before) - Counter(each.finding.code for each in cures)
    if Counter(each.code for each in after if each.code != ABOUT_COMMENTS) - allowed:
        return False
    cured = {(each.finding.code, each.finding.message, moved(each.offset)) for each in cures}
    return cured.isdisjoint((each.code, each.message, edited.offset(each.span.start)) for each in after)


def _lines(source: Source) -> list[str]:
    """Lines as git and patch know them: only a line feed ends one, and a byte-order mark is part of the first."""
    *whole, rest = (("\N{BYTE ORDER MARK}" if source.bom else "") + source.text).split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _diff_names(path: str) -> tuple[str, str]:
    # A tab after a name with spaces in it is how git and patch know where it ends.
    end = "\t" if " " in path else ""
    return (f"a/{path.lstrip('/')}{end}", f"b/{path.lstrip('/')}{end}")
