"""GRD209: a scheduler goes on before the optimizer has stepped."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Call, Event, Forget, Schedule, Step
from gradlint.flow.graph import Graph
from gradlint.regions import Path
from gradlint.repair import move
from gradlint.rule import Acts, Finding, ScopeRule, quoted


class SchedulerBeforeOptimizer(ScopeRule):
    """A scheduler goes on before the optimizer has stepped, so the first learning rate is never used.

    ## What it does

    Finds loops that call `scheduler.step()` before the first `optimizer.step()`, for a scheduler of PyTorch that is
    made in the same function.

    ## Why does PyTorch do this

    A scheduler sets its first learning rate when it is made, and each `scheduler.step()` goes on to the next one. It
    does not look whether the optimizer has used the last one. Before PyTorch 1.1 the order was the other way round,
    which is where old code has it from.
    Source: <https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate>

    ## What happens to the numbers

    The scheduler sets the learning rate of the next step. If it goes on first, the value that the optimizer was made
    with is skipped: a schedule that divides 0.1 by ten each time trains with 0.01, 0.001, 0.0001 instead of 0.1, 0.01,
    0.001. Since PyTorch 1.1 a warning says so, once.

    ## Example

    ```python
    for sample, target in loader:
        scheduler.step()
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
        scheduler.step()
    ```

    ## When is it on purpose

    Where a run is resumed, `scheduler.step()` in a loop of its own takes the schedule to where it was: that is not
    reported. Nor is `scheduler.step(argument)`, which is another protocol, or a step under a condition.

    ## Fix safety

    The fix moves the line behind the optimizer's step. It is unsafe because it changes what is trained. It is only
    offered where both lines stand in one block.

    ## What it cannot see

    Schedulers that are made elsewhere, or not from `torch.optim.lr_scheduler`, and steps in functions that the loop
    calls.
    """

    code = "GRD209"
    category = "stepping"
    severity = Severity.WARNING
    signs = (rb"lr_scheduler", rb"\.step\(\)")

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """Each step of a scheduler which no step of the optimizer can come before, and one comes after in each trip."""
        for number, node in enumerate(graph.nodes):
            if isinstance(node.event, Schedule):
                step = _next_step(number, node.event.optimizer, graph, acts)
                if step is not None:
                    yield self._tell(node.event, step)

    def _tell(self, schedule: Schedule, step: Step) -> Finding:
        return Finding(
            event=schedule,
            cause=schedule,
            message=f"`{quoted(schedule)}` goes on before `{quoted(step)}`, so the first learning rate is never used",
            story=((schedule, "sets the next learning rate"), (step, "uses that one at first")),
            repair=move(schedule, step),
        )


def _next_step(number: int, optimizer: Path, graph: Graph, acts: Acts) -> Step | None:
    """The step that comes after a scheduler's in each trip of the loop around both; None if one may come before."""

    def steps(event: Event) -> bool:
        return isinstance(event, Step) and any(region.owner == optimizer for region in event.regions)

    def may_step(event: Event) -> bool:
        if isinstance(event, Forget):
            return event.may_step
        return steps(event) or (isinstance(event, Call) and acts(event))

    if number not in graph.reached(graph.ENTRY, may_step, around=steps):
        return None
    ahead = graph.reached(number, may_step, around=steps)
    if number in ahead or number not in graph.reached(number, lambda event: False):
        return None  # some trips, or all, have no step; or there is no loop
    found = [graph.nodes[each] for each in sorted(ahead)]
    events = [node.event for node in found if node.event is not None and may_step(node.event)]
    always = all(graph.nodes[number].holds <= node.holds for node in found if node.event in events)
    first = events[0] if events and always and all(map(steps, events)) else None
    return first if isinstance(first, Step) else None
