"""GRD207: a step is given a closure that does not do its part."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Event
from gradlint.flow.graph import Graph
from gradlint.repair import Repair, clear_in_closure, give_back
from gradlint.rule import Acts, Finding, SlipRule, quoted
from gradlint.slips import Breach, ClosureBreach


class ClosureContract(SlipRule):
    """A step is given no closure, or one that does not clear, back-propagate and give back its own loss.

    ## What it does

    A closure is what `optimizer.step(closure)` calls to evaluate the loss: it has to clear the gradients, compute the
    loss, call `backward()` and give the loss back. L-BFGS calls it again and again within one step, and needs all four.
    For an optimizer that is surely `torch.optim.LBFGS`, or a subclass with its step, the rule finds

    - `step()` without a closure;
    - closures that give back nothing;
    - closures that never call `backward()`;
    - closures that back-propagate a loss which was computed outside of them.

    For other optimizers of PyTorch, which call the closure once, it finds closures that give back nothing where the
    result of `step` is used as a number. Of an optimizer whose class is given from outside (`self.optimizer_class(...)`
    of a library) it finds closures that leave the clearing to the code around `step`.

    ## Why does PyTorch do this

    Most optimizers look at the gradients once in a step. L-BFGS tries several points within one step and needs the loss
    and the gradients at each of them, so it has to be given a function that computes them anew. It adds nothing and
    clears nothing by itself: in the closure `backward()` accumulates as everywhere.
    Source: <https://docs.pytorch.org/docs/stable/optim.html#optimizer-step-closure>

    ## What happens to the numbers

    Without a closure, or without the loss, L-BFGS raises a `TypeError` (`LBFGS.step() missing 1 required positional
    argument: 'closure'`, `float() argument must be a string or a real number, not 'NoneType'`). Nothing is raised
    otherwise: without a `backward()` L-BFGS meets the same gradients wherever the parameters are (in a small regression
    it ended at a loss of 8.6 instead of 3.9), without a clear the gradients of all evaluations add up (1.9e11 instead
    of 3.9). A loss from outside is the same at each evaluation, however far the parameters have moved, unless the
    second `backward()` raises because the graph is gone.

    ## Example

    ```python
    optimizer = torch.optim.LBFGS(model.parameters())
    for sample, target in loader:

        def closure():
            optimizer.zero_grad()
            loss = loss_fn(model(sample), target)
            loss.backward()

        optimizer.step(closure)
    ```

    ## Use instead

    ```python
    optimizer = torch.optim.LBFGS(model.parameters())
    for sample, target in loader:

        def closure():
            optimizer.zero_grad()
            loss = loss_fn(model(sample), target)
            loss.backward()
            return loss

        optimizer.step(closure)
    ```

    ## When is it on purpose

    SGD, Adam and the others call a closure once: to clear outside of it is as good, and so is to give back nothing
    where nobody looks. That is not reported, nor is L-BFGS with `max_iter=1`, which evaluates once, with a backward
    outside. Optimizers with a step of their own, as SAM, have a contract of their own.

    ## Fix safety

    `return loss` at the end of the closure is safe: before, there was no loss. It is only offered where the closure has
    no `return` at all and back-propagates one variable. Clearing first in the closure changes what is trained, so that
    is unsafe. There is no fix for the others.

    ## What it cannot see

    Optimizers that may be of several classes, closures that a decorator or a subclass may change, those of which only
    some ways give back nothing, and those that call what cannot be followed, which may back-propagate. Closures that do
    not clear, where nobody does or L-BFGS is cleared outside only, are what `missing-zero-grad` reports; here only
    those that a function of the project hands on to the step.
    """

    code = "GRD207"
    category = "stepping"
    severity = Severity.ERROR
    signs = (rb"\.step\s*\(", rb"LBFGS|backward\w*\s*\(")
    kinds = (ClosureBreach,)

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """One for each cause: what one closure lacks is told where it is first given to a step."""
        told: set[object] = set()
        for finding in super().findings(graph, acts):
            slip = finding.event
            assert isinstance(slip, ClosureBreach)
            cause = (slip.breach, slip.target) if slip.target is not None else slip.place.node
            if cause not in told:
                told.add(cause)
                yield finding

    def tell(self, slip: Event) -> Finding:
        """What the closure lacks."""
        assert isinstance(slip, ClosureBreach)
        return Finding(slip, slip, _message(slip), ((slip, _LABELS[slip.breach]),), _repair(slip))


_REPEATING = "LBFGS"
_LABELS = {
    Breach.ABSENT: "without a closure",
    Breach.NOTHING: "gets no loss",
    Breach.STALE: "gets the same loss each time",
    Breach.NO_BACKWARD: "gets a loss, and no gradients of it",
    Breach.KEPT: "several evaluations in one step",
}


def _message(slip: ClosureBreach) -> str:
    closure = f"`{slip.closure}`" if slip.closure.replace(".", "").isidentifier() else "the closure"
    match slip.breach:
        case Breach.ABSENT:
            return f"`{quoted(slip)}` is given no closure, without which L-BFGS raises a TypeError"
        case Breach.NOTHING if slip.by != _REPEATING:
            return f"{closure} gives back nothing, so `{quoted(slip)}` is None where a number is needed"
        case Breach.NOTHING:
            return f"{closure} gives back nothing, so `{quoted(slip)}` raises a TypeError: L-BFGS needs the loss"
        case Breach.STALE:
            return (
                f"`{slip.loss}` is computed outside of {closure}, so at each evaluation L-BFGS gets the loss of the "
                "parameters as they were before the step"
            )
        case Breach.NO_BACKWARD:
            return (
                f"{closure} never calls backward, so L-BFGS meets the same gradients at each evaluation, wherever the "
                "parameters are"
            )
        case Breach.KEPT if slip.by == _REPEATING:
            return f"{closure} adds to the gradients at each evaluation, and L-BFGS applies sums of them in one step"
        case Breach.KEPT:
            return (
                f"{closure} adds to the gradients at each evaluation, and `{slip.place.subject}`, which may be of any "
                "class, applies the sum of several if it is L-BFGS"
            )


def _repair(slip: ClosureBreach) -> Repair | None:
    match slip.breach:
        case Breach.NOTHING:
            return give_back(slip)
        case Breach.KEPT:
            return clear_in_closure(slip)
        case _:
            return None
