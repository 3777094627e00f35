"""GRD404: a gradient scaler is used again before it was updated."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Step, Unscale
from gradlint.flow.facts import Report
from gradlint.regions import is_one
from gradlint.repair import update_scale
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.protocol import PROTOCOL


class ScalerProtocol(FlowRule):
    """A gradient scaler steps or unscales an optimizer a second time, and `scaler.update()` has not been called.

    ## What it does

    Finds ways on which a `GradScaler` steps an optimizer twice, unscales it twice, or unscales it after its step, with
    no `scaler.update()` in between.

    ## Why does PyTorch do this

    A `GradScaler` divides the gradients of an optimizer once, and remembers that it has, so that it does not divide
    them again. `scaler.update()` ends that: it sets the scale for the next iteration and forgets. Once for each
    iteration is what it is made for.
    Source: <https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling>

    ## What happens to the numbers

    PyTorch raises `RuntimeError`: `step() has already been called since the last update()`, or the same of
    `unscale_()`. A loop without `scaler.update()` dies in its second iteration, and so does one that unscales in each
    batch of a window.

    ## Example

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        scaler.scale(loss_fn(model(sample), target)).backward()
        scaler.step(optimizer)
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        scaler.scale(loss_fn(model(sample), target)).backward()
        scaler.step(optimizer)
        scaler.update()
    ```

    ## When is it on purpose

    Never: it raises. A scaler that is off, `GradScaler(enabled=False)`, does not, and nothing is reported of one. One
    whose `enabled` is a variable only raises where it is on.

    ## Fix safety

    The fix updates the scaler after its step. It is only offered where nothing in the function updates it, and the same
    line steps twice; it is unsafe, for where several optimizers step the update belongs after the last of them.

    ## What it cannot see

    Updates by calls that it cannot follow, as callbacks are, count for nothing unless the optimizer or the scaler is
    given to them in the same function. A flag that says what was unscaled already is only known where it is a local
    variable. That is why the rule is a preview. It says nothing of optimizers in lists.
    """

    code = "GRD404"
    category = "precision"
    severity = Severity.ERROR
    preview = True
    typestate = PROTOCOL
    signs = (rb"scaler", rb"\.(?:unscale_|step)\s*\(")

    def tell(self, report: Report) -> Finding | None:
        """Done, and done again."""
        first, again = report.path[0].event, report.event
        assert isinstance(first, (Step, Unscale)) and isinstance(again, (Step, Unscale))
        scaler = again.scaler
        if not is_one(report.region.owner):
            return None  # it may be another one each time
        if "." not in scaler and any(moment.called_again for moment in report.path):
            return None  # it may be another one each time
        stepped = next((m.event for m in report.path[:-1] if isinstance(m.event, Step) and m.concerns), None)
        before = stepped or first
        done = "stepped" if isinstance(before, Step) else "unscaled"
        again_by_loop = any(moment.loop is not None and not moment.called_again for moment in report.path)
        second = ", in its second iteration" if again_by_loop else ", when it is called again"
        when = "" if before is not again else second
        story = [(before, f"{done} here")]
        if again is not before:
            story.append((again, "and here again, with no update in between"))
        return Finding(
            event=again,
            cause=before,
            message=f"`{quoted(again)}` raises{when}: `{scaler}` has {done} the optimizer, and no `{scaler}.update()`"
            " comes in between",
            story=tuple(story),
            repair=update_scale(again) if again is before and not report.around.updates_scale else None,
        )
