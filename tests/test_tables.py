"""The rows in which keys stand."""

from __future__ import annotations

import time

import pytest

from gradlint.tables import row


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        pytest.param("a = 1\nb = 2\n", ("b",), 2, id="a key"),
        pytest.param("# b\na = 'b'\nb = 2\n# b\n", ("b",), 3, id="its name elsewhere"),
        pytest.param("a = [\n 'b',\n]\nb = [\n 'b',\n 1]\nc = 'b'", ("b",), 4, id="in lists of several rows"),
        pytest.param("[t]\nx = 1\n[t.b]\ny = 1", ("t", "b"), 3, id="a table"),
        pytest.param("[x]\nb = 1\n[t]\nb = 1", ("t", "b"), 4, id="in the right table"),
        pytest.param("t = { a = 1, b = 2 }", ("t", "b"), 1, id="in a table on one row"),
        pytest.param("\nt.a = 1\nt.b = 1", ("t", "b"), 3, id="with dots"),
        pytest.param("s = '''\nb = 1\n'''\n\"b\" = 1", ("b",), 4, id="in a string of several rows"),
        pytest.param("b = [\n" + " 1,\n" * 2000 + "]\n", ("b",), 1, id="a long value"),
        pytest.param("a = 1", ("\\u0062",), 1, id="a key that is spelt in another way"),
    ],
)
def test_row(text: str, path: tuple[str, ...], expected: int) -> None:
    assert row(text, path) == expected


def test_a_late_row_of_a_long_file_is_found_soon() -> None:
    text = "".join(f"'dir{number}/x.py' = ['GRD101']\n" for number in range(3000))
    started = time.perf_counter()
    assert row(f"{text}last = 1\n", ("last",)) == 3001
    assert time.perf_counter() - started < 2  # 36 s when ever longer beginnings were parsed
