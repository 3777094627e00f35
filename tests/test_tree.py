"""What is quoted of a program."""

from __future__ import annotations

import libcst as cst
import pytest

from gradlint.syntax.tree import text_of


@pytest.mark.parametrize(
    ("code", "text"),
    [
        pytest.param("f(\n    x,  # why\n    y,\n)", "f(x, y,)", id="a comment"),
        pytest.param("(a  # one\n # two\n + b)", "(a + b)", id="comments on lines of their own"),
        pytest.param("f('#1', x)", "f('#1', x)", id="no comment in a string"),
        pytest.param('f("""\n# a\n""", x)', 'f(""" # a """, x)', id="nor in a long one"),
        pytest.param("f(é,  # 😀\n  训)", "f(é, 训)", id="wide characters"),
    ],
)
def test_code_on_one_line_without_comments(code: str, text: str) -> None:
    assert text_of(cst.parse_expression(code)) == text
