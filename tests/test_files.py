"""From paths to files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradlint.config import Configuration
from gradlint.files import find, project_files
from gradlint.layers import Layer
from gradlint.options import DEFAULT_EXCLUDE

TREE = (
    "top.py",
    "stub.pyi",
    "notes.txt",
    "book.ipynb",
    "pkg/a.py",
    "pkg/deep/b.py",
    "build/made.py",
    "venv/lib.py",
    ".hidden/c.py",
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project, which is also the current folder."""
    root = tmp_path / "root"
    for name in TREE:
        place(root, name)
    monkeypatch.chdir(root)
    return root


def place(root: Path, name: str, text: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def seen(
    *paths: str, force: bool = False, exclude: Sequence[str] | None = None, extend: Sequence[str] = ()
) -> list[str]:
    values = {"extend-exclude": tuple(extend)} | ({} if exclude is None else {"exclude": tuple(exclude)})
    line = Layer(Path.cwd(), values=values)
    found = find(paths, Configuration(line).settings, force_exclude=force)
    assert found.errors == []
    return [file.path for file in found.files]


def errors(*paths: str) -> list[str]:
    return find(paths, Configuration(Layer(Path.cwd())).settings).errors


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(["."], ["stub.pyi", "top.py", ".hidden/c.py", "pkg/a.py", "pkg/deep/b.py"], id="here"),
        pytest.param(["pkg"], ["pkg/a.py", "pkg/deep/b.py"], id="folder"),
        pytest.param(["./pkg/"], ["pkg/a.py", "pkg/deep/b.py"], id="folder-with-dots-and-slash"),
        pytest.param(["../root/pkg"], ["pkg/a.py", "pkg/deep/b.py"], id="folder-by-a-detour"),
        pytest.param(["top.py", "./top.py", "pkg/../top.py"], ["top.py"], id="one-file-thrice"),
        pytest.param(["pkg", "pkg/deep"], ["pkg/a.py", "pkg/deep/b.py"], id="overlapping-folders"),
        pytest.param(["notes.txt"], ["notes.txt"], id="any-suffix-by-name"),
        pytest.param(["build/made.py"], ["build/made.py"], id="excluded-but-given-by-name"),
        pytest.param(["venv"], ["venv/lib.py"], id="excluded-folder-given-by-name"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_paths(paths: list[str], expected: list[str]) -> None:
    assert seen(*paths) == expected


def test_outside_of_the_current_folder_as_given(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "venv")
    assert seen("../pkg/deep") == ["../pkg/deep/b.py"]
    absolute = tree / "pkg" / "deep"
    assert seen(str(absolute)) == [(absolute / "b.py").as_posix()]


def test_an_absolute_path_below_the_current_folder_is_shortened(tree: Path) -> None:
    assert seen(str(tree / "pkg" / "deep")) == ["pkg/deep/b.py"]


def test_a_file_of_a_folder_given_by_name_as_well_counts_as_given_by_name(tree: Path) -> None:
    found = find(["pkg", "pkg/a.py"], Configuration(Layer(tree)).settings)
    assert {file.path: file.explicit for file in found.files} == {"pkg/a.py": True, "pkg/deep/b.py": False}


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        pytest.param("a.py", {"pkg/a.py"}, id="name-anywhere"),
        pytest.param("deep", {"pkg/deep/b.py"}, id="folder-anywhere"),
        pytest.param("pkg/deep/", {"pkg/deep/b.py"}, id="trailing-slash"),
        pytest.param("./pkg", {"pkg/a.py", "pkg/deep/b.py"}, id="leading-dot"),
        pytest.param("pkg/a.py", {"pkg/a.py"}, id="path"),
        pytest.param("deep/b.py", set(), id="path-starts-at-the-root"),
        pytest.param("**/deep/b.py", {"pkg/deep/b.py"}, id="path-anywhere"),
        pytest.param("**/top.py", {"top.py"}, id="anywhere-is-also-at-the-root"),
        pytest.param("pkg/*.py", {"pkg/a.py", "pkg/deep/b.py"}, id="star-crosses-slashes-as-in-ruff"),
        pytest.param("[ab].py", {"pkg/a.py", "pkg/deep/b.py"}, id="class"),
        pytest.param("*.pyi", {"stub.pyi"}, id="suffix"),
        pytest.param("top", set(), id="no-part-of-a-name"),
        pytest.param("", set(), id="empty"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_extend_exclude(pattern: str, gone: set[str]) -> None:
    assert set(seen(".")) - set(seen(".", extend=[pattern])) == gone


@pytest.mark.usefixtures("tree")
def test_exclude_replaces_the_defaults() -> None:
    assert "venv/lib.py" in seen(".", exclude=["pkg"])
    assert "pkg/a.py" not in seen(".", exclude=["pkg"])


def test_excludes_are_relative_to_their_configuration_file(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tree, "gradlint.toml", "extend-exclude = ['pkg/a.py']")
    monkeypatch.chdir(tree / "pkg")
    assert seen(".") == ["deep/b.py"]


def test_an_inner_configuration_file_takes_over(tree: Path) -> None:
    place(tree, "gradlint.toml", "extend-exclude = ['b.py']")
    place(tree, "pkg/gradlint.toml", "extend-exclude = ['a.py']")
    assert [path for path in seen(".") if path.startswith("pkg")] == ["pkg/deep/b.py"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("build/made.py", [], id="file-in-an-excluded-folder"),
        pytest.param("venv", [], id="folder"),
        pytest.param("top.py", ["top.py"], id="not-excluded"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_force_exclude(path: str, expected: list[str]) -> None:
    assert seen(path, force=True) == expected


def test_force_exclude_looks_at_neither_the_root_nor_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "venv" / "build"
    place(root, "a.py")
    monkeypatch.chdir(root)
    assert seen("a.py", force=True) == ["a.py"]


@pytest.mark.parametrize(
    ("ignore_files", "gone"),
    [
        pytest.param({".gitignore": "deep/\n"}, {"pkg/deep/b.py"}, id="folder"),
        pytest.param({".gitignore": "/a.py\n"}, set(), id="anchored"),
        pytest.param({".gitignore": "*.py\n!top.py\n"}, {".hidden/c.py", "pkg/a.py", "pkg/deep/b.py"}, id="negated"),
        pytest.param({"pkg/.gitignore": "/a.py\n"}, {"pkg/a.py"}, id="nested"),
        pytest.param({".gitignore": "a.py\n", "pkg/.gitignore": "!a.py\n"}, set(), id="the-inner-one-wins"),
        pytest.param({".gitignore": "pkg/\n", "pkg/.gitignore": "!a.py\n"}, {"pkg/a.py", "pkg/deep/b.py"}, id="pruned"),
        pytest.param({".git/info/exclude": "a.py\n"}, {"pkg/a.py"}, id="info-exclude"),
        pytest.param({".gitignore": "!\n\n# a.py\n\\\na.py\n"}, {"pkg/a.py"}, id="lines-that-mean-nothing"),
        pytest.param({"pkg/.git": "", ".gitignore": "a.py\n"}, set(), id="another-repository-inside"),
        pytest.param({"../.gitignore": "a.py\n"}, set(), id="above-the-repository"),
    ],
)
def test_gitignore(tree: Path, ignore_files: dict[str, str], gone: set[str]) -> None:
    place(tree, ".git/HEAD")
    before = set(seen("."))
    for name, text in ignore_files.items():
        place(tree, name, text)
    assert before - set(seen(".")) == gone


def test_gitignore_above_the_folder_that_is_walked(tree: Path) -> None:
    place(tree, ".git/HEAD")
    place(tree, ".gitignore", "b.py\n")
    assert seen("pkg") == ["pkg/a.py"]


def test_an_ignored_folder_given_by_name_is_walked(tree: Path) -> None:
    place(tree, ".git/HEAD")
    place(tree, ".gitignore", "pkg\n")
    assert seen("pkg") == ["pkg/a.py", "pkg/deep/b.py"]


def test_an_ignored_file_given_by_name_is_read(tree: Path) -> None:
    place(tree, ".gitignore", "a.py\n")
    assert seen("pkg/a.py") == ["pkg/a.py"]


def test_links(tree: Path) -> None:
    (tree / "pkg" / "0_link.py").symlink_to(tree / "pkg" / "a.py")
    (tree / "pkg" / "loop").symlink_to(tree / "pkg", target_is_directory=True)
    (tree / "pkg" / "outside.py").symlink_to(place(tree.parent, "elsewhere.py"))
    (tree / "pkg" / "broken.py").symlink_to(tree / "nowhere.py")
    (tree / "pkg" / "itself.py").symlink_to(tree / "pkg" / "itself.py")
    assert seen("pkg") == ["pkg/a.py", "pkg/deep/b.py", "pkg/outside.py"]
    assert seen("pkg/loop") == ["pkg/loop/a.py", "pkg/loop/deep/b.py", "pkg/loop/outside.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_a_folder_is_not_opened(tree: Path) -> None:
    os.mkfifo(tree / "pkg" / "pipe.py")
    assert "pkg/pipe.py" not in seen("pkg")


def test_odd_names(tree: Path) -> None:
    names = ["pkg/é 😀.py", "pkg/[a].py", "pkg/line\nbreak.py", "pkg/-x.py"]
    for name in names:
        place(tree, name)
    assert set(names) <= set(seen("pkg"))


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("nowhere.py", "nowhere.py: No such file or directory", id="missing"),
        pytest.param("top.py/x.py", "top.py/x.py: Not a directory", id="below-a-file"),
        pytest.param("", "'': an empty path", id="empty"),
        pytest.param("book.ipynb", "book.ipynb: notebooks cannot be checked yet", id="notebook"),
        pytest.param("x" * 300, f"{'x' * 300}: File name too long", id="too-long"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_errors(path: str, error: str) -> None:
    assert errors(path) == [error]


def test_a_folder_that_cannot_be_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = os.scandir

    def scandir(path: str) -> object:
        if path.rstrip("/").endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = find(["."], Configuration(Layer(tree)).settings)
    assert found.errors == ["pkg/deep: Permission denied"]
    assert "pkg/a.py" in [file.path for file in found.files]


def test_default_excludes_hold_what_ruff_excludes() -> None:
    assert {".git", ".venv", "venv", "node_modules", "./build", "./dist", "site-packages", ".tox"} <= set(
        DEFAULT_EXCLUDE
    )


def test_only_what_the_project_itself_builds_is_excluded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Further down `dist` is a name for distributed training."""
    for path in ("dist/copy.py", "build/lib/copy.py", "examples/dist/train.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("pass\n")
    monkeypatch.chdir(tmp_path)
    found = find(["."], Configuration(Layer(tmp_path)).settings)
    assert [file.path for file in found.files] == ["examples/dist/train.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_beside_a_file_without_a_project(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "b.py").touch()
    files = find([str(tmp_path / "a.py")], Configuration(isolated=True).settings).files
    assert {Path(key).name for key in project_files(files)} == {"a.py", "b.py"}


def test_a_package_without_a_project_is_one(tmp_path: Path) -> None:
    for name in ("pkg/__init__.py", "pkg/a.py", "pkg/sub/__init__.py", "pkg/sub/b.py", "other.py"):
        place(tmp_path, name)
    files = find([str(tmp_path / "pkg/sub/b.py")], Configuration(isolated=True).settings).files
    found = {Path(key).relative_to(tmp_path.resolve()).as_posix() for key in project_files(files)}
    assert found == {"pkg/__init__.py", "pkg/a.py", "pkg/sub/__init__.py", "pkg/sub/b.py"}
