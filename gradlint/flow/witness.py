"""From a report back to where its story began: the path that proves it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gradlint.bounds import Bound
from gradlint.events import Event
from gradlint.flow.facts import Fact, Moment, Typestate
from gradlint.flow.graph import Edge, Graph
from gradlint.flow.sparse import Sparse, View
from gradlint.regions import Region
from gradlint.slips import Slip

MAX_SEARCH = Bound(20_000, "places searched for the beginnings of one report")
MAX_STORIES = Bound(32, "beginnings of one report")
MAX_CALLS = Bound(400, "calls inside one another")


@dataclass(eq=False, slots=True)
class Run:
    """One scope entered with one fact: what was reached and from where, what left it, and who waits for that."""

    graph: Graph
    entry: Fact
    view: View
    reached: dict[tuple[int, Fact], list[Origin]] = field(default_factory=dict)
    count: dict[int, int] = field(default_factory=dict)
    exits: list[Fact] = field(default_factory=list)
    callers: list[tuple[Run, int, Fact]] = field(default_factory=list)

    def seen_by(self, region: Region, sparse: Sparse) -> View:
        """What matters of the graph to a region. Most facts have that of the one that entered."""
        return self.view if region is self.entry.region else sparse.view(self.graph, region)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact at a node came from: another one that was `left` with a region by an edge.

    `inner` is the callee's run whose exit it was.
    """

    node: int
    fact: Fact
    left: Region
    edge: Edge
    inner: tuple[Run, Fact] | None = None


@dataclass(eq=False, slots=True)
class _Calls:
    """The calls that have to be left on the way back, from the innermost outwards; there is one object for each row."""

    site: tuple[Run, int, Fact] | None = None
    outer: _Calls | None = None
    depth: int = 0
    _inner: dict[tuple[Run, int, Fact], _Calls] = field(default_factory=dict)

    def entered(self, site: tuple[Run, int, Fact]) -> _Calls:
        """With one more call inside."""
        if site not in self._inner:
            self._inner[site] = _Calls(site, self, self.depth + 1)
        return self._inner[site]

    def sites(self) -> list[tuple[Run, int, Fact]]:
        """The calls, the outermost first."""
        found: list[tuple[Run, int, Fact]] = []
        calls: _Calls | None = self
        while calls is not None and calls.site is not None:
            found.append(calls.site)
            calls = calls.outer
        return found[::-1]


class _Place(NamedTuple):
    """A fact at a node of a run, and the calls that have to be left on the way back."""

    run: Run
    node: int
    fact: Fact
    calls: _Calls


@dataclass(frozen=True, slots=True)
class Story:
    """A path from a beginning to its end, both with it, and the calls that it begins inside of, the outermost first.

    `again` are the scopes that have to be called again for it, by their nodes, so that there was something at first.
    """

    opened: tuple[Event, ...]
    path: tuple[Moment, ...]
    again: frozenset[object] = frozenset()


_Way = tuple[_Place, tuple[Moment, ...]] | None
"""Where a place leads to, and what happens in between; None at the end."""


class _Search:
    """The places from which a search has to go on, and the way by which it came to each."""

    def __init__(self) -> None:
        self.ways: dict[_Place, _Way] = {}
        self._work: deque[_Place] = deque()
        self._last: deque[tuple[_Place, _Way]] = deque()

    def add(self, place: _Place, way: _Way, *, last: bool = False) -> None:
        """Go on from a place, which was not reached before; `last`: only if no other way leads there."""
        if last:
            self._last.append((place, way))
        else:
            self.ways[place] = way
            self._work.append(place)

    def next(self) -> _Place | None:
        """The place to go on from now."""
        while not self._work and self._last:
            place, way = self._last.popleft()
            if place not in self.ways:
                self.add(place, way)
        return self._work.popleft() if self._work else None


def stories(
    ends: list[tuple[Run, int, Fact]], rule: Typestate, concerns: Callable[[Event, Region], bool], sparse: Sparse
) -> Iterator[Story]:
    """The shortest path from each beginning of a story to the event that ends it, searched backwards.

    Of several for one beginning, one for which nothing has to be called again before, and on which nothing does nothing
    that was meant to clear.
    """
    nowhere = _Calls()
    search = _Search()
    for end in ends:
        search.add(_Place(*end, nowhere), None)
    ways = search.ways
    begun: set[tuple[Event, ...]] = set()
    unsure: dict[tuple[Event, ...], Story] = {}
    while (place := search.next()) and len(ways) < MAX_SEARCH.limit and len(begun) < MAX_STORIES.limit:
        for before, moments, event in _before(place, sparse):
            if event is not None and concerns(event, before.fact.region) and rule.begins(event, before.fact.state):
                sites = [run.graph.nodes[node].event for run, node, _ in before.calls.sites()]
                opened = tuple(site for site in sites if site is not None)
                # One step that several loops share by a helper begins a story in each of them.
                if (event, *opened) in begun:
                    continue
                path = tuple(_path(event, (*moments[1:],), place, ways, concerns))
                again = _called_before(before, rule, sparse)
                if again:
                    unsure.setdefault((event, *opened), Story(opened, path, again))
                else:
                    begun.add((event, *opened))
                    yield Story(opened, path)
            elif before not in ways:
                slips = isinstance(event, Slip) and concerns(event, before.fact.region)
                search.add(before, (place, moments), last=slips)
    if place:
        (MAX_STORIES if len(begun) >= MAX_STORIES.limit else MAX_SEARCH).note()
    yield from (story for start, story in unsure.items() if start not in begun)


def _called_before(place: _Place, rule: Typestate, sparse: Sparse) -> frozenset[object]:
    """The scopes that have to be called again for a fact to get to a place from where nothing was known of its region;
    none if there is a way without, or nobody can tell.
    """
    for may_be_called_again in (False, True):
        ways: dict[_Place, frozenset[object]] = {place: frozenset()}
        work = deque(ways)
        while work and len(ways) < MAX_SEARCH.limit:
            after = work.popleft()
            if after.fact.state == rule.start():
                return ways[after]
            for before, moments, _ in _before(after, sparse):
                again = {moment.loop for moment in moments if moment.called_again}
                if before not in ways and (may_be_called_again or not again):
                    ways[before] = ways[after] | again
                    work.append(before)
    return frozenset()


def _before(place: _Place, sparse: Sparse) -> Iterator[tuple[_Place, tuple[Moment, ...], Event | None]]:
    """The places from which one is reached, what happens in between, and the event there (None for a call)."""
    run = place.run
    if place.node == Graph.ENTRY and place.fact == run.entry:
        sites = [place.calls.site] if place.calls.site is not None else run.callers
        outer = place.calls.outer or place.calls
        for caller, node, fact in sites:
            yield _Place(caller, node, fact, outer), (Moment(caller.graph.nodes[node].event),), None
    for origin in run.reached[place.node, place.fact]:
        again = origin.edge.ends_scope is not None
        trip = (Moment(loop=origin.edge.loop, called_again=again),) if origin.edge.loop is not None else ()
        event = run.graph.nodes[origin.node].event
        called = (Moment(event),) if event is not None else ()
        if origin.edge.source != origin.node:
            past = run.seen_by(origin.left, sparse).between(origin.node, origin.edge)
            trip = (*map(Moment, past), *trip)
        if origin.inner is None:
            yield _Place(run, origin.node, origin.fact, place.calls), (*called, *trip), event
        elif MAX_CALLS.allows(place.calls.depth + 1):
            callee, result = origin.inner
            site = (run, origin.node, origin.fact)
            yield _Place(callee, Graph.EXIT, result, place.calls.entered(site)), trip, None


def _path(
    first: Event,
    then: tuple[Moment, ...],
    place: _Place,
    ways: dict[_Place, _Way],
    concerns: Callable[[Event, Region], bool],
) -> Iterator[Moment]:
    """The moments from a beginning to the end, in the order in which they happen."""
    yield Moment(first, concerns=True)
    yield from then
    way = ways[place]
    while way is not None:
        following, moments = way
        # What follows the end of a callee is its caller's, who has other names for the region.
        region = (following if place.node == Graph.EXIT else place).fact.region
        for moment in moments:
            about = moment.event is not None and concerns(moment.event, region)
            yield replace(moment, concerns=about, region=region)
        place = following
        way = ways[place]
    last = place.run.graph.nodes[place.node].event
    yield Moment(last, concerns=True)
