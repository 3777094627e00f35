"""Where an expression stands, for events."""

from __future__ import annotations

import libcst as cst

from gradlint.events import Place
from gradlint.syntax.tree import text_of


def place_of(node: cst.CSTNode, statement: cst.CSTNode, subject: cst.CSTNode | None = None) -> Place:
    """The place of an expression in a statement, with the code of the object that it works on."""
    return Place(node, statement, text_of(node), text_of(subject) if subject is not None else "")
