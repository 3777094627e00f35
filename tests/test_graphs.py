"""Programs, their graphs, and the facts that the solver finds at each node."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradlint.flow.prune import pruned
from gradlint.flow.reach import Reach
from gradlint.flow.show import show
from gradlint.flow.solver import Solver
from gradlint.project.link import clears, roots
from gradlint.rules.missing_zero_grad import MissingZeroGrad
from gradlint.source import Source
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.program import Program
from gradlint.typestates.stale import STALE

PROGRAMS = {
    "plain-loop": """\
for x, y in loader:
    loss(model(x), y).backward()
    optimizer.step()
""",
    "clear-at-top": """\
for x, y in loader:
    optimizer.zero_grad()
    loss(model(x), y).backward()
    optimizer.step()
""",
    "window-phases": """\
for i, x in enumerate(loader):
    if i % n == 0:
        optimizer.zero_grad()
    model(x).backward()
    if (i + 1) % n == 0:
        optimizer.step()
""",
    "correlated-branches": """\
for x in loader:
    if amp:
        scaler.scale(model(x)).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    else:
        model(x).backward()
        optimizer.step()
""",
    "conjunction": """\
for x in loader:
    model(x).backward()
    if ready and not skip:
        optimizer.step()
""",
    "continue-and-break": """\
while True:
    model(x).backward()
    if bad(x):
        continue
    optimizer.step()
    if done(x):
        break
else:
    optimizer.zero_grad()
""",
    "try-finally": """\
for x in loader:
    try:
        model(x).backward()
        optimizer.step()
        if last(x):
            break
    except RuntimeError:
        optimizer.zero_grad()
    finally:
        log(optimizer.zero_grad())
""",
    "helper": """\
def apply(opt, clear=True):
    opt.step()
    if clear:
        opt.zero_grad()

for x in loader:
    model(x).backward()
    apply(optimizer, clear=False)
""",
    "closure": """\
import torch
optimizer = torch.optim.LBFGS(model.parameters())
def closure():
    loss = model(x)
    loss.backward()
    return loss
for x in loader:
    optimizer.step(closure)
""",
    "parameters": """\
for x in loader:
    model(x).backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
        p.grad = None
""",
    "match": """\
for x in loader:
    match mode:
        case "train":
            model(x).backward()
            optimizer.step()
        case "reset":
            optimizer.zero_grad()
        case _:
            pass
""",
    "evaluation-order": """\
for x in loader:
    log(model(x).backward(), optimizer.step() if (ok := go(x)) else 0, [p.grad.norm() for p in model.parameters()])
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph_and_facts(name: str, golden: Callable[[str, str], None]) -> None:
    program = PROGRAMS[name]
    whole = Program()
    graphs = pruned(Lowerer(whole).of_file(whole.read(Source(f"{name}.py", program))))
    solver = Solver(graphs, STALE, Reach(clears(graphs), lambda path: False))
    rule = MissingZeroGrad()
    findings = [rule.tell(report) for report in solver.reports(roots(graphs))]
    facts = list(solver.facts())
    shown = [
        show(graph, [(node, fact) for scope, node, fact in facts if scope == number])
        for number, graph in graphs.items()
    ]
    said = [f"report: {' / '.join(event.place.text for event, _ in finding.story)}\n" for finding in findings]
    golden(f"graphs/{name}.txt", "\n".join([program, *shown, *sorted(set(said))]))
