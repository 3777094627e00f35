"""GRD102: gradients are cleared before the step that should apply them."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Step
from gradlint.flow.facts import Report
from gradlint.repair import move
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.idle import IDLE_STEPS


class GradientsDiscarded(FlowRule):
    """Gradients are cleared between the backward that computes them and the step that should apply them.

    ## What it does

    Finds steps that nothing is left for: on every way to them, what `backward()` added has been cleared again, and
    nothing was added since.

    ## Why does PyTorch do this

    `zero_grad()` does not ask whether a step has used the gradients: PyTorch cannot know whether they were only wanted
    to be looked at. And `step()` passes over a parameter whose `.grad` is None on purpose, for that is how parts of a
    network are left alone.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html>

    ## What happens to the numbers

    `zero_grad()` sets every `.grad` to None, and `step()` passes over a parameter without a gradient: the network
    stays what it was. With `zero_grad(set_to_none=False)` the gradients are zeros, and then momentum and weight decay
    still move the parameters, which looks like training: Adam moved them by 0.189 in one such step, coasting on what it
    had learnt before, and by 0.0 where the gradients were None. Nothing is raised.

    ## Example

    ```python
    for sample, target in loader:
        loss_fn(model(sample), target).backward()
        optimizer.zero_grad()
        optimizer.step()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    ## When is it on purpose

    A backward whose gradients are only looked at, as in a search for a learning rate or an attack, is followed by a
    clear, and by another backward before the next step: that is not reported. Nor is a step that finds gradients on
    some way, as where a clear stands under `if not torch.isfinite(loss)`.

    ## Fix safety

    The fix moves the clear behind the step. It is unsafe because it changes what is trained. It is only offered where
    both lines stand in one block.

    ## What it cannot see

    It stays silent where a call that it cannot follow, or code that sets or looks at `.grad`, stands between the
    backward and the clear, or between that and the step; for optimizers in a list that a loop goes through; where the
    step stands behind the loop and so applies what the last batch has left; and where something is left for one of the
    networks that an optimizer steps. A `for` loop that adds gradients is taken to have a trip.
    """

    code = "GRD102"
    category = "clearing"
    severity = Severity.ERROR
    typestate = IDLE_STEPS
    signs = (rb"backward\w*\s*\(", rb"zero_grad|zero_\(|\.grad\b", rb"step\w*\s*\(")

    def tell(self, report: Report) -> Finding | None:
        """Added, dropped, nothing left; None where nothing was added, or the step has its place before that."""
        added, step = report.path[0].event, report.event
        if not isinstance(added, Accumulate) or any(moment.loop is not None for moment in report.path):
            return None
        assert isinstance(step, Step)
        dropped = report.clear
        return Finding(
            event=dropped,
            cause=dropped,
            message=f"`{quoted(dropped)}` drops what `{quoted(added)}` has added, so `{quoted(step)}` applies nothing",
            story=((added, "adds gradients"), (dropped, "drops them"), (step, "finds none to apply")),
            repair=move(dropped, step),
        )
