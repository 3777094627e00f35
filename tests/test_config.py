"""Configuration files: which applies, what it may say, and what its errors say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlint.config import Configuration, Settings
from gradlint.diagnostics import Severity
from gradlint.errors import GradlintError
from gradlint.globs import Globs
from gradlint.layers import Layer
from gradlint.options import BY_KEY, DEFAULT_EXCLUDE
from gradlint.vocabulary import Vocabulary


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def codes(settings: Settings) -> list[str]:
    return [rule.code for rule in settings.rules]


def settings(folder: Path, below: str = "") -> Settings:
    return Configuration(Layer(folder)).settings(folder / below)


def test_every_key(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        """
[tool.gradlint]
select = ["GRD"]
ignore = ["GRD101"]
extend-select = ["GRD000"]
extend-ignore = []
preview = true
exclude = ["old"]
extend-exclude = ["new/*.py"]
output-format = "json"
fail-on = "error"
cache-dir = "cache"
documentation-url = "https://example.com/rules"
severity = { GRD1 = "note", GRD101 = "warning" }
per-file-ignores = { "tests" = ["GRD102"] }
target-optimizers = ["my_pkg.optim.build"]
known-clearing-calls = ["trainer.reset_grads", "reset_all"]
known-stepping-calls = ["apply_updates"]
"""
    )
    found = settings(folder)
    assert "GRD101" not in codes(found)
    assert "GRD000" in codes(found)
    assert found.excludes == (Globs(folder, ("old",)), Globs(folder, ("new/*.py",)))
    assert found.output_format == "json"
    assert found.fail_on is Severity.ERROR
    assert found.cache_dir == folder / "cache"
    assert found.documentation == "https://example.com/rules"
    assert found.severities["GRD102"] is Severity.NOTE
    assert found.severities["GRD101"] is Severity.WARNING
    assert "GRD102" in codes(found)
    assert "GRD102" not in [rule.code for rule in found.rules_at(folder / "tests" / "deep" / "a.py")]
    taught = Vocabulary(("trainer.reset_grads", "reset_all"), ("apply_updates",), ("my_pkg.optim.build",))
    assert found.vocabulary == taught
    assert found.root == folder
    assert found.file == folder / "pyproject.toml"
    assert set(BY_KEY) == {
        "extend", "select", "ignore", "extend-select", "extend-ignore", "preview", "exclude", "extend-exclude",
        "per-file-ignores", "severity", "target-optimizers", "known-clearing-calls", "known-stepping-calls",
        "output-format", "fail-on", "cache-dir", "documentation-url",
    }  # fmt: skip


def test_defaults(folder: Path) -> None:
    found = settings(folder)
    assert codes(found)[0] == "GRD000"
    assert found.excludes == (Globs(folder, DEFAULT_EXCLUDE),)
    assert found.output_format == "full"
    assert found.vocabulary == Vocabulary()
    assert found.file is None


def test_the_nearest_file_alone_counts(folder: Path) -> None:
    (folder / "gradlint.toml").write_text("output-format = 'json'\nexclude = ['x']")
    near = folder / "a" / "b"
    near.mkdir(parents=True)
    (near / "pyproject.toml").write_text("[tool.gradlint]\noutput-format = 'concise'")
    (folder / "a" / "pyproject.toml").write_text("[tool.ruff]\n# gradlint is configured above")
    configuration = Configuration(Layer(folder))
    assert configuration.settings(folder / "a").output_format == "json"
    assert configuration.settings(near / "c").output_format == "concise"
    assert configuration.settings(near).excludes == (Globs(near, DEFAULT_EXCLUDE),)
    assert configuration.files() == ["a/b/pyproject.toml", "gradlint.toml"]


def test_gradlint_toml_beats_pyproject_toml(folder: Path) -> None:
    (folder / "gradlint.toml").write_text("output-format = 'json'")
    (folder / "pyproject.toml").write_text("[tool.gradlint]\noutput-format = 'concise'")
    assert settings(folder).output_format == "json"


def test_the_command_line_beats_the_file(folder: Path) -> None:
    (folder / "gradlint.toml").write_text(
        "select = ['GRD000']\npreview = true\noutput-format = 'json'\nexclude = ['a']\nextend-exclude = ['b']"
    )
    said = {"select": ("GRD101",), "preview": False, "exclude": ("c",), "extend-exclude": ("d",)}
    line = Layer(folder / "here", values={**said, "output-format": "concise"})
    found = Configuration(line).settings(folder)
    assert codes(found) == ["GRD000", "GRD101"]
    assert found.output_format == "concise"
    here = folder / "here"
    assert found.excludes == (Globs(here, ("c",)), Globs(folder, ("b",)), Globs(here, ("d",)))


def test_isolated_reads_no_file(folder: Path) -> None:
    (folder / "gradlint.toml").write_text("this is not TOML")
    assert Configuration(Layer(folder), isolated=True).settings(folder).output_format == "full"


def test_a_file_that_is_given_applies_everywhere(folder: Path) -> None:
    (folder / "gradlint.toml").write_text("output-format = 'json'")
    other = folder / "ci" / "strict.toml"
    other.parent.mkdir()
    other.write_text("output-format = 'concise'\nexclude = ['x']")
    found = Configuration(Layer(folder), given=other).settings(folder)
    assert found.output_format == "concise"
    assert found.excludes == (Globs(other.parent, ("x",)),)


def test_a_byte_order_mark_is_fine(folder: Path) -> None:
    (folder / "gradlint.toml").write_bytes(b"\xef\xbb\xbfoutput-format = 'json'")
    assert settings(folder).output_format == "json"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[tool.other]\nx = 1", id="no-table-of-ours"),
        pytest.param("this is not TOML", id="broken-but-not-ours"),
        pytest.param("", id="empty"),
        pytest.param("[project]\ndependencies = ['torch-gradlint']", id="only-a-dependency"),
    ],
)
def test_a_pyproject_without_us_is_passed_over(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    assert settings(folder).file is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param(
            "[tool.gradlint]\nselct = []", ":2: selct: unknown key 'selct'; did you mean 'select'?", id="unknown"
        ),
        pytest.param("[tool]\n\ngradlint.zzz = 1", ":3: zzz: unknown key 'zzz'", id="unknown-and-like-nothing"),
        pytest.param("[tool]\ngradlint = 3", ": tool.gradlint must be a table", id="no-table"),
        pytest.param("tool = 'gradlint'", ": tool must be a table", id="tool-is-no-table"),
        pytest.param(
            "# a\n[tool.gradlint]\n# b\npreview = 'yes'",
            ":4: preview must be true or false, not 'yes'",
            id="no-boolean",
        ),
        pytest.param("[tool.gradlint]\npreview = 1", ":2: preview must be true or false, not 1", id="a-number"),
        pytest.param(
            "[tool.gradlint]\nselect = 'ALL'", ":2: select must be a list of strings, not 'ALL'", id="no-list"
        ),
        pytest.param(
            "[tool.gradlint]\npreview = true\nignore = [\n 1,\n]",
            ":3: ignore must be a list of strings, not [1]",
            id="list-of-something-else",
        ),
        pytest.param(
            "[tool.gradlint]\noutput-format = []", ":2: output-format must be a string, not []", id="no-string"
        ),
        pytest.param(
            "[tool.gradlint]\nignore = ['GRD101', 'missing-zero']",
            ":2: ignore: unknown rule, prefix or category 'missing-zero'; did you mean 'missing-zero-grad'?",
            id="unknown-rule",
        ),
        pytest.param(
            "[tool.gradlint]\n\nknown-clearing-calls = 'reset_all'",
            ":3: known-clearing-calls must be a list of strings, not 'reset_all'",
            id="one-call-without-a-list",
        ),
        pytest.param(
            "[tool.gradlint]\nknown-stepping-calls = ['step_all', 2]",
            ":2: known-stepping-calls must be a list of strings, not ['step_all', 2]",
            id="a-call-that-is-a-number",
        ),
        pytest.param(
            "[tool.gradlint]\npreview = true\nknown-clearing-calls = ['reset_all', 'trainer.reset()']",
            ":3: known-clearing-calls: 'trainer.reset()' is no dotted name, such as 'trainer.reset_grads'",
            id="a-call-with-parentheses",
        ),
        pytest.param(
            "[tool.gradlint]\nknown-stepping-calls = ['.apply']",
            ":2: known-stepping-calls: '.apply' is no dotted name,",
            id="a-name-that-begins-with-a-dot",
        ),
        pytest.param(
            "[tool.gradlint]\ntarget-optimizers = ['']", ":2: target-optimizers: '' is no dotted name,", id="no-name"
        ),
        pytest.param(
            "[tool.gradlint]\ntarget-optimizers = ['a.class']",
            ":2: target-optimizers: 'a.class' is no dotted name,",
            id="a-keyword",
        ),
        pytest.param(
            "[tool.gradlint]\nknown-clearing-cals = []",
            ":2: known-clearing-cals: unknown key 'known-clearing-cals'; did you mean 'known-clearing-calls'?",
            id="a-misspelt-one",
        ),
        pytest.param("[tool.gradlint]\nx = ", ":2: not valid TOML: Invalid value", id="broken-in-a-line"),
        pytest.param("[tool.gradlint]\nx = [\n", ":2: not valid TOML: ", id="broken-at-the-end"),
    ],
)
def test_errors_name_file_line_and_key(folder: Path, text: str, error: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(GradlintError) as caught:
        settings(folder)
    assert str(caught.value).startswith(f"pyproject.toml{error}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        pytest.param("missing.toml", None, "missing.toml: No such file", id="missing"),
        pytest.param("latin.toml", b"# \xe9", "latin.toml: it is not UTF-8", id="not-utf-8"),
        pytest.param("pyproject.toml", b"", "pyproject.toml: there is no table [tool.gradlint]", id="no-table"),
    ],
)
def test_a_given_file_must_be_usable(folder: Path, name: str, content: bytes | None, error: str) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(GradlintError) as caught:
        Configuration(Layer(folder), given=Path(name))
    assert str(caught.value).startswith(error)


def test_an_unknown_rule_on_the_command_line(folder: Path) -> None:
    with pytest.raises(GradlintError) as caught:
        Configuration(Layer(folder, values={"ignore": ("GRD10x",)})).settings(folder)
    assert str(caught.value).startswith("--ignore: unknown rule, prefix or category 'GRD10x'")
