"""GRD403: gradients of a scaled loss are applied without the scaler that scaled it."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Step
from gradlint.flow.facts import Report
from gradlint.repair import replace
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.scaled import SCALED_STEPS


class StepBypassesScaler(FlowRule):
    """An optimizer steps by itself although a gradient scaler has scaled its loss, so it applies scaled gradients.

    ## What it does

    Finds steps that on every way apply the gradients of a loss that a `GradScaler` has multiplied, and are not made by
    `scaler.step(optimizer)`: instead of it, or once more after it.

    ## Why does PyTorch do this

    In half precision small gradients may become zero. A `GradScaler` multiplies the loss so that they do not, and
    `scaler.step(optimizer)` divides the gradients again before it calls `optimizer.step()`. The optimizer itself knows
    nothing of the scaler, and applies what it finds.
    Source: <https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling>

    ## What happens to the numbers

    `scaler.scale(loss)` multiplies the loss by 65536 at first, and so all its gradients; only `scaler.step()` divides
    them again. With SGD the update is 65536 times as large as it should be. With Adam, which divides by the size of the
    gradients, it looks right, but nobody skips the steps whose gradients have overflowed: one `inf` stays in the
    averages of Adam for ever.

    ## Example

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda"):
            loss = loss_fn(model(sample), target)
        scaler.scale(loss).backward()
        optimizer.step()
        scaler.update()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda"):
            loss = loss_fn(model(sample), target)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    ```

    ## When is it on purpose

    After `scaler.unscale_(optimizer)`, or where code changes the gradients by itself, nothing is reported, nor with
    `GradScaler(enabled=False)`.

    ## Fix safety

    The fix lets the scaler step the optimizer. It is unsafe because it changes what is trained. It is not offered where
    the scaler has stepped it already, or goes by another name there, or where no `scaler.update()` follows, without
    which its second step raises.

    ## What it cannot see

    It only speaks where all ways to the step scale the loss: `if amp: scaler.scale(loss).backward()`, with an `else`
    that does not, and one `optimizer.step()` for both is not reported. Nor are losses that are scaled elsewhere, or in
    a variable that holds them unscaled as well (`loss = scaler.scale(loss)`).
    """

    code = "GRD403"
    category = "precision"
    severity = Severity.ERROR
    typestate = SCALED_STEPS
    signs = (rb"\.scale\s*\(", rb"\.step\s*\(")

    def tell(self, report: Report) -> Finding | None:
        """Scaled, applied as it is."""
        scaled, step = report.path[0].event, report.event
        assert isinstance(scaled, Accumulate) and isinstance(step, Step)
        if step.scaler:
            return None
        before = next((m.event for m in report.path[:-1] if isinstance(m.event, Step) and m.concerns), None)
        if isinstance(before, Step):
            return Finding(
                event=step,
                cause=step,
                message=f"`{quoted(step)}` applies once more what `{quoted(before)}` has applied, and the scaler cannot"
                " skip it",
                story=((scaled, "adds scaled gradients"), (before, "applies them"), (step, "applies them again")),
            )
        by_name = report.around.updates_scale and not report.opened
        fix = f"{scaled.scaler}.step({step.place.subject})" if by_name and step.place.subject else None
        return Finding(
            event=step,
            cause=step,
            message=f"`{quoted(step)}` applies gradients that `{scaled.scaler}` has multiplied by its scale",
            story=((scaled, "adds scaled gradients"), (step, "applies them as they are")),
            repair=replace(step, fix) if fix is not None else None,
        )
