"""Who may call a scope, here or in another file, and who may clear beside such a call that nobody can follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from itertools import islice

from gradlint.bounds import Bound
from gradlint.events import Step, Unresolved
from gradlint.project.modules import Modules
from gradlint.regions import Region
from gradlint.syntax import catalogue, lightning
from gradlint.syntax.lower_program import Lowerer
from gradlint.syntax.mentions import Mentioned, mention_of
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Scope, is_reachable, names_in
from gradlint.syntax.spoken import speakers
from gradlint.syntax.values import Function, Optimizer

MAX_FILES = Bound(60, "files read in search of the callers of one function, or of those who clear beside a call")

_CLEARS = re.compile(rb"zero_|\.grad\b|(reset|clear)\w*grad", re.IGNORECASE)
_AFTER_STEP = re.compile(rb"\bregister_(?:optimizer_)?step_post_hook\b|\b\w*opt\w*\.step[ \t]*=(?!=)")
_RENAME = re.compile(rb"(?<![^\s,()])([^\s,()]+)[ \t]+as[ \t]+(\w+)")
_BACKWARD = re.compile(rb"^[ \t]*def[ \t]+backward\b", re.MULTILINE)
_TORCH_LIKE = re.compile(catalogue.TORCH_LIKE.pattern.encode())


@dataclass(slots=True)
class Found:
    """What was found of a scope's callers; `doubtful`: a call that may be of it stands beside code that clears."""

    scopes: dict[Scope, None] = field(default_factory=dict)
    doubtful: bool = False


class Callers:
    """Looks through a project's files for the name of a scope."""

    def __init__(self, modules: Modules | None) -> None:
        self._modules = modules
        self._aliases: dict[str, dict[bytes, list[bytes]]] = {}
        self._ordered: dict[tuple[str, ...], tuple[str, ...]] = {}

    def of(self, scope: Scope, lowerer: Lowerer, inside: Set[int] = frozenset()) -> Found:
        """The callers of a scope: by name and by what the name means there, and methods that its class inherits.

        `inside` are scopes that it runs itself: a call in them that may be of it tells nothing about who begins.
        """
        found = Found(dict.fromkeys(_inherited(scope, lowerer)))
        home = lowerer.program.home(scope)
        name = scope.parent.name if scope.name == "__call__" and scope.parent is not None else scope.name
        if scope.parent is not None and scope.parent.kind == "function":
            found.scopes |= dict.fromkeys(self._users(scope.parent, home, lowerer))
        if name.startswith("__"):
            found.doubtful = True  # the language calls it
            return found
        for each in (name, *self._other_names(name), *_second_names(scope, home, lowerer)):
            for file in (home, *self._files(scope, each, home, lowerer)):
                spelt = f'"{each}"' in file.source.text or f"'{each}'" in file.source.text
                for other in speakers(file.table, each):
                    if other.kind != "class" and other is not scope and (spelt or each in names_in(other)):
                        mentioned = mention_of(each, scope, other, lowerer.objects)
                        if mentioned is Mentioned.MEANT:
                            found.scopes[other] = None
                        elif mentioned is not Mentioned.NOT and not _is_inside(other, inside, lowerer):
                            found.doubtful |= self._can_have(file, home)
        # Whoever else may call it: the framework does, and is no better.
        if scope.parent is not None and scope.parent.kind == "class":
            lineage = lowerer.objects.lineage(lowerer.program.scopes[scope.parent.number])
            found.doubtful &= not lightning.is_run_by_framework(scope, lineage)
        return found

    def _users(self, maker: Scope, home: File, lowerer: Lowerer) -> Iterator[Scope]:
        """Scopes that speak of the function around one: what it gives back may be called there by any name."""
        for file in self._files(maker, maker.name, home, lowerer):
            yield from (other for other in file.table.scopes if other.kind != "class" and maker.name in names_in(other))

    def _can_have(self, file: File, home: File) -> bool:
        return self._modules is None or file.key in self._modules.acquainted(home.key)

    def _other_names(self, name: str) -> list[str]:
        """The names that imports give it (`from .steps import step as learn_step`)."""
        if self._modules is None:
            return []
        renames = (self._renames(key).get(name.encode(), ()) for key in self._modules.speaking_of((name,)))
        return sorted({alias.decode() for aliases in renames for alias in aliases} - {name})

    def _renames(self, key: str) -> dict[bytes, list[bytes]]:
        if key not in self._aliases and self._modules is not None:
            found = self._aliases[key] = {}
            for dotted, alias in _RENAME.findall(self._modules.content(key)):
                found.setdefault(dotted.rpartition(b".")[2], []).append(alias)
        return self._aliases[key]

    def hooks_clear(self, home: File) -> bool:
        """Whether a file that may get hold of the same optimizer lets it clear after each step, by a hook or a new
        `step`."""
        if self._modules is None:
            return False
        registering = self._modules.near(home.key) & self._modules.saying(_AFTER_STEP)
        return not registering.isdisjoint(self._modules.saying(_CLEARS))

    def has_own_backward(self, home: File) -> bool:
        """Whether a file's tensors are those of a project that has its own, and no PyTorch anywhere near."""
        if self._modules is None:
            return False
        near = self._modules.near(home.key)
        own = not near.isdisjoint(self._modules.saying(_BACKWARD))
        return own and near.isdisjoint(self._modules.saying(_TORCH_LIKE))

    def step_clears(self, region: Region, home: File, lowerer: Lowerer) -> bool:
        """Whether an optimizer that nobody saw made may be one of the project's, whose step clears."""
        if self._modules is None or isinstance(lowerer.objects.at(region.owner, 0), Optimizer):
            return False
        return self._modules.said_near(home.key).steps_clear

    def named_step_clears(self, step: Step, lowerer: Lowerer) -> bool:
        """Whether a step by another name than `step`, of an object that nobody saw made, may be of a class of the
        project whose method of that name clears."""
        name = lowerer.objects.name_called(step.place.node)
        if self._modules is None or name in ("", "step"):
            return False
        unseen = not any(isinstance(lowerer.objects.at(region.owner, 0), Optimizer) for region in step.regions)
        return unseen and self._modules.says_that_clears(name)

    def may_clear(self, event: Unresolved) -> bool:
        """Whether a function that a call may be of speaks of clearing, as far as the text around it tells.

        A computed name is not taken for one that clears and back-propagates as well: that is a step of its own.
        """
        if self._modules is None:
            return event.begins
        said = self._modules.said_near(event.key)
        if not event.begins:
            return event.name in said.clearing
        others = said.clearing - said.whole - {event.apart}
        return any(name.startswith(event.name) or not name for name in others)

    def _files(self, scope: Scope, name: str, home: File, lowerer: Lowerer) -> Iterator[File]:
        """Files that speak of a name: those that say where it is defined, then those that can have it."""
        if self._modules is None or not is_reachable(scope):
            return
        knowing = _bounded(self._modules.speaking_of((name, _origin(scope, home.key))))
        speaking = (key for key in self._those_that_clear_first(home.key, name) if key not in knowing)
        for key in (*knowing, *_bounded(speaking)):
            file = lowerer.program.file(key) if key != home.key else None
            if file is not None:
                yield file

    def _those_that_clear_first(self, key: str, name: str) -> tuple[str, ...]:
        """The files that can have what a file defines and speak of a name; those that clear decide."""
        assert self._modules is not None
        reach = self._modules.within_reach(key, name)
        if reach not in self._ordered:
            clearing = self._modules.saying(_CLEARS)
            self._ordered[reach] = tuple(sorted(reach, key=lambda each: each not in clearing))
        return self._ordered[reach]

    def override_clears(self, scope: Scope, lowerer: Lowerer) -> bool:
        """Whether a derived class says anew, and with a clear, what a method calls on its object."""
        called = names_in(scope) - {scope.name}
        overrides = (methods[-1] for other in self._derived(scope, lowerer) for methods in _of(other, called))
        return any(map(lowerer.program.mentions_clear, overrides))

    def subclass_clears(self, scope: Scope, lowerer: Lowerer) -> bool:
        """Whether a derived class has a method that clears beside one that it inherits, and trains nothing itself."""
        heirs = (class_ for class_ in self._derived(scope, lowerer) if scope.name not in class_.functions)
        methods = (method for class_ in heirs for (*_, method) in class_.functions.values())
        return any("backward" not in names_in(each) and lowerer.program.mentions_clear(each) for each in methods)

    def _derived(self, scope: Scope, lowerer: Lowerer) -> Iterator[Scope]:
        """The classes anywhere in the project that are derived from that of a method."""
        class_ = lowerer.program.scopes[scope.parent.number] if scope.parent is not None else None
        if class_ is None or class_.kind != "class" or self._modules is None:
            return
        derives = re.compile(rb"class\s+\w+\s*\([^)]*\b%s\b" % re.escape(class_.name.encode()))
        for key in self._modules.speaking_of((class_.name,)):
            file = lowerer.program.file(key) if derives.search(self._modules.content(key)) else None
            yield from lowerer.objects.derived(class_, file) if file is not None else ()


def _bounded(keys: Iterable[str]) -> dict[str, None]:
    found = list(islice(keys, MAX_FILES.limit + 1))
    return dict.fromkeys(found if MAX_FILES.allows(len(found)) else found[: MAX_FILES.limit])


def _of(class_: Scope, names: Set[str]) -> Iterator[list[Scope]]:
    return (methods for name, methods in class_.functions.items() if name in names)


def _is_inside(other: Scope, inside: Set[int], lowerer: Lowerer) -> bool:
    """Whether a scope is one of some, or what a class that is related by a base says in place of one."""
    if other.number in inside:
        return True
    class_ = other.parent
    if class_ is None or class_.kind != "class":
        return False
    scopes = (lowerer.program.scopes[number] for number in inside)
    holders = [scope.parent for scope in scopes if scope.name == other.name and scope.parent is not None]
    lineage = lowerer.objects.lineage(class_)
    classes = (lowerer.program.scopes[holder.number] for holder in holders if holder.kind == "class")
    return any(base in lineage for each in classes for base in lowerer.objects.lineage(each))


def _second_names(scope: Scope, home: File, lowerer: Lowerer) -> Iterator[str]:
    """The names that a function's own module gives it besides (`quick_step = partial(step, fast=True)`)."""
    module = home.table.module
    for name, bindings in list(module.bindings.items()):
        value = bindings[0].value if len(bindings) == 1 else None
        found = lowerer.objects.value(value, module) if value is not None and scope.name in names_in(module) else None
        if isinstance(found, Function) and found.scope is scope and name != scope.name:
            yield name


def _inherited(scope: Scope, lowerer: Lowerer) -> Iterator[Scope]:
    """Methods that speak of a method and that its class inherits, as its objects run them."""
    class_ = scope.parent
    if class_ is None or class_.kind != "class":
        return
    overridden = set(class_.functions)
    for base in lowerer.objects.lineage(lowerer.program.scopes[class_.number])[1:]:
        for name, methods in base.functions.items():
            if name not in overridden and scope.name in names_in(methods[-1]):
                yield lowerer.program.view(class_, methods[-1])
        overridden |= set(base.functions)


def _origin(scope: Scope, key: str) -> str:
    """The name by which a file can know where a scope is defined: its class, or its module."""
    if scope.parent is not None and scope.parent.kind == "class":
        return scope.parent.name
    return key.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
