"""The hash by which GitHub's code scanning knows a line again, computed as its own action does it.

A polynomial of base 37 modulo 2^64 over the 100 UTF-16 units from the start of the line on, blanks left out, newlines
as one unit; behind the text stand the unit 65535 and zeros. Lines of one hash are numbered.
"""

from __future__ import annotations

from collections import Counter

from gradlint.source import Source

_BASE = 37
_LENGTH = 100
_MODULUS = 1 << 64
_LEAVING = pow(_BASE, _LENGTH, _MODULUS)
_NEWLINE = ord("\n")
_END = 0xFFFF


def line_hashes(source: Source) -> list[str]:
    """The hash of each line of a file; none at all if the text cannot be written in its encoding."""
    try:
        # The action reads every file as UTF-8, whatever a coding cookie says, and keeps a byte-order mark.
        text = source.encode().decode("utf-8", "replace")
    except UnicodeEncodeError:
        return []
    newlines = text.replace("\r\n", "\n").replace("\r", "\n")
    units = _units(newlines.replace(" ", "").replace("\t", ""))
    starts = [0, *(index + 1 for index, unit in enumerate(units) if unit == _NEWLINE)]
    # The hash of a stretch is that of all up to its end without that of all before it.
    upto = [0]
    for unit in (*units, _END, *([0] * _LENGTH)):
        upto.append((upto[-1] * _BASE + unit) % _MODULUS)
    seen: Counter[int] = Counter()
    numbered: list[str] = []
    for start in starts:
        value = (upto[start + _LENGTH] - upto[start] * _LEAVING) % _MODULUS
        seen[value] += 1
        numbered.append(f"{value:x}:{seen[value]}")
    return numbered


def _units(text: str) -> list[int]:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return [low | high << 8 for low, high in zip(encoded[::2], encoded[1::2], strict=True)]
