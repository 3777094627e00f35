"""Which files a project has: what an import names, seen from a file, and which files speak of a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType

from gradlint.project.hearsay import SPEAKS, Hearsay, Said
from gradlint.project.words import Words
from gradlint.source import Source, UndecodableSource

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(?:\(((?:#[^\n]*|[^)#])*)|([\w, \t]+))"
    rb"|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)

_COMMENT = re.compile(rb"#[^\n]*")

FEW = 12
"""Files up to which the importers of each are found by searching all files for its name."""

SHORT = 10_000
"""Bytes up to which any module is read that another one calls, for it may only pass the call on."""

ROOTS = ("", "src")
"""Folders below one of a file's own folders from which modules may be imported."""


class Modules:
    """The files of a project by key, an absolute path with forward slashes, and how to read one.

    `files` has for each key what people call the file; `read` raises OSError for what is not there; `known` are the
    bytes of files that somebody has read already, or is about to write.
    """

    def __init__(
        self, files: Mapping[str, str], read: Callable[[str], bytes], known: Mapping[str, bytes] = MappingProxyType({})
    ) -> None:
        self._files = files
        self._read = read
        self._bytes = dict(known)
        self._words = Words(files, self._text)
        self._hearsay = Hearsay(self._text)
        self._importers: dict[str, set[str]] | None = None
        self._imported: dict[str, tuple[str, ...]] = {}
        self._importing: dict[str, frozenset[str]] = {}
        self._acquainted: dict[str, frozenset[str]] = {}
        self._near: dict[str, frozenset[str]] = {}
        # What is asked about sets of files is remembered by set, for files that import each other share theirs.
        self._given: dict[frozenset[str], frozenset[str]] = {}
        self._reach: dict[tuple[frozenset[str], str], tuple[str, ...]] = {}
        self._saying: dict[re.Pattern[bytes], frozenset[str]] = {}
        self._located: dict[tuple[str, tuple[str, ...]], str | None] = {}

    @property
    def files(self) -> Mapping[str, str]:
        """What people call each file, by key."""
        return self._files

    def locate(self, module: tuple[str, ...], level: int, importer: str) -> str | None:
        """The file of a module: relative to the importer, or in the nearest of the folders above it that has it."""
        folder = importer.rpartition("/")[0]
        if level:
            for _ in range(level - 1):
                folder = folder.rpartition("/")[0]
            return self._below(folder, module)
        if (folder, module) not in self._located:
            self._located[folder, module] = next(self._candidates(folder, module), None)
        return self._located[folder, module]

    def _candidates(self, folder: str, module: tuple[str, ...]) -> Iterator[str]:
        while True:
            for root in ROOTS:
                found = self._below(f"{folder}/{root}" if root else folder, module)
                if found is not None:
                    yield found
            if not folder:
                return
            folder = folder.rpartition("/")[0]

    def _below(self, folder: str, module: tuple[str, ...]) -> str | None:
        path = "/".join((folder, *module))
        for key in (f"{path}.py", f"{path}/__init__.py") if module else (f"{path}/__init__.py",):
            if key in self._files:
                return key
        return None

    def with_text(self, key: str, content: bytes) -> Modules:
        """The same files, with one of them as somebody is about to write it."""
        return Modules({key: key, **self._files}, self._read, {**self._bytes, key: content})

    def source(self, key: str) -> Source | None:
        """The text of a file; None where it cannot be read as one, or is long and cannot matter."""
        try:
            content = self.content(key)
            if not matters(content):
                return None
            return Source.decode(self._files[key], content)
        except (OSError, KeyError, UndecodableSource):
            return None

    def content(self, key: str) -> bytes:
        """The bytes of a file, read once. Raises OSError."""
        if key not in self._bytes:
            self._bytes[key] = self._read(key)
        return self._bytes[key]

    def _text(self, key: str) -> bytes:
        """The bytes of a file; none where it cannot be read, and so says nothing."""
        try:
            return self.content(key)
        except OSError:
            return b""

    def imported(self, key: str) -> tuple[str, ...]:
        """The project's files that the bytes of a file import, as far as lines that look like imports tell."""
        if key not in self._imported:
            self._imported[key] = tuple(dict.fromkeys(self._imports(key)))
        return self._imported[key]

    def _imports(self, key: str) -> Iterator[str]:
        for dots, module, listed, names, plain in _IMPORT.findall(self._text(key)):
            wanted = [_parts(module)] if module else []
            wanted += [(*_parts(module), *_parts(name)) for name in (_COMMENT.sub(b"", listed) or names).split(b",")]
            wanted += [_parts(name) for name in plain.split(b",")]
            for parts in dict.fromkeys(wanted):
                found = self.locate(parts, len(dots), key) if parts or dots else None
                if found is not None and found != key:
                    yield found

    def acquainted(self, key: str) -> frozenset[str]:
        """The files that can have what a file defines: those that import it, by way of others as well, and what these
        import, to which they may give it."""
        if key not in self._acquainted:
            self._acquainted[key] = self._with_imports(self._importing_of(key)) | {key}
        return self._acquainted[key]

    def near(self, key: str) -> frozenset[str]:
        """The files that can have what a file defines, and all that they import: who may give it something."""
        if key not in self._near:
            self._near[key] = self._with_imports(self.acquainted(key))
        return self._near[key]

    def _with_imports(self, keys: frozenset[str]) -> frozenset[str]:
        if keys not in self._given:
            self._given[keys] = keys.union(*map(self.imported, keys))
        return self._given[keys]

    def is_spoken_of(self, pattern: re.Pattern[bytes], key: str, word: str) -> bool:
        """Whether a pattern that needs a word is found in a file, or in one that can have what the file defines."""
        return any(pattern.search(self._text(each)) for each in (key, *self.within_reach(key, word)))

    def within_reach(self, key: str, word: str) -> tuple[str, ...]:
        """The files that can have what a file defines and speak of a word."""
        acquainted = self.acquainted(key)
        asked = (acquainted, word)
        if asked not in self._reach:
            self._reach[asked] = tuple(self._words.among(word, acquainted))
        return self._reach[asked]

    def saying(self, pattern: re.Pattern[bytes]) -> frozenset[str]:
        """All files in which a pattern is found, for the few patterns that are asked for again and again."""
        if pattern not in self._saying:
            self._saying[pattern] = frozenset(each for each in self._files if pattern.search(self._text(each)))
        return self._saying[pattern]

    def said_near(self, key: str) -> Said:
        """What a file, and those that may give it something, say of their functions."""
        return self._hearsay.of(self.near(key))

    def says_that_clears(self, name: str) -> bool:
        """Whether any file has a function of that name which speaks of clearing."""
        speaking = frozenset(key for key in self.speaking_of((name,)) if f"def {name}".encode() in self._text(key))
        return name in self._hearsay.of(speaking).clearing

    def has_training_function(self, name: str, key: str) -> bool:
        """Whether a file, or one that may give it something, defines a function of a name that speaks of gradients."""
        return name in self.said_near(key).training

    def _importing_of(self, key: str) -> frozenset[str]:
        """The files that import a file, by way of others as well."""
        if key not in self._importing:
            found: set[str] = set()
            waiting, asked = [key], 0
            while waiting:
                asked += 1
                for each in self._importers_of(waiting.pop(), few=asked <= FEW) - found:
                    found.add(each)
                    if each in self._importing:
                        found |= self._importing[each]
                    else:
                        waiting.append(each)
            self._importing[key] = frozenset(found)
        return self._importing[key]

    def _importers_of(self, key: str, *, few: bool) -> set[str]:
        """The files that import a file themselves: of a few by their names, of many by an index of all imports."""
        if self._importers is None and few:
            folder, _, name = key.removesuffix(".py").rpartition("/")
            stem = (folder.rpartition("/")[2] if name == "__init__" else name).encode("utf-8", "surrogateescape")
            return {each for each in self._files if stem in self._text(each) and key in self.imported(each)}
        if self._importers is None:
            self._importers = {}
            for importer in sorted(self._files):
                for imported in self.imported(importer):
                    self._importers.setdefault(imported, set()).add(importer)
        return self._importers.get(key, set())

    def speaking_of(self, words: Iterable[str]) -> Iterator[str]:
        """The files in which every one of some identifiers stands, in a stable order."""
        fewest, *others = sorted(map(self._words.keys, words), key=len)
        return (key for key in fewest if all(key in other for other in others))


def _parts(dotted: bytes) -> tuple[str, ...]:
    """The components of a dotted name, without what follows it (`as x`)."""
    words = dotted.decode("utf-8", "replace").split()
    return tuple(words[0].split(".")) if words else ()


def matters(content: bytes) -> bool:
    """Whether a file can matter to those that import it."""
    return len(content) <= SHORT or SPEAKS.search(content) is not None


def key_of(path: PurePath) -> str:
    """The key of a file at an absolute path."""
    return path.as_posix()
