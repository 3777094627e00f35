"""What an event is about: access paths of objects, and the parameters that live and die together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

ELEMENT = "[*]"  # some element of a container: reached by a loop variable or a computed index
GROUPS = "param_groups"  # the parameters of an optimizer nobody saw constructed
NAMELESS = "<new>"  # an object that is used where it is made: `Trainer(model).fit(batches)`
UNSEEN = "<optimizers>"  # those of optimizers that are somewhere behind an object
GIVEN = "<given>"  # what a parameter was given, or computed what it was given


class Path(NamedTuple):
    """One object, by the variable that holds it and the fields that lead to it.

    `scope` is the number of the scope that owns the variable, so that two functions' locals never meet.
    """

    scope: int
    name: str
    fields: tuple[str, ...] = ()

    def field(self, *names: str) -> Path:
        """The object behind further fields."""
        return Path(self.scope, self.name, self.fields + names)

    def holds(self, other: Path) -> bool:
        """Whether `other` is this object or lies inside it."""
        return (
            self.scope == other.scope
            and self.name == other.name
            and len(self.fields) <= len(other.fields)
            and all(_same_field(mine, its) for mine, its in zip(self.fields, other.fields, strict=False))
        )

    def touches(self, other: Path) -> bool:
        """Whether one of the two lies inside the other."""
        return self.name == other.name and (self.holds(other) or other.holds(self))

    def rebase(self, old: Path, new: Path) -> Path:
        """This path with its beginning `old` replaced by `new`."""
        return Path(new.scope, new.name, new.fields + self.fields[len(old.fields) :])

    def __str__(self) -> str:
        return self.name + "".join(f if f.startswith("[") else f".{f}" for f in self.fields)


def _same_field(one: str, other: str) -> bool:
    """A computed index may be any element, and an element may be in any slice; two different constant keys are two
    objects, and so are two different slices (`params[:-2]` and `params[-2:]`)."""
    if one == other or one[:1] != "[" or other[:1] != "[":
        return one == other
    return ELEMENT in (one, other) or is_slice(one) != is_slice(other)


def is_slice(field: str) -> bool:
    """Whether a field stands for some elements between two bounds."""
    return field[0] == "[" and ":" in field and field[1] not in "\"'"


def is_one(path: Path) -> bool:
    """Whether a path always means one object: not some element or slice of a container."""
    return not any(field == ELEMENT or is_slice(field) for field in path.fields)


@dataclass(frozen=True, slots=True)
class Region:
    """Parameters that are stepped together, and the optimizer that steps them.

    For a manual update the owner is the updated tensor or module itself. `apart` are the parameters of the scope that
    are known to be given networks, or losses of networks, that have none of the region's parameters. With `more` the
    optimizer may have other parameters as well.
    """

    params: Path
    owner: Path
    apart: frozenset[Path] = frozenset()
    more: bool = False

    def rebase(self, old: Path, new: Path) -> Region:
        """The same region, seen from a scope that calls `old` by the name `new`."""
        params = self.params.rebase(old, new) if old.holds(self.params) else self.params
        owner = self.owner.rebase(old, new) if old.holds(self.owner) else self.owner
        return self if params is self.params and owner is self.owner else replace(self, params=params, owner=owner)

    def assigned(self, target: Path) -> Region:
        """The same region, once a variable of the scope has another value."""
        apart = frozenset(path for path in self.apart if not target.holds(path) or path.fields[-1:] == (GIVEN,))
        return self if len(apart) == len(self.apart) else replace(self, apart=apart)

    def excludes(self, path: Path) -> bool:
        """Whether an object is one that is known to have none of the parameters."""
        return any(other.holds(path) for other in self.apart)

    @property
    def known(self) -> bool:
        """Whether somebody saw which parameters the optimizer was given."""
        return self.params.fields[-1:] not in ((GROUPS,), (UNSEEN,))

    @property
    def unseen(self) -> bool:
        """Whether the owner only stands for its optimizers, which may go by other names as well."""
        return self.params.fields[-1:] == (UNSEEN,)
