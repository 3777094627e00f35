"""Comments that seem to silence nothing, until a file is judged that calls what they stand beside."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from together import key, modules

from gradlint import workspace as workspaces
from gradlint.checking import Mending, Task, check
from gradlint.diagnostics import Diagnostic
from gradlint.linter import lint
from gradlint.project import analysis
from gradlint.rule import Rule, all_rules
from gradlint.selection import Choice, choose
from gradlint.source import Source
from gradlint.workspace import Workspace

DEFAULT = choose([Choice()], all_rules())
STEPS = """\
def update(model, optimizer, x):
    model(x).sum().backward()  # gradlint: ignore[GRD101]
    optimizer.step()
"""
MAIN = """\
import torch
{imports}

def main(model, loader):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for x in loader:
        {call}
"""
CALLER = MAIN.format(imports="from steps import update", call="update(model, opt, x)")
RIGHT = CALLER.replace("        update", "        opt.zero_grad()\n        update")
# Says too little of gradients to be judged by itself: what is wrong of it is told with its callers.
ADDS = "def add(model, x):\n    model(x).sum().backward()  # gradlint: ignore[GRD101]\n"
ADDING = MAIN.format(imports="from adds import add", call="add(model, x); opt.step()")
CLEARING = ADDING.replace("add(model, x); ", "opt.zero_grad(); add(model, x); ")


def among(files: dict[str, str], name: str, text: str | None = None) -> list[str]:
    """The codes of what is said of a file, perhaps with another text than it has, among others."""
    found = lint(
        Source(f"{name}.py", files[name] if text is None else text),
        DEFAULT,
        workspace=Workspace(modules(files)),
        key=key(name),
    )
    assert not found.failures
    return [each.code for each in found.diagnostics if each.path == f"{name}.py"]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param({}, ["GRD001"], id="nobody"),
        pytest.param({"main": ADDING}, [], id="a caller that is wrong"),
        pytest.param({"main": CLEARING}, ["GRD001"], id="a caller that is right"),
        pytest.param({"main": CLEARING, "other": ADDING}, [], id="of several one is wrong"),
        pytest.param(
            {
                "main": ADDING.replace("from adds", "from between") + "# no backward() here\n",
                "between": "from adds import add\n",
            },
            [],
            id="by way of another file",
        ),
        pytest.param({"main": ADDING + "x = (\n"}, [], id="a caller that does not parse"),
        pytest.param({"main": ADDING.replace("add", "add_")}, ["GRD001"], id="of another file"),
    ],
)
def test_a_finding_may_be_seen_only_from_another_file(others: dict[str, str], expected: list[str]) -> None:
    assert among({"adds": ADDS, **others}, "adds") == expected


@pytest.mark.parametrize("above", ["", "\n\n", "import torch\n\n"], ids=["", "moved", "analysed by itself"])
def test_the_others_are_judged_with_the_text_that_is_linted(above: str) -> None:
    files = {"adds": ADDS, "main": ADDING}
    assert among(files, "adds", above + ADDS) == []
    assert among(files, "adds", above + ADDS.replace("backward()", "item()")) == ["GRD001"]
    assert among({"adds": ADDS.replace("  #", "\n#"), "main": ADDING}, "adds", above + ADDS) == []
    assert among({"adds": ADDS.replace("backward()", "item()"), "main": ADDING}, "adds", above + ADDS) == []


def test_one_text_after_the_other() -> None:
    clean = ADDS.replace("    model", "    model.zero_grad()\n    model")
    space = Workspace(modules({"adds": clean, "main": ADDING}))

    def said(name: str, text: str) -> int:
        found = lint(Source(f"{name}.py", text), DEFAULT, workspace=space, key=key(name))
        return len([each for each in found.diagnostics if each.code == "GRD001"])

    assert said("main", ADDING) == 0
    for _ in range(2):
        assert said("adds", ADDS) == 0
        assert said("adds", clean.replace("model.zero", "# model.zero")) == 0
        assert said("adds", clean) == 1


@pytest.mark.parametrize("trouble", ["a bound", "a crash"])
def test_nothing_is_said_where_another_file_could_not_be_judged(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosing = analysis.Project.diagnose

    def troubled(project: analysis.Project, source: Source, *more: object) -> analysis.Analysis:
        found = diagnosing(project, source, *more)  # type: ignore[arg-type]
        if source.path != "main.py":
            return found
        if trouble == "a crash":
            return analysis.Analysis(found.diagnostics, (analysis.RuleFailure("some-rule", "KeyError: 'x'"),))
        analysis.MAX_ROUNDS.note()
        return found

    files = {"adds": ADDS, "main": CLEARING}
    assert among(files, "adds") == ["GRD001"]
    monkeypatch.setattr(analysis.Project, "diagnose", troubled)
    found = lint(Source("adds.py", ADDS), DEFAULT, workspace=Workspace(modules(files)), key=key("adds"))
    assert (found.diagnostics, found.failures, found.stops) == ((), (), ())


def test_the_fixer_does_not_take_a_comment_away_that_another_file_needs() -> None:
    text = ADDS + "x = 1  # noqa: GRD101\n"
    space = Workspace(modules({"adds": text, "main": ADDING}))
    outcome = check(Task("adds.py", text.encode(), DEFAULT, Mending.UNSAFE, key=key("adds")), space)
    assert outcome.fixed is not None
    assert outcome.fixed.source.text == ADDS + "x = 1\n"


def test_beyond_so_many_files_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"adds": ADDS, **{f"main{i}": CLEARING for i in range(3)}}
    assert among(files, "adds") == ["GRD001"]
    monkeypatch.setattr(workspaces.MAX_OTHERS, "limit", 2)
    assert among(files, "adds") == []


def test_only_comments_that_seem_unused_cost_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    diagnosing = analysis.Project.diagnose

    def counting(project: analysis.Project, source: Source, *more: object) -> analysis.Analysis:
        judged.append(source.path)
        return diagnosing(project, source, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis.Project, "diagnose", counting)
    files = {"steps": STEPS, "main": CALLER}
    assert among(files, "steps") == []
    assert judged == ["steps.py"]
    # What a rule says of one file by itself is not looked for in others.
    assert among({"steps": STEPS.replace("GRD101", "GRD101, GRD604"), "main": f"{CALLER}# opt.step\n"}, "steps") == [
        "GRD001"
    ]
    assert judged == ["steps.py"] * 2


def test_files_around_one_are_judged_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"adds{i}" for i in range(4)]
    files: dict[str, str] = dict.fromkeys(names, ADDS)
    files["main"] = ADDING.replace("from adds import", "import adds1, adds2, adds3\nfrom adds0 import")
    space = Workspace(modules(files))
    judged: list[str] = []
    diagnosing = analysis.Project.diagnose

    def counting(project: analysis.Project, source: Source, rules: Sequence[Rule], where: str) -> analysis.Analysis:
        judged.extend([source.path] if rules else [])
        return diagnosing(project, source, rules, where)

    monkeypatch.setattr(analysis.Project, "diagnose", counting)

    def said(name: str) -> tuple[Diagnostic, ...]:
        return lint(Source(f"{name}.py", ADDS), DEFAULT, workspace=space, key=key(name)).diagnostics

    assert [len(said(name)) for name in names] == [0, 1, 1, 1]
    assert judged.count("main.py") == 1
