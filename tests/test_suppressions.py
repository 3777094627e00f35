"""Which comments silence which findings, and what is said about comments that are not understood."""

from __future__ import annotations

import pytest

from gradlint.diagnostics import Diagnostic, Point, Severity, Span
from gradlint.rule import Rule
from gradlint.source import Source
from gradlint.suppressions import apply


class MissingZeroGrad(Rule):
    code = "GRD101"
    category = "clearing"


class GradientsDiscarded(Rule):
    code = "GRD102"
    category = "clearing"


class SyntaxError(Rule):
    code = "GRD000"
    category = "clearing"


RULES = (SyntaxError(), MissingZeroGrad(), GradientsDiscarded())


def finding(
    text: str, row: int | None = None, *, code: str = "GRD101", rows: tuple[int, int] | None = None
) -> Diagnostic:
    """A finding at the first `backward` of the text, or on the given row."""
    if row is None:
        row = text[: text.index("backward")].count("\n") + 1
    span = Span(Point(row, 1), Point(row, 2))
    name = {rule.code: rule.name for rule in RULES}[code]
    return Diagnostic("t.py", span, code, name, "m", Severity.ERROR, statement_rows=rows or (row, row))


def silenced(text: str, *findings: Diagnostic) -> bool:
    kept, _ = apply(Source("t.py", text), findings or (finding(text),), RULES)
    assert len(kept) in (0, len(findings) or 1), "these go together"
    return not kept


def warnings(text: str) -> list[str]:
    return list(apply(Source("t.py", text), (), RULES)[1].warnings)


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "#noqa",
        "#  NoQA",
        "# why # noqa",
        "# noqa  because of the paper",
        "# noqa because of the paper",
        "# type: ignore # noqa: GRD101",
        "# noqa: GRD101",
        "# noqa:GRD101",
        "#noqa : GRD101",
        "# NOQA:GRD101,F401",
        "# noqa: F401, GRD101",
        "# noqa: F401 GRD101 on purpose",
        "# noqa: F401  # noqa: GRD101",
        "# noqa: grd101",
        "# noqa: GRD1",
        "# noqa: F401  # noqa-free # gradlint: ignore[GRD101]",
        "# gradlint: ignore[GRD101]",
        "#gradlint:ignore[GRD101]",
        "# gradlint: ignore[grd101]",
        "# gradlint: ignore[missing-zero-grad]",
        "# gradlint: ignore[GRD102, missing-zero-grad] the deposits of both halves are wanted",
        "# gradlint: ignore[GRD102 GRD101]",
        "# gradlint: ignore [GRD101]",
        "# GRADLINT: Ignore[grd101]",
        "# see issue 3 # gradlint: ignore[GRD101]",
        "# gradlint: file-ignore[GRD101]",
    ],
)
def test_silences_its_line(comment: str) -> None:
    assert silenced(f"loss.backward()  {comment}\n")
    assert warnings(f"loss.backward()  {comment}\n") == []


@pytest.mark.parametrize(
    "comment",
    [
        "# a remark",
        "# type: ignore",
        "# noqa: F401",
        "# noqa: GRD102",
        "# noqa: see the paper",
        "# noqa: missing-zero-grad",
        "# noqable",
        "# ruff: noqa: F401",
        "# gradlint: ignore",
        "# gradlint: ignore[]",
        "# gradlint: ignore[GRD102]",
        "# gradlint: ignore[GRD1]",
        "# gradlint: file-ignore",
        "# gradlint: file-ignore[GRD102]",
        "# gradlint is right about GRD101",
    ],
)
def test_does_not_silence_its_line(comment: str) -> None:
    assert not silenced(f"loss.backward()  {comment}\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# gradlint: ignore[GRD101]\nloss.backward()\n", id="the line above"),
        pytest.param("if x:\n    # gradlint: ignore[GRD101] why\n    loss.backward()\n", id="the line above, indented"),
        pytest.param("# gradlint: ignore[GRD101]\n# a remark\nloss.backward()\n", id="a remark in between"),
        pytest.param(
            "# gradlint: ignore[GRD102]\n# gradlint: ignore[GRD101]\nloss.backward()\n", id="one of two lines above"
        ),
        pytest.param(
            "f(\n    # gradlint: ignore[GRD101]\n    loss.backward(),\n)\n", id="above, inside of the statement"
        ),
        pytest.param("s = '''\n''' # noqa: GRD101\nx = '# noqa'\n", id="after a string over two lines"),
        pytest.param("loss.\\\nbackward() # noqa: GRD101\n", id="after a backslash"),
        pytest.param("x = 1\n\n\nloss.backward()\n# gradlint: file-ignore[GRD101]\n", id="file-ignore further down"),
        pytest.param("x = (\n    1)\nloss.backward() # gradlint: ignore[GRD101]", id="no newline at the end"),
        pytest.param("x\r\n\r\nloss.backward() # noqa: GRD101\r\n", id="carriage returns"),
        pytest.param("é = '😀'; loss.backward() # noqa: GRD101\n", id="after wide characters"),
        pytest.param("\ufeff\x0c\nif x:\n\tloss.backward() # noqa: GRD101\n"[1:], id="form feed and tab"),
    ],
)
def test_places_that_count(text: str) -> None:
    assert silenced(text, finding(text, None if "backward" in text else 1))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# noqa: GRD101\nloss.backward()\n", id="noqa above"),
        pytest.param("loss.backward()\n# gradlint: ignore[GRD101]\n", id="the line below"),
        pytest.param("loss.backward()\n# noqa", id="the last line, without newline"),
        pytest.param("# gradlint: ignore[GRD101]\n\nloss.backward()\n", id="an empty line in between"),
        pytest.param("x = 1  # gradlint: ignore[GRD101]\nloss.backward()\n", id="the end of the line above"),
        pytest.param("loss.backward(\n  # gradlint: ignore[GRD101]\n)\n", id="above the last line of the statement"),
        pytest.param("x = '# noqa'; loss.backward()\n", id="in a string"),
        pytest.param("'''\n# gradlint: file-ignore[GRD101]\n'''\nloss.backward()\n", id="in a docstring"),
        pytest.param("f'{1}# noqa'; loss.backward()\n", id="in an f-string"),
        pytest.param(
            "f(\n  1,  # gradlint: ignore[GRD101]\n  loss.backward(),\n)\n", id="ours, beside another argument"
        ),
    ],
)
def test_places_that_do_not_count(text: str) -> None:
    assert not silenced(text, finding(text, rows=(0, 0)))


CALL = "f(\n    1,\n    loss.backward(\n    ),\n    2,\n)\n"


@pytest.mark.parametrize(
    ("row", "ours", "noqa"),
    [
        (1, True, True),
        (2, False, True),
        (3, True, True),
        (4, False, True),
        (5, False, True),
        (6, True, True),
        (7, False, False),
    ],
)
@pytest.mark.parametrize("known", [True, False], ids=["rows known", "rows unknown"])
def test_rows_of_a_statement(row: int, ours: bool, noqa: bool, known: bool) -> None:
    for comment, expected in (("# gradlint: ignore[GRD101]", ours), ("# noqa: GRD101", noqa)):
        lines = (CALL + "x\n").splitlines()
        lines[row - 1] += "  " + comment
        text = "\n".join(lines)
        found = finding(text, 3, rows=(1, 6))
        if not known:
            found = finding(text, 3, rows=(0, 0))
        assert silenced(text, found) is expected, comment


def test_only_the_named_rule_is_silenced() -> None:
    text = "loss.backward()  # gradlint: ignore[GRD101]\n"
    both = (finding(text), finding(text, code="GRD102"))
    assert apply(Source("t.py", text), both, RULES)[0] == [both[1]]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        pytest.param("# noqa", False, id="noqa"),
        pytest.param("# gradlint: ignore[GRD000]", False, id="ignore"),
        pytest.param("# gradlint: file-ignore[syntax-error]", True, id="file-ignore"),
    ],
)
def test_a_file_that_does_not_parse_is_silenced_as_a_whole_or_not_at_all(comment: str, expected: bool) -> None:
    text = f"x = 1\ndef f(  {comment}\n"
    assert silenced(text, finding(text, 2, code="GRD000")) is expected


@pytest.mark.parametrize(
    "broken",
    [
        "x = (1\n",
        "'''\n",
        "if x:\n        y\n    z\n",
        "x = $ ?\n",
        "\\",
        "f'{",
        "0777 1__0\n",
        "\t x\n        y\n",
        "(" * 300,
    ],
)
def test_broken_text_keeps_what_comes_before_the_break(broken: str) -> None:
    text = "loss.backward()  # noqa: GRD101\nx = 1\n" + broken
    assert silenced(text)


@pytest.mark.parametrize(
    ("comment", "warning"),
    [
        ("# gradlint: ignore[GRD111]", "unknown rule 'GRD111'; did you mean 'GRD101'?"),
        ("# gradlint: ignore[grd999]", "unknown rule 'grd999'"),
        ("# gradlint: ignore[GRD120]", "unknown rule 'GRD120'; did you mean 'GRD102'?"),
        ("# gradlint: ignore[GRD1]", "'GRD1' is the beginning of GRD101, GRD102"),
        ("# gradlint: ignore[E501]", "unknown rule 'E501'"),
        ("# gradlint: ignore[mising-zerograd]", "unknown rule 'mising-zerograd'; did you mean 'missing-zero-grad'?"),
        ("# gradlint: file-ignore[GRD111]", "unknown rule 'GRD111'; did you mean 'GRD101'?"),
        *(
            (f"# gradlint: {text}", f"'{form}' is not understood: write 'ignore[GRD101]', with the rule's code or name")
            for form, text in (("disable", "disable=GRD101"), ("noqa", "noqa"), ("skip", "skip it"))
        ),
        ("# gradlint: ignore[clearing]", "'clearing' stands for several rules: name one by its code or name"),
        ("# gradlint: ignore[ALL]", "'ALL' stands for several rules: name one by its code or name"),
        ("# gradlint: ignroe[GRD101]", "unknown form 'ignroe'; did you mean 'ignore'?"),
        ("# gradlint: ignore", "'ignore' silences nothing without rules in brackets, as in 'ignore[GRD101]'"),
        ("# noqa: GRD111", "unknown rule 'GRD111'; did you mean 'GRD101'?"),
        ("# noqa: missing-zero-grad", "noqa takes codes only: write 'GRD101' for 'missing-zero-grad'"),
    ],
)
def test_warnings(comment: str, warning: str) -> None:
    (said,) = warnings(f"x = 1\nloss.backward()  {comment}\n")
    assert said == f"t.py:2: {warning}"


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: F401",
        "# noqa: see the paper",
        "# gradlint: see issue 3",
        "# gradlint complains",
        "'# gradlint: ignore[X]'",
    ],
)
def test_no_warning(comment: str) -> None:
    assert warnings(f"loss.backward()  ;{comment}\n") == []


def test_an_unknown_rule_beside_a_known_one() -> None:
    text = "loss.backward()  # gradlint: ignore[GRD111, GRD101]\n"
    assert silenced(text)
    assert len(warnings(text)) == 1


def test_order_and_untouched_findings_stay() -> None:
    text = "a.backward()\nb.backward()  # noqa\nc.backward()\n"
    findings = [finding(text, row) for row in (3, 2, 1)]
    assert apply(Source("t.py", text), findings, RULES)[0] == [findings[0], findings[2]]


def test_texts_that_can_hold_nothing_of_interest_are_not_tokenised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("tokenize.generate_tokens", fail)
    assert not silenced("loss.backward()  # gradlint, no QA\n")
    assert warnings("import x  # noqa\nimport y  # noqa: F401 missing\n") == []
    for comment in ("# noqa", "# gradlint: ignore[GRD101]"):
        with pytest.raises(AssertionError):
            silenced(f"loss.backward()  {comment}\n")
