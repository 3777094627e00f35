"""Decoding that can be undone, and places in a text."""

from __future__ import annotations

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlint.diagnostics import Point
from gradlint.source import Cell, Place, Source, UndecodableSource

texts = st.text(st.sampled_from("ab é训😀\t\r\n\x0c\u2028\x85"), max_size=30)


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        pytest.param(b"", "", "utf-8", id="empty"),
        pytest.param("é = 1\n".encode(), "é = 1\n", "utf-8", id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + "é\n".encode(), "é\n", "utf-8", id="byte-order mark"),
        pytest.param(
            b"# -*- coding: latin-1 -*-\n# \xe9\n", "# -*- coding: latin-1 -*-\n# é\n", "iso-8859-1", id="cookie"
        ),
        pytest.param(
            b"#!x\n# vim: set fileencoding=cp1252 :\n\x80",
            "#!x\n# vim: set fileencoding=cp1252 :\n€",
            "cp1252",
            id="row 2",
        ),
        pytest.param(
            codecs.BOM_UTF8 + "# coding: latin-1\né".encode(),
            "# coding: latin-1\né",
            "utf-8",
            id="the mark beats the cookie",
        ),
        pytest.param(b"a\r\nb\rc", "a\r\nb\rc", "utf-8", id="newlines as they are"),
        pytest.param(b"\x0c\n\x1a", "\x0c\n\x1a", "utf-8", id="control characters"),
    ],
)
def test_decoding_and_back(data: bytes, text: str, encoding: str) -> None:
    source = Source.decode("t.py", data)
    assert (source.text, source.encoding) == (text, encoding)
    assert source.encode() == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"x = '\xe9'\n", id="not utf-8"),
        pytest.param(b"x\0y", id="NUL"),
        pytest.param(b"# coding: klingon\n", id="unknown encoding"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0", id="picture"),
        pytest.param("x = 1\n".encode("utf-16"), id="utf-16"),
    ],
)
def test_bytes_that_are_no_text(data: bytes) -> None:
    with pytest.raises(UndecodableSource):
        Source.decode("t.py", data)


def test_a_new_text_that_the_encoding_lacks() -> None:
    with pytest.raises(UnicodeEncodeError):
        Source.decode("t.py", b"# coding: latin-1\n").encode("训")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("a\x0cb\u2028c\x85d\x1ce\n", ["a\x0cb\u2028c\x85d\x1ce", ""]),
        ("\r\r\n\n", ["", "", "", ""]),
    ],
    ids=ascii,
)
def test_lines(text: str, lines: list[str]) -> None:
    source = Source("t.py", text)
    assert [source.line(row) for row in range(1, source.rows + 1)] == lines


@pytest.mark.parametrize(
    ("text", "newline"), [("a", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb", "\r"), ("a\nb\r\n", "\n")], ids=ascii
)
def test_newline_is_that_of_the_first_line(text: str, newline: str) -> None:
    assert Source("t.py", text).newline == newline


@pytest.mark.parametrize(("offset", "point"), [(0, (1, 1)), (1, (1, 2)), (2, (1, 3)), (3, (2, 1)), (5, (3, 1))])
def test_points(offset: int, point: tuple[int, int]) -> None:
    assert Source("t.py", "a\r\nb\n").point(offset) == point


@given(texts)
def test_points_and_offsets_undo_each_other(text: str) -> None:
    source = Source("t.py", text)
    for offset in range(len(text) + 1):
        assert source.offset(source.point(offset)) == offset


@given(texts)
def test_lines_are_those_of_python(text: str) -> None:
    source = Source("t.py", text)
    read = io.StringIO(text, newline=None).read().split("\n")
    assert [source.line(row) for row in range(1, source.rows + 1)] == read


@pytest.mark.parametrize(
    ("before", "code_points", "utf8", "utf16"),
    [("ab", 3, 3, 2), ("é", 2, 3, 1), ("训", 2, 4, 1), ("😀", 2, 5, 2), ("e\u0301😀\t", 5, 9, 5)],
    ids=ascii,
)
def test_columns(before: str, code_points: int, utf8: int, utf16: int) -> None:
    source = Source("t.py", f"# 😀é\n{before}x")
    point = source.point(len(source.text) - 1)
    assert point == Point(2, code_points)
    assert source.utf8_column(point) == utf8
    assert source.utf16_column(point) == utf16


def test_places_by_cell() -> None:
    notebook = Source("n.ipynb", "a\nb\nc\nd\n", cells=(Cell(2, 1), Cell(5, 3)))
    places = [notebook.place(Point(row, 4)) for row in (1, 2, 3, 4)]
    assert places == [Place(2, 1, 4), Place(2, 2, 4), Place(5, 1, 4), Place(5, 2, 4)]
    assert Source("t.py", "a\nb\n").place(Point(2, 1)) == Place(None, 2, 1)
