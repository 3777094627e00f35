"""What the bytes of files say of their functions, as far as that can be told without parsing them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

SPEAKS = re.compile(rb"zero_|\.grad\b|backward|\.step\s*\(|[Oo]ptim(?!al|ism|ist)")
"""What stands in every text that says anything of gradients or optimizers."""

OPTIMIZER = re.compile(rb"^[ \t]*class[ \t]+(?:\w*[Oo]pt\w*\s*[(:]|\w+\([^)]*(?:[Oo]ptim|Adam|SGD))", re.MULTILINE)
"""The head of a class that seems to be an optimizer."""

_FUNCTION = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_CLEAR = re.compile(rb"zero_grad\b(?!\s*=)|grad\w*\.zero_\(|\.grad\s*=[^=]")
_NAMELESS_CLEAR = re.compile(rb"\blambda\b[^\n]*(?:zero_grad|\.grad\b)|\.zero_grad\b(?!\s*\()")
_TRAINS = re.compile(rb"zero_|\.grad\b|backward|\.step\s*\(")
_OWN_CALL = re.compile(rb"\bself\.(\w+)\(")

_Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of the functions of some files, by their names; the empty name stands for one that has none.

    `training`: they speak of gradients, or call such a one on the same object. `clearing`: they speak of a clear.
    `whole`: of these, those that back-propagate as well. `steps_clear`: the `step` of an optimizer may clear.
    """

    training: _Names = frozenset()
    clearing: _Names = frozenset()
    whole: _Names = frozenset()
    steps_clear: bool = False


class Hearsay:
    """Answers for files by their keys; each is read once, and each set of them put together once."""

    def __init__(self, text: Callable[[str], bytes]) -> None:
        self._text = text
        self._files: dict[str, Said] = {}
        self._sets: dict[frozenset[str], Said] = {}

    def of(self, keys: frozenset[str]) -> Said:
        """What some files say together."""
        if keys not in self._sets:
            # Files that import each other are asked about again and again, always as the same set.
            said = [self._of_file(key) for key in keys]
            self._sets[keys] = Said(
                _together(each.training for each in said),
                _together(each.clearing for each in said),
                _together(each.whole for each in said),
                any(each.steps_clear for each in said),
            )
        return self._sets[keys]

    def _of_file(self, key: str) -> Said:
        if key not in self._files:
            text = self._text(key)
            self._files[key] = _said(text) if SPEAKS.search(text) else Said()
        return self._files[key]


def _said(text: bytes) -> Said:
    bodies = list(_functions(text))
    clearing = frozenset(name for name, body in bodies if _CLEAR.search(body))
    return Said(
        training=_training(bodies),
        clearing=clearing | {""} if _NAMELESS_CLEAR.search(text) else clearing,
        whole=frozenset(name for name, body in bodies if name in clearing and b"backward" in body),
        steps_clear=OPTIMIZER.search(text) is not None
        and any(
            _CLEAR.search(body) or not clearing.isdisjoint(_own_calls(body)) for name, body in bodies if name == "step"
        ),
    )


def _training(bodies: list[tuple[str, bytes]]) -> _Names:
    found: set[str] = set()
    new = {name for name, body in bodies if _TRAINS.search(body)}
    while new:
        found |= new
        new = {name for name, body in bodies if name not in found and not found.isdisjoint(_own_calls(body))}
    return frozenset(found)


def _own_calls(body: bytes) -> Iterator[str]:
    return (name.decode() for name in _OWN_CALL.findall(body))


def _functions(text: bytes) -> Iterator[tuple[str, bytes]]:
    """The names of the functions of a text, and what stands between each and the next one."""
    heads = list(_FUNCTION.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    for head, end in zip(heads, ends, strict=False):
        yield head[1].decode(), text[head.end() : end]


def _together(names: Iterable[_Names]) -> _Names:
    return frozenset[str]().union(*names)
