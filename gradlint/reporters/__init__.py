"""One output format a file: a function from a report to the whole text to print, newline included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gradlint.reporters import concise, full, github, gitlab, grouped, json, junit, rdjson, sarif
from gradlint.reporters.report import Report

REPORTERS: Mapping[str, Callable[[Report], str]] = MappingProxyType(
    {
        "full": full.render,
        "concise": concise.render,
        "json": json.render,
        "github": github.render,
        "gitlab": gitlab.render,
        "sarif": sarif.render,
        "rdjson": rdjson.render,
        "junit": junit.render,
        "grouped": grouped.render,
    }
)
"""The formats by the name that `--output-format` takes."""

__all__ = ["REPORTERS", "Report"]
