"""Imports point down only, and each module keeps to what is its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "gradlint"
# Lowest first; what stands in one line knows nothing of its neighbours.
LAYERS = (
    ("__init__", "source", "diagnostics", "errors", "vocabulary", "bounds", "exchange"),
    ("regions", "globs", "tables", "terms", "comments"),
    ("events",),
    ("slips",),
    ("flow",),
    ("typestates",),
    ("repair",),
    ("rule", "precedence"),
    ("rules", "syntax"),
    ("project",),
    ("selection", "explain", "fingerprint"),
    ("options", "suppressions", "fixer"),
    ("layers",),
    ("config",),
    ("files", "baseline", "unused", "ignoring", "workspace"),
    ("linter",),
    ("checking", "reporters", "summary", "tally", "shown_config"),
    ("pool",),
    ("runner", "transcript", "cache_folder"),
    ("cache", "request"),
    ("collected",),
    ("session",),
    ("cli",),
    ("__main__",),
)
# Within its line, a module may also know these.
ALSO = {("source", "diagnostics")}
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in sorted(PACKAGE.rglob("*.py"))}
BAGS = {"utils", "util", "common", "helpers", "helper", "misc", "checker"}
BANNED = ("libcst.matchers", "libcst.codemod")
BANNED_NAMES = {"ScopeProvider", "QualifiedNameProvider", "matchers", "codemod"}


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each imported module and the name taken from it, wherever in the file."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from ((each.name, "") for each in names)
            case ast.ImportFrom(module, names, level):
                assert level == 0, "imports are written in full"
                yield from ((module or "", each.name) for each in names)


def own(tree: ast.AST) -> Iterator[str]:
    """The modules and packages of ours, by the first part of their names."""
    for module, name in imports(tree):
        if module == "gradlint":
            yield name if name in HEIGHT else "__init__"
        elif module.startswith("gradlint."):
            yield module.split(".")[1]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


every_module = pytest.mark.parametrize(("module", "path"), MODULES.items(), ids=MODULES)


def is_allowed(importer: str, imported: str) -> bool:
    return importer == imported or HEIGHT[imported] < HEIGHT[importer] or (importer, imported) in ALSO


@every_module
def test_has_its_place(module: str, path: Path) -> None:
    assert module.split(".")[0] in HEIGHT, f"{path.name}: say in LAYERS where it belongs"


@every_module
def test_imports_point_down(module: str, path: Path) -> None:
    importer = module.split(".")[0]
    assert [imported for imported in own(parsed(path)) if not is_allowed(importer, imported)] == []


@every_module
def test_is_no_bag(module: str, path: Path) -> None:
    assert not BAGS & set(module.split("."))


@every_module
def test_libcst_stays_in_syntax(module: str, path: Path) -> None:
    taken = [name for name, _ in imports(parsed(path)) if name.split(".")[0] == "libcst"]
    assert not taken or module.split(".")[0] == "syntax"


@every_module
def test_the_slow_parts_of_libcst_stay_out(module: str, path: Path) -> None:
    for name, taken in imports(parsed(path)):
        assert not name.startswith(BANNED)
        assert not (name.split(".")[0] == "libcst" and taken in BANNED_NAMES)


@every_module
def test_only_the_command_line_prints_or_exits(module: str, path: Path) -> None:
    if module.split(".")[0] in ("cli", "__main__"):
        return
    forbidden = {"print", "sys.exit", "os._exit", "exit", "quit", "SystemExit", "sys.stdout.write", "sys.stderr.write"}
    used = {ast.unparse(node.func) for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)}
    used |= {ast.unparse(node.exc) for node in ast.walk(parsed(path)) if isinstance(node, ast.Raise) and node.exc}
    assert not used & forbidden
    assert "click" not in {name.split(".")[0] for name, _ in imports(parsed(path))}


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("rules", "syntax"), ("syntax", "rules"), ("flow", "rule"), ("fixer", "linter"), ("linter", "cli")],
)
def test_what_is_forbidden_would_be_noticed(importer: str, imported: str) -> None:
    assert not is_allowed(importer, imported)
