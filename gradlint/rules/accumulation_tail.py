"""GRD502: the last batches of an epoch, which fill no window, are never applied, or with those of the next epoch."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Event
from gradlint.flow.loops import speaks_of_accumulation
from gradlint.flow.tails import Tail, left_over
from gradlint.flow.trials import Trial
from gradlint.rule import Finding, WindowRule, quoted


class AccumulationTail(WindowRule):
    """The last batches of an epoch, which fill no whole window, are dropped, or applied in the next epoch.

    ## What it does

    Finds steps that come every few batches, in a loop that is run again and again and need not end with such a step. It
    runs the loops on small numbers, with as many batches as fill their windows, and with one more.

    ## Why does PyTorch do this

    `backward()` adds to `.grad`, so that a large batch can be fed in small parts: a window. PyTorch knows nothing of
    windows, nor of epochs: what is in `.grad` when a loop ends stays there until somebody applies or clears it.
    Source: <https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation>

    ## What happens to the numbers

    With windows of 4 and 14 batches, the steps come after 4, 8 and 12. The gradients of the last 2 stay in `.grad`. If
    the next epoch begins with `zero_grad()`, they are never applied: in every epoch a part of the data is read and not
    learnt from. If it does not, its first update is made of 6 batches and not of 4, at 1.5 times the size.

    ## Example

    ```python
    for epoch in range(epochs):
        optimizer.zero_grad()
        for i, (sample, target) in enumerate(loader):
            (loss_fn(model(sample), target) / accumulation_steps).backward()
            if (i + 1) % accumulation_steps == 0:
                optimizer.step()
                optimizer.zero_grad()
    ```

    ## Use instead

    ```python
    for epoch in range(epochs):
        optimizer.zero_grad()
        for i, (sample, target) in enumerate(loader):
            (loss_fn(model(sample), target) / accumulation_steps).backward()
            if (i + 1) % accumulation_steps == 0 or i + 1 == len(loader):
                optimizer.step()
                optimizer.zero_grad()
    ```

    ## When is it on purpose

    Whoever knows that the number of batches is a multiple of the size of a window loses nothing, which is why the rule
    is a preview. A counter that goes on through all epochs has no such end, and is not reported; nor is a step after
    the loop, or one whose guard asks for the last batch as well.

    ## Fix safety

    There is no fix: whether the last update should be a small one is not for a linter to say.

    ## What it cannot see

    The number of batches: a sampler or an `assert` may make it a multiple of the size of a window. Loops over ranges,
    slices and chunks are taken to end with one. A loop over batches is only looked at together with the loop over
    epochs that runs it.
    """

    code = "GRD502"
    category = "accumulation"
    severity = Severity.WARNING
    preview = True
    signs = (rb"step\w*\s*\(", rb"%|accum|acc_|micro|subdivision")

    def findings(self, trial: Trial) -> Iterator[Finding]:
        """One for each backward of which something is left over."""
        for tail in left_over(trial):
            if trial.alone or speaks_of_accumulation(tail.size):
                yield _tell(tail)


def _tell(tail: Tail) -> Finding:
    added, step = quoted(tail.added), quoted(tail.step)
    tried = "" if tail.size.isdigit() else f" and `{tail.size}` = {tail.tried}"
    example = f"with {tail.batches} batches{tried}"
    first: tuple[Event, str] = (tail.added, "adds the gradients of each batch")
    missed: tuple[Event, str] = (tail.step, "does not come after the last batch")
    if tail.clear is None:
        message = f"`{step}` applies what the last loop has left over: {example}, {tail.together} come together"
        return Finding(event=tail.step, cause=tail.step, message=message, story=(first, missed))
    clear = quoted(tail.clear)
    message = f"`{clear}` drops what `{added}` has added since the last `{step}`: {example}, one is never applied"
    dropped: tuple[Event, str] = (tail.clear, "drops what the loop has left over")
    return Finding(event=tail.clear, cause=tail.clear, message=message, story=(first, missed, dropped))
