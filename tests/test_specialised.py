"""Functions that are given functions: told apart by what they are given, not by where, and only so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from together import Together

from gradlint.bounds import Bound, noted
from gradlint.events import Call
from gradlint.syntax.specialised import MAX_MADE, MAX_SPECIALISED

WALK = "def walk(tree, act):\n    act(tree)\n    walk(tree.left, act)\n    walk(tree.right, act)\n\n"


def entered(text: str, first: Iterable[str] = ()) -> dict[str, list[int]]:
    """Which scopes, by number, all calls of each function enter: those of some callers are read first."""
    together = Together({"a": text})
    scopes = together.file("a").table.scopes
    lowered = together.lowerer.graphs(sorted(scopes, key=lambda scope: scope.name not in first))
    names = {number: together.lowerer.program.scopes[number].name for number in lowered}
    found: dict[str, list[int]] = {}
    for graph in lowered.values():
        for event in graph.events():
            if isinstance(event, Call):
                found.setdefault(names[event.target], []).append(event.target)
    return found


def test_what_is_given_tells_copies_apart_and_not_who_gives_it() -> None:
    callers = "".join(f"def {n}(x):\n    walk(x, {act})\n\n" for n, act in (("a", "f"), ("b", "f"), ("c", "g")))
    walks = entered(f"def f(x): x.step()\ndef g(x): x.step()\n\n{WALK}{callers}")["walk"]
    assert len(walks) == 2 * 3 + 3  # twice in the function and each of its two copies, and three callers
    assert len(set(walks)) == 3


def test_what_is_read_first_makes_no_difference() -> None:
    text = f"def f(x): x.step()\n\n{WALK}def a(x):\n    walk(x, f)\n\ndef b(x):\n    g = f\n    walk(x, g)\n"
    one, other = entered(text, ["a"]), entered(text, ["b"])
    assert sorted(map(len, one.values())) == sorted(map(len, other.values()))
    assert [len(set(each)) for each in one.values()] == [len(set(each)) for each in other.values()]


def chain(length: int) -> str:
    """Functions that hand a function on; only the last one calls it where that can be seen."""
    hand = "def f{0}(x, act):\n    later = lambda: act(x)\n    f{1}(x, act)\n\n"
    return "".join(hand.format(i, i + 1) for i in range(length - 1)) + f"def f{length - 1}(x, act):\n    act(x)\n\n"


def made(calls: int) -> str:
    """A function that is given one, and has another function run new ones that call it."""
    run = "def run(x, now):\n    now(x)\n\n"
    runs = "    run(x, lambda each: act(each))\n" * calls
    return f"{run}def f0(x, act):\n    later = lambda: act(x)\n{runs}\n"


@pytest.mark.parametrize(("bound", "project"), [(MAX_SPECIALISED, chain), (MAX_MADE, made)], ids=["chain", "made"])
def test_only_so_far_and_that_is_told(bound: Bound, project: Callable[[int], str]) -> None:
    main = "def main(x):\n    f0(x, step)\n\ndef step(x):\n    x.step()\n"
    with noted() as stops:
        assert "step" in entered(project(bound.limit) + main)
    assert not stops
    with noted() as stops:
        assert "step" not in entered(project(bound.limit + 1) + main)
    assert list(stops) == [str(bound)]


def test_a_function_inside_finds_the_copy_that_it_stands_in() -> None:
    inside = "def walk(tree, act):\n    act(tree)\n    tree.each(lambda t: walk(t, act))\n\n"
    found = entered(f"{inside}def main(x):\n    walk(x, step)\n\ndef step(x):\n    x.step()\n")
    assert len(set(found["walk"])) == 2  # the function, by the function inside it of which nobody knows more; its copy
    assert len(set(found["step"])) == 1
