"""The files among which each is judged, and what was read of them so far."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import TYPE_CHECKING

from gradlint import bounds
from gradlint.diagnostics import Diagnostic
from gradlint.project.modules import Modules, matters
from gradlint.rule import FlowRule, Rule, SlipRule
from gradlint.source import Source
from gradlint.vocabulary import PLAIN, Vocabulary

if TYPE_CHECKING:
    from gradlint.project.analysis import Analysis, Project

LARGE = 8_000_000
"""Characters of files that a workspace keeps in mind; then it starts afresh."""

MAX_OTHERS = bounds.Bound(50, "files that could tell whether a comment is needed")
"""So many are judged for the comments of one file that seem to be unused: about what a run costs over a package."""


_LOOP = re.compile(rb"^[ \t]*(?:async[ \t]+)?(?:for|while)\b", re.MULTILINE)


class Workspace:
    """The files among which each is judged. What was read for one of them serves the next one."""

    def __init__(self, modules: Modules | None = None) -> None:
        self._modules = modules
        self._projects: dict[Vocabulary, Project] = {}
        # Which signs are in the bytes of files that others import.
        self._signs: dict[tuple[str, bytes, Vocabulary], bool] = {}
        # What was said when files were judged for the sake of comments in others, by file and rules.
        self._said: dict[tuple[str, tuple[str, ...], Vocabulary], tuple[Diagnostic, ...] | None] = {}
        self._seen = 0

    def relevant(
        self,
        data: bytes,
        rules: Sequence[Rule],
        key: str,
        vocabulary: Vocabulary = PLAIN,
        edited: Mapping[str, bytes] = MappingProxyType({}),
    ) -> tuple[Rule, ...]:
        """The rules that a file can break: of their signs some are in its bytes, the others in what it imports.

        What is in one file and not in the other may come together where one calls the other, and what is in helpers
        only, in a loop that calls both. `edited` are the bytes of
        files that somebody is about to write.
        """

        def shows(key: str, sign: bytes) -> bool:
            if key in edited:
                return re.search(sign, vocabulary.spelt_out(edited[key])) is not None
            return self._shows(key, sign, vocabulary)

        spelt = vocabulary.spelt_out(data)

        def is_relevant(rule: Rule) -> bool:
            if rule.is_local:
                return all(re.search(sign, spelt) for sign in rule.signs)
            missing = _missing(spelt, rule)
            if not missing or self._modules is None:
                return not missing
            if len(missing) == len(rule.signs) and not (isinstance(rule, FlowRule) and _LOOP.search(spelt)):
                return False
            imported = self._modules.imported(key)
            return all(any(shows(other, sign) for other in imported) for sign in missing)

        return tuple(rule for rule in rules if rule.signs and is_relevant(rule))

    def _shows(self, key: str, sign: bytes, vocabulary: Vocabulary) -> bool:
        asked = (key, sign, vocabulary)
        if asked not in self._signs and self._modules is not None:
            self._signs[asked] = re.search(sign, vocabulary.spelt_out(self._modules.content(key))) is not None
        return self._signs[asked]

    def analyse(self, source: Source, rules: Sequence[Rule], key: str, vocabulary: Vocabulary) -> Analysis:
        """What the rules say of a file, with its callees and callers. Raises BrokenSource.

        All are read by the file's own vocabulary.
        """
        return self._project(source, key, vocabulary).diagnose(source, rules, key)

    def told_elsewhere(
        self, source: Source, rules: Sequence[Rule], key: str, vocabulary: Vocabulary, codes: Set[str]
    ) -> list[Diagnostic] | None:
        """What rules say of a file when others are judged, those of some codes and what is told in their stead.

        The others are those that can have what the file defines. None where nobody can tell: one of them does not
        parse, a rule crashed, a bound was reached, or they are too many.
        """
        wanted = [rule for rule in rules if rule.code in codes and isinstance(rule, FlowRule)]
        if self._modules is None or not wanted or not matters(_bytes(source)):
            return []
        judging: dict[str, tuple[Source, tuple[Rule, ...]]] = {}
        for each in sorted(self._modules.acquainted(key) - {key}):
            other = self._modules.source(each)
            if other is None:
                continue
            possible = self.relevant(_bytes(other), rules, each, vocabulary, {key: _bytes(source)})
            if any(rule in possible for rule in wanted):
                judging[each] = other, running(rules, possible)
        if not MAX_OTHERS.allows(len(judging)):
            return None
        return self._said_of(source, key, judging, vocabulary) if judging else []

    def _said_of(
        self, source: Source, key: str, judging: dict[str, tuple[Source, tuple[Rule, ...]]], vocabulary: Vocabulary
    ) -> list[Diagnostic] | None:
        from gradlint.project.analysis import BrokenSource

        project = self._project(source, key, vocabulary)
        found: list[Diagnostic] = []
        try:
            project.diagnose(source, (), key)  # so that the others meet this text, whatever the file holds
            for each, (other, rules) in judging.items():
                said = self._said_by(project, other, rules, each, vocabulary)
                if said is None:
                    return None
                found += (finding for finding in said if finding.path == source.path)
        except BrokenSource:
            return None
        return found

    def _said_by(
        self, project: Project, source: Source, rules: tuple[Rule, ...], key: str, vocabulary: Vocabulary
    ) -> tuple[Diagnostic, ...] | None:
        """What is said when a file is judged; None where that is not all there is to say."""
        asked = (key, tuple(rule.code for rule in rules), vocabulary)
        is_edited = project is not self._projects.get(vocabulary)
        if is_edited or asked not in self._said:
            # What stops here is not about the file that is linted.
            with bounds.noted() as stops:
                analysis = project.diagnose(source, rules, key)
            said = None if stops or analysis.failures else analysis.diagnostics
            if is_edited:
                return said
            self._said[asked] = said
        return self._said[asked]

    def _project(self, source: Source, key: str, vocabulary: Vocabulary) -> Project:
        """The files as read so far, with this text for the file that it is one of."""
        # It imports libcst, which costs a quarter of a second: only for files that survive the search of their bytes.
        from gradlint.project.analysis import Project

        self._seen += len(source.text)
        if self._seen > LARGE:
            self._projects, self._said, self._seen = {}, {}, 0
        if vocabulary not in self._projects:
            self._projects[vocabulary] = Project(self._modules, vocabulary)
        project = self._projects[vocabulary]
        return project.edited(key, source) if project.has_other_text(source, key) else project


_IMPORT = re.compile(rb"^[ \t]*(?:from|import)\b", re.MULTILINE)


def suspicious(data: bytes, rules: Sequence[Rule], vocabulary: Vocabulary = PLAIN) -> bool:
    """Whether a sign of some rule is in the bytes of a file, or may be in what it imports and calls in a loop."""
    data = vocabulary.spelt_out(data)
    if _LOOP.search(data) and _IMPORT.search(data):
        return True
    return any(re.search(sign, data) for rule in rules for sign in rule.signs)


def running(rules: Sequence[Rule], possible: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that are asked about a file which some of them can break.

    To find a slip costs nothing where a file is read anyway, and others' reports may come from it.
    """
    return tuple(rule for rule in rules if rule in possible or isinstance(rule, SlipRule))


def _bytes(source: Source) -> bytes:
    return source.text.encode("utf-8", "surrogatepass")


def _missing(data: bytes, rule: Rule) -> list[bytes]:
    return [sign for sign in rule.signs if not re.search(sign, data)]
