"""The folder of a cache: what may lie in it, what is used, and what is removed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from remembering import entries, lay_out, lint, noting, posix

from gradlint import cache_folder
from gradlint.cache_folder import MAX_AGE, MAX_ENTRIES, NAME, clean, is_cache, load, store
from gradlint.errors import GradlintError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    return tmp_path


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are linted, whatever is remembered."""
    return noting(monkeypatch)


def obstruct_with_file(path: Path) -> None:
    path.touch()


def obstruct_with_link(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to("elsewhere")


def obstruct_with_files(path: Path) -> None:
    path.mkdir()
    (path / "mine").touch()


@pytest.mark.parametrize(
    "obstruct", [obstruct_with_file, pytest.param(obstruct_with_link, marks=posix), obstruct_with_files]
)
def test_what_is_no_cache_is_left_alone(obstruct: Callable[[Path], None]) -> None:
    obstruct(Path(NAME))
    before = sorted(Path().rglob("*"))
    assert lint("helper.py")[0].diagnostics
    assert sorted(Path().rglob("*")) == before
    assert clean(Path()) == []


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(target: Path, content: bytes) -> None:
        raise PermissionError(target)

    monkeypatch.setattr(cache_folder, "exchange", refuse)
    assert lint("helper.py")[0].diagnostics
    assert entries() == []


@posix
def test_a_pipe_in_the_place_of_an_entry(judged: list[str]) -> None:
    lint("helper.py")
    (entry,) = entries()
    entry.unlink()
    os.mkfifo(entry)
    judged.clear()
    lint("helper.py")
    assert judged == ["helper.py"]
    assert entry.is_file()


def test_the_folder_is_in_no_repository_and_no_backup() -> None:
    store(Path(NAME), "0" * 64, [])
    assert (Path(NAME) / ".gitignore").read_text().splitlines()[-1] == "*"
    assert (Path(NAME) / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
    assert sorted(each.name for each in Path(NAME).iterdir()) == [".gitignore", f"{'0' * 64}.json", "CACHEDIR.TAG"]


def test_old_entries_go() -> None:
    names = [f"{number:064x}" for number in range(MAX_ENTRIES + 2)]
    before = time.time() - 1000
    for number, name in enumerate(names[:MAX_ENTRIES]):
        store(Path(NAME), name, number)
        os.utime(Path(NAME) / f"{name}.json", (before + number,) * 2)
    assert load(Path(NAME), names[0]) == 0
    for name in names[MAX_ENTRIES:]:
        store(Path(NAME), name, name)
    # The first one was asked for, and so is not the oldest any more.
    assert [each.stem for each in entries()] == [names[0], *names[3:]]


def test_entries_that_nobody_asked_for_in_a_month_go() -> None:
    for name in ("a", "b"):
        store(Path(NAME), name * 64, name)
        file = Path(NAME) / f"{name * 64}.json"
        os.utime(file, (file.stat().st_mtime - MAX_AGE - 9,) * 2)
        unfinished = Path(NAME) / f".{name}.gradlint"
        unfinished.touch()
    os.utime(Path(NAME) / ".a.gradlint", (0, 0))
    assert load(Path(NAME), "a" * 64) is None  # it went when the other one came
    assert load(Path(NAME), "b" * 64) == "b"
    store(Path(NAME), "c" * 64, "c")
    assert [each.stem[0] for each in entries()] == ["b", "c"]
    assert not (Path(NAME) / ".a.gradlint").exists()
    assert (Path(NAME) / ".b.gradlint").exists()


def test_what_is_too_large_is_not_kept() -> None:
    store(Path(NAME), "0" * 64, "x" * cache_folder.MAX_SIZE)
    assert not Path(NAME).exists()


@posix
def test_clean(folder: Path) -> None:
    outside = folder / "outside"
    for place in (folder, folder / "a" / "b", outside, folder / "named" / "otherwise"):
        store(place / NAME if place.name != "otherwise" else place, "0" * 64, [])
    (folder / "a" / "link").symlink_to(outside)
    (folder / "a" / ".git").mkdir()
    (folder / "a" / "b" / "c" / NAME).mkdir(parents=True)
    assert clean(folder / "a", folder / "named" / "otherwise", folder / "none") == [
        folder / "named" / "otherwise",
        folder / "a" / "b" / NAME,
    ]
    assert [is_cache(each / NAME) for each in (folder, folder / "a" / "b", outside)] == [True, False, True]
    assert (folder / "a" / "b" / "c" / NAME).exists()
    assert clean(folder / NAME) == [folder / NAME]
    assert not (folder / NAME).exists()


@posix
def test_a_link_to_a_cache_is_none(folder: Path) -> None:
    store(folder / "real", "0" * 64, 1)
    Path(NAME).symlink_to("real")
    assert load(folder / "real", "0" * 64) == 1
    assert load(Path(NAME), "0" * 64) is None
    assert clean(Path(), Path(NAME)) == []


def test_clean_leaves_what_is_not_ours() -> None:
    store(Path(NAME), "0" * 64, [])
    (Path(NAME) / "mine").touch()
    assert clean(Path()) == [Path(NAME)]
    assert entries() == []
    assert (Path(NAME) / "mine").exists()
    assert is_cache(Path(NAME))


def test_clean_says_what_it_cannot_remove(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_: bool) -> None:
        raise PermissionError(13, "Permission denied")

    store(Path(NAME), "0" * 64, [])
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(GradlintError, match="cannot be removed: Permission denied"):
        clean(Path())


def test_what_is_no_entry_of_ours_stays(folder: Path) -> None:
    lint()
    for name in (".d.gradlint", f"{'0' * 64}.json"):
        (Path(NAME) / name).mkdir()
    assert cache_folder.clean(folder) == [folder / NAME]
    assert sorted(each.is_dir() for each in Path(NAME).iterdir() if each.name.startswith((".d", "0"))) == [True, True]
