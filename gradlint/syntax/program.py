"""The files of one run as one program: read when they are first asked for, and what imports mean in each of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import libcst as cst

from gradlint.bounds import Bound
from gradlint.source import Source
from gradlint.syntax import catalogue, frameworks
from gradlint.syntax.collect import collect
from gradlint.syntax.parse import BrokenSource, parse
from gradlint.syntax.positions import Positions
from gradlint.syntax.scopes import Scope, Table, mentions_clear
from gradlint.syntax.slicing import cut
from gradlint.vocabulary import Vocabulary, last_words

MAX_PARTS = Bound(12, "parts of a dotted name")
"""Star imports in a circle could make it ever longer."""


class Surroundings(Protocol):
    """Where other files come from. A file has a key of its own, whatever its path is called for people."""

    def locate(self, module: tuple[str, ...], level: int, importer: str) -> str | None:
        """The key of the file that a module is, seen from the file `importer`; `level` counts leading dots."""

    def source(self, key: str) -> Source | None:
        """The text of a file; None where it cannot be read."""

    def is_spoken_of(self, pattern: re.Pattern[bytes], key: str, word: str) -> bool:
        """Whether a pattern that needs a word is found in a file, or in one that can have what the file defines."""

    def within_reach(self, key: str, word: str) -> Sequence[str] | None:
        """The files that can have what a file defines and speak of a word; None where nobody knows all files."""

    def has_training_function(self, name: str, key: str) -> bool:
        """Whether a file, or one that may give it something, defines a function of a name that speaks of gradients."""


class Alone:
    """No other files."""

    def locate(self, module: tuple[str, ...], level: int, importer: str) -> str | None:
        """Nothing is known."""
        return None

    def source(self, key: str) -> Source | None:
        """Nothing is known."""
        return None

    def is_spoken_of(self, pattern: re.Pattern[bytes], key: str, word: str) -> bool:
        """Nothing is known."""
        return False

    def within_reach(self, key: str, word: str) -> Sequence[str] | None:
        """Nothing is known."""
        return None

    def has_training_function(self, name: str, key: str) -> bool:
        """Nothing is known, and it may."""
        return True


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """A file that was read: its tree and what is bound in it.

    `opaque`: it belongs to another framework, or hands clearing to hooks: its code says nothing.
    """

    key: str
    source: Source
    module: cst.Module
    table: Table
    positions: Positions
    opaque: bool

    @property
    def is_torch(self) -> bool:
        """Whether the file imports PyTorch, or a framework around it."""
        return any(map(catalogue.TORCH_LIKE.match, self.table.imports.values()))


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a name is defined: in the scope of a module or class. Without a name it is the module itself."""

    scope: Scope
    name: str = ""


@dataclass(slots=True)
class Program:
    """The files that have been read, and the scopes of all of them by number."""

    surroundings: Surroundings = field(default_factory=Alone)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    scopes: list[Scope] = field(default_factory=list)
    # Trees by text: a program that differs in one file need not parse the others anew.
    trees: dict[str, cst.Module] = field(default_factory=dict)
    _files: dict[str, File | BrokenSource] = field(default_factory=dict)
    _asked: dict[str, File | None] = field(default_factory=dict)
    _homes: dict[int, File] = field(default_factory=dict)
    _defined: dict[tuple[str, str], Definition | None] = field(default_factory=dict)
    # By the lambda's node and the number of the scope in which it stands.
    _lambdas: dict[tuple[int, int], Scope] = field(default_factory=dict)
    _lambdas_in: dict[int, list[Scope]] = field(default_factory=lambda: defaultdict(list))
    _views: dict[tuple[int, int], Scope] = field(default_factory=dict)
    # The scopes that scopes are views of, by number.
    originals: dict[int, int] = field(default_factory=dict)

    def read(self, source: Source, key: str = "") -> File:
        """Read a text as a file of the program, once. Raises BrokenSource."""
        found = self._files.get(key)
        if isinstance(found, BrokenSource):
            raise found
        if found is None:
            found = self._read(source, key)
        return found

    def _read(self, source: Source, key: str) -> File:
        try:
            part = cut(source, self.vocabulary.words)
            module = self.trees.get(source.text) or parse(source, part.text)
            self.trees[source.text] = module
            table = collect(module, len(self.scopes), part.written)
        except BrokenSource as error:
            self._files[key] = error
            raise
        found = File(key, source, module, table, Positions(module), _speaks_of_others(table, source))
        self._files[key] = found
        self.scopes += table.scopes
        for scope in table.scopes:
            if scope.kind == "lambda" and scope.parent is not None:
                self._add_lambda(scope, scope.parent)
        self._homes[table.module.number] = found
        return found

    def texts(self, paths: Container[str]) -> Iterator[Source]:
        """The texts of files, by what people call them."""
        for file in self._files.values():
            if isinstance(file, File) and file.source.path in paths:
                yield file.source

    def has_other_text(self, source: Source, key: str) -> bool:
        """Whether a file was read already, and with another text than this one."""
        found = self._files.get(key)
        return isinstance(found, File) and found.source.text != source.text

    def file(self, key: str) -> File | None:
        """The file with a key, for what others say of it; None where it is broken, not there, or cannot matter.

        What was read for its own sake can be such a file too: others must not know more of it only because of that.
        """
        if key not in self._asked:
            source = self.surroundings.source(key)
            try:
                self._asked[key] = self.read(source, key) if source is not None else None
            except BrokenSource:
                self._asked[key] = None
        return self._asked[key]

    def home(self, scope: Scope) -> File:
        """The file that a scope stands in."""
        return self._homes[scope.module.number]

    @property
    def clearing_words(self) -> frozenset[str]:
        """Identifiers that speak of clearing gradients because the configuration says so."""
        return last_words(self.vocabulary.clearing)

    def mentions_clear(self, function: Scope) -> bool:
        """Whether a function's code speaks of clearing gradients."""
        return mentions_clear(function, self.clearing_words)

    def view(self, class_: Scope, method: Scope) -> Scope:
        """A method as the objects of a class run it that inherits it: what it calls on them is looked up in theirs.

        The view is a scope of its own, with the method's names and code; only its object is one of the other class.
        """
        assert method.parent is not None
        if method.parent.number == class_.number:
            return method
        key = (class_.number, method.number)
        if key not in self._views:
            self._views[key] = self.copy(method, replace(method.parent, number=class_.number))
        return self._views[key]

    def copy(self, scope: Scope, parent: Scope) -> Scope:
        """A second scope with the same code inside another one, with what is nested in it."""
        copy = replace(scope, number=len(self.scopes), parent=parent)
        self.scopes.append(copy)
        self.originals[copy.number] = scope.number
        copy.bindings = defaultdict(list)
        for name, bindings in scope.bindings.items():
            copy.bindings[name] = [replace(b, scope=copy) if b.scope is scope else b for b in bindings]
        copy.functions = defaultdict(list)
        for name, functions in scope.functions.items():
            copy.functions[name] = [self.copy(function, copy) for function in functions]
        for nested in self._lambdas_in.get(scope.number, ()):
            self._add_lambda(self.copy(nested, copy), copy)
        return copy

    def _add_lambda(self, scope: Scope, outer: Scope) -> None:
        self._lambdas[id(scope.node), outer.number] = scope
        self._lambdas_in[outer.number].append(scope)

    def lambda_at(self, node: cst.Lambda, scope: Scope) -> Scope | None:
        """The scope of a lambda that stands in a scope."""
        outer: Scope | None = scope
        while outer is not None:
            found = self._lambdas.get((id(node), outer.number))
            if found is not None:
                return found
            outer = outer.parent
        return None

    def definition(self, qualified: str, file: File) -> Definition | None:
        """Where the project defines what a qualified name means in a file; None for what is not the project's."""
        key = (file.key, qualified)
        if key not in self._defined:
            self._defined[key] = None  # modules that import each other's names in a circle define none of them
            self._defined[key] = self._find(qualified, file)
        return self._defined[key]

    def _find(self, qualified: str, file: File) -> Definition | None:
        plain = qualified.lstrip(".")
        level = len(qualified) - len(plain)
        if not level and plain.partition(".")[0] in frameworks.PACKAGES:
            return None  # in a framework's own repository, too, its rows say what it does
        parts = tuple(plain.split(".")) if plain else ()
        for length in range(len(parts), -1 if level else 0, -1) if MAX_PARTS.allows(len(parts)) else ():
            key = self.surroundings.locate(parts[:length], level, file.key)
            if key is not None and key != file.key:
                target = self.file(key)
                # What is in a module that nobody reads is not to be found in the package around it.
                return self.member(target, parts[length:]) if target is not None else None
        return None

    def member(self, file: File, parts: tuple[str, ...]) -> Definition | None:
        """What a dotted name means inside a module."""
        module = file.table.module
        if not parts:
            return Definition(module)
        name, rest = parts[0], parts[1:]
        if name in module.classes and rest:
            return Definition(module.classes[name], rest[0]) if len(rest) == 1 else None
        if name in module.bindings:
            imported = next((b.imported for b in module.bindings[name] if b.imported), "")
            if imported:
                return self.definition(".".join((imported, *rest)), file)
            return None if rest else Definition(module, name)
        for star in module.stars:
            found = self.definition(f"{star}{'' if star.endswith('.') else '.'}{'.'.join(parts)}", file)
            if found is not None:
                return found
        return None


def _speaks_of_others(table: Table, source: Source) -> bool:
    """Whether the file belongs to another framework, or hands clearing to hooks."""
    packages = {name.split(".")[0] for name in table.imports.values()}
    foreign = bool(packages & catalogue.OTHER_FRAMEWORKS) and not any(map(catalogue.TORCH_LIKE.match, packages))
    return foreign or any(hook in source.text for hook in catalogue.HOOK_REGISTRATIONS)
