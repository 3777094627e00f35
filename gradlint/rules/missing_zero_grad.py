"""GRD101: gradients that a step has applied are added to and applied again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Event, Step
from gradlint.flow.solver import Report
from gradlint.repair import insert_clear
from gradlint.rule import Finding, FlowRule, Scene


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing special: the gradients may be clear (Lambda in the design)."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A deposit waits to be applied."""


@dataclass(frozen=True, slots=True)
class Applied:
    """`step` has applied what is in `.grad`, and nothing has cleared it since."""

    step: Step


@dataclass(frozen=True, slots=True)
class Mixed:
    """After `step`, `added` has added to the gradients that were already applied."""

    step: Step
    added: Accumulate


class MissingZeroGrad(FlowRule):
    """Gradients are added to gradients that an optimizer has already applied, and applied again.

    ## What it does

    Finds paths on which `step()` applies gradients, a later `backward()` adds to them, and a `step()` applies the sum,
    with nothing in between that clears them: a loop without `zero_grad()`, one that clears in only one branch, a clear
    that stands one loop too far out, a `continue` that jumps over it, a closure or a bare tensor that forgets it.

    ## Why does PyTorch accumulate

    `backward()` does not set `.grad`, it adds to it. That is on purpose: the gradient of a sum of losses is the sum of
    their gradients, so a large batch can be fed in small parts, and two losses can share a network. `step()` reads
    `.grad` and leaves it as it is. Only you know when a sum is complete, so only you can clear it.
    Source: the documentation of `torch.Tensor.backward` ("accumulates gradients in the leaves - you might need to zero
    .grad attributes or set them to None before calling it") and of `torch.optim.Optimizer.zero_grad`.

    ## What happens to the numbers

    Every update uses the sum of all gradients since the last clear. For plain SGD that is exactly SGD with momentum 1.0:
    nothing ever slows it down, it overshoots and oscillates (after 500 steps of a small regression the loss was 1.249
    instead of 0.0312). Adam divides by the size of the gradients, so it stays bounded and only trains worse: nothing
    crashes, the loss curve only looks a little off. Under a gradient scaler the old part is divided by the scale, which
    hides the bug until mixed precision is turned off.

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
    `# gradlint: ignore[missing-zero-grad]` with the reason.

    ## Fix safety

    The fix is unsafe because it changes what is trained, which is its purpose. It clears right after the step that
    applied the gradients, so a window of several backward passes stays whole. It is not offered where the right place
    cannot be told.

    ## What it cannot see

    Clears in other files, in hooks and in frameworks it does not know. Where a call it cannot follow is given the
    optimizer and could clear, it stays silent.
    """

    code = "GRD101"
    category = "clearing"
    severity = Severity.ERROR
    words = ((b"backward",), (b"step", b".grad"))

    def start(self) -> object:
        """Nothing is known of a region at first."""
        return Clean()

    def flow(self, state: object, event: Event) -> Iterator[object]:
        """The typestate machine of one region; a clear leaves nothing to follow."""
        match state, event:
            case Clean(), Accumulate():
                yield Clean()
                yield Fresh()
            case Clean(), _:
                yield Clean()
            case Fresh(), Accumulate():
                yield state
            case Fresh(), Step() as step:
                yield Applied(step)
            case Applied(step), Accumulate() as added:
                yield Mixed(step, added)
            case Applied(), Step():
                yield state
            case Mixed(step), Accumulate() as added:
                yield Mixed(step, added)
            case Mixed(), Step() as step:
                yield Applied(step)
            case _:
                return

    def judge(self, state: object, event: Event) -> bool:
        """A step must not meet gradients of which a part has been applied before."""
        return isinstance(state, Mixed) and isinstance(event, Step)

    def owes_clear(self, state: object) -> bool:
        """Applied gradients have to be cleared, so going around a clear proves nothing."""
        return isinstance(state, Applied | Mixed)

    def tell(self, report: Report, scene: Scene) -> Finding:
        """The story of a report: applied, added to, applied again."""
        assert isinstance(report.state, Mixed) and isinstance(report.event, Step)
        applied, added, again = report.state.step, report.state.added, report.event
        trip = "the next iteration adds to the same gradients" if scene.in_next_trip else "adds to the same gradients"
        story = [(applied, "applied here, never cleared"), (added, trip)]
        if again is not applied:
            story.append((again, "and applied again here"))
        return Finding(
            event=added,
            cause=applied,
            message=f"`{scene.text(added)}` adds to gradients that `{scene.text(applied)}` has already applied",
            story=tuple(story),
            repair=insert_clear(report, applied, again),
        )
