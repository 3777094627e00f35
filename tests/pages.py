"""The pages of the documentation: where they are, and the parts of them that are written by `make golden`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """Code on a page, without indentation; `row` is where its fence stands, `end` the offset behind it."""

    page: Path
    row: int
    language: str
    text: str
    end: int

    @property
    def name(self) -> str:
        """For the ids of tests."""
        return f"{relative(self.page)}:{self.row}"


def relative(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Block]:
    """The code of all pages that is in one of some languages."""
    return [each for page in PAGES for each in blocks_of(page) if each.language in languages]


def blocks_of(page: Path) -> list[Block]:
    text = text_of(page)
    return [
        Block(
            page,
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE),
            match.end(),
        )
        for match in _BLOCK.finditer(text)
    ]


def without_blocks(page: Path) -> str:
    return _BLOCK.sub("", text_of(page))


def keep(page: Path, what: str, expected: str, *, renew: bool) -> None:
    """What stands between the two marks of a page is as expected; with `renew` it is written there first."""
    before, begins, rest = text_of(page).partition(f"<!-- {what}: written by `make golden` -->\n")
    _, ends, after = rest.partition(f"<!-- end of {what} -->\n")
    assert begins and ends, f"{relative(page)} has no marks for {what}"
    if renew:
        page.write_text("".join((before, begins, expected, ends, after)), encoding="utf-8", newline="\n")
    assert begins + expected + ends in text_of(page)
