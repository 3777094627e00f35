"""GitHub's hash of a line. The expected values are those that GitHub's own action is tested with."""

from __future__ import annotations

import codecs

import pytest

from gradlint.reporters.line_hash import line_hashes
from gradlint.source import Source

GREETINGS = """e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1 b3edc88f2938467e:1
    c8e28b0b4002a3a0:1 c129715d7a2bc9a3:1"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "c129715d7a2bc9a3:1", id="empty"),
        pytest.param(
            " a\nb\n  \t\tc\n d",
            "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1",
            id="blanks do not count, nor does a zero lead",
        ),
        pytest.param(
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
            """8b7cf3e952e7aeb2:1 b1ae1287ec4718d9:1 bff680108adb0fcc:1 c6805c5e1288b612:1 b86d3392aea1be30:1
            e6ceba753e1a442:1""",
            id="no newline at the end",
        ),
        pytest.param(" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", GREETINGS, id="LF"),
        pytest.param(" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", GREETINGS, id="CR"),
        pytest.param(" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", GREETINGS, id="CRLF"),
        pytest.param(" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", GREETINGS, id="all of them"),
        pytest.param(
            "Lorem ipsum dolor sit amet.\n" * 10,
            """a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 a7f2ff13bc495cf2:5
            a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1
            c129715d7a2bc9a3:1""",
            id="alike lines",
        ),
        pytest.param(
            "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n",
            """e54938cc54b302f1:1 bb609acbe9138d60:1 1131fd5871777f34:1 5c482a0f8b35ea28:1 54517377da7028d2:1
            2c644846cb18d53e:1 f1b89f20de0d133:1 c129715d7a2bc9a3:1""",
            id="short lines",
        ),
    ],
)
def test_is_what_github_computes(text: str, expected: str) -> None:
    assert line_hashes(Source("t.py", text)) == expected.split()


def by_hand(units: list[int]) -> str:
    value = 0
    for unit in (units + [0] * 100)[:100]:
        value = (value * 37 + unit) % 2**64
    return f"{value:x}:1"


def test_units_are_those_of_utf16() -> None:
    assert line_hashes(Source("t.py", "😀")) == [by_hand([0xD83D, 0xDE00, 0xFFFF])]


def test_a_byte_order_mark_counts() -> None:
    assert line_hashes(Source.decode("t.py", codecs.BOM_UTF8 + b"a")) == [by_hand([0xFEFF, ord("a"), 0xFFFF])]


def test_any_encoding_is_read_as_utf8() -> None:
    source = Source.decode("t.py", b"# coding: latin-1\n\xe9")
    assert source.text.endswith("é")
    assert line_hashes(source)[1] == by_hand([0xFFFD, 0xFFFF])


def test_a_text_that_cannot_be_written_has_none() -> None:
    assert line_hashes(Source("t.py", "\udcff")) == []


def test_rows_are_those_of_the_source() -> None:
    source = Source("t.py", "a\r\nb\rc\n\nd\x0ce\u2028f")
    assert len(line_hashes(source)) == source.rows
