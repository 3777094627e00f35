"""Paths as URIs."""

from __future__ import annotations

import re
from urllib.parse import quote

_DRIVE = re.compile(r"(?P<drive>[A-Za-z]:)(?P<rest>/.*)", re.DOTALL)


def path_uri(path: str) -> str:
    """A relative path as a relative reference, an absolute one (of Windows too) as a `file` URI; percent-encoded."""
    if match := _DRIVE.fullmatch(path):
        return f"file:///{match['drive']}{_quoted(match['rest'])}"
    if path.startswith("//"):
        return f"file:{_quoted(path)}"
    return f"file://{_quoted(path)}" if path.startswith("/") else _quoted(path)


def _quoted(path: str) -> str:
    try:
        # A byte that is no text is a lone surrogate in a path (PEP 383), and that very byte in a URI.
        return quote(path.encode("utf-8", "surrogateescape"), safe="/")
    except UnicodeEncodeError:
        return quote(path.encode("utf-8", "replace"), safe="/")
