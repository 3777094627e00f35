"""What adds up between configuration files, single settings and the command line, and where each value stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlint.config import Configuration, Settings
from gradlint.diagnostics import Severity
from gradlint.errors import GradlintError
from gradlint.layers import Layer, of_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, *above: Layer) -> Settings:
    return Configuration(*above).settings(folder)


def runs(found: Settings, code: str, path: str = "a.py") -> bool:
    return code in {rule.code for rule in found.rules_at(found.root / path)}


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_file_starts_from_the_one_that_it_extends(folder: Path) -> None:
    put(
        folder / "team" / "base.toml", "ignore = ['GRD101']\nextend-exclude = ['x']\nfail-on = 'error'\nexclude = ['y']"
    )
    put(folder / "gradlint.toml", "extend = 'team/base.toml'\nextend-exclude = ['z']\nfail-on = 'note'")
    found = settings(folder)
    assert not runs(found, "GRD101")
    assert runs(found, "GRD102")
    assert found.fail_on is Severity.NOTE
    patterns = [(globs.folder.name, globs.patterns) for globs in found.excludes]
    assert patterns == [("team", ("y",)), ("team", ("x",)), (folder.name, ("z",))]
    assert found.root == folder


def test_what_is_said_about_rules_is_put_together_key_by_key(folder: Path) -> None:
    put(folder / "base.toml", "select = ['GRD2']\nignore = ['GRD102']\nextend-ignore = ['GRD103']")
    put(folder / "gradlint.toml", "extend = 'base.toml'\nselect = ['GRD1']\nextend-ignore = ['GRD104']")
    found = settings(folder)
    assert [runs(found, f"GRD{number}") for number in (101, 102, 103, 104, 201)] == [True, False, False, False, False]


def test_a_selection_starts_anew_and_tables_are_added_to(folder: Path) -> None:
    put(folder / "base.toml", "select = ['GRD2']\nseverity = { GRD101 = 'note', GRD201 = 'note' }\n")
    put(folder / "gradlint.toml", "extend = 'base.toml'\nselect = ['GRD1']\nseverity = { GRD1 = 'error' }")
    found = settings(folder)
    assert runs(found, "GRD101") and not runs(found, "GRD201")
    assert (found.severities["GRD101"], found.severities["GRD201"]) == (Severity.ERROR, Severity.NOTE)


def test_what_is_extended_may_extend_and_be_a_pyproject(folder: Path) -> None:
    put(folder / "a" / "pyproject.toml", "[tool.gradlint]\nextend = '../b/c.toml'\npreview = true")
    put(folder / "b" / "c.toml", "output-format = 'json'")
    put(folder / "gradlint.toml", "extend = 'a/pyproject.toml'")
    configuration = Configuration()
    assert configuration.settings(folder).output_format == "json"
    assert configuration.files() == ["a/pyproject.toml", "b/c.toml", "gradlint.toml"]


@pytest.mark.parametrize(
    ("files", "error"),
    [
        pytest.param(
            {"gradlint.toml": "\nextend = 'missing.toml'"},
            "gradlint.toml:2: extend: missing.toml: No such file or directory",
            id="missing",
        ),
        pytest.param(
            {"gradlint.toml": "extend = 'b.toml'", "b.toml": "extend = 'gradlint.toml'"},
            "b.toml:1: extend: 'gradlint.toml' extends this file in its turn",
            id="in-a-circle",
        ),
        pytest.param(
            {"gradlint.toml": "extend = 'gradlint.toml'"},
            "gradlint.toml:1: extend: 'gradlint.toml' extends this file in its turn",
            id="itself",
        ),
        pytest.param(
            {"gradlint.toml": "extend = 'b.toml'", "b.toml": "\nselct = []"},
            "b.toml:2: selct: unknown key 'selct'; did you mean 'select'?",
            id="broken",
        ),
        pytest.param(
            {"gradlint.toml": "extend = 'pyproject.toml'", "pyproject.toml": "[project]"},
            "pyproject.toml: there is no table [tool.gradlint] in it",
            id="without-us",
        ),
    ],
)
def test_what_cannot_be_extended(folder: Path, files: dict[str, str], error: str) -> None:
    for name, text in files.items():
        put(folder / name, text)
    with pytest.raises(GradlintError) as caught:
        settings(folder)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("pattern", "path", "exempt"),
    [
        ("tests", "tests/deep/a.py", True),
        ("tests/", "tests/a.py", True),
        ("tests/*.py", "tests/a.py", True),
        ("demo_*.py", "pkg/demo_x.py", True),
        ("./demo.py", "pkg/demo.py", False),
        ("**/demo.py", "demo.py", True),
        ("tests", "src/a.py", False),
        ("!src", "src/a.py", False),
        ("!src", "tests/a.py", True),
        ("tests\\a.py", "tests/a.py", True),
    ],
)
def test_rules_that_do_not_run_for_some_files(folder: Path, pattern: str, path: str, exempt: bool) -> None:
    put(folder / "gradlint.toml", f"per-file-ignores = {{ {pattern!r} = ['missing-zero-grad'] }}".replace("\\\\", "\\"))
    found = settings(folder)
    assert runs(found, "GRD101", path) is not exempt
    assert runs(found, "GRD102", path)


def test_everything_off_is_really_everything(folder: Path) -> None:
    put(folder / "gradlint.toml", "[per-file-ignores]\nvendored = ['ALL']")
    assert settings(folder).rules_at(folder / "vendored" / "a.py") == ()


def test_patterns_are_those_of_the_file_that_has_them(folder: Path) -> None:
    put(folder / "base" / "base.toml", "[per-file-ignores]\n'./a.py' = ['GRD101']")
    put(folder / "gradlint.toml", "extend = 'base/base.toml'")
    assert runs(settings(folder), "GRD101", "a.py")
    assert not runs(settings(folder), "GRD101", "base/a.py")


def test_the_narrower_word_decides_how_bad_a_finding_is(folder: Path) -> None:
    put(folder / "gradlint.toml", "severity = { GRD101 = 'note', GRD1 = 'error', ALL = 'warning' }")
    found = settings(folder).severities
    assert [found[code].value for code in ("GRD101", "GRD102", "GRD201")] == ["note", "error", "warning"]


def test_a_single_setting_wins_over_files_and_the_command_line_over_it(folder: Path) -> None:
    put(folder / "gradlint.toml", "fail-on = 'error'\noutput-format = 'json'\npreview = true")
    line = Layer(folder, values={"output-format": "concise"})
    found = settings(folder, of_text("fail-on = 'note'\noutput-format = 'full'", folder), line)
    assert (found.fail_on, found.output_format) == (Severity.NOTE, "concise")
    assert runs(found, "GRD107")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("selct = []", "--config: selct: unknown key 'selct'; did you mean 'select'?"),
        ("select = 3", "--config: select must be a list of strings, not 3"),
        ("select=GRD1", "--config:1: not valid TOML: Invalid value; write it as in a file: 'select = [\"GRD1\"]'"),
        ("extend = 'x.toml'", "--config: extend: name the file itself, as in --config FILE"),
    ],
)
def test_errors_in_a_single_setting(folder: Path, text: str, error: str) -> None:
    with pytest.raises(GradlintError) as caught:
        of_text(text, folder)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("severity = { GRD1 = 'bad' }", ":1: severity.GRD1: unknown severity 'bad'; use error, warning or note"),
        ("[severity]\nGRD1 = 'note'\nGRD101 = 3", ":3: severity.GRD101 must be a string, not 3"),
        ("[severity]\nGRD1 = 'note'\n\nmissing-zero = 'note'", ":4: severity.missing-zero: unknown rule, prefix or"),
        ("[tool.gradlint]", ":1: tool: in this file the keys stand without the heading [tool.gradlint]"),
        ("severity = 'note'", ":1: severity must be a table of strings, not 'note'"),
        ("[per-file-ignores]\na = ['GRD101']\nb = ['GRD1O1']", ":3: per-file-ignores.b: unknown rule, prefix or cat"),
        ("[per-file-ignores]\na = 'GRD101'", ":2: per-file-ignores.a must be a list of strings, not 'GRD101'"),
        ("output-format = 'jsn'", ":1: output-format: unknown format 'jsn'; did you mean 'json'?"),
        ("fail-on = 'warn'", ":1: fail-on: unknown severity 'warn'; did you mean 'warning'?"),
    ],
)
def test_errors_name_the_entry(folder: Path, text: str, error: str) -> None:
    put(folder / "gradlint.toml", text)
    with pytest.raises(GradlintError) as caught:
        settings(folder)
    assert str(caught.value).startswith(f"gradlint.toml{error}")


def test_a_value_of_the_environment_is_named_by_its_variable(folder: Path) -> None:
    line = Layer(folder, values={"ignore": ("GRD10x",)}, origins={"ignore": "GRADLINT_IGNORE"})
    with pytest.raises(GradlintError, match=r"^GRADLINT_IGNORE: unknown rule"):
        settings(folder, line)


def test_where_the_cache_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(folder).cache_dir == folder / ".gradlint_cache"
    put(folder / "a" / "gradlint.toml", "cache-dir = '../c'")
    assert settings(folder / "a").cache_dir == folder / "a" / ".." / "c"
    monkeypatch.setenv("HOME", str(folder / "home"))
    put(folder / "a" / "gradlint.toml", "cache-dir = '~/c'")
    assert settings(folder / "a").cache_dir == folder / "home" / "c"


@pytest.mark.parametrize("key", ["extend", "cache-dir"])
def test_what_can_be_no_path(folder: Path, key: str) -> None:
    put(folder / "gradlint.toml", f'{key} = "a\\u0000b"')
    with pytest.raises(GradlintError, match=rf"^gradlint.toml:1: {key}: 'a\\x00b' is no path$"):
        settings(folder)


def test_another_tools_file_is_not_ours_to_read(folder: Path) -> None:
    (folder / "pyproject.toml").write_bytes(b"[tool.ruff]\nx = 'caf\xe9'\n")
    assert settings(folder).file is None


def test_many_patterns_cost_little(folder: Path) -> None:
    lines = "".join(f"'dir{number}/**/x{number}.py' = ['GRD101']\n" for number in range(500))
    put(folder / "gradlint.toml", f"[per-file-ignores]\n{lines}")
    found = settings(folder)
    assert len(found.exemptions) == 1
    assert not runs(found, "GRD101", "dir7/a/x7.py")
    assert runs(found, "GRD101", "dir7/a/x8.py")
