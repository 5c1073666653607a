"""A finished recording goes to another folder, and over nothing."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from memo.errors import DiskFull, OutputError, RecordingMissing
from memo.intake.moving import Taken, companions, free_name, move, moved

SHA = "0123456789abcdef" * 4


@pytest.fixture
def call(tmp_path: Path) -> Path:
    path = tmp_path / "calls" / "call.m4a"
    path.parent.mkdir()
    path.write_bytes(b"sound")
    return path


@pytest.fixture
def done(tmp_path: Path) -> Path:
    return tmp_path / "done"


def away(call: Path, done: Path) -> Path:
    target = free_name(call, done, SHA)
    move(call, target)
    return target


def without_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let links fail, as they do to another disk, or on one that has none."""

    def link(*_paths: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", link)


def test_a_recording_is_moved_into_a_folder_that_is_made(call: Path, done: Path) -> None:
    assert away(call, done) == done / "call.m4a"
    assert (done / "call.m4a").read_bytes() == b"sound"
    assert not call.exists()


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP])
def test_it_is_carried_to_where_links_do_not_reach(
    call: Path, done: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    os.utime(call, (1_700_000_000, 1_700_000_000))
    without_links(monkeypatch, number)
    away(call, done)
    assert [path.name for path in done.iterdir()] == ["call.m4a"]
    assert (done / "call.m4a").read_bytes() == b"sound"
    assert (done / "call.m4a").stat().st_mtime == 1_700_000_000
    assert not call.exists()


@pytest.mark.parametrize("disk", ["this", "another"])
def test_nothing_is_overwritten(
    call: Path, done: Path, monkeypatch: pytest.MonkeyPatch, disk: str
) -> None:
    done.mkdir()
    (done / "call.m4a").write_bytes(b"another call")
    if disk == "another":
        without_links(monkeypatch, errno.EXDEV)
    with pytest.raises(Taken) as told:
        move(call, done / "call.m4a")
    assert told.value.retryable
    assert call.read_bytes() == b"sound"
    assert [path.name for path in done.iterdir()] == ["call.m4a"]
    assert away(call, done) == done / "call-01234567.m4a"
    assert (done / "call.m4a").read_bytes() == b"another call"


def test_a_name_is_taken_by_whatever_has_it(call: Path, done: Path) -> None:
    done.mkdir()
    (done / "call.m4a").symlink_to("nowhere")
    (done / "call-01234567.m4a").mkdir()
    assert away(call, done) == done / "call-01234567-2.m4a"


def test_a_move_that_was_killed_between_its_two_halves_is_finished(call: Path, done: Path) -> None:
    done.mkdir()
    os.link(call, done / "call.m4a")
    assert away(call, done) == done / "call.m4a"
    assert not call.exists()
    move(call, done / "call.m4a")  # and once more, after everything
    assert (done / "call.m4a").read_bytes() == b"sound"


def test_what_a_killed_copy_left_is_gone_after_the_next(
    call: Path, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch, errno.EXDEV)

    def killed(*_paths: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", killed)
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            away(call, done)
    assert len(list(done.iterdir())) == 1
    away(call, done)
    assert [path.name for path in done.iterdir()] == ["call.m4a"]


def test_a_recording_that_is_at_neither_place_is_missing(call: Path, done: Path) -> None:
    call.unlink()
    with pytest.raises(RecordingMissing):
        move(call, done / "call.m4a")


def test_a_full_disk_leaves_the_recording_where_it_is_and_nothing_else(
    call: Path, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch, errno.EXDEV)

    def full(*_words: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="No space left"):
        away(call, done)
    assert call.read_bytes() == b"sound"
    assert list(done.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(call: Path, tmp_path: Path) -> None:
    (tmp_path / "done").write_bytes(b"a file")
    with pytest.raises(OutputError, match="cannot be moved"):
        move(call, tmp_path / "done" / "call.m4a")
    assert call.exists()


# --- Tracks -------------------------------------------------------------------------------------


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    folder = tmp_path / "calls" / "weekly.tracks"
    folder.mkdir(parents=True)
    for name in ("Ann.m4a", "Bo.m4a", "recording.toml"):
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.mark.parametrize("disk", ["this", "another"])
def test_the_folder_of_tracks_is_moved_with_all_in_it(
    tracks: Path, done: Path, monkeypatch: pytest.MonkeyPatch, disk: str
) -> None:
    if disk == "another":
        rename = Path.rename

        def far(path: Path, target: Path) -> Path:
            if path.parent != target.parent:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", far)
    assert away(tracks, done) == done / "weekly.tracks"
    found = {path.name: path.read_bytes() for path in (done / "weekly.tracks").iterdir()}
    assert found == {name: name.encode() for name in ("Ann.m4a", "Bo.m4a", "recording.toml")}
    assert [path.name for path in done.iterdir()] == ["weekly.tracks"]
    assert not tracks.exists()


def test_not_even_an_empty_folder_is_overwritten(tracks: Path, done: Path) -> None:
    (done / "weekly.tracks").mkdir(parents=True)
    with pytest.raises(Taken):
        move(tracks, done / "weekly.tracks")
    assert away(tracks, done) == done / "weekly-01234567.tracks"


def test_a_copy_of_tracks_that_fails_leaves_nothing(
    tracks: Path, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def far(_path: Path, _target: Path) -> Path:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    def full(*_words: object, **_options: object) -> None:
        raise shutil.Error([("a", "b", "[Errno 28] No space left on device")])

    monkeypatch.setattr(Path, "rename", far)
    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OutputError):
        away(tracks, done)
    assert list(done.iterdir()) == []
    assert len(list(tracks.iterdir())) == 3


# --- What goes along ----------------------------------------------------------------------------


def test_what_says_more_of_a_recording_goes_along(call: Path, done: Path) -> None:
    for name in ("call.toml", "call.ics", "other.toml", "recording.toml"):
        (call.parent / name).write_bytes(b"")
    (call.parent / "other.m4a").write_bytes(b"")
    assert companions(call, done / "call.m4a") == {
        call.parent / "call.toml": done / "call.toml",
        call.parent / "call.ics": done / "call.ics",
    }
    assert companions(call, done / "call-01234567.m4a") == {
        call.parent / "call.toml": done / "call-01234567.toml",
        call.parent / "call.ics": done / "call-01234567.ics",
    }


def test_what_another_recording_needs_stays(call: Path, done: Path) -> None:
    (call.parent / "call.toml").write_bytes(b"")
    (call.parent / "call.mp4").write_bytes(b"")
    assert companions(call, done / "call.m4a") == {}
    (call.parent / "call.m4a.ics").write_bytes(b"")
    assert companions(call, done / "call.m4a") == {
        call.parent / "call.m4a.ics": done / "call.m4a.ics"
    }


def test_what_would_take_anothers_name_stays(call: Path, done: Path) -> None:
    (call.parent / "call.toml").write_bytes(b"mine")
    done.mkdir()
    (done / "call.toml").write_bytes(b"theirs")
    assert companions(call, done / "call.m4a") == {}


def test_the_companions_of_a_recording_that_has_gone_ahead_are_found(
    call: Path, done: Path
) -> None:
    (call.parent / "call.toml").write_bytes(b"")
    away(call, done)
    assert companions(call, done / "call.m4a") == {call.parent / "call.toml": done / "call.toml"}


def test_where_a_recording_may_have_gone(call: Path, done: Path) -> None:
    assert list(moved(call, done, SHA)) == []
    done.mkdir()
    (done / "call.m4a").write_bytes(b"")
    (done / "call-01234567.m4a").write_bytes(b"")
    assert list(moved(call, done, SHA)) == [done / "call.m4a", done / "call-01234567.m4a"]
