"""The words of a team for its own wrappers, as its configuration gives them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Dotted names of calls that clear gradients, that apply them, and that make optimizers.

    Each stands for whatever has a name that ends with it, in whole words between the dots.
    """

    clearing: tuple[str, ...] = ()
    stepping: tuple[str, ...] = ()
    optimizers: tuple[str, ...] = ()

    @property
    def words(self) -> frozenset[str]:
        """The identifiers of which at least one stands wherever the vocabulary applies."""
        return last_words((*self.clearing, *self.stepping, *self.optimizers))

    def spelt_out(self, data: bytes) -> bytes:
        """The bytes of a file, with a `step()` besides where a word for one stands in them."""
        if not self.stepping:
            return data
        steps = any(word.encode() in data for word in last_words(self.stepping))
        return data + b"\nstep()" if steps else data


def last_words(names: Iterable[str]) -> frozenset[str]:
    """The last identifier of each dotted name."""
    return frozenset(name.rpartition(".")[2] for name in names)


def is_named(name: str, known: Iterable[str]) -> bool:
    """Whether a dotted name ends with one of some others: `self.trainer.reset` with `trainer.reset` or `reset`."""
    return any(f".{name}".endswith(f".{each}") for each in known)


PLAIN = Vocabulary()
"""The vocabulary of somebody who has taught nothing."""
