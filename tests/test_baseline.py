"""Known findings: what a baseline hides, what is stale in it, and the file that it is kept in."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gradlint.baseline import NO_FILE, Baseline, Known, Stale, empty, write
from gradlint.diagnostics import Diagnostic, Point, Related, Severity, Span
from gradlint.errors import GradlintError
from gradlint.source import Source

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names or links")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def finding(row: int, path: str = "a.py", code: str = "GRD101") -> Diagnostic:
    return Diagnostic(path, Span(Point(row, 1), Point(row, 2)), code, "n", "m", Severity.ERROR)


def texts(*sources: tuple[str, str]) -> dict[str, Source]:
    return {path: Source(path, text) for path, text in sources}


A = texts(("a.py", "x\n  x\ny\nx\n"))
JUDGED = {"a.py": ("GRD101", "GRD102")}


def known(path: str = "a.py", code: str = "GRD101", line: str = "x") -> Known:
    return Known(path, code, line)


def stored(found: Sequence[Diagnostic], sources: dict[str, Source], file: Path = Path("b.json")) -> Baseline:
    write(file, empty(file).updated(found, sources, {}))
    return Baseline.read(file)


def test_hides_what_is_known() -> None:
    found = [finding(1), finding(3), finding(3, code="GRD102")]
    assert stored(found, A).new(found, A) == []


def test_tells_what_is_new() -> None:
    baseline = stored([finding(1)], A)
    new = [finding(3), finding(1, code="GRD102"), finding(1, "b.py")]
    assert baseline.new([finding(1), *new], {**A, **texts(("b.py", "x"))}) == new


def test_edits_elsewhere_change_nothing() -> None:
    edited = texts(("a.py", "\n\nif z:\n\tx  \n"))
    assert stored([finding(1)], A).new([finding(4)], edited) == []


def test_of_too_many_alike_the_last_in_the_file_are_new() -> None:
    assert stored([finding(1), finding(2)], A).new([finding(4), finding(2), finding(1)], A) == [finding(4)]


def test_what_is_gone_is_stale() -> None:
    baseline = stored([finding(1), finding(2), finding(4), finding(3)], A)
    (Path("a.py")).touch()
    assert baseline.stale([finding(1)], A, JUDGED) == [Stale(known(), 2), Stale(known(line="y"), 1)]
    assert baseline.stale([finding(1), finding(2), finding(4), finding(3)], A, JUDGED) == []


@pytest.mark.parametrize(
    "judged",
    [pytest.param({}, id="another-file"), pytest.param({"a.py": ("GRD102",)}, id="another-rule")],
)
def test_what_was_not_looked_for_is_neither_stale_nor_forgotten(judged: dict[str, tuple[str, ...]]) -> None:
    Path("a.py").touch()
    baseline = stored([finding(1)], A)
    assert baseline.stale([], {}, judged) == []
    assert baseline.updated([], {}, judged).counts == {known(): 1}


def test_a_file_that_is_gone_is_stale_and_forgotten() -> None:
    baseline = stored([finding(1)], A)
    assert baseline.stale([], {}, {}) == [Stale(known(), 1)]
    assert baseline.updated([], {}, {}).counts == {}


@pytest.mark.parametrize(
    ("judged", "settled"),
    [
        pytest.param(("a.py",), False, id="only-its-own-file"),
        pytest.param(("a.py", "main.py"), True, id="all-files-of-its-story"),
    ],
)
def test_what_another_file_leads_to_is_settled_with_that_file(judged: tuple[str, ...], settled: bool) -> None:
    Path("a.py").touch()
    Path("main.py").touch()
    told = replace(finding(1), related=(Related(finding(1).span, "called here", 1, "main.py"),))
    baseline = stored([told], A)
    assert baseline.places == {known(): frozenset({"main.py"})}
    codes = dict.fromkeys(judged, ("GRD101",))
    assert bool(baseline.stale([], {}, codes)) is settled
    after = baseline.updated([], {}, codes)
    assert (known() not in after.counts) is settled
    assert after.places.keys() == after.counts.keys()
    Path("main.py").unlink()
    assert baseline.stale([], {}, {"a.py": ("GRD101",)}) == [Stale(known(), 1)]


def test_an_update_counts_afresh_what_was_looked_for() -> None:
    Path("a.py").touch()
    baseline = stored([finding(1), finding(2), finding(3)], A)
    assert baseline.updated([finding(1)], A, JUDGED).counts == {known(): 1}


def test_an_update_may_find_something_in_a_file_that_was_not_judged() -> None:
    Path("a.py").touch()
    baseline = stored([finding(1), finding(2)], A)
    assert baseline.updated([finding(1)], A, {}).counts == {known(): 2}
    assert stored([finding(1)], A).updated([finding(1), finding(2)], A, {}).counts == {known(): 2}


def test_a_file_that_does_not_parse_is_never_known() -> None:
    broken = finding(1, code="GRD000")
    baseline = stored([broken], A)
    assert baseline.counts == {}
    assert baseline.new([broken], A) == [broken]
    assert Baseline(baseline.folder, {known(code="GRD000"): 1}).new([broken], A) == [broken]


def test_what_a_file_that_does_not_parse_hides_is_kept() -> None:
    Path("a.py").touch()
    baseline = stored([finding(1)], A)
    assert baseline.stale([finding(3, code="GRD000")], A, JUDGED) == []
    assert baseline.updated([finding(3, code="GRD000")], A, JUDGED).counts == {known(): 1}


def test_a_text_without_a_file_is_never_known() -> None:
    found = finding(1, NO_FILE)
    sources = texts((NO_FILE, "x"))
    baseline = stored([found], sources)
    assert baseline.counts == {}
    assert baseline.new([found], sources) == [found]


def test_paths_are_relative_to_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "ci").mkdir()
    (folder / "src").mkdir()
    sources = texts(("src/a.py", "x"))
    baseline = stored([finding(1, "src/a.py")], sources, Path("ci/b.json"))
    assert list(baseline.counts) == [known("../src/a.py")]
    monkeypatch.chdir(folder / "src")
    baseline = Baseline.read(Path("../ci/b.json"))
    for path in ("a.py", str(folder / "src" / "a.py"), "../src/a.py"):
        assert baseline.new([finding(1, path)], texts((path, "x"))) == []
    assert baseline.new([finding(1, "../a.py")], texts(("../a.py", "x"))) != []


@posix
def test_a_folder_may_be_entered_through_a_link(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to("real")
    stored([finding(1, "real/a.py")], texts(("real/a.py", "x")), Path("real/b.json"))
    baseline = Baseline.read(Path("link/b.json"))
    for path in ("real/a.py", "link/a.py"):
        assert baseline.new([finding(1, path)], texts((path, "x"))) == []


def test_another_drive_of_windows(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def refuse(path: object, start: object) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr(os.path, "relpath", refuse)
    baseline = stored([finding(1)], A)
    assert list(baseline.counts) == [known(Path(os.path.realpath(folder)).joinpath("a.py").as_posix())]
    assert baseline.new([finding(1)], A) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a file.py", id="space"),
        pytest.param("größe/模型.py", id="not-ascii"),
        pytest.param(os.fsdecode(b"\xff.py"), id="not-utf-8", marks=posix),
        pytest.param("a\\b.py", id="backslash", marks=posix),
        pytest.param('a"\n.py', id="quote-and-newline", marks=posix),
    ],
)
def test_names(name: str) -> None:
    sources = texts((name, "é = '\u2028'"))
    baseline = stored([finding(1, name)], sources)
    assert list(baseline.counts) == [known(name, line="é = '\u2028'")]
    assert baseline.new([finding(1, name)], sources) == []


def test_the_file_is_sorted_with_one_finding_a_line() -> None:
    sources = texts(("b.py", "ü"), ("a.py", 'x = "1"\n\tx = "1"'))
    stored([finding(1, "b.py"), finding(1), finding(1, code="GRD001"), finding(2)], sources)
    assert Path("b.json").read_bytes().decode() == (
        '{\n  "version": 1,\n  "findings": [\n'
        '    {"path": "a.py", "code": "GRD001", "line": "x = \\"1\\"", "count": 1},\n'
        '    {"path": "a.py", "code": "GRD101", "line": "x = \\"1\\"", "count": 2},\n'
        '    {"path": "b.py", "code": "GRD101", "line": "ü", "count": 1}\n'
        "  ]\n}\n"
    )


def test_an_empty_file() -> None:
    assert stored([], {}).counts == {}
    assert Path("b.json").read_text("utf-8") == '{\n  "version": 1,\n  "findings": []\n}\n'


def row(**changes: object) -> str:
    return json.dumps({"version": 1, "findings": [{**known()._asdict(), "count": 1, **changes}]})


def test_of_two_rows_for_one_finding_the_larger_counts() -> None:
    rows = [{**known()._asdict(), "count": count} for count in (1, 3, 2)]
    Path("b.json").write_bytes(b"\xef\xbb\xbf" + json.dumps({"version": 1, "findings": rows}).encode())
    assert Baseline.read(Path("b.json")).counts == {known(): 3}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(row(through="main.py").encode(), 'b.json: is no baseline: "through" of finding 1', id="through"),
        pytest.param(b"", "b.json:1: is no baseline: not JSON: Expecting value", id="empty"),
        pytest.param(b'{\n"version": 1,\n<<<<<<< HEAD\n', "b.json:3: is no baseline: not JSON: ", id="conflict"),
        pytest.param(b"\xff", "b.json: is no baseline: not UTF-8 (byte 0)", id="not-utf-8"),
        pytest.param(b"[" * 100_000, "b.json: is no baseline: numbers or brackets without end", id="deep"),
        pytest.param(b"1" * 100_000, "b.json: is no baseline: numbers or brackets without end", id="long-number"),
        pytest.param(b"[]", 'b.json: is no baseline: it has no "version": 1 with a list of "findings"', id="list"),
        pytest.param(b'{"version": 1, "findings": {}}', 'b.json: is no baseline: it has no "version": 1', id="shape"),
        pytest.param(b'{"version": true, "findings": []}', 'b.json: is no baseline: it has no "version"', id="true"),
        pytest.param(
            b'{"version": 2, "findings": 3}', "b.json: is a baseline of a newer gradlint (version 2, not 1)", id="newer"
        ),
        pytest.param(row(path=1).encode(), "b.json: is no baseline: finding 1 has no path, code, line", id="path"),
        pytest.param(row(count=0).encode(), "b.json: is no baseline: finding 1 has no path, code, line", id="zero"),
        pytest.param(row(count=True).encode(), "b.json: is no baseline: finding 1 has no path, code", id="true-count"),
        pytest.param(row(count=1.0).encode(), "b.json: is no baseline: finding 1 has no path, code", id="float"),
    ],
)
def test_what_is_no_baseline(content: bytes, said: str) -> None:
    Path("b.json").write_bytes(content)
    with pytest.raises(GradlintError) as caught:
        Baseline.read(Path("b.json"))
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["none.json", "."])
def test_what_cannot_be_read(path: str) -> None:
    with pytest.raises(GradlintError, match="cannot be read as a baseline: "):
        Baseline.read(Path(path))


@pytest.mark.parametrize("path", ["none/b.json", "."])
def test_what_cannot_be_written(path: str) -> None:
    with pytest.raises(GradlintError, match="the baseline cannot be written: "):
        write(Path(path), empty(Path(path)))


def test_a_path_that_no_file_can_have_is_gone() -> None:
    Path("b.json").write_text(row(path="\0"), "utf-8")
    assert Baseline.read(Path("b.json")).stale([], {}, {}) == [Stale(known("\0"), 1)]


@posix
def test_writes_through_a_link(folder: Path) -> None:
    (folder / "real.json").touch()
    (folder / "b.json").symlink_to("real.json")
    stored([], {})
    assert (folder / "b.json").is_symlink()
    assert (folder / "real.json").stat().st_size
