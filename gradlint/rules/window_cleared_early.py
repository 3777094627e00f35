"""GRD103: gradients of an accumulation window are cleared before the step that should apply them."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.flow.loops import speaks_of_accumulation
from gradlint.flow.trials import Trial
from gradlint.flow.windows import Window, cleared_early
from gradlint.repair import Repair, carry, replace
from gradlint.rule import Finding, WindowRule, quoted


class WindowClearedEarly(WindowRule):
    """Gradients are accumulated over several batches, and cleared before the step comes that should apply them.

    ## What it does

    Finds steps that only come every few batches, as `if (i + 1) % accumulate == 0` says, where gradients of some of the
    batches are cleared before that. It runs the loop on small numbers, so what it says of shares is exact.

    ## Why does PyTorch do this

    `backward()` adds to `.grad`, so that a large batch can be fed in small parts: a window. But PyTorch knows nothing
    of windows. A clear in the middle of one is to it like any other.
    Source: <https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation>

    ## What happens to the numbers

    `backward()` adds the gradients of a batch to `.grad`, and `zero_grad()` drops them before the window is complete.
    With `zero_grad()` in every iteration and windows of 4, each update is made of 1 batch in 4; the other three are
    computed and thrown away. A loss that is divided by 4 is applied at a quarter of its size on top of that. Nothing is
    raised, and the loss goes down, only more slowly and with more noise than the batch size promises.

    ## Example

    ```python
    for i, (sample, target) in enumerate(loader):
        optimizer.zero_grad()
        loss = loss_fn(model(sample), target) / accumulate
        loss.backward()
        if (i + 1) % accumulate == 0:
            optimizer.step()
    ```

    ## Use instead

    ```python
    optimizer.zero_grad()
    for i, (sample, target) in enumerate(loader):
        loss = loss_fn(model(sample), target) / accumulate
        loss.backward()
        if (i + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## When is it on purpose

    A step that is taken every few iterations need not be the end of a window, as that of a GAN's generator. Where
    several optimizers step, it only speaks if a name says that something is accumulated. A clear under a condition of
    its own, as for a batch whose loss is not finite, is not reported, nor are gradients that somebody has looked at.

    ## Fix safety

    The fix moves the clear to right after the step. It is unsafe because it changes what is trained, which is the
    point: a window of 4 now is one of 4. What an epoch leaves over is applied with the first window of the next one. It
    is only offered where both stand in one function, each on a line of its own, nothing else there steps or clears, and
    nobody looks at gradients.

    ## What it cannot see

    Windows that are counted in another way than by `%` or by the distance from the last step, and the steps of objects
    that nobody can follow. An object of another file that is given the network, and keeps its gradients for later, is
    not seen either. What is left at the end of an epoch, and cleared before the next one, is what GRD502 tells of.
    """

    code = "GRD103"
    category = "clearing"
    severity = Severity.ERROR
    signs = (rb"zero_grad|zero_\(|\.grad\s*=", rb"step\w*\s*\(", rb"%|accum|acc_|micro|subdivision")

    def findings(self, trial: Trial) -> Iterator[Finding]:
        """One for each backward that is dropped: added, dropped, stepped without it."""
        for window in cleared_early(trial):
            if trial.alone or speaks_of_accumulation(window.size):
                yield self._tell(window)

    @staticmethod
    def _tell(window: Window) -> Finding:
        step, clear, added = quoted(window.step), quoted(window.clear), quoted(window.added)
        return Finding(
            event=window.clear,
            cause=window.clear,
            message=f"`{clear}` drops what `{added}` has added before `{step}` is due{_share(window)}",
            story=(
                (window.added, "adds the gradients of each batch"),
                (window.clear, "drops them, whether they were applied or not"),
                (window.step, "applies what is left of a window"),
            ),
            repair=_fix(window),
        )


def _fix(window: Window) -> Repair | None:
    """Clear after the step; what a framework gates has to be cleared by the optimizer that it has prepared."""
    step, clear = window.step, window.clear
    if step.gated and not clear.gated:
        return replace(clear, f"{step.place.subject}.zero_grad()")
    return carry(clear, step) if window.movable else None


def _share(window: Window) -> str:
    """How many batches of a window are applied, where it is the same for each."""
    applied, of = window.share.numerator, window.share.denominator
    if of > window.tried:
        return ""
    tried = "" if window.size.isdigit() else f"with `{window.size}` = {window.tried}, "
    return f": {tried}only {applied} of every {of} batches {'is' if applied == 1 else 'are'} applied"
