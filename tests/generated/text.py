"""Text that grows, by draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

MAX_STATEMENTS = 26  # of one program, about


@dataclass(slots=True)
class Text:
    """Lines of a program. `chance` gives a number below another one; 0 is the simplest."""

    chance: Callable[[int], int]
    apart: bool = False  # no parameters are shared, and no loss reaches the networks of another optimizer
    lines: list[str] = field(default_factory=list)
    indent: int = 0
    left: int = MAX_STATEMENTS
    names: int = 0
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)  # the lines of what is there to be called

    def pick(self, *options: T) -> T:
        """One of some options, the first of which is the simplest."""
        return options[self.chance(len(options))]

    def pick_oddly(self, *options: T) -> tuple[T, int]:
        """One of some options, and below 100 how odd it may get: large numbers are for what people seldom write.

        Both come from one draw, so that programs without oddities are what they were before there were any.
        """
        draw = self.chance(100)
        return options[draw % len(options)], draw

    def happens(self, percent: int) -> bool:
        """Whether something does that does not have to."""
        return self.chance(100) >= 100 - percent

    def write(self, line: str) -> None:
        """A line."""
        self.lines.append("    " * self.indent + line)
        self.left -= 1

    def new(self, stem: str) -> str:
        """A name that is not taken."""
        self.names += 1
        return f"{stem}_{self.names}"

    def block(self, head: str, body: Callable[[], None]) -> None:
        """A statement with others below it."""
        self.write(head)
        self.indent += 1
        before = len(self.lines)
        body()
        if len(self.lines) == before:
            self.write("pass")
        self.indent -= 1

    def function(self, name: str, parameters: str, body: Callable[[], None]) -> None:
        """A function that goes again if nobody calls it."""
        first = len(self.lines)
        self.block(f"def {name}({parameters}):", body)
        self.lines.append("")
        self.functions[name] = (first, len(self.lines))

    def text(self) -> str:
        """All lines, without functions that nobody calls."""
        lines: list[str | None] = list(self.lines)
        uncalled = True
        while uncalled:
            uncalled = False
            for name, (first, last) in self.functions.items():
                others = (line for number, line in enumerate(lines) if line is not None and not first <= number < last)
                if lines[first] is not None and not any(f"{name}(" in line for line in others):
                    lines[first:last] = [None] * (last - first)
                    uncalled = True
        text = "\n".join(line for line in lines if line is not None) + "\n"
        unused = "from accelerate import Accelerator\n"
        return text if "Accelerator(" in text else text.replace(unused, "", 1)
