"""Patterns of paths, as `exclude` and `per-file-ignores` have them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns and the folder that they are relative to."""

    folder: Path
    patterns: tuple[str, ...]

    def match(self, path: str) -> bool:
        """Whether one of the patterns matches an absolute path with forward slashes, or its last name alone."""
        return bool(_matcher(self)(path))

    def match_from(self, path: str) -> bool:
        """Whether one matches an absolute path, or a folder between it and the folder of the patterns."""
        root, match = with_slash(self.folder), _matcher(self)
        while not match(path):
            path = path.rpartition("/")[0]
            if not path.startswith(root):
                return False
        return True


def with_slash(folder: Path) -> str:
    """The path of a folder as it begins the paths below it."""
    return f"{folder.as_posix().rstrip('/')}/"


@cache
def _matcher(globs: Globs) -> Callable[[str], object]:
    """Whether one of the patterns matches the whole path, or the name alone; `*` matches slashes too, as in ruff.

    With `./` before it a name is that of something in the folder of the patterns itself.
    """
    folder = with_slash(globs.folder)
    expressions = []
    for given in globs.patterns:
        spelt = given.replace("\\", "/").rstrip("/")
        pattern = spelt.removeprefix("./")
        if not pattern:
            continue
        # `**/x` matches `x` as well.
        for each in {pattern, pattern.replace("**/", "")}:
            whole = fnmatch.translate(each)
            if not each.startswith("/"):
                whole = re.escape(folder) + whole
                if "/" not in each and not spelt.startswith("./"):
                    expressions.append(f"(?s:.*/){fnmatch.translate(each)}")
            expressions.append(whole)
    return re.compile("|".join(expressions) or r"(?!)").match
