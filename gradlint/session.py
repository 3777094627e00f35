"""One run of `gradlint check`, from paths or a text to everything that is to be printed. Prints nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gradlint import baseline as known
from gradlint import summary
from gradlint.checking import Mending, Outcome
from gradlint.collected import Collected, left
from gradlint.diagnostics import Diagnostic
from gradlint.files import File, absolute_path, find, is_forced_out, shown
from gradlint.fixer import Fixed, diff
from gradlint.ignoring import add_ignores
from gradlint.reporters import REPORTERS, Report
from gradlint.request import Action, Answer, Request, Status
from gradlint.rule import all_rules
from gradlint.runner import check_unsaved, run, save, told_anew
from gradlint.tally import gone, tally

MOST_STALE = 5
"""Entries of a baseline without a finding that are named one by one."""


def check_paths(request: Request, paths: Sequence[str]) -> Answer:
    """Lint files and folders; with Action.FIX, write what could be fixed. Raises GradlintError."""
    found = find(
        paths,
        request.configuration.settings,
        force_exclude=request.force_exclude,
        heed_gitignore=request.heed_gitignore,
    )
    baseline = _baseline(request)
    outcomes = run(
        found.files,
        mending=request.mending,
        jobs=request.jobs,
        terms=request.terms,
        spared=baseline if request.mending is not Mending.NONE else None,
        memory=request.memory,
        progress=request.progress,
    )
    if request.action is Action.IGNORE:
        outcomes = _ignoring(request, _collected(request, found.files, outcomes, baseline))
    if request.action in (Action.FIX, Action.IGNORE):
        saved = [save(file, outcome) for file, outcome in zip(found.files, outcomes, strict=True)]
        outcomes = told_anew(found.files, saved, terms=request.terms)
    collected = _collected(request, found.files, outcomes, baseline, found.errors)
    if found.files or found.errors:
        return _answer(request, collected)
    nothing = f"no Python files in {', '.join(paths)}"
    if request.force_exclude and all(Path(path).exists() for path in paths):
        nothing = f"nothing to check: what was given is excluded, or holds no Python files ({', '.join(paths)})"
    return replace(_answer(request, collected), summary="", warnings=(nothing,))


def listed(request: Request, paths: Sequence[str]) -> Answer:
    """The files that `check` would lint, a line each. Raises GradlintError."""
    found = find(
        paths,
        request.configuration.settings,
        force_exclude=request.force_exclude,
        heed_gitignore=request.heed_gitignore,
    )
    status = Status.FAILURE if found.errors else Status.CLEAN
    names = "".join(f"{file.path}\n" for file in sorted(found.files, key=lambda file: file.path))
    return Answer(names, status, summary="", errors=tuple(found.errors))


def check_text(request: Request, content: bytes, filename: str | None) -> Answer:
    """Lint the content of standard input, which is called `filename`. Raises GradlintError."""
    path = absolute_path(filename or "stdin.py")
    settings = request.configuration.settings(path.parent)
    if filename and request.force_exclude and is_forced_out(path, settings):
        unchanged = content if request.action in (Action.FIX, Action.IGNORE) else None
        return replace(_answer(request, _collected(request, (), (), None)), summary="", changed_text=unchanged)
    name = shown(path, filename) if filename else known.NO_FILE
    file = File(name, path, explicit=True, settings=settings)
    baseline = _baseline(request)
    outcome = check_unsaved(file, content, mending=request.mending, terms=request.terms, spared=baseline)
    if request.action is Action.IGNORE:
        (outcome,) = _ignoring(request, _collected(request, (file,), (outcome,), baseline))
        if outcome.fixed:
            again = check_unsaved(file, outcome.fixed.source.encode(), terms=request.terms)
            outcome = replace(outcome, fixed=replace(outcome.fixed, remaining=again.diagnostics))
    answer = _answer(request, _collected(request, (file,), (outcome,), baseline), is_file=False)
    if request.action not in (Action.FIX, Action.IGNORE):
        return answer
    # What is no text goes back as it came.
    return replace(answer, changed_text=outcome.fixed.source.encode() if outcome.fixed else content)


def _collected(
    request: Request,
    files: Sequence[File],
    outcomes: Sequence[Outcome],
    baseline: known.Baseline | None,
    errors: Sequence[str] = (),
) -> Collected:
    return Collected(files, outcomes, request.configuration, errors, baseline)


def _baseline(request: Request) -> known.Baseline | None:
    """What is known already; nothing where that is about to be written anew."""
    return known.Baseline.read(request.baseline) if request.baseline and not request.writes_baseline else None


def _ignoring(request: Request, collected: Collected) -> list[Outcome]:
    """The outcomes with comments in the texts that silence all findings."""
    wanted: dict[str, list[Diagnostic]] = {}
    for finding in collected.findings:
        wanted.setdefault(finding.path, []).append(finding)
    outcomes = []
    for outcome in collected.outcomes:
        # Where nothing was found but by way of another file, the text is with that one.
        source = outcome.source or collected.sources.get(outcome.path)
        if source is not None and outcome.path in wanted:
            text, count = add_ignores(source, wanted[outcome.path], all_rules(), request.reason)
            if count:
                outcome = replace(outcome, source=source, fixed=Fixed(text, outcome.diagnostics, count))
        outcomes.append(outcome)
    return outcomes


def _answer(request: Request, collected: Collected, *, is_file: bool = True) -> Answer:
    if request.writes_baseline and request.baseline is not None:
        return _with_baseline_written(request, request.baseline, collected)
    if collected.failures:
        status = Status.FAILURE
    elif request.action is Action.DIFF:
        status = Status.FINDINGS if collected.fixed else Status.CLEAN
    else:
        status = Status.FINDINGS if collected.failing else Status.CLEAN
    # A diff changes nothing, and a report says what is there.
    unchanged = replace(collected, is_fixed=False) if request.action is Action.DIFF else collected
    return Answer(
        _output(request, collected, is_file=is_file),
        status,
        _summary(request, collected),
        (*(each for outcome in collected.outcomes for each in outcome.warnings), *_stale(request, collected)),
        collected.failures,
        tuple((path, _report(request, unchanged, fmt)) for fmt, path in request.reports),
        stops=tuple(_stop(outcome) for outcome in collected.outcomes if outcome.stops),
        fixes=tuple(_fixes(request, outcome) for outcome in collected.outcomes if outcome.fixed),
    )


def _with_baseline_written(request: Request, file: Path, collected: Collected) -> Answer:
    if collected.failures:
        answer = _answer(replace(request, writes_baseline=False), collected)
        return replace(answer, summary=f"Wrote no {file}, for not everything could be checked.")
    before = known.Baseline.read(file) if file.exists() else known.empty(file)
    after = before.updated(collected.everything, collected.sources, collected.judged)
    known.write(file, after)
    # What cannot be known is told all the same: a file that does not parse.
    left_over = replace(collected, baseline=after)
    count = len(collected.everything) - len(left_over.findings)
    answer = _answer(replace(request, writes_baseline=False), left_over)
    return replace(answer, summary=f"Wrote {summary.counted(count)} to {file}.")


def _stale(request: Request, collected: Collected) -> list[str]:
    """What to say about entries of the baseline that nothing is found for any more."""
    stale = collected.stale
    told = [f"{request.baseline}: no longer found: {each.known.path}: {each.known.code} `{each.known.line}`"
            for each in stale[:MOST_STALE]]  # fmt: skip
    if len(stale) > MOST_STALE:
        told.append(f"{request.baseline}: no longer found: {len(stale) - MOST_STALE} more")
    if stale:
        told[-1] += "; --write-baseline takes them out" if len(stale) > 1 else "; --write-baseline takes it out"
    return told


def _stop(outcome: Outcome) -> str:
    """The bounds that were reached over a file, in one line."""
    told = (f"{what}{f' ({times} times)' if times > 1 else ''}" for what, times in outcome.stops)
    return f"{outcome.path}: not followed beyond {', '.join(told)}"


def _fixes(request: Request, outcome: Outcome) -> str:
    done = "would fix" if request.action is Action.DIFF else "fixed"
    return f"{outcome.path}: {done} {gone(outcome.diagnostics, left(outcome))}"


def _summary(request: Request, collected: Collected) -> str:
    if not collected.outcomes:
        return ""
    findings, fixed = collected.findings, collected.fixed
    stopped = sum(1 for outcome in collected.outcomes if outcome.stops)
    if not (findings or fixed):
        hidden = len(collected.everything)
        return summary.clean(failed=bool(collected.failures), stopped=stopped, hidden=hidden)
    match request.action:
        case Action.IGNORE:
            return summary.after_ignore(findings, fixed)
        case Action.FIX:
            return summary.after_fix(findings, fixed, unsafe=request.unsafe)
        case Action.DIFF:
            return summary.after_diff(findings, fixed, unsafe=request.unsafe)
    return summary.after_check(findings, failing=len(collected.failing), unsafe=request.unsafe)


def _diff(outcome: Outcome, *, is_file: bool) -> bytes:
    if outcome.source is None or outcome.fixed is None:
        return b""
    return diff(outcome.source, outcome.fixed.source, is_file=is_file)


def _output(request: Request, collected: Collected, *, is_file: bool) -> str | bytes:
    if request.action is Action.DIFF:
        return b"".join(_diff(each, is_file=is_file) for each in collected.outcomes)
    if request.statistics:
        return tally(collected.findings, request.output_format)
    return _report(request, collected, request.output_format, color=request.color)


def _report(request: Request, collected: Collected, fmt: str, *, color: bool = False) -> str:
    report = Report(collected.findings, collected.sources, color, collected.failures, request.documentation)
    return REPORTERS[fmt](report)
