"""Text that a consumer can read: characters it has no way to write down give way to U+FFFD."""

from __future__ import annotations

import re

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# A path that is no text comes as lone surrogates (PEP 383), which neither UTF-8 nor most JSON readers take.
_SURROGATES = re.compile("[\ud800-\udfff]")
# All that is not a `Char` of XML 1.0.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def encodable(text: str) -> str:
    """The text without lone surrogates."""
    return _SURROGATES.sub(_REPLACEMENT, text)


def legal(text: str) -> str:
    """The text without lone surrogates and control characters, as XML wants it."""
    return _ILLEGAL.sub(_REPLACEMENT, text)


def cut(text: str, limit: int) -> str:
    """The text, or as much of it as fits with an ellipsis behind."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
