"""Files are written at one stroke: whoever reads one meanwhile finds the old text or the new one, never half of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SUFFIX = ".gradlint"
"""What the names of files end in that are not finished."""


def exchange(target: Path, content: bytes) -> None:
    """Put a whole new file in the place of another one, with its permissions and, where that is allowed, its owner.

    Where there is none, it is made like any new file. Raises OSError; then nothing has changed.
    """
    beside = target.with_name(f".{target.name}.{os.urandom(6).hex()}{SUFFIX}")
    # On Windows, O_BINARY keeps the bytes as they are.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    opened = os.open(beside, flags, 0o666)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
        if target.exists():
            shutil.copymode(target, beside)
            _copy_owner(target, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _copy_owner(source: Path, target: Path) -> None:
    wanted, given = source.stat(), target.stat()
    if (wanted.st_uid, wanted.st_gid) != (given.st_uid, given.st_gid) and hasattr(os, "chown"):
        try:
            os.chown(target, wanted.st_uid, wanted.st_gid)
        except PermissionError:
            # As with any editor: who may not give files away becomes the owner.
            return
