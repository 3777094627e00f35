"""One output format a file, called like the format: `render` makes a report the whole text to print."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from gradlint.options import FORMATS
from gradlint.reporters.report import Report


def _rendered(fmt: str, report: Report) -> str:
    # A run needs one or two of them, and to import all takes longer than to look at a small project.
    render: Callable[[Report], str] = importlib.import_module(f"gradlint.reporters.{fmt}").render
    return render(report)


REPORTERS: Mapping[str, Callable[[Report], str]] = MappingProxyType({fmt: partial(_rendered, fmt) for fmt in FORMATS})
"""The formats by the name that `--output-format` takes."""

__all__ = ["REPORTERS", "Report"]
