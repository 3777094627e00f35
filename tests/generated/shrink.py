"""Programs by numbers, and a smaller one with the same fault for whoever has to read it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from generated.programs import Writer


def draws(number: int) -> list[int]:
    """What a program is written from, by its number; the same everywhere and always."""
    luck = random.Random(number)
    return [luck.randrange(100) for _ in range(2000)]


def written(drawn: Sequence[int], *, apart: bool = False) -> tuple[str, list[int]]:
    """The program of some draws, and the draws that it took; after the last one each is 0, the simplest."""
    taken: list[int] = []

    def chance(count: int) -> int:
        draw = drawn[len(taken)] if len(taken) < len(drawn) else 0
        taken.append(draw % count)
        return taken[-1]

    return Writer(chance, apart=apart).program(), taken


def shrunk(drawn: Sequence[int], fails: Callable[[str], bool], *, apart: bool = False) -> str:
    """The program of fewer and smaller draws that still fails; nothing is tried for long."""
    best = list(drawn)
    size = max(len(best) // 2, 1)
    while size:
        at = 0
        while at < len(best):
            for tried in (
                best[:at] + best[at + size :],
                best[:at] + [0] * len(best[at : at + size]) + best[at + size :],
            ):
                text, taken = written(tried, apart=apart)
                smaller = (len(taken), sum(taken)) < (len(best), sum(best))
                if smaller and fails(text):
                    best = taken
                    break
            else:
                at += size
        size //= 2
    return written(best, apart=apart)[0]
