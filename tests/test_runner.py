"""Linting many files: what is parsed, what goes wrong, and that neither order nor processes matter."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradlint import checking, pool, runner
from gradlint.checking import Mending, Outcome, Task, check
from gradlint.config import Configuration
from gradlint.diagnostics import Severity
from gradlint.files import find
from gradlint.layers import Layer
from gradlint.linter import lint
from gradlint.project import analysis
from gradlint.rule import Rule, all_rules
from gradlint.runner import check_unsaved, run, save, told_anew
from gradlint.selection import named
from gradlint.source import Source
from gradlint.terms import Terms
from gradlint.workspace import Workspace

BUG = "for x, y in loader:\n    loss = loss_fn(model(x), y)\n    loss.backward()\n    optimizer.step()\n"
CURED = f"{BUG}    optimizer.zero_grad()\n"
RULES = all_rules()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcomes(*paths: str, mending: Mending = Mending.NONE, jobs: int = 1) -> list[Outcome]:
    return run(find(paths, Configuration(Layer(Path.cwd())).settings).files, mending=mending, jobs=jobs)


def codes(outcome: Outcome) -> list[str]:
    return [each.code for each in outcome.diagnostics]


def boom(project: analysis.Project, source: Source, rules: Sequence[Rule], key: str) -> analysis.Analysis:
    raise KeyError("boom")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(BUG.encode(), True, id="all-words"),
        pytest.param(b"loss.backward()", False, id="one-group-is-missing"),
        pytest.param(b"", False, id="empty"),
    ],
)
def test_relevant(data: bytes, expected: bool) -> None:
    assert (named("GRD101", RULES) in Workspace().relevant(data, RULES, "")) is expected


def test_a_rule_without_words_lets_no_file_through() -> None:
    assert named("GRD000", RULES) not in Workspace().relevant(BUG.encode(), RULES, "")


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        pytest.param("x = (\n", 1, 5, id="without-words"),
        pytest.param(f"x = (\n{BUG}", 1, 5, id="with-words"),
        pytest.param("é = '😀'; x = )\n", 1, 14, id="columns-are-code-points"),
        pytest.param("a\r\n\r\nb c\r\n", 3, 1, id="crlf"),
        pytest.param("a\x0c\nb c", 2, 1, id="form-feed"),
        pytest.param("if x:", 1, 6, id="at-the-very-end"),
    ],
)
def test_syntax_errors(text: str, row: int, column: int) -> None:
    result = lint(Source("a.py", text), RULES)
    assert [(each.code, each.name, each.path) for each in result.diagnostics] == [("GRD000", "syntax-error", "a.py")]
    assert result.diagnostics[0].span.start.row == row
    assert abs(result.diagnostics[0].span.start.column - column) <= 2
    assert not result.parses


@pytest.mark.parametrize("place", [(99, 99, 99, 99), (1, 99, 0, -1), (None, None, None, None), (0, 0, 0, 0)])
def test_a_place_outside_of_the_text_is_moved_into_it(
    monkeypatch: pytest.MonkeyPatch, place: tuple[int | None, ...]
) -> None:
    def reject(_: str) -> None:
        row, column, end_row, end_column = place
        raise SyntaxError("no", ("a.py", row, column, "", end_row, end_column))

    monkeypatch.setattr("ast.parse", reject)
    (found,) = lint(Source("a.py", "x = ("), RULES).diagnostics
    assert (1, 1) <= found.span.start <= found.span.end <= (1, 6)


def test_syntax_errors_can_be_deselected() -> None:
    result = lint(Source("a.py", "x = ("), [rule for rule in RULES if rule.code != "GRD000"])
    assert result.diagnostics == ()
    assert not result.parses


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("print(t'{x}')\n", id="newer-than-this-python"),
        pytest.param("type X[T] = int\n", id="python-3.12"),
        pytest.param("x = '\\d'\n", id="a-warning-is-no-error"),
        pytest.param("", id="empty"),
        pytest.param("x = " + "(" * 300 + ")" * 300, id="deeper-than-the-parser-goes"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_syntax_error(text: str) -> None:
    assert lint(Source("a.py", text), RULES).failures == ()
    if "((" not in text:
        assert lint(Source("a.py", text), RULES).diagnostics == ()


def test_a_crash_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis.Project, "diagnose", boom)
    result = lint(Source("a.py", BUG), RULES)
    assert result.failures == ("a.py: gradlint crashed, which is a bug: KeyError: 'boom'",)


def test_a_crash_of_a_rule_keeps_what_others_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = lint(Source("a.py", BUG), RULES).diagnostics
    failed = analysis.Analysis(found, (analysis.RuleFailure("some-rule", "KeyError: 'x'"),))
    monkeypatch.setattr(analysis.Project, "diagnose", lambda *_: failed)
    result = lint(Source("a.py", BUG), RULES)
    assert result.failures == ("a.py: rule some-rule crashed: KeyError: 'x'",)
    assert result.diagnostics == found


def test_comments_silence() -> None:
    source = Source("a.py", BUG.replace("backward()", "backward()  # gradlint: ignore[GRD101, GRD1x]"))
    result = lint(source, RULES)
    assert result.diagnostics == ()
    assert len(result.warnings) == 1


def test_irrelevant_files_in_a_folder_are_parsed_up_to_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        (folder / f"{name}.py").write_text("x = (")
    assert [codes(each) for each in outcomes(".")] == [["GRD000"], ["GRD000"]]
    monkeypatch.setattr(runner, "SYNTAX_CHECK_LIMIT", 9)
    assert [codes(each) for each in outcomes(".")] == [[], []]
    assert [(each.path, codes(each)) for each in outcomes(".", "b.py")] == [("b.py", ["GRD000"]), ("a.py", ["GRD000"])]
    assert [codes(each) for each in outcomes("a.py", "b.py")] == [["GRD000"], ["GRD000"]]


@pytest.mark.parametrize("data", [b"\0\1", b"\xff\xfe", b"# coding: nonsense\n"], ids=["nul", "not-utf-8", "cookie"])
def test_what_is_no_text(folder: Path, data: bytes) -> None:
    (folder / "a.py").write_bytes(data)
    for given in ("a.py", "."):
        (outcome,) = outcomes(given)
        (finding,) = outcome.diagnostics
        assert (finding.code, finding.span.start) == ("GRD000", (1, 1))
        assert ": it " in finding.message
        assert (outcome.failures, outcome.warnings) == ((), ())


def test_a_file_that_cannot_be_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        (folder / f"{name}.py").write_text(BUG)
    reading = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied")
        return reading(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    unreadable, fine = outcomes(".")
    assert unreadable.failures == ("a.py: Permission denied",)
    assert codes(fine) == ["GRD101"]


@pytest.fixture
def many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of all kinds, and the readiness to start processes for so few."""
    monkeypatch.setattr(pool, "PARALLEL_FROM", 0)
    for number in range(6):
        (folder / f"{number}.py").write_text(BUG * (number + 1) if number % 2 else "x = 1\n")
    (folder / "7.py").write_text(f"(\n{BUG}")
    return folder


@pytest.mark.usefixtures("many")
def test_processes_change_nothing() -> None:
    assert outcomes(".", jobs=3, mending=Mending.UNSAFE) == outcomes(".", jobs=1, mending=Mending.UNSAFE)


@pytest.mark.usefixtures("many")
def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = outcomes(".")

    def refuse(*_: object) -> None:
        raise OSError("no semaphores here")

    monkeypatch.setattr(pool, "_pool", refuse)
    assert outcomes(".", jobs=3) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="the patch reaches forked processes only")
def test_a_file_that_kills_its_process_costs_only_itself(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = outcomes(".")
    diagnosing = analysis.Project.diagnose

    def die(project: analysis.Project, source: Source, rules: Sequence[Rule], key: str) -> analysis.Analysis:
        if source.path == "3.py":
            os._exit(9)
        return diagnosing(project, source, rules, key)

    monkeypatch.setattr(analysis.Project, "diagnose", die)
    # The threads of a pool that broke may still be ending: processes are to be forked all the same, with the patch.
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    found = outcomes(".", jobs=2)
    assert found[3].failures == ("3.py: gradlint's process died over this file",)
    assert [each for each in found if each.path != "3.py"] == [each for each in expected if each.path != "3.py"]


def test_fix_and_save(folder: Path) -> None:
    path = folder / "a.py"
    path.write_bytes(BUG.encode())
    files = find(["a.py"], Configuration(Layer(folder)).settings).files
    (outcome,) = run(files, mending=Mending.UNSAFE)
    assert path.read_bytes() == BUG.encode()
    saved = save(files[0], outcome)
    assert saved.fixed is not None
    assert path.read_bytes() == CURED.encode()


def test_what_cannot_be_saved_is_a_failure_and_the_findings_stay(folder: Path) -> None:
    path = folder / "a.py"
    path.write_bytes(BUG.encode())
    files = find(["a.py"], Configuration(Layer(folder)).settings).files
    (outcome,) = run(files, mending=Mending.UNSAFE)
    path.write_bytes(b"changed")
    saved = save(files[0], outcome)
    assert saved.fixed is None
    assert saved.failures == ("a.py: not changed: it changed while it was being checked",)
    assert codes(saved) == ["GRD101"]


def test_a_crash_while_fixing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise IndexError("x")

    monkeypatch.setattr(checking, "fix", crash)
    outcome = check(Task("a.py", BUG.encode(), RULES, Mending.UNSAFE))
    assert outcome.failures == ("a.py: fixing crashed, which is a bug: IndexError: x",)
    assert codes(outcome) == ["GRD101"]


def test_a_rule_that_crashes_over_the_fixed_text_does_not_count_as_cured(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosing = analysis.Project.diagnose

    def diagnose(project: analysis.Project, source: Source, rules: Sequence[Rule], key: str) -> analysis.Analysis:
        if "zero_grad" in source.text:
            return analysis.Analysis((), (analysis.RuleFailure("r", "e"),))
        return diagnosing(project, source, rules, key)

    monkeypatch.setattr(analysis.Project, "diagnose", diagnose)
    assert check(Task("a.py", BUG.encode(), RULES, Mending.UNSAFE)).fixed is None


SILENCED = BUG.replace("backward()", "backward()  # noqa: GRD101")


@pytest.mark.parametrize("jobs", [1, 2])
def test_terms_reach_every_file_and_process(folder: Path, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PARALLEL_FROM", 0)
    for name in "ab":
        (folder / f"{name}.py").write_text(SILENCED)
    files = find(["."], Configuration(Layer(folder)).settings).files
    terms = Terms(heed_comments=False, severities={"GRD101": Severity.NOTE}, unfixable=("GRD101",))
    found = [each for outcome in run(files, jobs=jobs, terms=terms) for each in outcome.diagnostics]
    assert [(each.path, each.severity, each.fix) for each in found] == [
        ("a.py", Severity.NOTE, None),
        ("b.py", Severity.NOTE, None),
    ]
    assert [codes(each) for each in run(files, jobs=jobs)] == [[], []]


def test_terms_of_what_is_not_saved_yet(folder: Path) -> None:
    (folder / "a.py").write_text("x = 1\n")
    (file,) = find(["a.py"], Configuration(Layer(folder)).settings).files
    assert codes(check_unsaved(file, SILENCED.encode())) == []
    assert codes(check_unsaved(file, SILENCED.encode(), terms=Terms(heed_comments=False))) == ["GRD101"]


def test_what_is_unfixable_is_not_fixed(folder: Path) -> None:
    (folder / "a.py").write_text(BUG)
    files = find(["a.py"], Configuration(Layer(folder)).settings).files
    (outcome,) = run(files, mending=Mending.UNSAFE, terms=Terms(unfixable=("GRD101",)))
    assert outcome.fixed is None


def test_terms_of_what_is_told_anew(folder: Path) -> None:
    adds = "def add(model, x):\n    model(x).sum().backward()\n"
    main = "import torch\nfrom adds import add\n\ndef main(model, loader, opt):\n"
    (folder / "adds.py").write_text(f"# noqa: GRD102\n{adds}")
    (folder / "main.py").write_text(f"{main}    for x in loader:\n        add(model, x)\n        opt.step()\n")
    files = find(["."], Configuration(Layer(folder)).settings).files
    terms = Terms(severities={"GRD101": Severity.NOTE})
    saved = [save(file, each) for file, each in zip(files, run(files, mending=Mending.SAFE, terms=terms), strict=True)]
    assert (folder / "adds.py").read_text() == adds
    told = [each for outcome in told_anew(files, saved, terms=terms) for each in outcome.diagnostics]
    assert ("adds.py", 2, "GRD101", Severity.NOTE) in [
        (each.path, each.span.start.row, each.code, each.severity) for each in told
    ]
