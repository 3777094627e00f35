"""GRD105: a step applies what the loss of another network has left."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Step
from gradlint.flow.facts import Report
from gradlint.repair import clear_before
from gradlint.rule import Finding, FlowRule, quoted
from gradlint.typestates.foreign import FOREIGN, serves


class CrossLossPollution(FlowRule):
    """The loss of another network has left gradients, and a step applies them with its own.

    ## What it does

    Finds loops with two optimizers in which one loss flows through both networks, as a generator's loss flows through
    the discriminator, only the one optimizer steps after it, and the other network's own loss is then added to what
    was left and applied.

    ## Why does PyTorch do this

    `backward()` fills the `.grad` of every parameter that the loss depends on and that is not frozen, whoever is going
    to step. A generator learns only from what flows back through the discriminator, and PyTorch cannot know that the
    discriminator's own share is not wanted.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html>

    ## What happens to the numbers

    `g_loss.backward()` fills the `.grad` of everything that it flows through, the discriminator's too. If that is not
    cleared before `d_loss.backward()`, the discriminator's step applies the sum: it is pushed to be fooled by the
    generator while it learns to tell. A clear right after the discriminator's step is too early, for the generator's
    loss comes after it: of three observed iterations the discriminator had the gradients of its own loss in the first
    alone.

    ## Example

    ```python
    for real, noise in loader:
        d_loss(discriminator(real)).backward()
        d_optimizer.step()
        d_optimizer.zero_grad()
        g_optimizer.zero_grad()
        g_loss(discriminator(generator(noise))).backward()
        g_optimizer.step()
    ```

    ## Use instead

    ```python
    for real, noise in loader:
        d_optimizer.zero_grad()
        d_loss(discriminator(real)).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        g_loss(discriminator(generator(noise))).backward()
        g_optimizer.step()
    ```

    ## When is it on purpose

    An encoder that two losses share is meant to get the gradients of both: where the second loss reaches other networks
    than the one that is stepped, nothing is reported. Nor is anything where the file freezes parameters
    (`requires_grad_`, `toggle_optimizer`), for then a loss flows through a network without filling its gradients.

    ## Fix safety

    The fix clears right before the network's own backward. It is unsafe because it changes what is trained.

    ## What it cannot see

    It needs to see every network that a loss was computed by: made in the same file or given to the function, and
    called by name. A helper that is given the other optimizer to step, or the loss to back-propagate, says too little.
    Both backwards before both steps are not reported, nor is a function that runs a part of its code under
    `torch.no_grad()` or another context that may stop gradients.
    """

    code = "GRD105"
    category = "clearing"
    severity = Severity.ERROR
    typestate = FOREIGN
    signs = (rb"backward\w*\s*\(", rb"zero_grad|zero_\(|\.grad\b", rb"step\w*\s*\(")

    def tell(self, report: Report) -> Finding:
        """Left by one loss, added to by another, applied."""
        left, step = report.path[0].event, report.event
        assert isinstance(left, Accumulate) and isinstance(step, Step)
        after = iter(report.path)
        served = next(m.event for m in after if isinstance(m.event, Step) and serves(m.event, left))
        own = next(m.event for m in after if isinstance(m.event, Accumulate) and m.concerns)
        return Finding(
            event=own,
            cause=left,
            message=f"`{quoted(own)}` adds to what `{quoted(left)}` has left there, and `{quoted(step)}` applies both",
            story=(
                (left, f"adds to what `{step.place.subject}` steps as well"),
                (served, "applies only its own part"),
                (own, "adds to the rest"),
                (step, "applies both"),
            ),
            repair=clear_before(own, step),
        )
