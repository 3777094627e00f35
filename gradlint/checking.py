"""One file: what there is to say about it, and its text once it is fixed."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

from gradlint.baseline import Baseline
from gradlint.diagnostics import Diagnostic
from gradlint.fixer import Fixed, fix
from gradlint.linter import LintResult, described, lint, no_text
from gradlint.rule import Rule
from gradlint.source import Source, UndecodableSource
from gradlint.terms import USUAL, Terms
from gradlint.vocabulary import Vocabulary
from gradlint.workspace import Workspace


class Mending(enum.Enum):
    """Which fixes are applied."""

    NONE = enum.auto()
    SAFE = enum.auto()
    UNSAFE = enum.auto()


@dataclass(frozen=True, slots=True)
class Task:
    """The bytes of one file and what is to be done with them. `explicit`: somebody asked for this very file.

    `key` is what the file is called among its modules, `vocabulary` what its configuration teaches, `terms` what
    becomes of its findings.
    """

    path: str
    data: bytes
    rules: tuple[Rule, ...]
    mending: Mending = Mending.NONE
    explicit: bool = True
    key: str = ""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    terms: Terms = USUAL
    # Findings that are known, and so are not mended.
    spared: Baseline | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file. `failures` and `warnings` are one line each.

    `source` is None where it is no text, and may be where nothing was found in it.
    """

    path: str
    source: Source | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fixed: Fixed | None = None
    # Texts of other files that the diagnostics speak of.
    others: tuple[Source, ...] = ()
    # Bounds at which something was not followed further, and how often.
    stops: tuple[tuple[str, int], ...] = ()


def check(task: Task, workspace: Workspace | None = None) -> Outcome:
    """Lint one file and fix its text as far as asked for. Never raises: what breaks is a failure."""
    workspace = workspace or Workspace()
    try:
        source = Source.decode(task.path, task.data)
    except UndecodableSource as error:
        return Outcome(task.path, diagnostics=tuple(task.terms.applied(no_text(task.path, task.rules, error))))
    result = _lint(source, task, workspace)
    outcome = Outcome(
        task.path, source, result.diagnostics, result.failures, result.warnings, None, result.others, result.stops
    )
    findings = _mendable(source, result, task)
    if task.mending is Mending.NONE or not any(each.fix for each in findings):
        return outcome
    try:
        fixed = fix(
            source,
            findings,
            lambda edited: _findings(edited, task, workspace),
            unsafe=task.mending is Mending.UNSAFE,
        )
    except Exception as error:
        # A fix that makes no sense must cost its own file's fixes only.
        crash = f"{task.path}: fixing crashed, which is a bug: {described(error)}"
        return replace(outcome, failures=(*result.failures, crash))
    return replace(outcome, fixed=fixed) if fixed.source != source else outcome


def _findings(source: Source, task: Task, workspace: Workspace) -> tuple[Diagnostic, ...] | None:
    result = _lint(source, task, workspace)
    return _mendable(source, result, task) if result.parses and not result.failures else None


def _mendable(source: Source, result: LintResult, task: Task) -> tuple[Diagnostic, ...]:
    """The findings, those without a fix that are to be spared."""
    if task.spared is None:
        return result.diagnostics
    texts = {each.path: each for each in (*result.others, source)}
    new = {id(each) for each in task.spared.new(result.diagnostics, texts)}
    return tuple(each if id(each) in new else replace(each, fix=None) for each in result.diagnostics)


def _lint(source: Source, task: Task, workspace: Workspace) -> LintResult:
    return lint(source, task.rules, workspace=workspace, key=task.key, vocabulary=task.vocabulary, terms=task.terms)
