"""GRD202: an optimizer is cleared again and again, and nothing ever steps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gradlint.diagnostics import Severity
from gradlint.events import Accumulate, Call, Clear, Event, Forget, Read, Rescale, Schedule, Step, Unstepped
from gradlint.flow.graph import Graph
from gradlint.regions import GROUPS, Path, Region
from gradlint.rule import Acts, Finding, ScopeRule, quoted


class NeverStepped(ScopeRule):
    """An optimizer is cleared in every iteration and never steps, so what it was given never learns.

    ## What it does

    Finds loops that clear an optimizer and call `backward()` for it, where no code steps that optimizer: not in the
    loop, not in a function that is given it, not in another file that can get hold of it.

    ## Why does PyTorch do this

    `backward()` and `zero_grad()` only write to `.grad`. The parameters are changed by `step()` alone, and when that
    should happen is for you to say: PyTorch never steps by itself.
    Source: <https://docs.pytorch.org/docs/stable/optim.html#taking-an-optimization-step>

    ## What happens to the numbers

    `backward()` computes gradients, `zero_grad()` drops them in the next iteration, and in between nobody applies them:
    the parameters stay what they were at the start. Nothing is raised. In a GAN whose discriminator never steps the
    generator is trained against random weights, and its loss falls as if all were well.

    ## Example

    ```python
    for real, noise in loader:
        d_optimizer.zero_grad()
        d_loss(discriminator, real, generator(noise).detach()).backward()

        g_optimizer.zero_grad()
        g_loss(discriminator, generator(noise)).backward()
        g_optimizer.step()
    ```

    ## Use instead

    ```python
    for real, noise in loader:
        d_optimizer.zero_grad()
        d_loss(discriminator, real, generator(noise).detach()).backward()
        d_optimizer.step()

        g_optimizer.zero_grad()
        g_loss(discriminator, generator(noise)).backward()
        g_optimizer.step()
    ```

    ## When is it on purpose

    Where gradients are only wanted for themselves, to look at them or to make one's own update: code that mentions
    `.grad` or hooks is not reported. The loop has to be there to train: another optimizer steps in it, a scheduler of
    this one goes on, or what the optimizer was given is saved. A step that is written in a comment counts as one, and
    where parameters are frozen nothing is said of them.

    ## Fix safety

    There is no fix: only you know where the step belongs.

    ## What it cannot see

    Optimizers that do not come from a constructor that gradlint knows, are kept in a list or dictionary, returned, or
    given to a function that nobody can follow. Attributes of classes whose base is not in the project. Of two
    optimizers with parameters in common nothing is said, nor of functions and files of tests, nor in a loop that steps
    what it does not clear: there it may be the clear that is of the wrong optimizer (`wrong-optimizer-cleared`).
    """

    code = "GRD202"
    category = "stepping"
    severity = Severity.WARNING
    signs = (rb"zero_grad\s*\(", rb"backward\s*\(", rb"\boptim|Adam|SGD|RMSprop")

    def findings(self, graph: Graph, acts: Acts) -> Iterator[Finding]:
        """For each optimizer that nothing steps the first backward that deposits gradients for it."""
        told: set[Path] = set()
        for number, node in enumerate(graph.nodes):
            if isinstance(node.event, Unstepped) and node.event.optimizer not in told:
                trip = _trip(number, node.event, graph)
                unapplied = _unapplied(trip, node.event, acts) if trip is not None else None
                if trip is not None and unapplied is not None:
                    told.add(node.event.optimizer)
                    yield self._tell(node.event, unapplied, "in every iteration" if trip.is_loop else "each time")

    def _tell(self, unstepped: Unstepped, unapplied: Accumulate, when: str) -> Finding:
        clear = unstepped.clear
        (learner, *others) = unstepped.params
        whose = f"`{learner}`" if not others and GROUPS not in learner.fields else "what it was given"
        story: list[tuple[Event, str]] = [(clear, "clears them"), (unapplied, "adds gradients that nobody applies")]
        if unstepped.place is not clear.place:
            story.insert(0, (unstepped, "made here, stepped nowhere"))
        return Finding(
            event=unapplied,
            cause=unstepped,
            message=f"`{clear.place.subject}` is cleared {when} and never steps, so nobody applies what "
            f"`{quoted(unapplied)}` adds, and {whose} never learns",
            story=tuple(story),
        )


@dataclass(frozen=True, slots=True)
class _Trip:
    """What runs again and again: the nodes of a loop, or all of a function that others call."""

    graph: Graph
    nodes: frozenset[int]
    is_loop: bool

    def events(self) -> Iterator[tuple[int, Event]]:
        for number in sorted(self.nodes):
            event = self.graph.nodes[number].event
            if event is not None:
                yield number, event


def _trip(number: int, unstepped: Unstepped, graph: Graph) -> _Trip | None:
    """What clears an optimizer again and again."""
    after = graph.reached(number, _never)
    if number in after:
        return _Trip(graph, frozenset(each for each in after if number in graph.reached(each, _never)), True)
    path = unstepped.optimizer
    if path.scope == graph.scope and path.name not in graph.parameters:
        return None  # it is made, and cleared once
    return _Trip(graph, frozenset(range(len(graph.nodes))), False)


def _unapplied(trip: _Trip, unstepped: Unstepped, acts: Acts) -> Accumulate | None:
    """The first backward whose gradients an optimizer should have applied; None if nobody can tell that of one."""
    events = list(trip.graph.events())
    regions = {region for event in events if isinstance(event, Step) for region in event.regions}
    if any(_may_share(region, unstepped) for region in regions):
        return None
    if any(not any(isinstance(event, Clear) and event.reaches(region) for event in events) for region in regions):
        return None  # what steps is not cleared, so it is the clear that is of the wrong optimizer
    if any(isinstance(event, Step) and event.manual for event in events):
        return None
    if any(isinstance(event, Read) and event.seen for event in events):
        return None  # somebody wants the gradients themselves
    if not _trains(unstepped, trip):
        return None
    return next(
        (
            event
            for number, event in trip.events()
            if isinstance(event, Accumulate) and _is_for(event, number, unstepped, regions, trip, acts)
        ),
        None,
    )


def _may_share(region: Region, unstepped: Unstepped) -> bool:
    """Whether another optimizer may have some of the parameters, and apply their gradients."""
    if region.owner in unstepped.apart:
        return False
    return not region.known or _touch((region.params,), unstepped.near)


def _trains(unstepped: Unstepped, trip: _Trip) -> bool:
    """Whether a loop is there to train: another optimizer steps, a scheduler goes on, or the outcome is saved."""
    goes_on = (event for event in trip.graph.events() if isinstance(event, Schedule))
    if any(event.optimizer == unstepped.optimizer for event in goes_on):
        return True
    return unstepped.saved or any(isinstance(event, Step) for _, event in trip.events())


def _is_for(
    deposit: Accumulate, number: int, unstepped: Unstepped, regions: set[Region], trip: _Trip, acts: Acts
) -> bool:
    """Whether a backward adds gradients of an optimizer's parameters: its networks tell, or that nobody applies them
    to anything else."""
    told = [paths for paths in (deposit.reach, deposit.networks) if paths is not None]
    if not all(_touch(paths, unstepped.params) for paths in told):
        return False
    if any(
        _may_be_applied(number, Region(params, unstepped.optimizer), trip, acts, own=True)
        for params in unstepped.params
    ):
        return False
    return bool(told) or not any(
        _may_be_applied(number, region, trip, acts) or _is_left(number, region, trip) for region in regions
    )


def _touch(some: Iterable[Path], others: Iterable[Path]) -> bool:
    return any(one.touches(other) for one in some for other in others)


def _may_be_applied(number: int, region: Region, trip: _Trip, acts: Acts, *, own: bool = False) -> bool:
    """Whether what lies in a region after a node may be applied before it is cleared.

    `own`: it is that of an optimizer that nothing steps, so all that is left are updates by hand.
    """
    for each in trip.graph.reached(number, _clearing(region)):
        event = trip.graph.nodes[each].event
        if isinstance(event, Step) and region in event.regions:
            return True
        if each not in trip.nodes or (isinstance(event, Forget) and not event.may_step):
            continue
        if isinstance(event, Forget) and (not own or event.given is None or _is_among(event.given, region)):
            return True
        if isinstance(event, Call) and acts(event) and _concerns(event, region, trip.graph, own=own):
            return True
    return False


def _concerns(call: Call, region: Region, graph: Graph, *, own: bool) -> bool:
    """Whether a scope that is called can get hold of an optimizer or of its parameters.

    Of one that nothing steps it is known that no code that sees its variable looks at gradients.
    """
    sees = region.owner.scope != graph.scope or graph.name == "<module>" or graph.scope in call.sees
    if (region.owner.name == "self" or not own) and sees:
        return True
    return _is_among([outer for _, outer in call.binds], region)


def _is_among(paths: Iterable[Path], region: Region) -> bool:
    return any(path.touches(region.owner) or path.touches(region.params) for path in paths)


def _is_left(number: int, region: Region, trip: _Trip) -> bool:
    """Whether what lies in a region after a node may be there when a function ends, for its callers to apply."""
    return not trip.is_loop and Graph.EXIT in trip.graph.reached(number, _clearing(region))


def _clearing(region: Region) -> Callable[[Event], bool]:
    """What is sure to clear a region."""

    def clears(event: Event) -> bool:
        if not isinstance(event, Clear) or isinstance(event, Rescale):
            return False
        return event.owner == region.owner or any(path.holds(region.params) for path in event.params)

    return clears


def _never(event: Event) -> bool:
    return False
