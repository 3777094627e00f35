"""GRD401: gradients are clipped when nothing is left to apply, or not yet there."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Clip, Step
from gradlint.flow.facts import Report
from gradlint.repair import put_before
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.misplaced import MISPLACED_CLIPS


class ClipMisplaced(FlowRule):
    """Gradients are clipped after the step that applies them, or before the backward that adds them: to no effect.

    ## What it does

    Finds calls of `clip_grad_norm_` and `clip_grad_value_` that on every way come when the gradients have been applied
    or cleared, and none has been added since.

    ## Why does PyTorch do this

    Clipping is a function of its own that changes `.grad` in place, as it finds it. Nothing remembers a limit, and
    `step()` does not clip: it applies what is there at that moment.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html>

    ## What happens to the numbers

    Clipping changes `.grad` in place. After `optimizer.step()` that comes too late: the parameters have moved by the
    whole gradient, however large. Before `backward()`, and after a clear, there is nothing in `.grad`: the norm is 0.0
    (`clip_grad_value_` raises), and the gradients that are added afterwards are applied as they are. The option that
    sets the largest norm does nothing at all.

    ## Example

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    ```

    ## When is it on purpose

    Where somebody takes the norm, as for a log, nothing is reported.

    ## Fix safety

    The fix moves the clip to right before the step. It is unsafe because it changes what is trained. It is offered
    where both stand in one block, each on a line of its own, and nothing that the clip needs is set in between; not for
    the step of a gradient scaler, before which the gradients have to be unscaled first.

    ## What it cannot see

    Whose parameters are clipped, where neither their network nor the optimizer tell; steps of objects that it cannot
    follow. A clip that only sometimes comes too late is not reported.
    """

    code = "GRD401"
    category = "precision"
    severity = Severity.ERROR
    typestate = MISPLACED_CLIPS
    signs = (rb"clip_grad_(?:norm|value)", rb"step\w*\s*\(")

    def tell(self, report: Report) -> Finding:
        """Applied or cleared, and then clipped."""
        before, clip = report.path[0].event, report.event
        assert before is not None and isinstance(clip, Clip)
        after_step = isinstance(before, Step)
        why = "has applied them already" if after_step else "has cleared them, and no backward adds any in between"
        return Finding(
            event=clip,
            cause=clip,
            message=f"`{quoted(clip)}` clips no gradients that are applied: `{quoted(before)}` {why}",
            story=((before, "applies the gradients" if after_step else "clears them"), (clip, "clips what is over")),
            repair=put_before(clip, before) if isinstance(before, Step) and _is_plain(before) else None,
        )


def _is_plain(step: Step) -> bool:
    """Whether gradients lie there as they are before a step: no scaler has multiplied them, no closure adds them."""
    return not step.scaler and not step.manual and step.place.text.endswith("step()")
