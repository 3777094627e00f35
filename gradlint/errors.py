"""What goes wrong for the user and not through a bug."""

from __future__ import annotations


class GradlintError(Exception):
    """The job cannot be done as asked. The text is one line for the user; the exit status is 2."""
