"""JSON for other programs."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from gradlint.explain import documentation_url
from gradlint.reporters.characters import encodable
from gradlint.reporters.report import Report

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def dump(value: Json) -> str:
    """The value as JSON text; ASCII only, so that it survives any console encoding, and no half of a character."""
    return json.dumps(_encodable(value), indent=2) + "\n"


def compact(**items: Json) -> dict[str, Json]:
    """An object of the keys that have something to say."""
    return {key: value for key, value in items.items() if value not in (None, "", [], {})}


def site(report: Report) -> str | None:
    """Where the documentation is; None unless that is an absolute URL, which alone means something elsewhere."""
    return report.documentation if _ABSOLUTE.match(report.documentation) else None


def page(report: Report, name: str) -> str | None:
    """Where the page of the rule of that name is, if that is an absolute URL."""
    base = site(report)
    return documentation_url(name, base) if base else None


def _encodable(value: Json) -> Json:
    match value:
        case str():
            return encodable(value)
        case list():
            return [_encodable(each) for each in value]
        case dict():
            return {key: _encodable(each) for key, each in value.items()}
    return value
