"""Choosing, applying and refusing fixes; writing files."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradlint import fixer
from gradlint.diagnostics import Applicability, Diagnostic, Edit, Fix, Point, Severity, Span
from gradlint.fixer import MAX_ROUNDS, Fixed, NotWritten, diff, write
from gradlint.source import Source

# A stand-in for the rules: each of these words is a finding, and what its fix replaces it by.
FIXES = {
    "bad": "good",  # cures
    "worse": "bad bad",  # is cured, but adds two
    "same": "same ",  # does not cure
    "broken": "!",  # a text with this does not parse
    "moved": " moved",  # only moves the finding
    "twin": "twin2",  # two of these next to each other do not go together
}


def lint(source: Source) -> Sequence[Diagnostic] | None:
    if "!" in source.text or "twin2 twin2" in source.text:
        return None
    found = re.finditer(rf"(?:{'|'.join(FIXES)})(?!2)", source.text)
    return [finding(source, each.start(), each[0]) for each in found]


def finding(source: Source, start: int, word: str, *, edits: tuple[Edit, ...] | None = None) -> Diagnostic:
    span = source.span(start, start + len(word))
    applicability = Applicability.UNSAFE if source.text[start - 1 : start] == "~" else Applicability.SAFE
    cure = Fix("a cure", applicability, (Edit(span, FIXES.get(word, "")),) if edits is None else edits)
    return Diagnostic("a.py", span, "GRD1", "rule", word, Severity.WARNING, fix=cure)


def fixed(text: str, *, unsafe: bool = True) -> Fixed:
    source = Source("a.py", text)
    return fixer.fix(source, lint(source) or (), lint, unsafe=unsafe)


@pytest.mark.parametrize(
    ("text", "expected", "count", "left"),
    [
        pytest.param("bad", "good", 1, 0, id="one"),
        pytest.param("bad bad\nbad", "good good\ngood", 3, 0, id="several"),
        pytest.param("nothing", "nothing", 0, 0, id="none"),
        pytest.param("badbad", "goodgood", 2, 0, id="touching-ones-take-two-rounds"),
        pytest.param("worse", "worse", 0, 1, id="adds-findings"),
        pytest.param("same", "same", 0, 1, id="does-not-cure"),
        pytest.param("moved", "moved", 0, 1, id="moves-the-finding"),
        pytest.param("broken", "broken", 0, 1, id="does-not-parse"),
        pytest.param("bad worse bad same broken", "good worse good same broken", 2, 3, id="culprits-among-others"),
        pytest.param("twin twin bad", "twin2 twin good", 2, 1, id="not-together"),
        pytest.param("broken bad broken", "broken good broken", 1, 2, id="refused-ones-stay-refused-where-they-move"),
    ],
)
def test_fix(text: str, expected: str, count: int, left: int) -> None:
    result = fixed(text)
    assert (result.source.text, result.count, len(result.remaining)) == (expected, count, left)


def test_twice_is_once() -> None:
    once = fixed("bad worse bad").source.text
    assert fixed(once).source.text == once


@pytest.mark.parametrize(("unsafe", "expected"), [(False, "good ~bad"), (True, "good ~good")], ids=["safe", "unsafe"])
def test_unsafe_fixes_only_when_asked_for(unsafe: bool, expected: str) -> None:
    assert fixed("bad ~bad", unsafe=unsafe).source.text == expected


def test_many_fixes_with_one_that_does_harm_take_few_rounds() -> None:
    rounds = 0

    def counting(source: Source) -> Sequence[Diagnostic] | None:
        nonlocal rounds
        rounds += 1
        return lint(source)

    source = Source("a.py", " ".join(["bad"] * 500 + ["broken"] + ["bad"] * 500))
    result = fixer.fix(source, lint(source) or (), counting, unsafe=True)
    assert result.count == 1000
    assert rounds < MAX_ROUNDS


def test_a_fix_that_cures_another_finding_than_its_own_is_refused() -> None:
    source = Source("a.py", "bad bad")
    findings = [
        finding(source, 0, "bad", edits=(Edit(source.span(4, 7), "good"),)),
        finding(source, 4, "bad", edits=()),
    ]
    assert fixer.fix(source, findings, lint, unsafe=True).source == source


def test_a_refused_fix_is_not_tried_again_where_text_above_it_moves_it() -> None:
    tried = []

    def above(source: Source) -> Sequence[Diagnostic] | None:
        tried.append(source.text)
        if "!" in source.text:
            return None
        found = lint(source) or ()
        start = source.text.find("above")
        edits = (Edit(source.span(0, 0), "12"), Edit(source.span(start, start + 5), "fine"))
        return [*found, finding(source, start, "above", edits=edits)] if start >= 0 else found

    source = Source("a.py", "x broken above")
    result = fixer.fix(source, above(source) or (), above, unsafe=True)
    assert result.source.text == "12x broken fine"
    assert tried[1:] == ["12x ! fine", "x ! above", "12x broken fine"]


def test_never_more_rounds_than_the_bound() -> None:
    source = Source("a.py", "bad")
    rounds = 0

    def endless(edited: Source) -> Sequence[Diagnostic]:
        # Each round cures one finding of very many.
        nonlocal rounds
        rounds += 1
        return [finding(edited, 0, "bad", edits=(Edit(edited.span(0, 1), f"{rounds}"),))] * (1000 - rounds)

    fixer.fix(source, endless(source), endless, unsafe=True)
    assert rounds <= MAX_ROUNDS + 1


def test_several_edits_of_one_fix() -> None:
    source = Source("a.py", "bad one\ntwo\n")
    edits = (
        Edit(source.span(8, 12), ""),
        Edit(source.span(0, 0), "two\n"),
        Edit(source.span(0, 3), "good"),
        Edit(source.span(7, 7), " three"),
        Edit(source.span(7, 7), " four"),
    )
    result = fixer.fix(source, [finding(source, 0, "bad", edits=edits)], lint, unsafe=True)
    assert result.source.text == "two\ngood one three four\n"


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param((), id="none"),
        pytest.param((Edit(Span(Point(9, 1), Point(9, 1)), "x"),), id="beyond-the-last-line"),
        pytest.param((Edit(Span(Point(1, 99), Point(1, 99)), "x"),), id="beyond-the-text"),
        pytest.param((Edit(Span(Point(0, 1), Point(1, 1)), "x"),), id="before-the-first-line"),
        pytest.param((Edit(Span(Point(1, 3), Point(1, 1)), "x"),), id="backwards"),
        pytest.param(
            (Edit(Span(Point(1, 1), Point(1, 3)), "x"), Edit(Span(Point(1, 2), Point(1, 4)), "y")), id="overlapping"
        ),
    ],
)
def test_edits_that_make_no_sense_are_refused(edits: tuple[Edit, ...]) -> None:
    source = Source("a.py", "bad")
    result = fixer.fix(source, [finding(source, 0, "bad", edits=edits)], lambda _: (), unsafe=True)
    assert (result.source, result.count) == (source, 0)


@pytest.mark.parametrize(
    ("encoding", "bom", "addition"),
    [
        pytest.param("latin-1", False, "\N{EURO SIGN}", id="character-that-the-encoding-lacks"),
        pytest.param("utf-8", False, "# coding: latin-1\n\xe9", id="a-cookie-that-lies"),
        pytest.param("utf-8", False, "\0", id="nul"),
    ],
)
def test_text_that_cannot_be_written_is_refused(encoding: str, bom: bool, addition: str) -> None:
    cookie = "# coding: latin-1\n" if encoding == "latin-1" else ""
    source = Source("a.py", f"{cookie}bad", encoding if encoding == "utf-8" else "iso-8859-1", bom)
    start = len(cookie)
    edits = (Edit(source.span(0, 0) if not cookie else source.span(start, start), addition),)
    result = fixer.fix(source, [finding(source, start, "bad", edits=edits)], lambda _: (), unsafe=True)
    assert result.source == source


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    return path


def test_write_keeps_permissions_and_leaves_nothing_behind(file: Path) -> None:
    file.chmod(0o751)
    write(file, b"old", b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o751
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


def test_write_makes_a_new_file(file: Path) -> None:
    with file.open("rb") as before:
        write(file, b"old", b"new")
        assert before.read() == b"old"


def test_write_follows_links(file: Path) -> None:
    link = file.with_name("link.py")
    link.symlink_to(file.name)
    write(link, b"old", b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_write_not_over_changes(file: Path) -> None:
    with pytest.raises(NotWritten, match="it changed while it was being checked"):
        write(file, b"older", b"new")
    assert file.read_bytes() == b"old"


def test_write_not_over_read_only_files(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(NotWritten, match="read-only"):
        write(file, b"old", b"new")


def test_a_failed_write_leaves_everything_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(NotWritten, match="No space left"):
        write(file, b"old", b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


def test_write_where_the_file_is_gone(file: Path) -> None:
    file.unlink()
    with pytest.raises(NotWritten, match="No such file"):
        write(file, b"old", b"new")
    assert not list(file.parent.iterdir())


DIFFED = [
    pytest.param(b"a\nb\nc\n", "b", "B", id="plain"),
    pytest.param(b"a\r\nb\r\nc\r\n", "b", "B", id="crlf"),
    pytest.param(b"\xef\xbb\xbfb\nc\n", "b", "B", id="bom"),
    pytest.param(b"a\nb", "b", "B", id="no-final-newline"),
    pytest.param(b"b\na", "b", "B", id="no-final-newline-elsewhere"),
    pytest.param(b"a\nb\n", "b\n", "b", id="final-newline-lost"),
    pytest.param(b"# coding: latin-1\n\xe9\nb\n", "b", "B", id="latin-1"),
    pytest.param(b"a\x0cb\rc\nb\xe2\x80\xa8d\n", "a", "A", id="what-python-calls-line-ends"),
    pytest.param(b"-- b\n@@ b\n\\ b\n", "b", "B", id="lines-that-look-like-a-diff"),
]


@pytest.mark.parametrize("name", ["a.py", "with space.py"])
@pytest.mark.parametrize(("data", "old", "new"), DIFFED)
def test_git_applies_the_diff(tmp_path: Path, name: str, data: bytes, old: str, new: str) -> None:
    before = Source.decode(name, data)
    after = Source(name, before.text.replace(old, new), before.encoding, before.bom)
    (tmp_path / name).write_bytes(data)
    subprocess.run(["git", "apply", "-"], input=diff(before, after), cwd=tmp_path, check=True)
    assert (tmp_path / name).read_bytes() == after.encode()


def test_diff_of_no_change_is_empty() -> None:
    assert diff(Source("a.py", "a"), Source("a.py", "a")) == b""


def test_diff_of_standard_input_has_plain_names() -> None:
    assert diff(Source("x.py", "a\n"), Source("x.py", "b\n"), is_file=False).splitlines()[:2] == [
        b"--- x.py",
        b"+++ x.py",
    ]
