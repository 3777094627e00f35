"""The command line as a process of its own: bytes, pipes, what it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUG = b"for x, y in loader:\n    loss = loss_fn(model(x), y)\n    loss.backward()\n    optimizer.step()"
CURE = b"    optimizer.zero_grad()"
HEAVY = {"libcst", "asyncio", "concurrent.futures", "multiprocessing", "pathspec", "tomllib", "tomli", "yaml"}


def gradlint(folder: Path, *arguments: str, **details: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gradlint", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, **details)  # type: ignore[call-overload,no-any-return]


def modules(folder: Path, arguments: Sequence[str]) -> set[str]:
    """What a run of the command line imports."""
    script = (
        "import sys\nfrom gradlint.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, check=True)
    return set(ran.stderr.decode().splitlines()[-1].split())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(BUG + b"\n", BUG + b"\n" + CURE + b"\n", id="plain"),
        pytest.param(BUG, BUG + b"\n" + CURE, id="no-final-newline"),
        pytest.param(
            (BUG + b"\n").replace(b"\n", b"\r\n"), (BUG + b"\n" + CURE + b"\n").replace(b"\n", b"\r\n"), id="crlf"
        ),
        pytest.param(b"\xef\xbb\xbf" + BUG + b"\n", b"\xef\xbb\xbf" + BUG + b"\n" + CURE + b"\n", id="bom"),
        pytest.param(
            b"# coding: latin-1\ns = '\xe9'\n" + BUG + b"\n",
            b"# coding: latin-1\ns = '\xe9'\n" + BUG + b"\n" + CURE + b"\n",
            id="latin-1",
        ),
        pytest.param(
            (BUG + b"\n").replace(b"    ", b"\t"), (BUG + b"\n" + CURE + b"\n").replace(b"    ", b"\t"), id="tabs"
        ),
    ],
)
def test_fix_keeps_the_bytes_that_it_does_not_mean(tmp_path: Path, before: bytes, after: bytes) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(before)
    ran = gradlint(tmp_path, "check", "--fix", "--unsafe-fixes")
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert file.read_bytes() == after
    file.write_bytes(before)
    changes = gradlint(tmp_path, "check", "--diff", "--unsafe-fixes", "a.py")
    subprocess.run(["git", "apply", "-"], input=changes.stdout, cwd=tmp_path, check=True)
    assert file.read_bytes() == after


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    assert gradlint(tmp_path, "check").returncode == 0


def test_columns_count_code_points(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(BUG.replace(b"    loss.backward()", "    'é😀'; loss.backward()".encode()))
    assert gradlint(tmp_path, "check", "--output-format", "concise").stdout.startswith(b"a.py:3:11: GRD101")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_a_pipe_that_closes_early_is_no_reason_to_talk(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes((BUG + b"\n") * 150)
    command = f"{sys.executable} -m gradlint check | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert ran.stdout.startswith(b"GRD101")
    assert b"Traceback" not in ran.stderr
    assert b"Broken" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(BUG)
    with Path("/dev/full").open("wb") as full:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "gradlint", "check"]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ran.returncode == 2
    assert ran.stderr.decode() == "error: the output could not be written: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="file descriptors are closed by a POSIX shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams(tmp_path: Path, closed: str) -> None:
    (tmp_path / "a.py").write_bytes(BUG)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = f"{sys.executable} -m gradlint check a.py {closed}"
    ran = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr


def test_an_ascii_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(BUG.replace(b"loss.backward()", "loss.backward()  # é😀".encode()))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "gradlint", "check"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert ran.returncode == 1
    assert b"\\xe9" in ran.stdout


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(BUG)
    (tmp_path / "b.py").touch(0o000)
    ran = gradlint(tmp_path, "check")
    assert ran.returncode == 2
    assert b"GRD101" in ran.stdout
    assert b"error: b.py: Permission denied\n" in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--help"], id="help"),
        pytest.param(["rule", "GRD101"], id="rule"),
        pytest.param(["check"], id="check-without-a-promising-file"),
    ],
)
def test_heavy_modules_are_not_imported_for_nothing(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    assert modules(tmp_path, arguments) & HEAVY == set()


def test_a_promising_file_needs_libcst_and_nothing_slower(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(BUG)
    loaded = modules(tmp_path, ["check"])
    assert "libcst" in loaded
    assert not loaded & {"libcst.matchers", "libcst.codemod", "concurrent.futures"}
