"""What flows through a graph, and what a rule has to say about it."""

from __future__ import annotations

import abc
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import ClassVar

from gradlint.events import Call, Clear, Event
from gradlint.flow.around import Around
from gradlint.flow.conditions import Literals
from gradlint.flow.graph import Graph
from gradlint.regions import Region


class Typestate(abc.ABC):
    """What the solver follows: what events do to a region's state, and what must not meet.

    Where it is `certain`, a report holds only if all states in which its event is met bear it out; else it holds for
    one path.
    """

    certain: ClassVar[bool] = False
    heeds: ClassVar[tuple[type[Event], ...]] = ()
    """The kinds of events, among the optional ones, that change the state or are told of."""

    heeds_others: ClassVar[bool] = False
    """Whether the steps and clears of other optimizers change the state as well."""

    heeds_reads: ClassVar[bool] = False
    """Whether clipping and unscaling change the state, or are told of."""

    trusts_names: ClassVar[bool] = False
    """Whether a window has several batches if its name says so: the way around what ends it is no guess then."""

    begins_in: ClassVar[tuple[type[Event], ...]] = ()
    """The kinds of events in whose scopes it begins to follow; none where that depends on who calls a scope."""

    def concerns(self, graphs: Mapping[int, Graph]) -> Set[int]:
        """The scopes in which there may be something to report: all, unless that can be told at a glance."""
        return graphs.keys()

    @abc.abstractmethod
    def start(self) -> Hashable:
        """The state of a region of which nothing is known."""

    @abc.abstractmethod
    def flow(self, state: Hashable, event: Event, region: Region) -> Iterable[Hashable]:
        """The states after an event that concerns a region; none where nothing is left to follow."""

    @abc.abstractmethod
    def judge(self, state: Hashable, event: Event, region: Region) -> bool:
        """Whether the event, which concerns a region, must not meet its state."""

    def spares(self, state: Hashable, event: Event) -> bool:
        """Whether the event is none to speak of if it meets this state, whatever else it meets."""
        return False

    def together(self, event: Event) -> Sequence[Region]:
        """The regions that all must break the rule at an event, or none does."""
        return ()

    def takes_for_run(self, event: Event) -> bool:
        """Whether a loop over something that may be empty is taken to have a trip if this event is in it."""
        return False

    @abc.abstractmethod
    def begins(self, event: Event, before: Hashable) -> bool:
        """Whether the story of a report begins with this event, which met this state."""

    @abc.abstractmethod
    def owes_clear(self, state: Hashable) -> bool:
        """Whether a path in this state that goes around a clear proves nothing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One region in one state, under the conditions that the path so far has met."""

    region: Region
    state: Hashable
    literals: Literals = frozenset()
    # Facts are looked up far more often than they are made.
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.region, self.state, self.literals)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Moment:
    """One part of a witness: an event, or the beginning of another trip through a loop.

    `concerns` says that the event is about the report's region, which is `region` in the names of the event's scope,
    `called_again` that the loop is the scope itself.
    """

    event: Event | None = None
    loop: object | None = None
    concerns: bool = False
    called_again: bool = False
    region: Region | None = None

    @property
    def drops(self) -> bool:
        """Whether something that lies in the region is sure to be dropped."""
        clear, region = self.event, self.region
        if not self.concerns or region is None or not isinstance(clear, Clear):
            return False
        by_optimizer = clear.owner is not None and not clear.possible
        return clear.covers(region) or (by_optimizer and any(path.holds(region.params) for path in clear.params))


@dataclass(frozen=True, slots=True)
class Report:
    """An event that met a state it must not meet, and the path from where that story began up to the event.

    `opened` are the calls that the path begins inside of, `around` is what the scope of the event does besides. `again`
    are the scopes that have to be called again before the path begins, by their nodes. `inside` gives the events of the
    scope that a call enters.
    """

    region: Region
    event: Event
    path: tuple[Moment, ...]
    opened: tuple[Event, ...]
    around: Around
    again: frozenset[object] = frozenset()
    inside: Callable[[Call], tuple[Event, ...]] = lambda call: ()

    @property
    def looks_aside(self) -> bool:
        """Whether gradients are looked at that the path does not meet."""
        return not self.around.looks <= {moment.event for moment in self.path}

    @property
    def clear(self) -> Clear:
        """The clear on the path: the first that is sure to drop something there, or else the first that may."""
        sure = [moment.event for moment in self.path if moment.drops and isinstance(moment.event, Clear)]
        return (sure or [m.event for m in self.path if m.concerns and isinstance(m.event, Clear)])[0]
