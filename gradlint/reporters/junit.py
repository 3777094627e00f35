"""JUnit's XML, which nearly every CI server shows: a suite a file, a failed case a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlint.diagnostics import Diagnostic
from gradlint.reporters.characters import legal
from gradlint.reporters.places import in_file, shown, spoken
from gradlint.reporters.report import Report
from gradlint.reporters.story import asides, further, story

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAME = "gradlint"


def render(report: Report) -> str:
    """The suites; that of a clean run has one case that passes, or servers would complain of a run without tests."""
    # Imported here: no other format needs XML.
    from xml.etree import ElementTree

    root = ElementTree.Element("testsuites", name=_NAME)
    if report.failures:
        _suite(root, _NAME, [_failure(each) for each in report.failures])
    groups: dict[str, list[Diagnostic]] = {}
    for diagnostic in report.diagnostics:
        groups.setdefault(diagnostic.path, []).append(diagnostic)
    for path, found in groups.items():
        _suite(root, path, [_finding(each, report) for each in found])
    if not len(root):
        _suite(root, _NAME, [ElementTree.Element("testcase", name=_NAME, classname=_NAME)])
    _count(root)
    ElementTree.indent(root)
    # Anything but ASCII goes as a reference, so that the text survives any console encoding.
    body = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _suite(root: Element, name: str, cases: list[Element]) -> None:
    from xml.etree import ElementTree

    suite = ElementTree.SubElement(root, "testsuite", name=legal(name))
    suite.extend(cases)
    _count(suite)


def _count(element: Element) -> None:
    for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(key, str(sum(1 for _ in element.iter(tag))))


def _failure(failure: str) -> Element:
    return _case(failure, "error", _NAME, name=_NAME, classname=_NAME)


def _finding(diagnostic: Diagnostic, report: Report) -> Element:
    path = diagnostic.path
    span = in_file(report, path, diagnostic.span)
    message = spoken(report, path, diagnostic.span.start, diagnostic.message)
    lines = [f"{shown(report, path, diagnostic.span.start)}: {diagnostic.code} {diagnostic.message}"]
    if further(diagnostic):
        scenes = (*story(diagnostic), *asides(diagnostic))
        lines += [f"{shown(report, scene.path, scene.span.start)}: {scene.numbered}" for scene in scenes]
    name = f"{diagnostic.code} {diagnostic.name}"
    line = str(span.start.row if span else 1)
    return _case(message, "failure", diagnostic.code, "\n".join(lines), name=name, classname=path, file=path, line=line)


def _case(message: str, outcome: str, kind: str, text: str | None = None, **attributes: str) -> Element:
    from xml.etree import ElementTree

    case = ElementTree.Element("testcase", {key: legal(value) for key, value in attributes.items()})
    ElementTree.SubElement(case, outcome, message=legal(message), type=kind).text = text and legal(text)
    return case
