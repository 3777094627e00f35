"""One run of `gradlint check`, from paths or a text to everything that is to be printed. Prints nothing itself."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from gradlint import summary
from gradlint.config import Configuration, Layer, Settings, where
from gradlint.diagnostics import Diagnostic
from gradlint.errors import GradlintError
from gradlint.files import File, absolute_path, find, is_forced_out, shown
from gradlint.fixer import diff
from gradlint.reporters import REPORTERS, Report
from gradlint.runner import Mending, Outcome, check_unsaved, run, save, told_anew
from gradlint.selection import suggestion

UNNAMED = "<stdin>"
"""What standard input is called where nobody named it."""


class Status(enum.IntEnum):
    """How a run ended, as an exit status."""

    CLEAN = 0
    FINDINGS = 1
    FAILURE = 2


class Action(enum.Enum):
    """What is done about the findings."""

    REPORT = enum.auto()
    FIX = enum.auto()
    DIFF = enum.auto()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for besides the paths. `jobs` None: as many as there are processors."""

    configuration: Configuration
    output_format: str
    action: Action = Action.REPORT
    unsafe: bool = False
    force_exclude: bool = False
    color: bool = False
    jobs: int | None = None

    @property
    def mending(self) -> Mending:
        """The fixes to work out."""
        if self.action is Action.REPORT:
            return Mending.NONE
        return Mending.UNSAFE if self.unsafe else Mending.SAFE


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be printed: `output` is the findings or the diff, the rest is for standard error, one line each."""

    output: str | bytes
    status: Status
    summary: str
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    # The fixed text of standard input, where there was one to fix.
    fixed_text: bytes | None = None
    # Where something was not followed to its end, for those who ask.
    stops: tuple[str, ...] = ()


def check_paths(request: Request, paths: Sequence[str]) -> Answer:
    """Lint files and folders; with Action.FIX, write what could be fixed. Raises GradlintError."""
    found = find(paths, request.configuration.settings, force_exclude=request.force_exclude)
    outcomes = run(found.files, mending=request.mending, jobs=request.jobs)
    if request.action is Action.FIX:
        saved = [save(file, outcome) for file, outcome in zip(found.files, outcomes, strict=True)]
        outcomes = told_anew(found.files, saved)
    if found.files or found.errors:
        return _answer(request, outcomes, errors=found.errors)
    nothing = f"no Python files in {', '.join(paths)}"
    return Answer(_output(request, ()), Status.CLEAN, summary="", warnings=(nothing,))


def check_text(request: Request, content: bytes, filename: str | None) -> Answer:
    """Lint the content of standard input, which is called `filename`. Raises GradlintError."""
    path = absolute_path(filename or "stdin.py")
    settings = request.configuration.settings(path.parent)
    if filename and request.force_exclude and is_forced_out(path, settings):
        unchanged = content if request.action is Action.FIX else None
        return Answer(_output(request, ()), Status.CLEAN, summary="", fixed_text=unchanged)
    name = shown(path, filename) if filename else UNNAMED
    file = File(name, path, explicit=True, settings=settings)
    return _answer(request, [check_unsaved(file, content, mending=request.mending)], text=content)


def check_format(settings: Settings) -> None:
    """Raises GradlintError where the configuration asks for a format that does not exist."""
    if settings.output_format not in REPORTERS:
        place = where(Layer(settings.root, settings.file), "output-format")
        near = suggestion(settings.output_format, REPORTERS)
        raise GradlintError(f"{place}: unknown format '{settings.output_format}'{near}")


def _answer(
    request: Request, outcomes: Sequence[Outcome], *, errors: Sequence[str] = (), text: bytes | None = None
) -> Answer:
    """`text` is what came from standard input."""
    output = _output(request, outcomes, is_file=text is None)
    failures = (*errors, *(failure for outcome in outcomes for failure in outcome.failures))
    left = _findings(outcomes)
    fixed = sum(outcome.fixed.count for outcome in outcomes if outcome.fixed)
    if failures:
        status = Status.FAILURE
    else:
        status = Status.FINDINGS if (fixed if request.action is Action.DIFF else left) else Status.CLEAN
    return Answer(
        output,
        status,
        _summary(request, left, fixed, failed=bool(failures)) if outcomes else "",
        tuple(warning for outcome in outcomes for warning in outcome.warnings),
        failures,
        _fixed_text(outcomes, text) if request.action is Action.FIX and text is not None else None,
        tuple(_stop(outcome) for outcome in outcomes if outcome.stops),
    )


def _stop(outcome: Outcome) -> str:
    """The bounds that were reached over a file, in one line."""
    told = (f"{what}{f' ({times} times)' if times > 1 else ''}" for what, times in outcome.stops)
    return f"{outcome.path}: not followed beyond {', '.join(told)}"


def _summary(request: Request, left: Sequence[Diagnostic], fixed: int, *, failed: bool) -> str:
    if not (left or fixed):
        return "No findings in what could be checked." if failed else "All checks passed."
    match request.action:
        case Action.REPORT:
            return summary.after_check(left, unsafe=request.unsafe)
        case Action.FIX:
            return summary.after_fix(left, fixed, unsafe=request.unsafe)
        case Action.DIFF:
            return summary.after_diff(left, fixed, unsafe=request.unsafe)


def _findings(outcomes: Sequence[Outcome]) -> list[Diagnostic]:
    """What is left of all files, in order; what several files say of a helper that they share, once."""
    found = [finding for outcome in outcomes for finding in _left(outcome) if finding.path == outcome.path]
    shared = {
        finding.sort_key(): finding
        for outcome in reversed(outcomes)
        for finding in reversed(_left(outcome))
        if finding.path != outcome.path
    }
    own = {finding.sort_key() for finding in found}
    return sorted((*found, *(each for key, each in shared.items() if key not in own)), key=Diagnostic.sort_key)


def _left(outcome: Outcome) -> Sequence[Diagnostic]:
    return outcome.fixed.remaining if outcome.fixed else outcome.diagnostics


def _fixed_text(outcomes: Sequence[Outcome], text: bytes) -> bytes:
    # Only ever one outcome; where it was no text, it goes back as it came.
    return b"".join(each.fixed.source.encode() if each.fixed else text for each in outcomes)


def _diff(outcome: Outcome, *, is_file: bool) -> bytes:
    if outcome.source is None or outcome.fixed is None:
        return b""
    return diff(outcome.source, outcome.fixed.source, is_file=is_file)


def _output(request: Request, outcomes: Sequence[Outcome], *, is_file: bool = True) -> str | bytes:
    if request.action is Action.DIFF:
        return b"".join(_diff(each, is_file=is_file) for each in outcomes)
    findings = _findings(outcomes)
    sources = {other.path: other for outcome in outcomes for other in outcome.others}
    sources |= {
        outcome.path: outcome.fixed.source if outcome.fixed else outcome.source
        for outcome in outcomes
        if outcome.source is not None
    }
    return REPORTERS[request.output_format](Report(findings, sources, request.color))
