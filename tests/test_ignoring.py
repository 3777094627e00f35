"""Comments that are added to silence findings."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from oracle.cases import fixture_files
from oracle.renew_fixed import WHERE, findings_in

from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.ignoring import add_ignores
from gradlint.linter import lint
from gradlint.rule import all_rules
from gradlint.source import Cell, Source
from gradlint.suppressions import apply

RULES = all_rules()
NAMES = {rule.code: rule.name for rule in RULES}


def finding(row: int, code: str = "GRD101", rows: tuple[int, int] | None = None, path: str = "t.py") -> Diagnostic:
    span = Span(Point(row, 1), Point(row, 2))
    return Diagnostic(path, span, code, NAMES[code], "m", Severity.ERROR, statement_rows=rows or (row, row))


def ignored(text: str, *findings: Diagnostic, reason: str = "") -> str:
    """The text with comments, which have to silence all the findings that are counted."""
    source, count = add_ignores(Source("t.py", text), findings, RULES, reason)
    ast.parse(source.text)
    if source.rows == Source("t.py", text).rows:
        left, suppressions = apply(source, findings, RULES)
        assert len(left) == len(findings) - count
        assert suppressions.warnings == apply(Source("t.py", text), findings, RULES)[1].warnings
    return source.text


IGNORE = "  # gradlint: ignore[GRD101]"


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        pytest.param("a()\n", f"a(){IGNORE}\n", (1, 1), id="plain"),
        pytest.param("a()", f"a(){IGNORE}", (1, 1), id="no newline"),
        pytest.param("a()\r\nb()\r\n", f"a(){IGNORE}\r\nb()\r\n", (1, 1), id="carriage returns"),
        pytest.param("if x:\n\ta()\t \n", f"if x:\n\ta(){IGNORE}\n", (2, 2), id="tabs"),
        pytest.param("a(\n    1,\n)\nb()\n", f"a(\n    1,\n){IGNORE}\nb()\n", (1, 3), id="the last row"),
        pytest.param("a()  # why\n", f"a()  # why{IGNORE}\n", (1, 1), id="another comment"),
        pytest.param("a()  # type: ignore \n", f"a()  # type: ignore{IGNORE}\n", (1, 1), id="a comment for a tool"),
        pytest.param("a()  # noqa: F401\n", f"a()  # noqa: F401{IGNORE}\n", (1, 1), id="a noqa"),
        pytest.param(
            "a()  # gradlint: ignore[GRD102] why\n",
            "a()  # gradlint: ignore[GRD102, GRD101] why\n",
            (1, 1),
            id="one of ours",
        ),
        pytest.param(
            "a()  # x # gradlint: ignore[ gradients-discarded ]# y\n",
            "a()  # x # gradlint: ignore[ gradients-discarded, GRD101 ]# y\n",
            (1, 1),
            id="one of ours among others",
        ),
        pytest.param("a()  # gradlint: ignore\n", f"a()  # gradlint: ignore{IGNORE}\n", (1, 1), id="without rules"),
        pytest.param(
            "a()  # gradlint: file-ignore[GRD102]\n",
            f"a()  # gradlint: file-ignore[GRD102]{IGNORE}\n",
            (1, 1),
            id="ours for the file",
        ),
        pytest.param(
            "# gradlint: ignore[GRD102]\na()\n", f"# gradlint: ignore[GRD102]\na(){IGNORE}\n", (2, 2), id="ours above"
        ),
        pytest.param("a('''\n''')\n", f"a('''\n'''){IGNORE}\n", (1, 2), id="after a string over two rows"),
        pytest.param("a(f'''\n{1}''')\n", f"a(f'''\n{{1}}'''){IGNORE}\n", (1, 2), id="after a formatted string"),
        pytest.param("a(1) + \\\n    b\n", f"a(1) + \\\n    b{IGNORE}\n", (1, 2), id="after a backslash"),
        pytest.param(
            "a(1); b('''\n''')\n", "# gradlint: ignore[GRD101]\na(1); b('''\n''')\n", (1, 1), id="before a string"
        ),
        pytest.param(
            "if x:\r\n\ta(1); b + \\\r\n\tc\r\n",
            "if x:\r\n\t# gradlint: ignore[GRD101]\r\n\ta(1); b + \\\r\n\tc\r\n",
            (2, 2),
            id="before a backslash",
        ),
        pytest.param("a('''\n'''); b(1); c('''\n''')\n", "a('''\n'''); b(1); c('''\n''')\n", (2, 2), id="nowhere"),
        pytest.param(
            "while a(1):\n    b()\n    c()\n", f"while a(1):{IGNORE}\n    b()\n    c()\n", (1, 3), id="with a body"
        ),
        pytest.param(
            "while a(\n    1\n):\n    b()\n", f"while a({IGNORE}\n    1\n):\n    b()\n", (1, 4), id="a long head"
        ),
        pytest.param("x = '# noqa: GRD101'\n", f"x = '# noqa: GRD101'{IGNORE}\n", (1, 1), id="after a string"),
        pytest.param("\x0cx = 1\n", f"\x0cx = 1{IGNORE}\n", (1, 1), id="form feed"),
    ],
)  # fmt: skip
def test_where_the_comment_goes(before: str, after: str, rows: tuple[int, int]) -> None:
    assert ignored(before, finding(rows[0], rows=rows)) == after


def test_rows_of_the_statement_are_not_needed() -> None:
    assert ignored("a(\n    1,\n)\n", finding(1, rows=(0, 0))) == f"a(\n    1,\n){IGNORE}\n"


def test_the_last_row_of_a_statement_among_others() -> None:
    before = "f(\n    1); a(\n    1); b(\n)\n"
    assert ignored(before, finding(2, rows=(2, 3))) == before.replace("1); b(", f"1); b({IGNORE}")


def test_nothing_is_added_to_what_cannot_be_read() -> None:
    source = Source("t.py", "a()\nb(\n")
    assert add_ignores(source, [finding(2)], RULES) == (source, 0)


def test_the_codes_of_one_row_make_one_comment() -> None:
    findings = (finding(1, "GRD201"), finding(2, "GRD102"), finding(1, "GRD101"), finding(1, "GRD101"))
    assert ignored("a()\nb()\n", *findings) == (
        "a()  # gradlint: ignore[GRD101, GRD201]\nb()  # gradlint: ignore[GRD102]\n"
    )
    assert ignored("a()  # gradlint: ignore[GRD102]\n", finding(1, "GRD201"), finding(1, "GRD101")) == (
        "a()  # gradlint: ignore[GRD102, GRD101, GRD201]\n"
    )


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(finding(1, "GRD000"), id="no line can silence it"),
        pytest.param(finding(1, "GRD001"), id="about a comment"),
        pytest.param(finding(1, path="other.py"), id="in another file"),
    ],
)
def test_what_is_left_out(left: Diagnostic) -> None:
    source = Source("t.py", "a()\n")
    assert add_ignores(source, [left], RULES) == (source, 0)


def test_what_is_silenced_already_is_left_out() -> None:
    for comment in ("# noqa", "# gradlint: ignore[missing-zero-grad]", "# gradlint: file-ignore[GRD101]"):
        source = Source("t.py", f"a()  {comment}\n")
        assert add_ignores(source, [finding(1)], RULES) == (source, 0)


def test_a_cell_of_a_notebook_gets_no_row() -> None:
    source = Source("t.ipynb", "a(1); b('''\n''')\n", cells=(Cell(1, 1),))
    assert add_ignores(source, [finding(1, path="t.ipynb")], RULES) == (source, 0)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("", ""),
        ("  ", ""),
        ("on purpose", " on purpose"),
        (" two\nlines\r\n\x0c\x85\u2028 of\tit ", " two lines of it"),
        ("a \x00 b\x1b[1m", " a b [1m"),
        ("see #12", " see #12"),
        ("a # noqa", " a noqa"),
        ("# gradlint: file-ignore[GRD102]", " gradlint: file-ignore[GRD102]"),
        ("##noqa", " noqa"),
        ("coding: latin-1", " coding : latin-1"),
        ("] \\", " ] \\"),
        ("\N{SNOWMAN}", " \N{SNOWMAN}"),
        ("\ud800", ""),
    ],
)
def test_reasons(reason: str, expected: str) -> None:
    assert ignored("a()\n", finding(1), reason=reason) == f"a(){IGNORE}{expected}\n"


def test_a_reason_in_an_encoding_that_does_not_have_it() -> None:
    data = "# coding: latin-1\nx = '\xe9'\n".encode("latin-1")
    source, _ = add_ignores(Source.decode("t.py", data), [finding(2)], RULES, "\xe9 \N{SNOWMAN}")
    assert source.encode().decode("latin-1") == f"# coding: latin-1\nx = '\xe9'{IGNORE} \xe9 ?\n"


def test_a_reason_is_no_coding_cookie() -> None:
    text = "a(1); b('''\n''')\n"
    source, _ = add_ignores(Source("t.py", text), [finding(1)], RULES, "coding: latin-1 or encoding=ascii")
    assert source.rows == 4
    assert Source.decode("t.py", source.encode()) == source


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("is_from_windows", [False, True], ids=["", "with carriage returns and a byte-order mark"])
@pytest.mark.parametrize("path", fixture_files(), ids=name_of)
def test_nothing_is_left_of_a_fixture_and_no_comment_is_unused(path: Path, is_from_windows: bool) -> None:
    text = path.read_text(encoding="utf-8")
    before = findings_in(text)
    assert before is not None
    if is_from_windows:
        text = text.replace("\n", "\r\n")
    source, count = add_ignores(Source(WHERE, text, bom=is_from_windows), before, RULES, "as it was")
    about_comments = [each for each in before if each.code == "GRD001"]
    assert count == len(before) - len(about_comments)
    left, suppressions = apply(source, before, RULES)
    assert left == about_comments
    assert not list(suppressions.unused(before)) or about_comments
    assert ast.dump(ast.parse(source.text)) == ast.dump(ast.parse(text))
    assert Source.decode(WHERE, source.encode()) == source


@pytest.mark.parametrize("path", fixture_files()[::5], ids=name_of)
def test_the_linter_finds_nothing_any_more(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before = findings_in(text)
    assert before is not None
    result = lint(add_ignores(Source(WHERE, text), before, RULES)[0], RULES)
    # A comment that silences nothing stays reported where it was.
    assert [each.code for each in result.diagnostics] == [each.code for each in before if each.code == "GRD001"]
    assert result.warnings == ()
