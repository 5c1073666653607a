"""Real faults: permissions, folders in the way, file systems without room, size limits."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from memo.errors import ExitCode, OutputError
from memo.export.files import _told_of, sweep, write_outputs


@pytest.fixture
def umask() -> Iterator[int]:
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_file_is_written(tmp_path: Path) -> None:
    write_outputs({tmp_path / "a.md": b"one", tmp_path / "b.docx": b"two"})
    assert (tmp_path / "a.md").read_bytes() == b"one"
    assert (tmp_path / "b.docx").read_bytes() == b"two"
    assert _names(tmp_path) == ["a.md", "b.docx"]


def test_what_a_killed_run_left_is_swept_and_nobody_else_s(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from memo.export import files\n"
        "files._flush_folder = os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_outputs({Path(sys.argv[1]) / 'a.md': b'one'}, name=sys.argv[2])"
    )
    for name in ("ab", "abc"):
        subprocess.run([sys.executable, "-c", code, tmp_path, name], check=False)
    assert len(_names(tmp_path)) == 2
    sweep([tmp_path / "a.md", tmp_path / "gone" / "b.md"], "ab")
    (left,) = _names(tmp_path)
    assert left.startswith(".memo-abc-")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    write_outputs({tmp_path / "new" / "deep" / "a.md": b"one"})
    assert (tmp_path / "new" / "deep" / "a.md").read_bytes() == b"one"


def test_an_older_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_outputs({path: b"new"})
        assert reader.read() == b"old"  # who was reading it goes on reading the old one
    assert path.read_bytes() == b"new"


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    write_outputs({tmp_path / "a.md": b""})
    assert stat.S_IMODE((tmp_path / "a.md").stat().st_mode) == 0o666 & ~umask


def test_a_replaced_file_hands_its_permissions_on(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")
    path.chmod(0o664)
    write_outputs({path: b"new"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o664


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"precious")
    (tmp_path / "a.md").symlink_to("other")
    write_outputs({tmp_path / "a.md": b"new"})
    assert (tmp_path / "other").read_bytes() == b"precious"
    assert (tmp_path / "a.md").read_bytes() == b"new"
    assert not (tmp_path / "a.md").is_symlink()


def test_a_folder_in_the_way_of_the_last_file_changes_none(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"old")
    (tmp_path / "c.json").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*c\.json: a folder has this name") as e:
        write_outputs({tmp_path / name: b"new" for name in ("a.md", "b.docx", "c.json")})
    assert e.value.hint == "Move that folder out of the way, or choose another one with --out."
    assert e.value.exit_code is ExitCode.OUTPUT
    assert (tmp_path / "a.md").read_bytes() == b"old"
    assert _names(tmp_path) == ["a.md", "c.json"]


def test_a_name_too_long_for_the_last_file_changes_none(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write") as caught:
        write_outputs({tmp_path / "a.md": b"new", tmp_path / f"{'é' * 200}.md": b"new"})
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Give the recording a shorter name")
    assert _names(tmp_path) == []


def test_a_name_as_long_as_may_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 255)
    write_outputs({path: b"new"})
    assert path.read_bytes() == b"new"


def test_a_write_protected_file_is_respected(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"mine")
    path.chmod(0o444)
    with pytest.raises(OutputError, match="the file is write-protected"):
        write_outputs({tmp_path / "b.md": b"new", path: b"new"})
    assert path.read_bytes() == b"mine"
    assert _names(tmp_path) == ["a.md"]


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot write") as caught:
        write_outputs({tmp_path / "out" / "a.md": b"new"})
    assert caught.value.hint == "Name a folder, not a file, with --out."


def test_a_hostile_name_makes_an_error_of_one_line(tmp_path: Path) -> None:
    for name in ("a\nb\x1b[31m/", "a\x00b"):
        with pytest.raises(OutputError) as caught:
            write_outputs({tmp_path / f"{name}{'x' * 300}": b""})
        assert len(str(caught.value).splitlines()) == 1
        assert "\x1b" not in str(caught.value)


def test_a_folder_that_may_not_be_written_is_reported(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    tmp_path.chmod(0o755)
    script = """
        import os
        from pathlib import Path
        from memo.errors import OutputError
        from memo.export.files import write_outputs
        if os.geteuid() == 0:  # root is refused nothing
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        try:
            write_outputs({Path("out/a.md"): b"new", Path("locked/b.md"): b"new"})
        except OutputError as error:
            print(error, error.hint)
    """
    told = _run(script, folder=tmp_path)
    assert told.startswith("cannot write locked/b.md: Permission denied Allow yourself to write")
    assert _names(locked) == []
    assert _names(tmp_path / "out") == []


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit on the size of files stops the second write halfway, like a full disk."""
    script = """
        import resource, signal
        from pathlib import Path
        from memo.errors import OutputError
        from memo.export.files import write_outputs
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_outputs({Path("a.md"): b"new", Path("b.docx"): b"x" * 200_000})
        except OutputError as error:
            print(error, error.hint)
    """
    (tmp_path / "a.md").write_bytes(b"old")
    told = _run(script, folder=tmp_path)
    assert told.startswith("cannot write b.docx: File too large Raise the limit")
    assert (tmp_path / "a.md").read_bytes() == b"old"
    assert _names(tmp_path) == ["a.md"]


def test_a_full_disk_is_reported_with_what_to_do(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with (
        pytest.raises(OutputError, match="No space left on device") as caught,
        _told_of(tmp_path / "a.md"),
    ):
        raise full
    assert caught.value.__cause__ is full
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Free some space on that disk")


def _run(script: str, *, folder: Path) -> str:
    """Run a script in a folder and return what it prints."""
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ran.stdout.strip()
