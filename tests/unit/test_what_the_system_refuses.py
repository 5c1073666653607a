"""What the file system refuses: for later, where it is not the file's fault."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from memo.checkpoints import WorkFolder
from memo.decision_log.postgresql import PostgreSQL
from memo.decision_log.sqlite import SQLite
from memo.errors import (
    DatabaseFull,
    DatabaseUnavailable,
    DecisionLogError,
    DiskFull,
    MemoError,
    OutputError,
    OutputUnavailable,
    RecordingChanged,
    RecordingError,
    RecordingMissing,
    RecordingUnavailable,
)
from memo.export.files import write_outputs
from memo.model import Media, Recording
from memo.ports import silent
from memo.speech.recording import identify, unreadable

FULL = [errno.ENOSPC, errno.EDQUOT]
AWAY = [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.ENODEV]
CLOSED = [errno.EACCES, errno.EPERM, errno.EROFS]
OWN = [errno.ENAMETOOLONG, errno.EISDIR, errno.EFBIG]

WRITING = [
    *((number, DiskFull) for number in FULL),
    *((number, OutputUnavailable) for number in AWAY + CLOSED),
    *((number, OutputError) for number in OWN),
]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What `fsync` answers, once something is written: the numbers of errors."""
    numbers: list[int] = []

    def fsync(_descriptor: int) -> None:
        raise OSError(numbers[0], os.strerror(numbers[0]))

    monkeypatch.setattr(os, "fsync", fsync)
    return numbers


@pytest.mark.parametrize(("number", "kind"), WRITING)
def test_a_result_that_cannot_be_written_waits_unless_its_name_is_to_blame(
    tmp_path: Path, refused: list[int], number: int, kind: type[OutputError]
) -> None:
    refused.append(number)
    with pytest.raises(OutputError) as told:
        write_outputs({tmp_path / "call.memo.md": b"memo"})
    assert type(told.value) is kind
    assert told.value.retryable is (kind is not OutputError)
    assert os.strerror(number) in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "kind"), WRITING)
def test_finished_work_that_cannot_be_kept_waits_alike(
    tmp_path: Path, refused: list[int], number: int, kind: type[OutputError]
) -> None:
    refused.append(number)
    work = WorkFolder(tmp_path / "work", Recording(filename="call.m4a", sha256="0" * 64))
    with pytest.raises(OutputError) as told:
        work.save("step", "key", Media(duration=1, channels=1, sample_rate=8000, recorded_at=None))
    assert type(told.value) is kind
    assert ("free some space" in (told.value.hint or "")) is (kind is DiskFull)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, RecordingMissing),
        (errno.ENOTDIR, RecordingMissing),
        (errno.EISDIR, RecordingError),
        (errno.ENAMETOOLONG, RecordingError),
        (errno.EACCES, RecordingUnavailable),
        *((number, RecordingUnavailable) for number in AWAY),
    ],
)
def test_a_recording_whose_disk_is_away_is_not_a_broken_recording(
    number: int, kind: type[RecordingError]
) -> None:
    told = unreadable(Path("call.m4a"), OSError(number, os.strerror(number)))
    assert type(told) is kind
    assert told.retryable is (kind is RecordingUnavailable)
    assert told.hint


def test_a_recording_that_grows_while_it_is_read_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "call.m4a"
    path.write_bytes(b"half")

    def digest(file: object, _name: str) -> object:
        with path.open("ab") as more:
            more.write(b" and the rest")
        return hashlib.sha256(repr(file).encode())

    monkeypatch.setattr(hashlib, "file_digest", digest)
    with pytest.raises(RecordingChanged):
        identify(path)


@pytest.mark.parametrize("looks", [1, 4, 7])
def test_a_disk_that_fails_in_the_middle_of_a_recording_is_no_damage_of_its(
    examples: Path, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    from memo.speech.audio import probe

    class Failing:
        """A file on a drive that goes away with one look or other at it."""

        def __init__(self, path: Path) -> None:
            self._file = path.open("rb")
            self._looks = 0

        def read(self, size: int = -1) -> bytes:
            self._looks += 1
            if self._looks > looks:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return self._file.read(size)

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

        def __enter__(self) -> Failing:
            return self

        def __exit__(self, *_error: object) -> None:
            self._file.close()

    path = examples / "weekly-call.m4a"
    opened = Failing(path)
    monkeypatch.setattr(Path, "open", lambda *_way: opened)
    with pytest.raises(RecordingUnavailable, match="Input/output error"):
        probe(path)


# --- Databases ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, DatabaseFull),
        (sqlite3.SQLITE_IOERR, DatabaseUnavailable),
        (sqlite3.SQLITE_IOERR | 10 << 8, DatabaseUnavailable),
        (sqlite3.SQLITE_CANTOPEN, DatabaseUnavailable),
        (sqlite3.SQLITE_READONLY, DecisionLogError),
        (sqlite3.SQLITE_NOTADB, DecisionLogError),
        (sqlite3.SQLITE_CORRUPT, DecisionLogError),
    ],
)
def test_sqlite_without_room_is_for_later(code: int, kind: type[MemoError], tmp_path: Path) -> None:
    cause = sqlite3.OperationalError("refused")
    cause.sqlite_errorcode = code
    backend = SQLite(sa.make_url(f"sqlite:///{tmp_path}/log.db"), lock_wait=1)
    told = backend.refusal(OperationalError("statement", {}, cause))
    assert type(told) is kind
    assert told.retryable is issubclass(kind, DatabaseUnavailable)


def test_a_postgresql_server_without_room_is_for_later() -> None:
    class FullError(Exception):
        sqlstate = "53100"

    backend = PostgreSQL(sa.make_url("postgresql://host/memo"), lock_wait=1)
    told = backend.refusal(OperationalError("statement", {}, FullError("no space left on device")))
    assert type(told) is DatabaseFull
    assert told.retryable


def test_a_log_that_cannot_be_made_for_want_of_room_is_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(DatabaseFull, match="No space left"):
        SQLite(sa.make_url(f"sqlite:///{tmp_path}/log.db"), lock_wait=1)


def test_a_lock_that_a_full_disk_refuses_is_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = WorkFolder(tmp_path / "work", Recording(filename="call.m4a", sha256="0" * 64))

    def full(*_words: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DiskFull), work.exclusive(silent):
        pass
