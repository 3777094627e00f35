"""Where nodes stand, computed only for the few that a finding names."""

from __future__ import annotations

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from gradlint.diagnostics import Point, Span


class Positions:
    """Places of the nodes of one tree; nothing is computed before the first question."""

    def __init__(self, module: cst.Module) -> None:
        self._module = module
        self._ranges: dict[object, CodeRange] | None = None

    def span(self, node: object) -> Span:
        """The text of a node (a handle of `gradlint.events.Place`), without white space around it."""
        if self._ranges is None:
            wrapper = MetadataWrapper(self._module, unsafe_skip_copy=True)
            self._ranges = {node: place for node, place in wrapper.resolve(PositionProvider).items()}
        found = self._ranges[node]
        return Span(Point(found.start.line, found.start.column + 1), Point(found.end.line, found.end.column + 1))
