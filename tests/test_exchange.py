"""Writing files at one stroke."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from gradlint.exchange import exchange

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")


def test_makes_a_file(tmp_path: Path) -> None:
    exchange(tmp_path / "a", b"1\r\n\x1a2\n")
    assert (tmp_path / "a").read_bytes() == b"1\r\n\x1a2\n"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@posix
def test_a_new_file_is_as_open_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    exchange(tmp_path / "a", b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "other").stat().st_mode


@posix
def test_keeps_permissions(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "a").chmod(0o750)
    exchange(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"2"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750


def test_leaves_nothing_behind_where_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError("in use")

    (tmp_path / "a").write_bytes(b"1")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        exchange(tmp_path / "a", b"2")
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "none" / "a", b"")
