"""Functions as they run where they are given other functions: a copy of the scope for each choice of what is given."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

import libcst as cst

from gradlint.bounds import Bound
from gradlint.regions import Path
from gradlint.syntax.program import Program
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import last_name, walk_everything
from gradlint.syntax.values import Function

MAX_SPECIALISED = Bound(3, "calls inside one another that each give functions on")
MAX_MADE = Bound(3, "calls in one function that give on functions made in it")
"""Each of them is another function in each copy: handed on and on, they make a power of the number of such calls."""


@dataclass(frozen=True, slots=True)
class Given:
    """A function that a call gives: what it is, and its path. Wherever that is said again, it is given the same."""

    function: Function
    path: Path | None
    binding: Binding = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A function, what its parameters are, and how many calls inside one another gave functions until there.

    Nothing here depends on what was read before: neither the call nor its scope is part of it.
    """

    function: Scope
    given: frozenset[tuple[str, Given]]
    depth: int


class Specialised:
    """The copies of the scopes of one program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._copies: dict[_Choice, Scope] = {}
        self._choices: dict[int, _Choice] = {}

    def copy(self, function: Scope, given: Mapping[str, Given], caller: Scope) -> Scope:
        """A function as a call in a scope runs it that gives it other functions: its parameters mean those.

        A function that hands on to itself what it was given is the same copy again. Functions that hand functions on to
        each other are told apart only so far; beyond, the function itself stands, in which nobody knows what is given.
        """
        meant = frozenset(given.items())
        around = list(self._around(caller))
        for choice in around:
            if (choice.function, choice.given) == (function, meant):
                return self._copies[choice]
        choice = _Choice(function, meant, around[0].depth + 1 if around else 1)
        if choice not in self._copies:
            if not MAX_SPECIALISED.allows(choice.depth) or not all(
                MAX_MADE.allows(_hands(scope)) for each in given.values() for scope in self._makers(each, function)
            ):
                return function
            self._copies[choice] = self._made(choice)
        return self._copies[choice]

    def _made(self, choice: _Choice) -> Scope:
        assert choice.function.parent is not None
        copy = self._program.copy(choice.function, choice.function.parent)
        self._choices[copy.number] = choice
        for name, each in choice.given:
            copy.bindings[name] = [each.binding]
        return copy

    def given(self, node: cst.BaseExpression, scope: Scope) -> Given | None:
        """What was given to the parameter that an expression is, of a copy."""
        owner = scope.owner(node.value) if isinstance(node, cst.Name) else None
        choice = self._choices.get(owner.number) if owner is not None else None
        return dict(choice.given).get(node.value) if choice is not None and isinstance(node, cst.Name) else None

    def _around(self, scope: Scope) -> Iterator[_Choice]:
        """The copies in which a scope stands, or that it is, from the inside out."""
        for outer in _outwards(scope):
            if outer.number in self._choices:
                yield self._choices[outer.number]

    def _makers(self, given: Given, function: Scope) -> Iterator[Scope]:
        """The scopes that make a function, or an object of which it is a method, anew in each copy: the copies, and the
        function itself that it is given to.
        """
        numbers = {before.scope for _, before in given.function.captured}
        for scope in (given.function.scope, *(self._program.scopes[number] for number in numbers)):
            yield from (each for each in _outwards(scope) if each.number in self._choices or each is function)


def _outwards(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.parent


def _hands(function: Scope) -> int:
    """How many calls in a function give on functions that are made in it, or methods of objects that may be."""
    if function.words.hands is None:
        nodes = list(walk_everything(function.node))
        made = {name for node in nodes for name in _made_by(node)}
        calls = (node for node in nodes if isinstance(node, cst.Call))
        function.words.hands = sum(any(_is_made(argument.value, made) for argument in call.args) for call in calls)
    return function.words.hands


def _made_by(node: cst.CSTNode) -> Iterator[str]:
    match node:
        case cst.FunctionDef(name=cst.Name(value=name)):
            yield name
        case cst.Assign(targets=targets, value=value) if _makes(value):
            yield from (each.target.value for each in targets if isinstance(each.target, cst.Name))


def _makes(value: cst.BaseExpression) -> bool:
    """Whether an expression makes a function, or an object of a class, by the capital."""
    name = last_name(value.func) if isinstance(value, cst.Call) else ""
    return isinstance(value, cst.Lambda) or name == "partial" or name[:1].isupper()


def _is_made(node: cst.BaseExpression, made: Container[str]) -> bool:
    match node:
        case cst.Name(value=name) | cst.Attribute(value=cst.Name(value=name)):
            return name in made
        case _:
            return isinstance(node, cst.Lambda)
