"""Who owns which name: scopes, what their names are bound to, classes with their attributes, imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

import libcst as cst

from gradlint.regions import Path
from gradlint.syntax.tree import elements_of, walk_everything


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One way in which a name gets its value.

    `item` is the position in the value where it was unpacked; `each` says that it is an element of the value.
    `value` None: a parameter, or something nobody can evaluate.
    """

    scope: Scope
    value: cst.BaseExpression | None
    each: bool = False
    items: tuple[int, ...] = ()
    parameter: bool = False
    annotation: cst.BaseExpression | None = None
    changed: bool = False  # grows in place: `+=`
    imported: str = ""  # the qualified name that an import gives it


@dataclass(slots=True)
class Words:
    """What the words of a scope's code are, once somebody has asked; the same for all copies of the scope."""

    names: frozenset[str] | None = None
    called: frozenset[str] | None = None
    about: dict[str, list[cst.CSTNode]] | None = None
    steps: list[cst.Call] | None = None
    clears: bool | None = None
    hands: int | None = None
    idle: bool | None = None
    near_clears: frozenset[str] | None = None


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class, function or lambda. Its number is its own in the whole program."""

    number: int
    kind: str
    name: str
    node: cst.CSTNode
    parent: Scope | None
    parameters: list[str] = field(default_factory=list)
    defaults: dict[str, cst.BaseExpression] = field(default_factory=dict)
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    functions: dict[str, list[Scope]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, Scope] = field(default_factory=dict)
    foreign: dict[str, bool] = field(default_factory=dict)  # declared global (True) or nonlocal (False)
    # Of a class: attributes set through the first parameter of its methods.
    attributes: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    # What code here makes a part of another object: `net.head = head`, `networks["head"] = head`.
    parts: list[tuple[cst.BaseExpression, Binding]] = field(default_factory=list)
    bases: list[cst.BaseExpression] = field(default_factory=list)
    decorators: list[cst.BaseExpression] = field(default_factory=list)
    # Of a module: the names of the modules from which everything is imported.
    stars: list[str] = field(default_factory=list)
    # Of a function in a long file: nobody has read its body, which does not speak of gradients.
    unread: bool = False
    words: Words = field(default_factory=Words)

    @property
    def receiver(self) -> str | None:
        """The name of a method's own object."""
        is_method = self.kind == "function" and self.parent is not None and self.parent.kind == "class"
        return self.parameters[0] if is_method and self.parameters and not self._is_decorated("staticmethod") else None

    def holders(self) -> Iterator[tuple[Path, list[Binding]]]:
        """The scope's variables, and the attributes of a class's objects, with what is assigned to each."""
        yield from ((Path(self.number, name), each) for name, each in self.bindings.items())
        yield from ((Path(self.number, "self", (name,)), each) for name, each in self.attributes.items())

    @property
    def needs_no_object(self) -> bool:
        """Whether a method is called on its class."""
        return self.is_class_method or self._is_decorated("staticmethod")

    @property
    def is_class_method(self) -> bool:
        """Whether the first parameter of a method is the class itself."""
        return self._is_decorated("classmethod") and self.receiver is not None

    def _is_decorated(self, by: str) -> bool:
        return any(isinstance(decorator, cst.Name) and decorator.value == by for decorator in self.decorators)

    def owner(self, name: str) -> Scope | None:
        """The scope whose variable a name here means, by Python's rules; None for builtins."""
        if name in self.foreign:
            return self.outside(name) or self.module
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bindings and (scope.kind != "class" or scope is self):
                return scope
            scope = scope.parent
        return None

    def outside(self, name: str) -> Scope | None:
        """The scope that a name declared global or nonlocal here belongs to."""
        if self.foreign[name]:
            return self.module
        scope = self.parent
        while scope is not None and (scope.kind == "class" or name not in scope.bindings):
            scope = scope.parent
        return scope

    @property
    def around(self) -> Iterator[Scope]:
        """The functions in which the scope is defined."""
        outer = self.parent
        while outer is not None:
            if outer.kind == "function":
                yield outer
            outer = outer.parent

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True)
class Mention:
    """An attribute used on an object: evidence of what the object is.

    `call` is set where it is called, `written` where something is assigned to it.
    """

    scope: Scope
    receiver: cst.BaseExpression
    attribute: str
    call: cst.Call | None
    written: bool = False


@dataclass(eq=False)
class Table:
    """Everything that is bound in one file. The first scope is the file's own."""

    scopes: list[Scope]
    imports: dict[str, str]  # local name -> qualified name
    mentions: dict[str, list[Mention]]
    volatile: frozenset[str]  # variables declared global or nonlocal; `.attributes` written outside of `__init__`
    tested: frozenset[str]  # identifiers in conditions
    speakers: dict[str, list[Scope]] | None = None  # by name, once somebody has asked

    @property
    def module(self) -> Scope:
        """The file's own scope."""
        return self.scopes[0]


def names_in(scope: Scope) -> frozenset[str]:
    """Every name that stands anywhere in a scope's code."""
    if scope.words.names is None:
        scope.words.names = frozenset(p.value for p in walk_everything(scope.node) if isinstance(p, cst.Name))
    return scope.words.names


def calls(function: Scope, name: str) -> bool:
    """Whether a function calls something by its bare name."""
    if function.words.called is None:
        found = (part.func for part in walk_everything(function.node) if isinstance(part, cst.Call))
        function.words.called = frozenset(func.value for func in found if isinstance(func, cst.Name))
    return name in function.words.called


def mentions_clear(function: Scope, words: Set[str] = frozenset()) -> bool:
    """Whether a function's code speaks of clearing gradients, itself or by a helper of that name or of some others."""
    names = names_in(function)
    return (
        "grad" in names
        or not words.isdisjoint(names)
        or any(name.startswith("zero_") or "zero_grad" in name for name in names)
    )


def changes_gradients(function: Scope, words: Set[str] = frozenset()) -> bool:
    """Whether code of a function sets, deletes or zeroes a `.grad`, or calls something of such a name."""
    if "grad" not in names_in(function) and not mentions_clear(function, words):
        return False
    for part in walk_everything(function.node):
        match part:
            case cst.AssignTarget(target=cst.Attribute(attr=cst.Name(value="grad"))):
                return True
            case cst.Del(target=cst.Attribute(attr=cst.Name(value="grad"))):
                return True
            case cst.Name(value=name) if "zero_" in name or name in words:
                return True
            case _:
                pass
    return False


def clears_one_of(function: Scope, names: set[str]) -> bool:
    """Whether code of a function that may clear gradients speaks of one of some names, as far as its words tell."""
    if function.words.near_clears is None:
        function.words.near_clears = frozenset(_near_clears(function))
    return not function.words.near_clears.isdisjoint(names) and mentions_clear(function)


def _near_clears(function: Scope) -> Iterator[str]:
    """The names of what a function takes a gradient of, zeroes or gives on."""
    for part in walk_everything(function.node):
        if isinstance(part, cst.Attribute) and (part.attr.value == "grad" or "zero_" in part.attr.value):
            speaks_of = part.value
        elif isinstance(part, cst.Call) and not isinstance(part.func, cst.Attribute):
            speaks_of = part
        else:
            continue
        yield from (word.value for word in walk_everything(speaks_of) if isinstance(word, cst.Name))


def is_reachable(scope: Scope) -> bool:
    """Whether another file can call a scope: a function of its module, or a method of a class that it can name."""
    outer = scope.parent
    while outer is not None and outer.kind == "class":
        outer = outer.parent
    return outer is not None and outer.kind == "module"


def stays(method: Mention) -> bool:
    """Whether a method is only bound to a variable of a function, `clear = optimizer.zero_grad`, and called by that."""
    own = method.scope.bindings.items() if method.scope.kind == "function" else ()
    names = [name for name, bindings in own if len(bindings) == 1 and _is_bound(bindings[0].value, method)]
    if len(names) != 1:
        return False
    nodes = list(walk_everything(method.scope.node))
    calls = sum(isinstance(each, cst.Call) and _is_name(each.func, names[0]) for each in nodes)
    return sum(_is_name(each, names[0]) for each in nodes) == calls + 1


def _is_bound(value: cst.BaseExpression | None, method: Mention) -> bool:
    return isinstance(value, cst.Attribute) and value.value is method.receiver


def _is_name(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def loop_bindings(target: cst.BaseExpression, iterable: cst.BaseExpression, scope: Scope) -> dict[str, Binding]:
    """What a loop binds its variables to, by name."""
    return {name: Binding(scope, iterable, True, items) for name, items in _unpacked(target, ())}


def _unpacked(target: cst.BaseExpression, items: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    parts = elements_of(target)
    if parts is not None:
        for position, part in enumerate(parts):
            yield from _unpacked(part.value if isinstance(part, cst.StarredElement) else part, (*items, position))
    elif isinstance(target, cst.Name):
        yield target.value, items
