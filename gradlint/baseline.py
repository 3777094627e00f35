"""Findings that are known: a file of them hides them, so that only new ones are told.

A finding is known by its file, code and the text of its line, and by how many of these there are, so edits elsewhere
change nothing. Paths are relative to the folder of the baseline file, with forward slashes.
Never known are two kinds of findings: `syntax-error`, for a file that does not parse was not checked at all, and a
baseline that hides this would call it clean; and what is found in a text that has no file.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gradlint.diagnostics import Diagnostic
from gradlint.errors import GradlintError
from gradlint.exchange import exchange
from gradlint.fingerprint import fingerprints
from gradlint.selection import ALWAYS_ON
from gradlint.source import Source

VERSION = 1
"""The version of the format. A file of a later one is not guessed at."""

NO_FILE = "<stdin>"
"""The path of findings in a text that has no file."""


class Known(NamedTuple):
    """A finding as the file has it: `path` relative to its folder, `line` without indentation."""

    path: str
    code: str
    line: str


@dataclass(frozen=True, slots=True)
class Stale:
    """A known finding that is there no more, or fewer times: `count` of them are gone."""

    known: Known
    count: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many there are of each known finding; `folder` is what their paths are relative to.

    `places` are the other files that the story of a known finding leads through. Without them nobody sees it.

    The methods take findings with paths as shown, from the current folder, all of a run at once. `judged` has for each
    file of the run the codes of the rules that judged it; a file that does not parse, or failed, was not judged.
    """

    folder: Path
    counts: Mapping[Known, int]
    places: Mapping[Known, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Baseline:
        """The baseline of a file. Raises GradlintError where it is missing or makes no sense."""
        try:
            # Some Windows editors begin a file with a byte-order mark.
            content = json.loads(file.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            hint = "; --write-baseline makes it" if isinstance(error, FileNotFoundError) else ""
            raise GradlintError(f"{file}: cannot be read as a baseline: {error.strerror or error}{hint}") from error
        except UnicodeDecodeError as error:
            raise GradlintError(f"{file}: is no baseline: not UTF-8 (byte {error.start})") from error
        except json.JSONDecodeError as error:
            raise GradlintError(f"{file}:{error.lineno}: is no baseline: not JSON: {error.msg}") from error
        except (ValueError, RecursionError) as error:
            raise GradlintError(f"{file}: is no baseline: numbers or brackets without end") from error
        return cls(_real_folder(file), *_entries(file, content))

    def new(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]) -> list[Diagnostic]:
        """The findings that are not known, in the given order. Of too many that are alike, the last ones are new."""
        known = zip(diagnostics, self._recognised(diagnostics, sources), strict=True)
        return [each for each, (what, number) in known if what is None or number > self.counts.get(what, 0)]

    def stale(
        self,
        diagnostics: Sequence[Diagnostic],
        sources: Mapping[str, Source],
        judged: Mapping[str, Collection[str]],
    ) -> list[Stale]:
        """What is known and no more there: it was looked for in all files of its story, or its own is gone."""
        found = self._counted(diagnostics, sources)
        codes = self._codes(diagnostics, judged)
        left = ((known, count - found[known]) for known, count in self.counts.items())
        return [Stale(*each) for each in sorted(left) if each[1] > 0 and self._is_settled(each[0], codes)]

    def updated(
        self,
        diagnostics: Sequence[Diagnostic],
        sources: Mapping[str, Source],
        judged: Mapping[str, Collection[str]],
    ) -> Baseline:
        """The baseline as a run finds it. What the run did not look for stays, so that to write the baseline for some
        files or rules does not forget the others; what was looked for and not found, or has lost its file, goes."""
        codes = self._codes(diagnostics, judged)
        kept = {known: count for known, count in self.counts.items() if not self._is_settled(known, codes)}
        # The union of the counters has the larger count: a file that was not judged may have been told of by a caller.
        counts = Counter(kept) | self._counted(diagnostics, sources)
        places = {known: files for known, files in self.places.items() if known in kept}
        return Baseline(self.folder, counts, places | self._told_places(diagnostics, sources))

    def _recognised(
        self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]
    ) -> Iterable[tuple[Known | None, int]]:
        """What each finding is known by, and its number among those that are alike; None for what is never known."""
        for each in fingerprints(diagnostics, sources):
            never = each.code == ALWAYS_ON or each.path == NO_FILE
            yield (None if never else Known(self._path(each.path), each.code, each.line)), each.number

    def _counted(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]) -> Counter[Known]:
        return Counter(known for known, _ in self._recognised(diagnostics, sources) if known is not None)

    def _told_places(
        self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]
    ) -> dict[Known, frozenset[str]]:
        found: dict[Known, frozenset[str]] = {}
        for each, (known, _) in zip(diagnostics, self._recognised(diagnostics, sources), strict=True):
            others = {place.path for place in each.related if place.path not in (None, each.path)}
            if known is not None and others:
                found[known] = found.get(known, frozenset()) | {self._path(path) for path in others if path}
        return found

    def _codes(
        self, diagnostics: Sequence[Diagnostic], judged: Mapping[str, Collection[str]]
    ) -> dict[str, Collection[str]]:
        """The rules that judged each file, by path in the baseline; a file that does not parse hides what it has."""
        broken = {each.path for each in diagnostics if each.code == ALWAYS_ON}
        return {self._path(path): codes for path, codes in judged.items() if path not in broken}

    def _is_settled(self, known: Known, codes: Mapping[str, Collection[str]]) -> bool:
        """Whether the run can say of a known finding that it is there or not."""
        if not os.path.lexists(self.folder / known.path):
            return True
        story = (known.path, *self.places.get(known, ()))
        return all(known.code in codes.get(path, ()) for path in story if os.path.lexists(self.folder / path))

    def _path(self, shown: str) -> str:
        """The path of a file in the baseline; absolute where it is on another drive of Windows."""
        file = Path(shown)
        path = _real_folder(file) / file.name
        try:
            return Path(os.path.relpath(path, self.folder)).as_posix()
        except ValueError:
            return path.as_posix()


def empty(file: Path) -> Baseline:
    """The baseline of a file that is not there yet: nothing is known."""
    return Baseline(_real_folder(file), {})


def write(file: Path, baseline: Baseline) -> None:
    """Write a baseline whose folder is that of the file: sorted, one finding a line, for the sake of its diffs.

    A symbolic link stays, its target is written. Raises GradlintError.
    """
    rows = ",\n".join(
        f"    {json.dumps(_row(known, count, baseline.places.get(known, frozenset())), ensure_ascii=False)}"
        for known, count in sorted(baseline.counts.items())
    )
    findings = f"[\n{rows}\n  ]" if rows else "[]"
    text = f'{{\n  "version": {VERSION},\n  "findings": {findings}\n}}\n'
    try:
        # What is no character, as in the name of a file that is not UTF-8, is written as JSON escapes it.
        exchange(Path(os.path.realpath(file)), text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise GradlintError(f"{file}: the baseline cannot be written: {error.strerror or error}") from error


def _row(known: Known, count: int, places: frozenset[str]) -> dict[str, object]:
    row: dict[str, object] = {**known._asdict(), "count": count}
    return row | {"through": sorted(places)} if places else row


def _entries(file: Path, content: object) -> tuple[dict[Known, int], dict[Known, frozenset[str]]]:
    match content:
        case {"version": int(version)} if version > VERSION:
            raise GradlintError(f"{file}: is a baseline of a newer gradlint (version {version}, not {VERSION})")
        case {"version": int(version), "findings": [*rows]} if type(version) is int and version == VERSION:
            pass
        case _:
            raise GradlintError(f'{file}: is no baseline: it has no "version": {VERSION} with a list of "findings"')
    counts: dict[Known, int] = {}
    places: dict[Known, frozenset[str]] = {}
    for number, row in enumerate(rows, start=1):
        match row:
            case {"path": str(path), "code": str(code), "line": str(line), "count": int(count)} if (
                type(count) is int and count > 0
            ):
                # A merge may leave the same finding twice. The larger count hides no more than either side knew.
                known = Known(path, code, line)
                counts[known] = max(count, counts.get(known, 0))
                through = row.get("through", [])
                if not isinstance(through, list) or not all(isinstance(each, str) for each in through):
                    raise GradlintError(f'{file}: is no baseline: "through" of finding {number} is no list of paths')
                if through:
                    places[known] = places.get(known, frozenset()) | frozenset(through)
            case _:
                raise GradlintError(f"{file}: is no baseline: finding {number} has no path, code, line and count")
    return counts, places


def _real_folder(file: Path) -> Path:
    return _real(file.absolute().parent)


@cache
def _real(folder: Path) -> Path:
    # Links above a file are resolved, so that a baseline is the same by whatever way its folder was entered.
    return Path(os.path.realpath(folder))
