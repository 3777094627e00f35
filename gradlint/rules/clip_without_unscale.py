"""GRD402: gradients are clipped while they are multiplied by the scale of a gradient scaler."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Clip, Step
from gradlint.flow.facts import Report
from gradlint.repair import unscale
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.scaled import SCALED_STEPS


class ClipWithoutUnscale(FlowRule):
    """Gradients are clipped while they are scaled, so nearly nothing is left of them.

    ## What it does

    Finds gradients that are clipped after `scaler.scale(loss).backward()` and before `scaler.step(optimizer)`, with no
    `scaler.unscale_(optimizer)` in between, on every way to that step.

    ## Why does PyTorch do this

    In half precision small gradients may become zero. A `GradScaler` multiplies the loss so that they do not, and
    divides the gradients again before they are applied: at `scaler.unscale_(optimizer)`, or in `scaler.step(optimizer)`
    if you have not called that. Until then whoever looks at `.grad` sees the large numbers.
    Source: <https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-clipping>

    ## What happens to the numbers

    The gradients are 65536 times as large as they should be, or whatever the scale is by then, and are clipped to a
    norm that was meant for gradients as they are. Then `scaler.step()` divides them by the scale. With `max_norm=1` an
    update of norm 1 becomes one of norm 1.5e-05: with SGD the network hardly learns. Adam divides by the size of the
    gradients, but each update is cut to the same size, whatever it was, and changes with the scale.

    ## Example

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        scaler.scale(loss_fn(model(sample), target)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        scaler.scale(loss_fn(model(sample), target)).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    ```

    ## When is it on purpose

    Never. `GradScaler(enabled=False)` scales nothing and is not reported; `GradScaler(enabled=flag)` is.

    ## Fix safety

    The fix unscales before the gradients are clipped. It is unsafe because it changes what is trained. It is only
    offered where both stand in one block.

    ## What it cannot see

    Clipping by functions that are not those of `torch.nn.utils`, and of a part of what the optimizer steps; in files
    that unscale somewhere, also of parameters of which it cannot tell whose they are. Wrappers (accelerate, Fabric)
    unscale by themselves.
    """

    code = "GRD402"
    category = "precision"
    severity = Severity.ERROR
    typestate = SCALED_STEPS
    rests_on_steps = False
    signs = (rb"\.scale\s*\(", rb"clip_grad_(?:norm|value)", rb"\.step\s*\(")

    def tell(self, report: Report) -> Finding | None:
        """Scaled, clipped, unscaled by the step."""
        scaled, step = report.path[0].event, report.event
        assert isinstance(scaled, Accumulate) and isinstance(step, Step)
        clip = next((m.event for m in report.path if isinstance(m.event, Clip) and m.concerns), None)
        if not step.scaler or clip is None:
            return None
        return Finding(
            event=clip,
            cause=clip,
            message=f"`{quoted(clip)}` clips gradients that `{scaled.scaler}` has multiplied by its scale, so hardly"
            " anything is left once that is divided again",
            story=(
                (scaled, "adds scaled gradients"),
                (clip, "clips them"),
                (step, "divides and applies them"),
            ),
            repair=unscale(clip, step),
        )
