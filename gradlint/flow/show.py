"""A graph and its facts as text, for tests and for people who debug the analysis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from gradlint.flow.facts import Fact
from gradlint.flow.graph import Edge, Graph


def show(graph: Graph, facts: Iterable[tuple[int, Fact]] = ()) -> str:
    """One line a node with its event and edges; below it the facts that reach it."""
    reached: dict[int, list[str]] = defaultdict(list)
    for node, fact in facts:
        reached[node].append(_fact(fact))
    return "".join(f"{line}\n" for line in _lines(graph, reached))


def _lines(graph: Graph, reached: dict[int, list[str]]) -> Iterator[str]:
    names = {Graph.ENTRY: "entry", Graph.EXIT: "exit"}
    yield f"scope {graph.name}"
    for number, node in enumerate(graph.nodes):
        what = str(node.event) if node.event is not None else names.get(number, "")
        edges = ", ".join(_edge(edge) for edge in node.edges)
        yield f"{number:3} {what}{f' -> {edges}' if edges else ''}".rstrip()
        for fact in sorted(set(reached.get(number, ()))):
            yield f"      {fact}"


def _edge(edge: Edge) -> str:
    notes = [str(edge.literal)] if edge.literal is not None else []
    notes += [f"{path} again" for path in edge.rebinds]
    notes += [f"{path} + 1" for path in edge.advances]
    notes += [f"next of {path}" for path in edge.leaves]
    notes += ["next trip"] if edge.loop is not None else []
    if edge.literal is not None:
        return f"{edge.target} if {notes[0]}{_more(notes[1:])}"
    return f"{edge.target}{_more(notes)}"


def _more(notes: list[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""


def _fact(fact: Fact) -> str:
    known = ", ".join(sorted(map(str, fact.literals)))
    return f"{fact.region.params}: {fact.state}{f' while {known}' if known else ''}"
