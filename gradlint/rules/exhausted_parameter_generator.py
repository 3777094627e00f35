"""GRD206: an iterator over parameters is run through a second time."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.diagnostics import Severity
from gradlint.events import Consume, Event, Fill
from gradlint.flow.graph import Graph
from gradlint.repair import collect
from gradlint.rule import Acts, Finding, ScopeRule, quoted

_CONSEQUENCES = {
    "optimizer": "the optimizer gets no parameters, and raises",
    "for": "nothing is left for this loop",
    "clip_grad_norm_": "nothing is clipped",
    "clip_grad_norm": "nothing is clipped",
    "clip_grad_value_": "there is nothing to clip, and it raises",
}


class ExhaustedParameterGenerator(ScopeRule):
    """An iterator over parameters is run through a second time, and is empty then.

    ## What it does

    Finds variables that hold `model.parameters()`, or a `filter(...)` or generator of it, and are used a second time:
    by an optimizer and for clipping, in two loops, or in every trip of one.

    ## Why does PyTorch do this

    `parameters()` does not make a list, it gives an iterator, which goes through the network while somebody asks for
    more. That an iterator can be run through once is Python's rule: a second loop over it is a loop over nothing.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.parameters>

    ## What happens to the numbers

    `parameters()` gives an iterator, and an iterator can be run through once. Whoever comes second sees no parameters:
    `clip_grad_norm_` clips nothing and says that the norm is 0.0 (recent releases warn), and a loop that clears or
    freezes does nothing. Only a second optimizer raises (`ValueError: optimizer got an empty parameter list`), and
    `clip_grad_value_` does.

    ## Example

    ```python
    parameters = model.parameters()
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    ```

    ## Use instead

    ```python
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    ```

    ## When is it on purpose

    Never.

    ## Fix safety

    The fix makes a list of the iterator. It is unsafe because what comes second begins to work, which changes what is
    trained, and because a list is made at once: what is frozen after that is in it. It is not offered where `next(...)`
    takes an element.

    ## What it cannot see

    Variables that are bound once, in the function that uses them, and used first under no condition of their own; what
    other functions do with an iterator that they are given counts as nothing. A loop that may be left early does not
    run through it, nor does `zip`, `any` or `next`.
    """

    code = "GRD206"
    category = "stepping"
    severity = Severity.ERROR
    is_local = True
    signs = (
        rb"parameters\(",
        # Kept by an assignment, by itself or in `map`, `filter`, `chain` or a generator expression. What asks for one
        # element, or for all of them at once, keeps nothing, and files for inference are full of that.
        rb"=\s*\(?\s*(?:(?!\b(?:for|next|list|sum)\b)[^\n=#])*\.\s*(?:named_)?parameters\("
        rb"|=\s*\(?\s*(?:map|filter|[\w.]*chain[\w.]*)\s*\([\s\S]{0,400}?\.(?:named_)?parameters\("
        rb"|=\s*\([\s\S]{1,200}?\bfor\b[\s\S]{1,200}?\bin\b[\s\S]{1,200}?\.(?:named_)?parameters\(",
        rb"torch|lightning|accelerate|transformers|deepspeed|oneflow|fastai|timm",
    )

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """For each iterator the first place at which it is empty, whatever way leads there."""
        for number, node in enumerate(graph.nodes):
            if isinstance(node.event, Fill):
                second = min(_seconds(node.event, number, graph), key=lambda each: each[:2], default=None)
                if second is not None:
                    yield self._tell(node.event, *second[2:])

    def _tell(self, fill: Fill, earlier: Consume, empty: Consume) -> Finding:
        consequence = _CONSEQUENCES.get(empty.by, "it finds nothing")
        name = fill.place.subject
        if earlier is empty:
            message = f"`{name}` is run through in the first trip, so in all others {consequence}"
        else:
            here = "" if quoted(empty) == name else f" before `{quoted(empty)}`"
            message = f"`{name}` was run through already{here}, so {consequence}"
        story: list[tuple[Event, str]] = [(fill, "can be run through once")]
        if earlier is not empty:
            story.append((earlier, "runs through it"))
        return Finding(
            event=empty,
            cause=fill,
            message=message,
            story=(*story, (empty, "finds nothing left")),
            repair=collect(fill) if fill.fixable else None,
        )


def _seconds(fill: Fill, made: int, graph: Graph) -> Iterator[tuple[int, int, Consume, Consume]]:
    """The places at which an iterator is empty, each after where it was run through; the numbers of the nodes first."""

    def ends(event: Event) -> bool:
        return event is fill or (isinstance(event, Consume) and event.variable == fill.variable)

    def uses(numbers: set[int]) -> Iterator[tuple[int, Consume]]:
        for number in numbers:
            event = graph.nodes[number].event
            if isinstance(event, Consume) and event.variable == fill.variable:
                yield number, event

    first = dict(uses(graph.reached(made, ends)))
    for before, earlier in first.items():
        for number, event in uses(graph.reached(before, lambda event: event is fill)):
            if number not in first:
                yield number, before, earlier, event
            elif number == before and graph.nodes[number].holds <= graph.nodes[made].holds:
                yield number, before, event, event  # in another trip, whatever holds there
