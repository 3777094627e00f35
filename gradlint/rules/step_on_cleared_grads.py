"""GRD201: a step always comes right after a clear, and applies nothing."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, ComputeLoss, Step
from gradlint.flow.facts import Report
from gradlint.repair import move
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.idle import IDLE_STEPS


class StepOnClearedGrads(FlowRule):
    """A step comes when the gradients have just been cleared, and no backward in between.

    ## What it does

    Finds steps that never have anything to apply: on every way to them the gradients have been cleared, and nothing
    was added since. Either the backward comes after the step, and what it adds is cleared before the next one, or a
    loss is computed and `backward()` is missing.

    ## Why does PyTorch do this

    A parameter whose `.grad` is None is passed over by `step()` on purpose, for that is how parts of a network are left
    alone. So a step without any gradient is no error to PyTorch.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html>

    ## What happens to the numbers

    After `zero_grad()` every `.grad` is None, and `step()` passes over a parameter without a gradient: the network
    stays what it was. Nothing is raised, and the loss is printed in each epoch as if it were trained. With
    `zero_grad(set_to_none=False)` the gradients are zeros, and weight decay alone moves the parameters: by 0.347 in one
    step of SGD, by 0.0778 in one of AdamW.

    ## Example

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        optimizer.step()
        loss_fn(model(sample), target).backward()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    ## When is it on purpose

    `optimizer.step()` before the training begins, so that a scheduler does not warn, is not reported. Nor is
    `step(); zero_grad(); backward()` in a loop, which applies in each trip what the one before has added.

    ## Fix safety

    Where the backward comes after the step, the fix moves the step behind it. It is unsafe because it changes what is
    trained. It is only offered where both lines stand in one block. For a backward that is missing there is none.

    ## What it cannot see

    It stays silent where a call that it cannot follow, or code that sets or looks at `.grad`, stands between the clear
    and the step; a loss function that is given from outside is such a call. Where one optimizer steps several networks,
    it only speaks if nothing is left for any of them.
    """

    code = "GRD201"
    category = "stepping"
    severity = Severity.ERROR
    typestate = IDLE_STEPS
    signs = (rb"zero_grad|zero_\(|\.grad\s*=", rb"step\w*\s*\(")

    def tell(self, report: Report) -> Finding | None:
        """What was cleared and never added; None where nothing says that something should have been added."""
        first, step = report.path[0].event, report.event
        assert first is not None and isinstance(step, Step)
        nothing = f"`{quoted(step)}` applies nothing"
        if isinstance(first, Accumulate):
            clear = report.clear
            return Finding(
                event=step,
                cause=step,
                message=f"{nothing}: what `{quoted(first)}` adds is cleared by `{quoted(clear)}` before the next step",
                story=((first, "adds gradients"), (clear, "clears them"), (step, "finds none to apply")),
                repair=move(step, first),
            )
        loss = next((m.event for m in report.path if isinstance(m.event, ComputeLoss)), None)
        if loss is None:
            return None
        return Finding(
            event=step,
            cause=step,
            message=f"{nothing}: gradients are cleared by `{quoted(first)}`, and no backward adds any before it",
            story=((first, "clears the gradients"), (loss, "computes a loss"), (step, "finds no gradients to apply")),
        )
