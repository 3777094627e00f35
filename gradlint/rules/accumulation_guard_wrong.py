"""GRD501: the guard of an accumulation window asks for something else than its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Call, Clear, Event, Read, Step
from gradlint.flow.conditions import Cycle, Equals, Literal
from gradlint.flow.graph import Graph, Node
from gradlint.flow.loops import Loops, speaks_of_accumulation
from gradlint.regions import Path
from gradlint.rule import Acts, Finding, ScopeRule, quoted


class AccumulationGuardWrong(ScopeRule):
    """The guard of a step that should come once in a window is true all the other times, or never.

    ## What it does

    Finds steps under `if (i + 1) % accumulate:`, which is true wherever the remainder is not 0, and under
    `if i + 1 % accumulate == 0:`, where `%` binds before `+`.

    ## Why does PyTorch do this

    `backward()` adds to `.grad`, so that a large batch can be fed in small parts: a window. PyTorch knows nothing of
    windows: `step()` applies whatever is there, and an `if` of your own says when.
    Source: <https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation>

    ## What happens to the numbers

    With windows of 4, `(i + 1) % 4` is 1, 2, 3, 0: the step comes after the first, the second and the third batch, and
    not after the fourth, so two batches in four are applied alone and two together, each at the size that was meant for
    a window. `i + 1 % 4 == 0` is `i + 1 == 0`, which no counter from 0 on ever is: nothing is trained. Neither raises.

    ## Example

    ```python
    for i, (sample, target) in enumerate(loader):
        (loss_fn(model(sample), target) / accumulate).backward()
        if (i + 1) % accumulate:
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## Use instead

    ```python
    for i, (sample, target) in enumerate(loader):
        (loss_fn(model(sample), target) / accumulate).backward()
        if (i + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## When is it on purpose

    A test that skips batches, with the backward behind it as well, is right: `if i % 10 != 0: continue`, and so is one
    after the loop, for what is left over. Only a step that clears behind the same guard is reported, whose backward
    does not stand behind it, where the optimizer steps nowhere else and nobody looks at gradients; where several
    optimizers step, only if a name says that something is accumulated.

    ## Fix safety

    There is no fix.

    ## What it cannot see

    Guards in another function than the backward, and windows that are counted in another way than by `%`.
    """

    code = "GRD501"
    category = "accumulation"
    severity = Severity.ERROR
    signs = (rb"zero_grad|zero_\(|\.grad\s*=", rb"step\w*\s*\(", rb"%")

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """One for each step behind such a guard, where nothing else steps or looks at gradients."""
        events = list(graph.events())
        steps = [event for event in events if isinstance(event, Step)]
        if any(
            (isinstance(event, Call) and acts(event)) or (isinstance(event, Read) and event.seen) for event in events
        ):
            return
        for node in graph.nodes:
            guard = next(filter(None, (_wrong(literal, graph) for literal in node.holds)), None)
            if not isinstance(node.event, Step) or guard is None or _is_shared(node.event, steps):
                continue
            added = _added_without(guard, node, graph)
            size = guard.condition.period if isinstance(guard.condition, Cycle) else ""
            if added is not None and (len(steps) == 1 or speaks_of_accumulation(size)):
                yield self._tell(node.event, added, guard)

    @staticmethod
    def _tell(step: Step, added: Accumulate, guard: Literal) -> Finding:
        condition = guard.condition
        if isinstance(condition, Cycle):
            asked = _counted(condition)
            why = f"runs after all batches of a window but the last: its guard holds where `{asked}` is not 0"
        else:
            assert isinstance(condition, Equals)
            value = condition.constant
            why = f"never runs: `%` binds before `+`, so its guard asks whether `{condition.subject}` is {value}"
        return Finding(
            event=step,
            cause=step,
            message=f"`{quoted(step)}` {why}",
            story=((added, "adds the gradients of each batch"), (step, "should apply them once in a window")),
        )


def _wrong(literal: Literal, graph: Graph) -> Literal | None:
    """A condition that holds all the time but at the end of a window, or never."""
    match literal:
        case Literal(Cycle(period=period), False) if period not in ("1", "2") and graph.sizes.get(period) not in (1, 2):
            return literal
        case Literal(Equals(Path() as counter, int() as value), True) if value < 0 and counter in graph.counters:
            return literal
        case _:
            return None


def _is_shared(step: Step, steps: Sequence[Step]) -> bool:
    """Whether another line steps the same optimizer, as for what is left over."""
    owners = {region.owner for region in step.regions}
    return any(each is not step and any(region.owner in owners for region in each.regions) for each in steps)


def _added_without(guard: Literal, stepping: Node, graph: Graph) -> Accumulate | None:
    """A backward that leads to a step which hangs on a guard and on nothing else, and does not hang on it itself; None
    unless what is applied is cleared there.
    """
    if not any(_is_behind(node, guard, Clear) for node in graph.nodes):
        return None
    loops = Loops({graph.scope: graph})
    for number, node in enumerate(graph.nodes):
        if isinstance(node.event, Accumulate):
            around = loops.around(graph, number)
            ahead = [each for each in graph.reached(number, _settles) if graph.nodes[each] is stepping]
            if ahead and (around is None or not around.nodes.isdisjoint(ahead)):
                return node.event if stepping.holds - node.holds == {guard} else None
    return None


def _is_behind(node: Node, guard: Literal, kind: type[Event]) -> bool:
    return isinstance(node.event, kind) and guard in node.holds


def _settles(event: Event) -> bool:
    return isinstance(event, (Step, Clear))


def _counted(cycle: Cycle) -> str:
    shift = "" if not cycle.shift else f" {'+' if cycle.shift > 0 else '-'} {abs(cycle.shift)}"
    counted = f"({cycle.counter}{shift})" if shift else str(cycle.counter)
    return f"{counted} % {cycle.period}"
