"""What is remembered of files, when it counts, and that no entry can break a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from remembering import HELPER, entries, lay_out, lint, noting, posix, said

from gradlint import cache, checking, runner
from gradlint.cache import Cache
from gradlint.cache_folder import NAME, load
from gradlint.checking import Mending
from gradlint.config import Configuration, Layer
from gradlint.diagnostics import Point, Related, Span
from gradlint.files import find
from gradlint.linter import LintResult
from gradlint.project.modules import Modules
from gradlint.runner import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    return tmp_path


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are linted, whatever is remembered."""
    return noting(monkeypatch)


def test_an_unchanged_tree_is_not_judged_again(judged: list[str]) -> None:
    first = lint()
    assert sorted(judged) == ["apart.py", "caller.py", "helper.py", "other.py"]
    judged.clear()
    again = lint()
    assert judged == []
    assert said(again) == said(first) == said(lint(remember=False))
    assert {finding.path for outcome in again for finding in outcome.diagnostics} >= {"helper.py"}


def test_an_unchanged_tree_needs_no_libcst() -> None:
    lint()
    code = (
        "import sys; from pathlib import Path; from gradlint.runner import run; from gradlint.files import find;"
        "from gradlint.config import Configuration, Layer; from gradlint.cache import Cache;"
        "files = find(['.'], Configuration(Layer(Path.cwd())).settings).files;"
        f"found = run(files, jobs=1, memory=Cache(Path({NAME!r})));"
        "assert any(each.diagnostics for each in found); assert 'libcst' not in sys.modules"
    )
    root = Path(runner.__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(root)})


@pytest.mark.parametrize("name", ["helper.py", "other.py"])
def test_an_edit_anywhere_in_the_project_counts(name: str, judged: list[str]) -> None:
    lint("helper.py")
    judged.clear()
    with Path(name).open("ab") as file:
        file.write(b"# more\n")
    lint("helper.py")
    assert judged == ["helper.py"]


def test_a_new_file_in_the_project_counts(judged: list[str]) -> None:
    lint("helper.py")
    judged.clear()
    Path("new.py").touch()
    lint("helper.py")
    assert judged == ["helper.py"]


def test_undoing_an_edit_finds_the_old_entry(judged: list[str]) -> None:
    lint("helper.py")
    Path("helper.py").write_bytes(HELPER.encode() + b"\n")
    lint("helper.py")
    Path("helper.py").write_bytes(HELPER.encode())
    judged.clear()
    lint("helper.py")
    assert judged == []


def test_other_rules_count(judged: list[str]) -> None:
    assert not lint("helper.py", ignore=("GRD101",))[0].diagnostics
    judged.clear()
    assert lint("helper.py")[0].diagnostics
    assert judged == ["helper.py"]


def test_other_paths_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lint("helper.py")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    files = find(["../helper.py"], Configuration(Layer(folder)).settings).files
    (found,) = run(files, memory=Cache(folder / NAME))
    assert [each.path for each in found.diagnostics] == ["../helper.py"]


def test_the_paths_of_others_count() -> None:
    def read(_: str) -> bytes:
        return b""

    assert cache._digest((), Modules({"/a.py": "a.py"}, read)) != cache._digest((), Modules({"/a.py": "/a.py"}, read))


def test_another_gradlint_counts(judged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lint("helper.py")
    judged.clear()
    monkeypatch.setattr(cache, "_judge", lambda: (b"another",))
    lint("helper.py")
    assert judged == ["helper.py"]


def test_what_judges_is_known_by_its_bytes(folder: Path) -> None:
    (folder / "helper.py").touch()
    before = list(cache._contents(folder))
    (folder / "helper.py").write_bytes(HELPER.replace("x", "y").encode())
    assert list(cache._contents(folder)) != before
    assert any(b"_version.py" in each for each in cache._parser())


def test_every_field_of_a_task_counts() -> None:
    task = checking.Task("a.py", b"", (), key="a")
    terms = {cache._terms(each, {}) for each in (task, replace(task, explicit=False), replace(task, key="b"))}
    assert len(terms) == 3


def test_nothing_is_remembered_where_no_file_can_hold_a_finding() -> None:
    Path("word.py").write_bytes(b"x = 1\n")
    lint("other.py", "word.py")
    lint("word.py")
    assert not Path(NAME).exists()


def test_fixes_are_never_remembered() -> None:
    lint("helper.py", mending=Mending.UNSAFE)
    assert not Path(NAME).exists()
    lint("helper.py")
    assert lint("helper.py", mending=Mending.UNSAFE)[0].fixed


def test_nothing_but_failures_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "lint", lambda *_, **__: LintResult(failures=("boom",)))
    assert lint("helper.py")[0].failures == ("boom",)
    assert not Path(NAME).exists()


def test_a_failure_is_tried_again(judged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    good = checking.lint
    with monkeypatch.context() as patched:
        patched.setattr(
            checking,
            "lint",
            lambda source, *given, **more: (
                LintResult(failures=("boom",)) if source.path == "helper.py" else good(source, *given, **more)
            ),
        )
        assert [each.path for each in lint() if each.failures] == ["helper.py"]
        judged.clear()
        lint()
        assert judged == ["helper.py"]
    outcomes = lint()
    assert said(outcomes) == said(lint(remember=False))
    judged.clear()
    assert said(lint()) == said(outcomes)
    assert judged == []


def test_warnings_and_stops_are_remembered(judged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result = LintResult(warnings=("helper.py:1: é",), stops=(("12 things", 3),))
    monkeypatch.setattr(checking, "lint", lambda *_, **__: result)
    Path("binary.py").write_bytes(b"\0")
    first = lint()
    judged.clear()
    assert said(lint()) == said(first)
    assert judged == ["binary.py"]  # what is no text is told anew
    assert any("NUL" in found.message for each in first for found in each.diagnostics)


def test_what_is_told_of_another_file_comes_with_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = lint("helper.py", remember=False)
    (finding,) = found.diagnostics
    span = Span(Point(1, 1), Point(1, 4))
    told = replace(finding, path="apart.py", span=span, related=(Related(span, "m", 1, "caller.py"),), fix=None)
    others = tuple(cache.Source.decode(each, Path(each).read_bytes()) for each in ("apart.py", "caller.py"))
    told = replace(told, statement_rows=(1, 2))
    monkeypatch.setattr(checking, "lint", lambda *_, **__: LintResult((told,), others))
    first = lint("helper.py")
    assert first[0].others == others
    assert lint("helper.py") == first


@posix
def test_names_that_are_not_utf_8(judged: list[str]) -> None:
    name = os.fsdecode(b"\xff.py")
    Path(name).write_bytes(HELPER.encode())
    first = lint(name)
    judged.clear()
    assert lint(name) == first
    assert judged == []


def changed(content: object, *place: str | int, to: object) -> object:
    """A copy of a JSON value, with what is at a place replaced."""
    if not place:
        return to
    first, *rest = place
    copy = dict(content) if isinstance(content, dict) else list(content)  # type: ignore[call-overload]
    copy[first] = changed(copy[first], *rest, to=to)
    return copy


TOLD = ("told", 0, 1)
FOUND = (*TOLD, "diagnostics", 0)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((), []),
        ((), None),
        (("files",), 2),
        (("files",), True),
        (("again",), [1]),
        (("again",), [-1]),
        (("again",), ["0"]),
        (("told",), {}),
        (("told",), [[]]),
        (("told", 0, 0), 1),
        (("told", 0, 0), True),
        (TOLD, None),
        ((*TOLD, "diagnostics"), "x"),
        ((*TOLD, "warnings"), [1]),
        ((*TOLD, "warnings"), ["\x1b[2J"]),
        ((*TOLD, "others"), ["/etc/passwd"]),
        ((*TOLD, "others"), [[]]),
        ((*TOLD, "stops"), [["x"]]),
        ((*TOLD, "stops"), [["x", -1]]),
        ((*FOUND, "path"), "../x.py"),
        ((*FOUND, "path"), 3),
        ((*FOUND, "code"), "GRD999"),
        ((*FOUND, "code"), []),
        ((*FOUND, "message"), 3),
        ((*FOUND, "message"), "\x1b[2J"),
        ((*FOUND, "message"), "two\nlines"),
        ((*FOUND, "severity"), "fatal"),
        ((*FOUND, "severity"), []),
        ((*FOUND, "label"), "\x9b"),
        ((*FOUND, "order"), -1),
        ((*FOUND, "order"), 1.0),
        ((*FOUND, "span"), [1, 1, 1]),
        ((*FOUND, "span"), [0, 1, 1, 1]),
        ((*FOUND, "span"), [1, 0, 1, 1]),
        ((*FOUND, "span"), [1, 1, 9, 1]),
        ((*FOUND, "span"), [2, 1, 1, 1]),
        ((*FOUND, "span"), [1, 1, 1, 99]),
        ((*FOUND, "rows"), [1, 99]),
        ((*FOUND, "rows"), [1]),
        ((*FOUND, "related", 0), []),
        ((*FOUND, "related", 0, 0), [1, 1, 1, 99]),
        ((*FOUND, "related", 0, 3), "/etc/passwd"),
        ((*FOUND, "fix"), []),
        ((*FOUND, "fix", "applicability"), "always"),
        ((*FOUND, "fix", "edits", 0, 0), [9, 1, 9, 1]),
        ((*FOUND, "fix", "edits", 0, 1), "\x1b[2J"),
        ((*FOUND, "fix", "edits", 0, 1), None),
    ],
)
def test_an_entry_that_makes_no_sense_is_none(place: tuple[str | int, ...], value: object, judged: list[str]) -> None:
    first = lint("helper.py")
    (entry,) = entries()
    good = entry.read_bytes()
    entry.write_bytes(json.dumps(changed(json.loads(good), *place, to=value)).encode())
    judged.clear()
    assert said(lint("helper.py")) == said(first)
    assert judged == ["helper.py"]
    assert entry.read_bytes() == good


@pytest.mark.parametrize("content", [b"", b"\xff", b"{", b"[" * 100_000, b"1" * 100_000, b"null", b'"\\ud800"'])
def test_an_entry_that_is_no_json_is_none(content: bytes, judged: list[str]) -> None:
    first = lint("helper.py")
    entries()[0].write_bytes(content)
    judged.clear()
    assert said(lint("helper.py")) == said(first)
    assert judged == ["helper.py"]


def test_every_beginning_of_an_entry_is_none() -> None:
    lint("helper.py")
    (entry,) = entries()
    good = entry.read_bytes()
    for size in range(0, len(good), 7):
        entry.write_bytes(good[:size])
        assert load(Path(NAME), entry.stem) is None
