"""Where nodes stand, computed only for the few that a finding names."""

from __future__ import annotations

import libcst as cst
from libcst.metadata import CodeRange, PositionProvider

from gradlint.diagnostics import Point, Span


class Positions:
    """Places of the nodes of one tree; nothing is computed before the first question."""

    def __init__(self, module: cst.Module) -> None:
        self._module = module
        self._provider: PositionProvider | None = None

    def span(self, node: object) -> Span:
        """The text of a node (a handle of `gradlint.events.Place`), without white space around it."""
        if self._provider is None:
            # Not through MetadataWrapper.resolve: that also visits, and so rebuilds, the whole tree.
            self._provider = PositionProvider()
            self._provider._gen_impl(self._module)
        found = self._provider._computed[node]  # type: ignore[index]  # the handle is a node
        assert isinstance(found, CodeRange)
        return Span(Point(found.start.line, found.start.column + 1), Point(found.end.line, found.end.column + 1))
