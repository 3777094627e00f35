"""Optimizers that are reported never to step do not move what they were given; all others of the fixture do."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from oracle.cases import Case, cases_in, fixture_files
from oracle.projects import Project, projects
from oracle.renew_fixed import findings_in
from oracle.running import run, torch

CODE = "GRD202"
CASES = {path.stem: list(cases_in(path)) for path in fixture_files("never_stepped")}
WRONG = [case for case in CASES["optimizers"] if case.is_wrong]
RIGHT = [case for name in ("optimizers", "scheduled") for case in CASES[name] if not case.is_wrong]
ON_PURPOSE = CASES["on_purpose"]


@dataclass(eq=False)
class Watched:
    """An optimizer: the row at which it is made, and the rows of the backwards that add to its parameters."""

    row: int
    params: list[Any]
    before: list[Any]
    deposits: set[int] = field(default_factory=set)
    clears: int = 0

    @property
    def moved(self) -> bool:
        return any(not torch.equal(now, then) for now, then in zip(self.params, self.before, strict=True))


class Watch:
    """Watches all optimizers that a file makes while it is entered."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self.optimizers: list[Watched] = []

    def __enter__(self) -> Watch:
        self._patch = pytest.MonkeyPatch()
        init, clear = torch.optim.Optimizer.__init__, torch.optim.Optimizer.zero_grad
        backward = torch.Tensor.backward

        def made(optimizer: Any, *args: Any, **options: Any) -> None:
            init(optimizer, *args, **options)
            params = [each for group in optimizer.param_groups for each in group["params"]]
            optimizer.watched = Watched(self._row(), params, [each.detach().clone() for each in params])
            self.optimizers.append(optimizer.watched)

        def cleared(optimizer: Any, *args: Any, **options: Any) -> None:
            optimizer.watched.clears += 1
            clear(optimizer, *args, **options)

        def deposited(loss: Any, *args: Any, **options: Any) -> None:
            olds = [[_copy(each.grad) for each in watched.params] for watched in self.optimizers]
            backward(loss, *args, **options)
            for watched, old in zip(self.optimizers, olds, strict=True):
                if any(not _same(each.grad, then) for each, then in zip(watched.params, old, strict=True)):
                    watched.deposits.add(self._row())

        self._patch.setattr(torch.optim.Optimizer, "__init__", made)
        self._patch.setattr(torch.optim.Optimizer, "zero_grad", cleared)
        self._patch.setattr(torch.Tensor, "backward", deposited)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def _row(self) -> int:
        """Where the file is that runs."""
        frame = sys._getframe(1)
        while frame.f_code.co_filename != self._path:
            assert frame.f_back is not None
            frame = frame.f_back
        return frame.f_lineno


def _copy(gradient: Any) -> Any:
    return None if gradient is None else gradient.clone()


def _same(one: Any, other: Any) -> bool:
    return one is other if one is None or other is None else bool(torch.equal(one, other))


def watched_in(case: Case) -> list[Watched]:
    """The optimizers of a case that are cleared, and get gradients, more than once."""
    with Watch(case.path) as watch:
        assert run(case)
    return [each for each in watch.optimizers if each.clears > 1 and each.deposits]


def told_of(case: Case) -> dict[int, int]:
    """What the linter says of a case: the row of a backward, by the row at which the optimizer is made."""
    found = [each for each in findings_in(case.path.read_text("utf-8")) or () if each.span.start.row in case.rows]
    made = [next(place for place in each.related if place.message.startswith("made here")) for each in found]
    return {place.span.start.row: each.span.start.row for place, each in zip(made, found, strict=True)}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_what_it_was_given_never_moves(case: Case) -> None:
    told = told_of(case)
    still = {each.row: each.deposits for each in watched_in(case) if not each.moved}
    assert set(told.values()) == case.flagged(CODE)
    assert still.keys() == told.keys()
    assert all(told[row] in deposits for row, deposits in still.items())


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_all_move_where_nothing_is_reported(case: Case) -> None:
    assert [each.row for each in watched_in(case) if not each.moved] == []


@pytest.mark.parametrize("case", ON_PURPOSE, ids=str)
def test_what_nobody_steps_on_purpose_runs(case: Case) -> None:
    assert run(case)


@pytest.mark.parametrize("project", projects("never_stepped"), ids=str)
def test_projects_move_what_nobody_reports(project: Project) -> None:
    (case,) = project.cases()
    with project.module_of(case) as module:
        moved = getattr(module, case.name)()
    assert bool(sum(moved)) is not case.is_wrong
