"""Comments that silence nothing: which they are, and the text without them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from itertools import pairwise

from gradlint.diagnostics import Applicability, Diagnostic, Edit, Fix
from gradlint.rule import MAX_TEXT, Rule
from gradlint.selection import ABOUT_COMMENTS
from gradlint.source import Source
from gradlint.suppressions import Suppression, Suppressions, Word

# The next comment in a row that has several; `see #12` is none.
_NEXT = re.compile(r"(?<=\s)#(?!\d)")
_SPACE = " \t\f"
# What is a remark after a code, but would be an instruction to some tool right after the `#`.
_INSTRUCTION = re.compile(r"[\w-]+\s*[:=]|no(?:qa|sec|lint|cover)", re.IGNORECASE)


def unused(
    source: Source,
    suppressions: Suppressions,
    findings: Sequence[Diagnostic],
    rules: Sequence[Rule],
    elsewhere: Callable[[Set[str]], Sequence[Diagnostic] | None],
) -> list[Diagnostic]:
    """A finding for each comment that names rules of which it silences nothing; none if that rule does not run.

    `rules` are those that ran, `findings` all that they said of the file before any was silenced. `elsewhere` gives
    what rules of some codes say of the file when others are judged, None where nobody knows; it is asked where needed.
    """
    rule = next((each for each in rules if each.code == ABOUT_COMMENTS), None)
    names = {each.code: each.name for each in rules if each.code != ABOUT_COMMENTS}
    idle = list(_idle(suppressions, findings, names.keys()))
    if rule is None or not idle:
        return []
    others = elsewhere({code for _, words in idle for word in words for code in word.codes})
    if others is None:
        return []
    if others:
        idle = list(_idle(suppressions, [*findings, *others], names.keys()))
    known = [*findings, *others]
    return suppressions.left(
        _misplaced(source, rule, one, words, suppressions, known) or _finding(source, rule, one, words, names)
        for one, words in idle
    )


def _misplaced(
    source: Source,
    rule: Rule,
    one: Suppression,
    words: Sequence[Word],
    suppressions: Suppressions,
    findings: Iterable[Diagnostic],
) -> Diagnostic | None:
    """A comment in the middle of a statement of which something is found: it is meant for that, and does not count."""
    line = suppressions.layout.rows(one.comment.row)
    codes = {code for word in words for code in word.codes}
    meant = (each for each in findings if each.code in codes and each.path == source.path)
    if one.row is None or not any(suppressions.layout.rows(each.span.start.row) == line for each in meant):
        return None
    whole, span = _quoted(source.text[one.start : one.end]), source.span(one.start, one.end)
    return Diagnostic(
        path=source.path,
        span=span,
        code=rule.code,
        name=rule.name,
        message=f"{whole} silences nothing in the middle of a statement: put it on its first or its last line",
        severity=rule.severity,
        label="it counts on the first and the last line of a statement, and above it",
        statement_rows=(span.start.row, span.start.row),
    )


def _idle(
    suppressions: Suppressions, findings: Sequence[Diagnostic], ran: Set[str]
) -> Iterable[tuple[Suppression, tuple[Word, ...]]]:
    for one, words in suppressions.unused(findings):
        if idle := tuple(word for word in words if word.codes <= ran):
            yield one, idle


def _finding(source: Source, rule: Rule, one: Suppression, words: Sequence[Word], names: dict[str, str]) -> Diagnostic:
    whole = _quoted(source.text[one.start : one.end])
    missing = _either(dict.fromkeys(_name(word, names) for word in words))
    where = "in this file" if one.row is None else "there"
    if len(words) == len(one.words):
        what, span = whole, source.span(one.start, one.end)
    else:
        what = f"{_either(dict.fromkeys(f'`{word.text}`' for word in words), 'and')} in {whole}"
        span = source.span(words[0].start, words[-1].end)
    silence = "silences" if len(words) == len(one.words) or len(words) == 1 else "silence"
    return Diagnostic(
        path=source.path,
        span=span,
        code=rule.code,
        name=rule.name,
        message=f"{what} {silence} nothing: no {missing} is found {where}",
        severity=rule.severity,
        label="a bug that comes here later would not be reported",
        fix=_fix(source, one, words),
        statement_rows=(span.start.row, span.start.row),
    )


_COOKIE_ROWS = 3
"""A comment that says how a file is encoded stands in its first two rows, or comes there when a row above it goes."""

_NEAR = 200
"""Characters after a comment in which such a one is looked for."""


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return f"`{text if len(text) <= MAX_TEXT else f'{text[: MAX_TEXT - 4]} ...'}`"


def _name(word: Word, names: dict[str, str]) -> str:
    if len(word.codes) == 1:
        return f"`{names[next(iter(word.codes))]}`"
    return f"`{word.text.upper()}...`"


def _either(words: Iterable[str], between: str = "or") -> str:
    *most, last = words
    return f"{', '.join(most)} {between} {last}" if most else last


def _fix(source: Source, one: Suppression, words: Sequence[Word]) -> Fix | None:
    if len(words) < len(one.words):
        cuts = _cuts(one.words, words)
        edits = tuple(Edit(source.span(start, end), "") for start, end in cuts)
        return Fix(f"remove {_either((f'`{word.text}`' for word in words), 'and')}", Applicability.SAFE, edits)
    edit = _removal(source, one)
    if edit and one.comment.row <= _COOKIE_ROWS and "coding" in source.text[: source.offset(edit.span.end) + _NEAR]:
        return None  # it would say how the file is encoded, or say so no longer
    return Fix("remove the comment", Applicability.SAFE, (edit,)) if edit else None


def _cuts(words: Sequence[Word], unwanted: Sequence[Word]) -> list[tuple[int, int]]:
    """What to take out of a list: each word with what separates it from the one before; at the beginning, after it."""
    first = next(word for word in words if word not in unwanted)
    cuts = [(words[0].start, first.start)] if words[0] is not first else []
    for before, word in pairwise(words):
        if word in unwanted and word.start > first.start:
            cuts.append((before.end, word.end))
    return cuts


def _removal(source: Source, one: Suppression) -> Edit | None:
    """How the whole of a suppression goes, and its row where nothing else is in it. None: that would change more."""
    text, row_end = source.text, one.comment.end
    following = _NEXT.search(text, one.end, row_end)
    if following:
        return Edit(source.span(one.start, following.start()), "")
    remark = text[one.end : row_end].strip(f"{_SPACE},;")
    if one.is_noqa and remark:
        if _INSTRUCTION.match(remark):
            return None
        return Edit(source.span(one.start, text.index(remark, one.end)), "# ")
    start = source.line_starts[one.comment.row - 1]
    before = text[start : one.start].rstrip(_SPACE)
    if before:
        return Edit(source.span(start + len(before), row_end), "")
    return _removal_of_row(source, one.comment.row)


def _removal_of_row(source: Source, row: int) -> Edit | None:
    # After a backslash even an empty row means something. A cell of a notebook has to keep its rows.
    if source.cells or (row > 1 and source.line(row - 1).endswith("\\")):
        return None
    start = source.line_starts[row - 1]
    end = source.line_starts[row] if row < source.rows else len(source.text)
    return Edit(source.span(start, end), "")
