"""Findings made by hand, for the tests of the formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradlint.diagnostics import Applicability, Diagnostic, Edit, Fix, Point, Related, Severity, Span
from gradlint.reporters import Report
from gradlint.source import Cell, Source

TRAIN = """\
import torch


def train(model, loader, loss_fn):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10):
        model.train()
        print(epoch)


def batch(model, loader, loss_fn, optimizer):
    for sample, target in loader:
        loss = loss_fn(model(sample), target)
        loss.backward()
        optimizer.step()
"""


def place(source: Source, text: str, *, skip: int = 0) -> Span:
    """The span of a text in the source, after so many others of the same text."""
    start = -1
    for _ in range(skip + 1):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def at(row: int, column: int) -> Span:
    return Span(Point(row, column), Point(row, column))


def clear_after(source: Source, step: str, clear: str) -> Fix:
    end = place(source, step).end
    indent = source.line(end.row)[: -len(source.line(end.row).lstrip())]
    edit = Edit(Span(end, end), f"{source.newline}{indent}{clear}")
    return Fix("clear them once they are applied", Applicability.UNSAFE, (edit,))


def missing_clear(
    source: Source,
    backward: str = "loss.backward()",
    step: str = "optimizer.step()",
    clear: str = "optimizer.zero_grad()",
) -> Diagnostic:
    """The finding of the design note, at the first such calls of a text."""
    span = place(source, backward)
    return Diagnostic(
        path=source.path,
        span=span,
        code="GRD101",
        name="missing-zero-grad",
        message=f"`{backward}` adds to gradients that `{step}` has already applied",
        severity=Severity.ERROR,
        label="the next iteration adds to the same gradients",
        order=2,
        related=(Related(place(source, step), "applied here, never cleared", 1),),
        fix=clear_after(source, step, clear),
        statement_rows=(span.start.row, span.end.row),
    )


@dataclass(frozen=True)
class Sample:
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]

    def report(self, *, color: bool = False, failures: tuple[str, ...] = ()) -> Report:
        return Report(self.diagnostics, self.sources, color, failures)


def sample(diagnostics: list[Diagnostic], *sources: Source) -> Sample:
    return Sample(tuple(diagnostics), {source.path: source for source in sources})


def one(path: str, text: str, **names: str) -> Sample:
    source = Source(path, text)
    return sample([missing_clear(source, **names)], source)


def several() -> Sample:
    first, second = Source("train.py", TRAIN), Source("pkg/gan.py", TRAIN.replace("optimizer", "opt_d"))
    plain = replace(missing_clear(first), label="", order=0, related=(), fix=None, severity=Severity.NOTE)
    found = missing_clear(second, step="opt_d.step()", clear="opt_d.zero_grad()")
    return sample([missing_clear(first), plain, replace(found, severity=Severity.WARNING)], first, second)


def syntax_error() -> Sample:
    source = Source("broken.py", "import torch\n\nfor x in loader\n    loss.backward()\n")
    message = "the file does not parse: expected ':'"
    return sample([Diagnostic("broken.py", at(3, 16), "GRD000", "syntax-error", message, Severity.ERROR)], source)


def several_edits() -> Sample:
    rows = ["import torch", "", "model.train()", *(f"x{i} = {i}" for i in range(8)), "while True:"]
    body = ["    (", "        loss", "    ).backward()", "    optimizer.step", "    done()"]
    source = Source("edits.py", "\n".join([*rows, *body]))
    finding = missing_clear(source, backward="(\n        loss\n    ).backward()", step="optimizer.step")
    edits = (
        Edit(place(source, "optimizer.step"), "optimizer.step()"),
        Edit(at(2, 1), "\noptimizer = make()\n"),
        Edit(Span(Point(6, 1), Point(8, 1)), ""),
        Edit(at(17, 11), "\n    optimizer.zero_grad()\n"),
    )
    return sample([replace(finding, fix=Fix("take a step and clear", Applicability.SAFE, edits))], source)


def other_file() -> Sample:
    main = Source("train.py", TRAIN)
    helper = Source(
        "lib/steps.py", "def apply(optimizer, scaler):\n    # AMP\n    scaler.step(optimizer)\n    scaler.update()\n"
    )
    finding = missing_clear(main)
    related = (
        replace(finding.related[0], span=place(main, "print(epoch)"), message="this calls `apply`"),
        Related(Span(Point(7, 3), Point(7, 9)), "a file that could not be read again", 5, "gone.py"),
        Related(place(main, "optimizer.step()"), "applied again", 4),
        Related(place(helper, "scaler.step(optimizer)"), "applied here, never cleared", 2, helper.path),
    )
    return sample([replace(finding, order=3, related=related)], main, helper)


def aside() -> Sample:
    """A place beside the story: a clear that the path does not reach."""
    source = Source("train.py", TRAIN.replace("model.train()", "optimizer.zero_grad()"))
    finding = missing_clear(source)
    clear = Related(place(source, "optimizer.zero_grad()"), "cleared here, but not on this path", 0)
    return sample([replace(finding, related=(clear, *finding.related))], source)


def far_apart() -> Sample:
    """Places whose gaps are one line too long to show, one that is just short enough, and a place beyond the end."""
    rows = [
        "step()",
        "",
        "",
        "",
        "",
        "def f():",
        "    loss.backward()",
        "    1",
        "    2",
        "    3",
        "    step()",
        "    4",
    ]
    source = Source("far.py", "\n".join(rows))
    finding = missing_clear(source, step="    step()\n", clear="zero_grad()")
    related = (
        Related(place(source, "step()"), "applied first", 1),
        Related(place(source, "    step()\n"), "a line with its newline", 3),
        Related(at(14, 1), "beyond the end", 4),
    )
    edits = (Edit(at(1, 1), "start()\n"), Edit(Span(Point(11, 1), Point(12, 1)), ""))
    return sample([replace(finding, related=related, fix=Fix("do", Applicability.UNSAFE, edits))], source)


NOTEBOOK = """\
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for sample, target in loader:
    loss = loss_fn(model(sample), target)
    loss.backward()
optimizer.step()
print(loss)
(loss * 2).backward()
"""


def notebook() -> Sample:
    """Two stories over cells that follow each other in the text: with a cell of prose between the first two."""
    source = Source("nb.ipynb", NOTEBOOK, cells=(Cell(2, 1), Cell(4, 5), Cell(5, 7)))
    finding = missing_clear(source)
    other = missing_clear(source, backward="(loss * 2).backward()")
    edits = (
        Edit(Span(Point(4, 1), Point(5, 1)), ""),
        Edit(at(6, 12), "\noptimizer.zero_grad()"),
        Edit(at(7, 1), "loss = again()\n"),
    )
    return sample([finding, replace(other, fix=Fix("do as one should", Applicability.UNSAFE, edits))], source)


SAMPLES: dict[str, Sample] = {
    "clean": sample([]),
    "design_note": one("train.py", TRAIN),
    "several": several(),
    "syntax_error": syntax_error(),
    "odd_path": one("my runs/lr=0,1: größe 😀.py", TRAIN),
    "wide_characters": one(
        "wide.py",
        "for é, 训练 in loader:\n    s = 'é😀e\u0301'; verlust_é.backward(); 优化.step()\n",
        backward="verlust_é.backward()",
        step="优化.step()",
        clear="优化.zero_grad()",
    ),
    "several_edits": several_edits(),
    "other_file": other_file(),
    "aside": aside(),
    "far_apart": far_apart(),
    "notebook": notebook(),
    "undecodable_path": one("\udcff.py", TRAIN),
    "zero_path": one("a\0b.py", TRAIN),
    "tabs": one("tabs.py", "while True:\n\tx =\t1;\tloss.backward()\t# why\n\toptimizer.step()\n"),
    "carriage_returns": one("crlf.py", TRAIN.replace("\n", "\r\n")),
    "steering": one("esc\x1b[2J.py", "while True:  # \x1b[31m \u202e\n\tloss.backward() # \x0c\n\toptimizer.step()\n"),
}
