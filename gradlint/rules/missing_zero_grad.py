"""GRD101: gradients that a step has applied are added to and applied again."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Step
from gradlint.flow.facts import Report
from gradlint.repair import insert_clear
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.stale import STALE


class MissingZeroGrad(FlowRule):
    """Gradients are added to gradients that an optimizer has already applied, and applied again.

    ## What it does

    Finds paths on which `step()` applies gradients, a later `backward()` adds to them, and a `step()` applies the sum,
    with nothing in between that clears them: a loop without `zero_grad()`, a mixed-precision branch that clears while
    the other one forgets, a clear that stands one loop too far out, a `continue` that jumps over it, a closure or a
    bare tensor that forgets it.

    ## Why does PyTorch accumulate

    `backward()` does not set `.grad`, it adds to it. That is on purpose: the gradient of a sum of losses is the sum of
    their gradients, so a large batch can be fed in small parts, and two losses can share a network. `step()` reads
    `.grad` and leaves it as it is. Only you know when a sum is complete, so only you can clear it.
    The documentation of `backward()` says so, and that `.grad` may have to be set to zero or to None before.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html>
    and <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html>

    ## What happens to the numbers

    Every update uses the sum of all gradients since the last clear. For plain SGD that is exactly SGD with momentum
    1.0: nothing ever slows it down, it overshoots and oscillates (after 500 steps of a small regression the loss was
    1.249 instead of 0.0312). Adam divides by the size of the gradients, so it stays bounded and only trains worse:
    nothing crashes, the loss curve only looks a little off. Under a gradient scaler the old part is divided by the
    scale, which hides the bug until mixed precision is turned off.

    ## Example

    ```python
    for sample, target in loader:
        loss = loss_fn(model(sample), target)
        loss.backward()
        optimizer.step()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        loss = loss_fn(model(sample), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    ```

    ## When is it on purpose

    Adding several backward passes before one step is gradient accumulation and is never reported. What is reported is
    adding to gradients that have already been applied. If you want exactly that, say so in a
    `# gradlint: ignore[missing-zero-grad]` with the reason. Gradients that are handed over to another model
    (`theirs.grad = ours.grad`, as A3C's workers do) are one tensor for both: before PyTorch 2.0 the other optimizer's
    `zero_grad()` filled it with zeros for both, since then it only lets go of it.

    ## Fix safety

    The fix is unsafe because it changes what is trained, which is its purpose. It clears right after the step that
    applied the gradients, so a window of several backward passes stays whole. It is not offered where the right place
    cannot be told, or where the step is a part of an expression that may leave it out (`step() if last else None`).

    ## What it cannot see

    What happens in installed packages, in hooks and in frameworks it does not know; calls within the project are
    followed, also from file to file. It stays silent where a call that it cannot follow is given the optimizer, unless
    the call's name says that it only looks (`clip_...`, `log_...`), or is given what holds the optimizer and has a name
    that could clear or step (`train_step`, `before_...`, `update`).
    It also stays silent where the clear stands under a condition of its own (`if self.reset: optimizer.zero_grad()`),
    because it cannot tell when that holds.

    Whether a function that back-propagates and steps is called again is for its callers in the project to say. Where
    none is found, it is taken to be called again and again with the same optimizer, if that comes from outside; not
    where a sibling clears it, the loss is a parameter, the function is a test, or code that it cannot follow speaks of
    the function's name and of clearing.
    """

    code = "GRD101"
    category = "clearing"
    severity = Severity.ERROR
    typestate = STALE
    signs = (
        rb"backward\w*\s*\(|scaler\s*\(|schedule(?!r)\w*\.step\s*\(|loss_and_grads\s*\(",
        rb"step\w*\s*\(|\.grad\b|scaler\s*\(",
    )

    def tell(self, report: Report) -> Finding:
        """The story of a report: applied, added to, applied again."""
        applied, again = report.path[0].event, report.event
        added = next(m.event for m in reversed(report.path) if m.concerns and isinstance(m.event, Accumulate))
        assert isinstance(applied, Step) and isinstance(again, Step)
        done = "handed over" if applied.hands_over else "applied"
        clear = report.around.clear_beside(applied)
        cleared = f"{done} here, not cleared on this path" if clear else f"{done} here, never cleared"
        story = [(applied, cleared), (added, f"{_when(report)}adds to the same gradients")]
        # One call may do both: `loss_scaler(loss, optimizer)`.
        by = "it has" if applied.place.node is added.place.node else f"`{quoted(applied)}` has"
        if again is not applied:
            story.append((again, f"and {'handed over' if again.hands_over else 'applied'} again here"))
        return Finding(
            event=added,
            cause=applied,
            message=f"`{quoted(added)}` adds to gradients that {by} already {done}",
            story=tuple(story),
            repair=insert_clear(report, applied, again),
            asides=((clear, "cleared here, but not on this path"),) if clear else (),
        )


def _when(report: Report) -> str:
    """When the gradients are added to, as the beginning of a label."""
    if any(moment.called_again for moment in report.path):
        return "the next call "
    if any(moment.loop is not None and moment.loop is report.event.place.statement for moment in report.path):
        return "the closure, called again by the same step, "
    return "the next iteration " if any(moment.loop is not None for moment in report.path) else ""
