"""What the evaluator knows of an expression."""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from gradlint.regions import Path
from gradlint.syntax.scopes import Scope


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer; `params` None where nobody saw which parameters it was given."""

    params: tuple[Path, ...] | None
    repeats: bool = False  # evaluates its closure many times (L-BFGS)
    clears: bool = False  # its class is in this file, and its step clears what it applied
    made_by: str = ""  # the class of `torch.optim` that it is of, whichever way it was made


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of modules, or tensors themselves: one of them or an iterable of them."""

    of: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A literal list, tuple or dictionary; `keys` as they are written in a path."""

    values: tuple[cst.BaseExpression, ...]
    scope: Scope
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the project; `call` is what made it, in a scope."""

    of: Scope
    call: cst.Call | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function, method or lambda of the project; `bound` is the `partial(...)` that fixed some of its arguments.

    `captured` pairs what it calls an object of the function around it with what that object is.
    """

    scope: Scope
    bound: cst.Call | None = None
    captured: tuple[tuple[Path, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What some call gave back, with the objects it was given."""

    by: str
    given: tuple[Path, ...]
    part: bool = False  # one of several things that the call gave back


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the elements of a literal container: which one cannot be told, or changes from trip to trip."""

    values: tuple[cst.BaseExpression, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Groups:
    """A parameter of an optimizer, reached through its `param_groups`."""

    of: Path


Value = Choice | Groups | Optimizer | Parameters | Items | Instance | Function | Made | None


def moved(value: Value, old: Path, new: Path) -> Value:
    """A value in other names: what was at `old` is at `new` now. What is spelt in the old names cannot be told."""
    match value:
        case Optimizer(params=params) if params is not None:
            return replace(value, params=_moved(params, old, new))
        case Parameters(of=of):
            return Parameters(_moved(of, old, new))
        case Groups(of=of):
            return Groups(of.rebase(old, new) if old.holds(of) else of)
        case Made(given=given):
            return replace(value, given=_moved(given, old, new))
        case Function(captured=captured):
            return replace(value, captured=(*captured, (old, new)))
        case Items() | Choice():
            return None
        case _:
            return value


def outside(value: Value, number: int) -> Value:
    """What a value means outside the function that made it: the parameters of what is local there cannot be named."""
    match value:
        case Optimizer(params=params) if params is not None and any(path.scope == number for path in params):
            return replace(value, params=None)
        case Parameters(of=of) if any(path.scope == number for path in of):
            return None
        case Items() | Choice() | Groups():
            return None
        case Made(given=given):
            return replace(value, given=tuple(path for path in given if path.scope != number))
        case Instance(scope=Scope(number=inner)) if inner == number:
            return Instance(value.of)  # each call makes another one, of other things
        case _:
            return value


def _moved(paths: tuple[Path, ...], old: Path, new: Path) -> tuple[Path, ...]:
    return tuple(path.rebase(old, new) if old.holds(path) else path for path in paths)


def either(values: list[Value]) -> Value:
    """The value of a name with several bindings, where they agree well enough."""
    known = [value for value in values if value is not None]
    optimizers = [value for value in known if isinstance(value, Optimizer)]
    if optimizers:
        others = [v for v in known if not isinstance(v, Optimizer) and (not isinstance(v, Made) or v.part)]
        unknown = bool(others) or any(o.params is None for o in optimizers)
        params = None if unknown else tuple(dict.fromkeys(p for o in optimizers for p in o.params or ()))
        same = len(optimizers) == len(values) and len({o.made_by for o in optimizers}) == 1
        made_by = optimizers[0].made_by if same else ""
        return Optimizer(params, any(o.repeats for o in optimizers), any(o.clears for o in optimizers), made_by)
    parameters = [value for value in known if isinstance(value, Parameters)]
    if parameters and len(parameters) == len(values):
        return Parameters(tuple(dict.fromkeys(p for value in parameters for p in value.of)))
    if len(values) == 1:
        return values[0]
    if known and all(isinstance(v, Made) for v in known):
        return known[-1]
    return None


def union(*values: Value) -> Value:
    """The value of several put together: `a + b`, `chain(a, b)`."""
    if values and all(isinstance(v, Parameters) for v in values):
        return Parameters(tuple(dict.fromkeys(p for v in values if isinstance(v, Parameters) for p in v.of)))
    items = [v for v in values if isinstance(v, Items)]
    if values and len(items) == len(values):
        return Items(tuple(x for v in items for x in v.values), items[0].scope)
    return None
