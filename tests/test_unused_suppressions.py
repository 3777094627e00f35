"""Comments that silence nothing: which are reported, and what the text is without them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import pytest

from gradlint.diagnostics import Applicability, Diagnostic, Edit, Fix, Severity
from gradlint.fixer import fix
from gradlint.linter import LintResult, lint
from gradlint.project import analysis
from gradlint.rule import Rule, all_rules
from gradlint.selection import Choice, choose
from gradlint.source import Cell, Source

DEFAULT = choose([Choice()], all_rules())
BUG = "for x, y in loader:\n    loss_fn(model(x), y).backward()\n    optimizer.step()\n"


def given(text: str, rules: Sequence[Rule] = DEFAULT) -> LintResult:
    result = lint(Source("a.py", text), rules)
    assert not result.failures
    return result


def told(text: str, rules: Sequence[Rule] = DEFAULT) -> list[str]:
    """The rows of comments that are reported, and what is said there."""
    return [
        f"{each.span.start.row}: {each.message}" for each in given(text, rules).diagnostics if each.code == "GRD001"
    ]


def bug(comment: str) -> str:
    return BUG.replace("backward()", f"backward()  {comment}")


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        pytest.param(
            "# gradlint: ignore[GRD102]",
            "`# gradlint: ignore[GRD102]` silences nothing: no `gradients-discarded` is found there",
            id="ours",
        ),
        pytest.param(
            "#gradlint:ignore[gradients-discarded] why",
            "`#gradlint:ignore[gradients-discarded]` silences nothing: no `gradients-discarded` is found there",
            id="by name",
        ),
        pytest.param(
            "# gradlint: file-ignore[GRD102]",
            "`# gradlint: file-ignore[GRD102]` silences nothing: no `gradients-discarded` is found in this file",
            id="of the file",
        ),
        pytest.param(
            "# noqa: GRD102 on purpose",
            "`# noqa: GRD102` silences nothing: no `gradients-discarded` is found there",
            id="noqa",
        ),
        pytest.param(
            "# noqa: F401, grd102",
            "`grd102` in `# noqa: F401, grd102` silences nothing: no `gradients-discarded` is found there",
            id="beside a code of another tool",
        ),
        pytest.param(
            "# gradlint: ignore[GRD101, GRD102]",
            "`GRD102` in `# gradlint: ignore[GRD101, GRD102]` silences nothing: "
            "no `gradients-discarded` is found there",
            id="beside one that silences",
        ),
        pytest.param(
            "# gradlint: ignore[GRD201, GRD101, GRD102, GRD105]",
            "`GRD201`, `GRD102` and `GRD105` in `# gradlint: ignore[GRD201, GRD101, GRD102, GRD105]` silence nothing: "
            "no `step-on-cleared-grads`, `gradients-discarded` or `cross-loss-pollution` is found there",
            id="several",
        ),
        pytest.param(
            "# gradlint: ignore[GRD000]",
            "`# gradlint: ignore[GRD000]` silences nothing: no `syntax-error` is found there",
            id="what no line can silence",
        ),
        pytest.param(
            "# noqa: GRD6", "`# noqa: GRD6` silences nothing: no `GRD6...` is found there", id="beginning of codes"
        ),
        pytest.param(
            "# gradlint: ignore[" + ", ".join(["GRD102"] * 9) + "]",
            "`# gradlint: ignore[GRD102, GRD102, GRD102, GRD102, GRD10 ...` silences nothing: "
            "no `gradients-discarded` is found there",
            id="long",
        ),
    ],
)
def test_what_is_said(comment: str, expected: str) -> None:
    assert told(bug(comment)) == [f"2: {expected}"]


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("# gradlint: ignore[GRD101]", id="ours"),
        pytest.param("# gradlint: ignore[GRD999, GRD101, E501]", id="unknown ones"),
        pytest.param("# noqa: GRD1", id="beginning of a code"),
        pytest.param("# noqa: GRD999, GRDX", id="noqa, unknown"),
        pytest.param("# noqa", id="bare"),
        pytest.param("# noqa: F401, E501", id="codes of other tools"),
        pytest.param("# noqa: GRD0", id="beginning of the code of the rule itself"),
        pytest.param("# gradlint: file-ignore[missing-zero-grad]", id="of the file"),
        pytest.param("# noqa: GRD101 # gradlint: ignore[GRD101]", id="two that silence the same"),
        pytest.param("# gradlint: ignore[GRD502]", id="in preview"),
        pytest.param("# noqa: GRD5", id="beginning of codes in preview"),
        pytest.param("# gradlint: ignore[GRD001]", id="the rule itself"),
        pytest.param("# gradlint: ignore[GRD001, GRD102]", id="silenced by itself"),
        pytest.param("# noqa: GRD001, GRD102", id="silenced by itself in a noqa"),
        pytest.param("# gradlint: ignore[GRD102] # noqa", id="silenced by a bare noqa"),
        pytest.param("# gradlint: ignore[GRD102] # gradlint: file-ignore[GRD001]", id="silenced in the whole file"),
        pytest.param("'# gradlint: ignore[GRD102]'", id="no comment"),
    ],
)
def test_what_is_not_reported(comment: str) -> None:
    assert told(bug(f"; {comment}" if comment.startswith("'") else comment)) == []


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param("# gradlint: ignore[GRD101]\nx = 1\n", [1], id="above"),
        pytest.param("# gradlint: ignore[GRD001, GRD101]\nx = 1\n", [], id="above, silenced by itself"),
        pytest.param("# gradlint: ignore[GRD001]\nx = 1  # noqa: GRD101\n", [], id="silenced from above"),
        pytest.param("x = (\n    1,  # noqa: GRD101\n    2)  # noqa: GRD001\n", [], id="silenced in the logical line"),
        pytest.param("x = 1  # gradlint: ignore[GRD101]", [1], id="no newline"),
        pytest.param("# gradlint: file-ignore[GRD101, GRD102]\nx = 1\n", [1], id="file"),
        pytest.param("", [], id="empty"),
        pytest.param("x = '# noqa: GRD101'\n", [], id="in a string"),
        pytest.param(BUG.replace("    loss", "    # gradlint: ignore[GRD101]\n    loss"), [], id="above a finding"),
        pytest.param(
            BUG.replace("    opt", "    # gradlint: ignore[GRD101]\n    opt").replace(
                "backward()", "backward()  # noqa: GRD101"
            ),
            [3],
            id="above another statement",
        ),
    ],
)
def test_where(text: str, rows: list[int]) -> None:
    assert [int(each.partition(":")[0]) for each in told(text)] == rows


def test_a_rule_that_does_not_run_is_not_missed() -> None:
    some = [rule for rule in DEFAULT if rule.code != "GRD102"]
    assert told("x = 1  # gradlint: ignore[GRD102]\n", some) == []
    assert len(told("x = 1  # gradlint: ignore[GRD102, GRD101]\n", some)) == 1
    assert told(bug("# noqa: GRD10"), [rule for rule in DEFAULT if rule.code != "GRD101"]) == []
    assert told("x = 1  # gradlint: ignore[GRD102]\n", [rule for rule in DEFAULT if rule.code != "GRD001"]) == []


@pytest.mark.parametrize("text", ["x = 1  # noqa: GRD101\ny = (\n", bug("# noqa: GRD102") + "y = (\n"])
def test_nothing_is_said_where_the_text_does_not_parse(text: str) -> None:
    assert [each.code for each in given(text).diagnostics] == ["GRD000"]


def test_nothing_is_said_where_a_rule_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = analysis.Analysis((), (analysis.RuleFailure("some-rule", "KeyError: 'x'"),))
    monkeypatch.setattr(analysis.Project, "diagnose", lambda *_: failed)
    assert lint(Source("a.py", bug("# noqa: GRD102")), DEFAULT).diagnostics == ()


def test_nothing_is_said_where_a_bound_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosing = analysis.Project.diagnose

    def stopping(*arguments: object) -> analysis.Analysis:
        analysis.MAX_ROUNDS.note()
        return diagnosing(*arguments)  # type: ignore[arg-type]

    assert len(told(bug("# noqa: GRD102"))) == 1
    monkeypatch.setattr(analysis.Project, "diagnose", stopping)
    assert [each.code for each in given(bug("# noqa: GRD102")).diagnostics] == ["GRD101"]


def test_a_file_with_nothing_but_such_a_comment_is_not_analysed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(analysis.Project, "diagnose", fail)
    assert len(told("x = 1  # gradlint: ignore[GRD101]\n")) == 1


def mended(text: str, bom: bool = False) -> str:
    source = Source("a.py", text, bom=bom)
    findings = lint(source, DEFAULT).diagnostics
    fixed = fix(source, findings, lambda edited: lint(edited, DEFAULT).diagnostics, unsafe=False)
    assert not [each for each in fixed.remaining if each.code == "GRD001" and each.fix]
    assert ast.dump(ast.parse(fixed.source.text)) == ast.dump(ast.parse(text))
    return fixed.source.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # gradlint: ignore[GRD101]\n", "x = 1\n"),
        ("x = 1 \t # gradlint: ignore[GRD101] the reason\n", "x = 1\n"),
        ("x = 1  # gradlint: ignore[GRD101]", "x = 1"),
        ("x = 1  # gradlint: ignore[GRD101] see #12 or # 12\n", "x = 1  # 12\n"),
        ("x = 1  # noqa: GRD101\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        ("x = 1  # noqa: GRD101\ry = 2\r", "x = 1\ry = 2\r"),
        ("x = 1;# noqa: GRD101\n", "x = 1;\n"),
        ("x = '\N{SNOWMAN}\N{GRINNING FACE}'  # noqa: GRD101 \N{GRINNING FACE}\n", "x = '☃😀'  # 😀\n"),
        ("x = 1  # type: ignore  # noqa: GRD101\n", "x = 1  # type: ignore\n"),
        ("x = 1  # noqa: GRD101  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1  # a # gradlint: ignore[GRD101] why # b\n", "x = 1  # a # b\n"),
        ("x = 1  # noqa: F401, GRD101 on purpose\n", "x = 1  # noqa: F401 on purpose\n"),
        ("x = 1  # noqa: GRD101,F401\n", "x = 1  # noqa: F401\n"),
        ("x = 1  # noqa:GRD101 F401 , GRD102 E501\n", "x = 1  # noqa:F401 E501\n"),
        ("x = 1  # noqa: GRD101 on purpose\n", "x = 1  # on purpose\n"),
        ("x = 1  # noqa: GRD101, on purpose\n", "x = 1  # on purpose\n"),
        ("x = 1  # noqa: GRD101 type: ignore\n", "x = 1  # noqa: GRD101 type: ignore\n"),
        ("x = 1  # noqa: GRD101 noqa\n", "x = 1  # noqa: GRD101 noqa\n"),
        ("x = 1  # noqa: GRD101, GRD102\n", "x = 1\n"),
        ("x = 1  # noqa: GRD101 # gradlint: ignore[GRD102] # noqa: GRD105\n", "x = 1\n"),
        (bug("# gradlint: ignore[GRD102, GRD101]"), bug("# gradlint: ignore[GRD101]")),
        (bug("# gradlint: ignore[GRD101, GRD102] why"), bug("# gradlint: ignore[GRD101] why")),
        (bug("# gradlint: ignore[ GRD102 GRD105, GRD101,GRD106 ]"), bug("# gradlint: ignore[ GRD101 ]")),
        (bug("# gradlint: ignore[GRD102, GRD9]"), bug("# gradlint: ignore[GRD9]")),
        ("# gradlint: ignore[GRD101]\nx = 1\n", "x = 1\n"),
        ("if x:\n    # gradlint: ignore[GRD101]\n    y = 1\n", "if x:\n    y = 1\n"),
        ("if x:\n\t# noqa: GRD101\n\ty = 1\n", "if x:\n\ty = 1\n"),
        ("if x:  # noqa: GRD101\n    y = 1\n", "if x:\n    y = 1\n"),
        ("if x:\n    y = 1\n    # noqa: GRD101\n", "if x:\n    y = 1\n"),
        ("if x: y = 1\n# gradlint: file-ignore[GRD101]", "if x: y = 1\n"),
        ("\x0c# gradlint: file-ignore[GRD101]\r\n\x0cx = 1\r\n", "\x0cx = 1\r\n"),
        ("# a # gradlint: ignore[GRD101] why\nx = 1\n", "# a\nx = 1\n"),
        ("# gradlint: ignore[GRD101] why # a\nx = 1\n", "# a\nx = 1\n"),
        ("# noqa: GRD101 a\nx = 1\n", "# a\nx = 1\n"),
        ("# noqa: GRD101\n", ""),
        ("f(\n    # noqa: GRD101\n    1,  # noqa: GRD102\n    2)\n", "f(\n    1,\n    2)\n"),
        ("x = 1 + \\\n    2  # noqa: GRD101\n", "x = 1 + \\\n    2\n"),
        ("x = 1 \\\n# noqa: GRD101\ny = 2\n", "x = 1 \\\n# noqa: GRD101\ny = 2\n"),
        ("x = '''\n'''  # noqa: GRD101\n", "x = '''\n'''\n"),
        ("x = f'''\n{1}'''  # noqa: GRD101\n", "x = f'''\n{1}'''\n"),
],
)  # fmt: skip
@pytest.mark.parametrize("bom", [False, True], ids=["", "with a byte-order mark"])
def test_fix(before: str, after: str, bom: bool) -> None:
    assert mended(before, bom) == after
    assert mended(after, bom) == after


def test_a_coding_cookie_does_not_come_into_force() -> None:
    before = "# noqa: GRD101\n# b\n# c: coding: latin-1\nx = '\N{SNOWMAN}'\n"
    found = lint(Source("a.py", before), DEFAULT).diagnostics
    fixed = fix(Source("a.py", before), found, lambda edited: lint(edited, DEFAULT).diagnostics, unsafe=False)
    assert fixed.source.text == before


def test_the_fix_is_safe() -> None:
    (found,) = given("x = 1  # noqa: GRD101\n").diagnostics
    assert found.fix is not None
    assert found.fix.applicability is Applicability.SAFE


def test_a_fix_is_not_refused_because_a_comment_is_not_needed_any_more() -> None:
    def judge(source: Source) -> list[Diagnostic]:
        at = source.span(0, 3)
        cure = Fix("cure it", Applicability.SAFE, (Edit(at, "ok_"),))
        if source.text.startswith("bug"):
            return [Diagnostic("a.py", at, "GRD101", "missing-zero-grad", "m", Severity.ERROR, fix=cure)]
        return [Diagnostic("a.py", at, "GRD001", "unused-suppression", "m", Severity.WARNING)]

    source = Source("a.py", "bug\n")
    assert fix(source, judge(source), judge, unsafe=True).source.text == "ok_\n"


def test_a_cell_of_a_notebook_keeps_its_rows() -> None:
    text = "# noqa: GRD101\nx = 1\n"
    (found,) = lint(Source("a.ipynb", text, cells=(Cell(1, 1), Cell(2, 2))), DEFAULT).diagnostics
    assert found.fix is None


MIDDLE = """\
for x, y in loader:
    loss_fn(
        model(x),  # gradlint: ignore[GRD101] on purpose
        y,
    ).backward()
    optimizer.step()
"""


def test_a_comment_in_the_middle_of_a_statement_is_told_where_it_counts() -> None:
    found = [each for each in given(MIDDLE).diagnostics if each.code == "GRD001"]
    assert [each.message for each in found] == [
        "`# gradlint: ignore[GRD101]` silences nothing in the middle of a statement: "
        "put it on its first or its last line"
    ]
    assert found[0].fix is None


@pytest.mark.parametrize(
    "text",
    [
        "# gradlint: file-ignore[GRD102]\n#\n# -*- coding: latin-1 -*-\nx = 1\n",
        "# gradlint: file-ignore[GRD102] coding: latin-1\nx = 1\n",
    ],
)
def test_what_would_change_how_the_file_is_read_is_not_offered(text: str) -> None:
    (found,) = given(text).diagnostics
    assert (found.code, found.fix) == ("GRD001", None)
