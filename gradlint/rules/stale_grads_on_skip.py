"""GRD106: a batch is skipped, and its gradients stay."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, SkipBatch, Step
from gradlint.flow.facts import Report
from gradlint.repair import clear_skipped
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.skipped import SKIPPED


class StaleGradsOnSkip(FlowRule):
    """A bad batch is skipped after its backward, and its gradients are added to the next one's.

    ## What it does

    Finds loops that skip the step because of what a loss or a gradient is (`isfinite`, a norm, an overflow), with a
    `continue`, a `return`, or a step under that condition, and that clear only where they step.

    ## Why does PyTorch do this

    `backward()` adds to `.grad`, and nothing takes a batch back: to leave out the step leaves the gradients where they
    are. A `GradScaler` that skips a step because of an overflow does not clear them either.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html>
    and <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html>

    ## What happens to the numbers

    What the skipped batch has added stays in `.grad`, and the next `backward()` adds to it. If it was NaN or infinite,
    every sum from then on is: after one bad batch of five, no later batch passes the test any more, and nothing is
    ever trained again. With a clear at the top of the loop only the bad batch is lost.

    ## Example

    ```python
    for sample, target in loader:
        loss_fn(model(sample), target).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if not torch.isfinite(norm):
            continue
        optimizer.step()
        optimizer.zero_grad()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if not torch.isfinite(norm):
            continue
        optimizer.step()
    ```

    ## When is it on purpose

    A batch that is skipped before its backward leaves nothing behind, and is not reported. Nor is a condition that
    counts batches, or asks whether a loss or a norm is large enough: waiting for more is no skipping.

    ## Fix safety

    The fix clears before the `continue` or `return`. It is unsafe because it changes what is trained. There is none
    where the step stands under the condition.

    ## What it cannot see

    Batches that an `except` skips, and backward calls in functions that the loop calls.
    """

    code = "GRD106"
    category = "clearing"
    severity = Severity.ERROR
    typestate = SKIPPED
    signs = (
        rb"backward\w*\s*\(",
        rb"zero_grad|zero_\(|\.grad\b",
        rb"step\w*\s*\(",
        rb"(?i)nan|inf|finite|overflow|norm|loss",
    )

    def tell(self, report: Report) -> Finding:
        """Added, skipped, added to, applied."""
        left, step = report.path[0].event, report.event
        assert isinstance(left, Accumulate) and isinstance(step, Step)
        after = iter(report.path)
        skip = next(m.event for m in after if isinstance(m.event, SkipBatch) and left in m.event.added)
        added = next(m.event for m in after if isinstance(m.event, Accumulate) and m.concerns)
        skips = f"`{quoted(skip)}` skips the step" if skip.jumps else f"the step is skipped unless `{quoted(skip)}`"
        story = [(left, "adds gradients"), (skip, "the step is skipped, and they stay")]
        if added is not left:
            story.append((added, "adds to them"))
        return Finding(
            event=skip,
            cause=left,
            message=f"{skips}, and what `{quoted(left)}` has added stays: the next batch adds to it",
            story=(*story, (step, "applies both")),
            repair=clear_skipped(skip, step) if skip.jumps else None,
        )
