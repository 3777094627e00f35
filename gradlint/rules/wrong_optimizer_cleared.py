"""GRD104: what is cleared is not what is stepped."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Clear, Step
from gradlint.flow.facts import Report
from gradlint.flow.graph import Graph
from gradlint.precedence import cleared_instead
from gradlint.repair import Repair, replace
from gradlint.rule import Acts, Finding, FlowRule, ScopeRule, quoted
from gradlint.slips import Unreached
from gradlint.typestates.stale import STALE


class WrongOptimizerCleared(FlowRule, ScopeRule):
    """Another optimizer than the one that steps is cleared, or none is.

    ## What it does

    Finds loops in which gradients are applied a second time, as `missing-zero-grad` does, although something is
    cleared in between: another optimizer, that never steps, or by a function of the project's own that is there to
    clear and leaves one of the optimizers out. It also finds functions that are there to clear and never do, because
    the line that does it stands where no way leads.

    ## Why does PyTorch do this

    An optimizer knows the parameters that it was given, and nothing else: neither the network that they come from nor
    the other optimizers. `zero_grad()` clears these parameters only.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html>

    ## What happens to the numbers

    `optimizer.zero_grad()` clears the parameters that this optimizer was given, and no others. Those of the optimizer
    that steps keep their gradients, the next `backward()` adds to them, and every update uses the sum of all gradients
    so far: for plain SGD that is momentum 1.0, which nothing ever slows down (a loss of 1.249 instead of 0.0312 after
    500 steps of a small regression).

    ## Example

    ```python
    for real in loader:
        spare_optimizer.zero_grad()
        loss_fn(critic(real)).backward()
        optimizer.step()
    ```

    ## Use instead

    ```python
    for real in loader:
        optimizer.zero_grad()
        loss_fn(critic(real)).backward()
        optimizer.step()
    ```

    ## When is it on purpose

    Where both optimizers step, each clears its own, and nothing is reported that is applied only once.

    ## Fix safety

    The fix clears the optimizer that steps instead. It is unsafe because it changes what is trained. It is not offered
    where that one is cleared elsewhere in the function: then it may be the step that is of the wrong optimizer. Nor is
    it where the clear stands in a function that the loop calls.

    ## What it cannot see

    The same as `missing-zero-grad`. Where the optimizer that is cleared steps as well, that one tells of the one that
    is not.
    """

    code = "GRD104"
    category = "clearing"
    severity = Severity.ERROR
    typestate = STALE
    signs = (rb"zero_grad", rb"backward\w*\s*\(|raise|return|step\w*\s*\(")

    def tell(self, report: Report) -> Finding | None:
        """Applied, another one cleared, applied again."""
        cleared = cleared_instead(report)
        if cleared is None:
            return None
        applied, again = report.path[0].event, report.event
        added = next(m.event for m in reversed(report.path) if m.concerns and isinstance(m.event, Accumulate))
        assert isinstance(applied, Step) and isinstance(again, Step)
        story = [(applied, "applies gradients"), (cleared, "clears others"), (added, "adds to what was applied")]
        if again is not applied:
            story.append((again, "applies it again"))
        return Finding(
            event=cleared,
            cause=applied,
            message=f"`{quoted(cleared)}` does not clear what `{quoted(again)}` applies, so it is added to and applied"
            " again",
            story=tuple(story),
            repair=_clear_of(cleared, report),
        )

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """A function that is there to clear, and does not."""
        for event in graph.events():
            if isinstance(event, Unreached):
                yield Finding(
                    event=event,
                    cause=event,
                    message=f"`{graph.name}` never clears: no way leads to `{quoted(event)}`",
                    story=((event, "is never reached"),),
                )


def _clear_of(cleared: Clear, report: Report) -> Repair | None:
    """Clear the optimizer that steps, by its name where the other one is cleared; not where that is cleared as well, so
    that it may be the step which is of the wrong one.
    """
    region = next((moment.region for moment in report.path if moment.event is cleared), None)
    return replace(cleared, f"{region.owner}.zero_grad()") if region is not None and not report.around.clears else None
