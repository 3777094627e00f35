"""GRD503: the losses of an accumulation window are not divided by its size, or by something else."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Event, NextBatch, Overwrite, Rescale, Step
from gradlint.flow.graph import Graph
from gradlint.flow.loops import speaks_of_accumulation
from gradlint.flow.trials import Trial
from gradlint.flow.windows import summed
from gradlint.rule import Finding, WindowRule, quoted
from gradlint.slips import Weighed, Weight


class AccumulationUnscaledLoss(WindowRule):
    """The losses of an accumulation window are summed and not averaged, or weigh less the later they come.

    ## What it does

    Finds windows whose size has a name that speaks of accumulation, and losses in them that are back-propagated as they
    are, are divided only after `backward()`, or are divided by the counter of the window instead of by its size. It
    runs the loop on small numbers, to see that each update is made of as many losses as a window has batches.

    ## Why does PyTorch do this

    The gradient of a sum of losses is the sum of their gradients, which is why `backward()` adds. A loss function gives
    the mean over a batch, and the sum of the means of 4 batches is not the mean over all of them. PyTorch cannot know
    how many batches will come, so you divide.
    Source: <https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation>

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
    summed over their batch (`reduction="sum"`), gradients and learning rates that are divided by the size of the window
    are not reported, nor are losses from a function or network that is given the size of the window, or mentions it.

    ## Fix safety

    There is no fix: whoever divides the losses may have to raise the learning rate.

    ## What it cannot see

    Windows of frameworks, which divide by themselves or do not, losses of which nobody can tell how they were computed,
    and parts of one loss over a whole batch, which have to be summed: as where the features of all micro-batches are
    kept, and each is computed anew for its own gradient.
    """

    code = "GRD503"
    category = "accumulation"
    severity = Severity.WARNING
    preview = True
    signs = (rb"\.backward\s*\(", rb"(?i)accum|acc_|micro|subdivision|grad\w*_(?:step|iter|freq)|update_|iter_size")

    def findings(self, trial: Trial) -> Iterator[Finding]:
        """One for each backward in a window whose loss is not divided by its size."""
        events = [event for graph in trial.inside for event in graph.events()]
        if any(isinstance(event, (Rescale, Overwrite, NextBatch)) for event in events):
            return
        weighed = {event.place.node: event for event in events if isinstance(event, Weighed)}
        for added in (event for event in events if isinstance(event, Accumulate)):
            slip = weighed.get(added.place.node)
            if slip is None or slip.weight is Weight.COUNTED:
                continue
            step = summed(trial, added)
            size = trial.size_of(step)[0] if step is not None else ""
            if step is not None and speaks_of_accumulation(size):
                yield _tell(slip, size, step)

    def apart(self, graph: Graph) -> Iterator[Finding]:
        """One for each backward of a loss that is divided by a counter."""
        events = list(graph.events())
        if any(isinstance(event, (Rescale, Overwrite)) for event in events):
            return
        for event in events:
            if isinstance(event, Weighed) and event.weight is Weight.COUNTED:
                yield _tell(event, "", None)


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
