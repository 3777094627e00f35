"""A rule's documentation, which is its class docstring, for a terminal, for a page and for programs."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence

from gradlint.rule import Rule

FORMATS = ("text", "json", "markdown")
DOCUMENTATION = "docs/rules"
"""Where the rules' pages live: the one base of every link to them, by default a folder of the repository."""

_HEADING = re.compile(r"#{2,6} +(?P<title>.*)")
_FENCE = "```"


def documentation_url(name: str, base: str = DOCUMENTATION) -> str:
    """Where the page of the rule of that name is."""
    return f"{base.rstrip('/')}/{name}.md"


def explain(rule: Rule, fmt: str = "text", *, color: bool = False) -> str:
    """The rule explained as text, json or markdown, newline included.

    Raises ValueError for another format.
    """
    match fmt:
        case "text":
            return _text(rule, color=color)
        case "markdown":
            return _markdown(rule)
        case "json":
            return json.dumps(_summary(rule), indent=2) + "\n"
    raise ValueError(f"unknown format {fmt!r}: choose from {', '.join(FORMATS)}")


def explain_all(rules: Sequence[Rule], fmt: str = "text", *, color: bool = False) -> str:
    """Every rule explained; one array in JSON, one page in markdown.

    Raises ValueError for an unknown format.
    """
    if fmt == "json":
        return json.dumps([_summary(rule) for rule in rules], indent=2) + "\n"
    if fmt == "markdown":
        return "\n".join(("# The rules of gradlint\n", *(_deeper(_markdown(rule)) for rule in rules)))
    return "\n".join(explain(rule, fmt, color=color) for rule in rules)


def _docstring(rule: Rule) -> str:
    # Not inspect.getdoc, which would hand down the documentation of the base class; with -OO there is none.
    return inspect.cleandoc(type(rule).__doc__ or "")


def _facts(rule: Rule) -> str:
    preview = ", preview: runs with --preview, or when selected by its code or name" if rule.preview else ""
    return f"category {rule.category}, severity {rule.severity.value}{preview}"


def _summary(rule: Rule) -> dict[str, object]:
    documentation = _docstring(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "category": rule.category,
        "severity": rule.severity.value,
        "preview": rule.preview,
        "summary": " ".join(documentation.partition("\n\n")[0].split()),
        "explanation": documentation,
        "url": documentation_url(rule.name),
    }


def _markdown(rule: Rule) -> str:
    return f"# {rule.name} ({rule.code})\n\n*{_facts(rule)}*\n\n{_docstring(rule)}\n"


def _deeper(page: str) -> str:
    """A page as a part of a larger one: each heading a level down, comments in its code as they are."""
    fences = re.split(rf"(^{_FENCE}.*?^{_FENCE}$)", page, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if i % 2 else re.sub(r"^#", "##", part, flags=re.MULTILINE) for i, part in enumerate(fences))


def _text(rule: Rule, *, color: bool) -> str:
    def bold(text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if color else text

    lines = [bold(f"{rule.code} {rule.name}"), _facts(rule), ""]
    fenced = False
    for line in _docstring(rule).splitlines():
        if line.lstrip().startswith(_FENCE):
            fenced = not fenced
        elif fenced:
            lines.append(f"    {line}".rstrip())
        elif heading := _HEADING.fullmatch(line):
            lines += [bold(heading["title"]), "-" * len(heading["title"])]
        else:
            lines.append(line)
    return "\n".join(lines).rstrip() + "\n"
