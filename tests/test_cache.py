"""What is remembered of files, when it counts, and that nothing in the folder can break a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gradlint import cache, cache_folder, checking, pool, runner
from gradlint.cache import Cache
from gradlint.cache_folder import MAX_AGE, MAX_ENTRIES, NAME, clean, is_cache, load, store
from gradlint.checking import Mending, Outcome
from gradlint.config import Configuration, Layer
from gradlint.diagnostics import Point, Related, Span
from gradlint.errors import GradlintError
from gradlint.files import find
from gradlint.linter import LintResult
from gradlint.project.modules import Modules
from gradlint.runner import run

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names, links or permissions")
HELPER = "def train(model, x, optimizer):\n    model(x).backward()\n    optimizer.step()\n"
APART = "def update(x):\n    x.backward()\n"
CALLER = "from apart import update\nfor x in xs:\n    update(model(x))\n    optimizer.step()\n"
OTHER = "def unrelated():\n    return 1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    texts = {"helper.py": HELPER, "apart.py": APART, "caller.py": CALLER, "other.py": OTHER, "pyproject.toml": ""}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are linted, whatever is remembered."""
    seen: list[str] = []
    check = checking.check

    def noted(task: checking.Task, workspace: object = None) -> Outcome:
        seen.append(task.path)
        return check(task, workspace)  # type: ignore[arg-type]

    for module in (pool, runner):
        monkeypatch.setattr(module, "check", noted)
    return seen


def lint(
    *paths: str, mending: Mending = Mending.NONE, remember: bool = True, ignore: tuple[str, ...] = ()
) -> list[Outcome]:
    configuration = Configuration(Layer(Path.cwd(), values={"ignore": ignore}))
    memory = Cache(Path(NAME)) if remember else None
    return run(find(paths or (".",), configuration.settings).files, mending=mending, jobs=1, memory=memory)


def said(outcomes: list[Outcome]) -> list[Outcome]:
    """Outcomes without the texts in which nothing was found, which are not remembered."""
    return [replace(each, source=each.source if each.diagnostics else None) for each in outcomes]


def entries() -> list[Path]:
    return sorted(Path(NAME).glob("*.json"))


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


def obstruct_with_file(path: Path) -> None:
    path.touch()


def obstruct_with_link(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to("elsewhere")


def obstruct_with_files(path: Path) -> None:
    path.mkdir()
    (path / "mine").touch()


@pytest.mark.parametrize(
    "obstruct", [obstruct_with_file, pytest.param(obstruct_with_link, marks=posix), obstruct_with_files]
)
def test_what_is_no_cache_is_left_alone(obstruct: Callable[[Path], None]) -> None:
    obstruct(Path(NAME))
    before = sorted(Path().rglob("*"))
    assert lint("helper.py")[0].diagnostics
    assert sorted(Path().rglob("*")) == before
    assert clean(Path()) == []


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(target: Path, content: bytes) -> None:
        raise PermissionError(target)

    monkeypatch.setattr(cache_folder, "exchange", refuse)
    assert lint("helper.py")[0].diagnostics
    assert entries() == []


@posix
def test_a_pipe_in_the_place_of_an_entry(judged: list[str]) -> None:
    lint("helper.py")
    (entry,) = entries()
    entry.unlink()
    os.mkfifo(entry)
    judged.clear()
    lint("helper.py")
    assert judged == ["helper.py"]
    assert entry.is_file()


def test_the_folder_is_in_no_repository_and_no_backup() -> None:
    store(Path(NAME), "0" * 64, [])
    assert (Path(NAME) / ".gitignore").read_text().splitlines()[-1] == "*"
    assert (Path(NAME) / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
    assert sorted(each.name for each in Path(NAME).iterdir()) == [".gitignore", f"{'0' * 64}.json", "CACHEDIR.TAG"]


def test_old_entries_go() -> None:
    names = [f"{number:064x}" for number in range(MAX_ENTRIES + 2)]
    before = time.time() - 1000
    for number, name in enumerate(names[:MAX_ENTRIES]):
        store(Path(NAME), name, number)
        os.utime(Path(NAME) / f"{name}.json", (before + number,) * 2)
    assert load(Path(NAME), names[0]) == 0
    for name in names[MAX_ENTRIES:]:
        store(Path(NAME), name, name)
    # The first one was asked for, and so is not the oldest any more.
    assert [each.stem for each in entries()] == [names[0], *names[3:]]


def test_entries_that_nobody_asked_for_in_a_month_go() -> None:
    for name in ("a", "b"):
        store(Path(NAME), name * 64, name)
        file = Path(NAME) / f"{name * 64}.json"
        os.utime(file, (file.stat().st_mtime - MAX_AGE - 9,) * 2)
        unfinished = Path(NAME) / f".{name}.gradlint"
        unfinished.touch()
    os.utime(Path(NAME) / ".a.gradlint", (0, 0))
    assert load(Path(NAME), "a" * 64) is None  # it went when the other one came
    assert load(Path(NAME), "b" * 64) == "b"
    store(Path(NAME), "c" * 64, "c")
    assert [each.stem[0] for each in entries()] == ["b", "c"]
    assert not (Path(NAME) / ".a.gradlint").exists()
    assert (Path(NAME) / ".b.gradlint").exists()


def test_what_is_too_large_is_not_kept() -> None:
    store(Path(NAME), "0" * 64, "x" * cache_folder.MAX_SIZE)
    assert not Path(NAME).exists()


@posix
def test_clean(folder: Path) -> None:
    outside = folder / "outside"
    for place in (folder, folder / "a" / "b", outside, folder / "named" / "otherwise"):
        store(place / NAME if place.name != "otherwise" else place, "0" * 64, [])
    (folder / "a" / "link").symlink_to(outside)
    (folder / "a" / ".git").mkdir()
    (folder / "a" / "b" / "c" / NAME).mkdir(parents=True)
    assert clean(folder / "a", folder / "named" / "otherwise", folder / "none") == [
        folder / "named" / "otherwise",
        folder / "a" / "b" / NAME,
    ]
    assert [is_cache(each / NAME) for each in (folder, folder / "a" / "b", outside)] == [True, False, True]
    assert (folder / "a" / "b" / "c" / NAME).exists()
    assert clean(folder / NAME) == [folder / NAME]
    assert not (folder / NAME).exists()


@posix
def test_a_link_to_a_cache_is_none(folder: Path) -> None:
    store(folder / "real", "0" * 64, 1)
    Path(NAME).symlink_to("real")
    assert load(folder / "real", "0" * 64) == 1
    assert load(Path(NAME), "0" * 64) is None
    assert clean(Path(), Path(NAME)) == []


def test_clean_leaves_what_is_not_ours() -> None:
    store(Path(NAME), "0" * 64, [])
    (Path(NAME) / "mine").touch()
    assert clean(Path()) == [Path(NAME)]
    assert entries() == []
    assert (Path(NAME) / "mine").exists()
    assert is_cache(Path(NAME))


def test_clean_says_what_it_cannot_remove(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_: bool) -> None:
        raise PermissionError(13, "Permission denied")

    store(Path(NAME), "0" * 64, [])
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(GradlintError, match="cannot be removed: Permission denied"):
        clean(Path())


def test_what_is_no_entry_of_ours_stays(folder: Path) -> None:
    lint()
    for name in (".d.gradlint", f"{'0' * 64}.json"):
        (Path(NAME) / name).mkdir()
    assert cache_folder.clean(folder) == [folder / NAME]
    assert sorted(each.is_dir() for each in Path(NAME).iterdir() if each.name.startswith((".d", "0"))) == [True, True]
