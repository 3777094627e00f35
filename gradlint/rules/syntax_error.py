"""GRD000: a file that does not parse."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.rule import Rule


class SyntaxError(Rule):  # the rule's name is what users read
    """The file is not valid Python, so nothing in it could be checked."""

    code = "GRD000"
    category = "syntax"
    severity = Severity.ERROR
