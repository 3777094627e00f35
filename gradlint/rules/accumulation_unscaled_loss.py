"""GRD503: the losses of an accumulation window are not divided by its size, or by something else."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Event, NextBatch, Overwrite, Rescale, Step
from gradlint.flow.conditions import Cycle
from gradlint.flow.graph import Graph
from gradlint.flow.loops import Loops, speaks_of_accumulation
from gradlint.rule import Acts, Finding, ScopeRule, quoted
from gradlint.slips import Weighed, Weight


class AccumulationUnscaledLoss(ScopeRule):
    """The losses of an accumulation window are summed and not averaged, or weigh less the later they come.

    ## What it does

    Finds windows whose name says that gradients are accumulated, and whose losses are back-propagated as they are, are
    divided once that is done, or are divided by the counter of the window instead of by its size.

    ## What happens to the numbers

    `backward()` adds. Without a division an update of a window of 4 is made of the sum of 4 gradients, which is 4 times
    their mean: with SGD that is a learning rate 4 times as large, and whoever changes the size of the window changes
    the learning rate with it. Adam divides by the size of the gradients, so its steps stay as they are, but a norm is
    clipped 4 times as often. A division after `backward()` changes what is printed and no gradient. Divided by a
    counter, the batches of a window weigh 1, 1/2, 1/3 and 1/4.

    ## Example

    ```python
    for i, (sample, target) in enumerate(loader):
        loss = loss_fn(model(sample), target)
        loss.backward()
        if (i + 1) % accumulation_steps == 0:
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## Use instead

    ```python
    for i, (sample, target) in enumerate(loader):
        loss = loss_fn(model(sample), target) / accumulation_steps
        loss.backward()
        if (i + 1) % accumulation_steps == 0:
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## When is it on purpose

    Whoever has chosen the learning rate for sums may leave it so, which is why the rule is a preview. Losses that are
    summed over their batch (`reduction="sum"`), gradients that are divided later, and files that divide anything else
    by the size of the window, as the learning rate, are not reported.

    ## Fix safety

    There is no fix: the learning rate belongs to it.

    ## What it cannot see

    Windows whose step is in another function than the backward, those of frameworks, which divide by themselves or do
    not, and losses of which nobody can tell how they were computed.
    """

    code = "GRD503"
    category = "accumulation"
    severity = Severity.WARNING
    preview = True
    signs = (rb"\.backward\s*\(", rb"(?i)accum|acc_|micro|subdivision|grad\w*_(?:step|iter|freq)|update_|iter_size")

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """One for each backward in a window whose loss is not divided by its size."""
        for number, node in enumerate(graph.nodes):
            if isinstance(node.event, Weighed):
                counted = node.event.weight is Weight.COUNTED
                window = ("", None) if counted else _window_around(number, graph)
                if window is not None:
                    yield _tell(node.event, *window)


def _tell(weighed: Weighed, size: str, step: Step | None) -> Finding:
    whole = f"adds whole losses, so an update is `{size}` times as large as that of one batch"
    match weighed.weight:
        case Weight.COUNTED:
            what = f"adds a loss divided by `{weighed.by}`, which counts: the batches weigh 1, 1/2, 1/3 and so on"
        case Weight.LATE:
            what = f"{whole}: `{weighed.by}` comes too late"
        case Weight.WHOLE:
            what = whole
    story: tuple[tuple[Event, str], ...] = ((weighed, "adds the gradients of each batch"),)
    if step is not None:
        story = (*story, (step, "applies their sum"))
    return Finding(event=weighed, cause=weighed, message=f"`{quoted(weighed)}` {what}", story=story)


def _window_around(number: int, graph: Graph) -> tuple[str, Step] | None:
    """The size of the window that a backward is in, by its code, and its step; None where none can be told."""
    if any(isinstance(event, (Rescale, Overwrite, NextBatch)) for event in graph.events()):
        return None
    around = Loops({graph.scope: graph}).around(graph, number)
    if around is None:
        return None
    inside = [graph.nodes[each] for each in around.nodes]
    for node in inside:
        sizes = (each.condition.period for each in node.holds if each.holds and isinstance(each.condition, Cycle))
        size = next(filter(speaks_of_accumulation, sizes), "")
        if isinstance(node.event, Step) and size:
            return size, node.event
    size = next((graph.bounds[counter] for counter in around.counters if counter in graph.bounds), "")
    if not around.is_window or any(isinstance(node.event, Step) for node in inside):
        return None
    behind = (graph.nodes[each].event for each in sorted(graph.reached(number, lambda event: isinstance(event, Step))))
    step = next((event for event in behind if isinstance(event, Step)), None)
    return (size, step) if step is not None else None
