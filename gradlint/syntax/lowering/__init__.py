"""The libcst visitor: a scope's statements to a guarded graph, its expressions to events in evaluation order.

One module for each kind of construct; what they share is the `Lowering` that they are given.
"""

from __future__ import annotations

import libcst as cst

from gradlint.flow.graph import Graph
from gradlint.syntax.lowering import expressions, statements
from gradlint.syntax.lowering.context import Lowering
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope

__all__ = ["lower_scope"]


def lower_scope(objects: Objects, scope: Scope, watched: frozenset[str]) -> Graph:
    """The graph of one scope. Assignments to names that are not `watched` get no event."""
    low = Lowering(objects, scope, watched, statements.lower, expressions.lower)
    match scope.node:
        case cst.Module(body=body):
            low.run_block(body)
        case cst.FunctionDef(body=suite):
            low.run(suite)
        case cst.Lambda(body=value):
            low.statement = value
            low.evaluate(value)
    return low.finish()
