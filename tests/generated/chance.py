"""What a program cannot know of itself: lengths of its data, flags, values of losses. All small cases, one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator

MAX_CHOICES = 60
"""Choices of one run; from then on the first of each is taken, which ends loops."""


SELDOM = 0.3
"""Of the choices that are to be made rarely, how many are made at all."""


class Chance:
    """The choices of one run: those that are given come first, then `luck` decides, or the first one is taken."""

    def __init__(self, given: tuple[int, ...] = (), luck: random.Random | None = None) -> None:
        self._given = given
        self._luck = luck
        self.made: list[tuple[int, int]] = []

    @property
    def is_used_up(self) -> bool:
        """Whether there are no choices any more."""
        return len(self.made) >= MAX_CHOICES

    def choose(self, count: int, *, rarely: bool = False) -> int:
        """One of the numbers below `count`; with luck, seldom another one than 0 where that is asked for."""
        at = len(self.made)
        if at >= MAX_CHOICES:
            return 0
        if at < len(self._given):
            choice = self._given[at]
        else:
            lucky = self._luck is not None and (not rarely or self._luck.random() < SELDOM)
            choice = self._luck.randrange(count) if self._luck is not None and lucky else 0
        self.made.append((choice, count))
        return choice


def chances(limit: int, seed: int, first: tuple[int, ...] = ()) -> Iterator[Chance]:
    """One for each way in which a program can go, one by one; of more than `limit`, others at random without end.

    The caller runs the program with one before it asks for the next, and may stop.
    """
    given: tuple[int, ...] | None = first
    for _ in range(limit):
        chance = Chance(given)
        yield chance
        given = _next(chance.made)
        if given is None:
            return
    luck = random.Random(seed)
    while True:
        yield Chance(luck=luck)


def _next(made: list[tuple[int, int]]) -> tuple[int, ...] | None:
    """The choices with which the next run begins; None after the last one."""
    for at in range(len(made) - 1, -1, -1):
        choice, count = made[at]
        if choice + 1 < count:
            return (*(earlier for earlier, _ in made[:at]), choice + 1)
    return None
