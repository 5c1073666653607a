"""Copies of what lies elsewhere: which object each is of, and whether somebody has it open.

ROOT/…                          the copies
ROOT/.memo/known/<hash>.json    which object one is of; its age is that of the last use
ROOT/.memo/open/<hash>-*.lock   held while a copy, or a folder of them, is in use
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from memo.checkpoints import write_private
from memo.errors import unwritten
from memo.intake.shelf import HIDDEN
from memo.model import Value
from memo.speech.recording import printable

if TYPE_CHECKING:
    from filelock import BaseFileLock


@dataclass(frozen=True)
class Copy:
    """A copy that nobody has open; `used` is when it was last used, a POSIX timestamp."""

    path: Path
    bytes: int
    used: float


class _Known(Value):
    """Which object a copy is of, and what the copy was when it was made.

    `name` is the path below the root; `mtime_ns` that of the copy.
    """

    name: str
    tag: str
    size: int
    mtime_ns: int


class Copies:
    """The copies below a folder.

    Args:
        root: The folder; made when needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._notes = root / HIDDEN / "known"
        self._locks = root / HIDDEN / "open"

    @contextmanager
    def held(self, path: Path) -> Iterator[None]:
        """Keep a copy, or a folder of them, and what lies beside it; any number may do so.

        Raises:
            OutputError: The disk refused.
        """
        with _told(path):
            self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = _lock(self._locks / f"{_hash(path)}-{secrets.token_hex(8)}.lock")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
            with suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)

    def idle(self) -> list[Copy]:
        """Return the copies that nobody has open, the least recently used first."""
        held = {lock.name[:64] for lock in self._locks.glob("*.lock") if _is_locked(lock)}
        found = []
        for note in self._notes.glob("*.json"):
            known = _read(note)
            path = self._root / known.name if known else None
            if path and not held & {_hash(near) for near in (path, *path.parents)}:
                with suppress(OSError):
                    found.append(Copy(path, path.lstat().st_size, note.stat().st_mtime))
        return sorted(found, key=lambda copy: copy.used)

    def tag_of(self, path: Path) -> str | None:
        """Return which object a copy was made of; None for what is no copy."""
        known = _read(self._note(path))
        return known.tag if known else None

    def know(self, path: Path, tag: str) -> None:
        """Note that a file is a copy.

        Raises:
            OutputError: The disk refused.
        """
        with _told(path):
            there = path.stat()
            name = path.relative_to(self._root).as_posix()
        known = _Known(name=name, tag=tag, size=there.st_size, mtime_ns=there.st_mtime_ns)
        write_private(self._note(path), known.model_dump_json().encode())

    def has(self, path: Path, tag: str) -> bool:
        """Return whether a copy is of this object and was not written to since; mark it used."""
        known = _read(self._note(path))
        try:
            there = path.stat()
        except OSError:
            return False
        now = _Known(
            name=known.name if known else "",
            tag=tag,
            size=there.st_size,
            mtime_ns=there.st_mtime_ns,
        )
        if known != now:
            return False
        with suppress(OSError):
            os.utime(self._note(path))
        return True

    def forget(self, path: Path) -> None:
        """Delete a copy, and the folder that it leaves empty.

        Raises:
            OutputError: The disk refused.
        """
        with _told(path):
            for file in (path, self._note(path)):
                with suppress(FileNotFoundError, NotADirectoryError):
                    file.unlink()
        with suppress(OSError):  # something is left in it
            path.parent.rmdir()

    def _note(self, path: Path) -> Path:
        return self._notes / f"{_hash(path)}.json"


def _hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()


def _read(note: Path) -> _Known | None:
    try:
        return _Known.model_validate_json(note.read_bytes())
    except (OSError, ValidationError):
        return None


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(path, mode=0o600)


def _is_locked(path: Path) -> bool:
    """Return whether somebody holds a lock; the file of one that nobody holds is deleted."""
    from filelock import Timeout

    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:
        return False
    with suppress(OSError):
        path.unlink(missing_ok=True)
    lock.release()
    return False


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error of ours."""
    try:
        yield
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise unwritten(error)(
            f"{printable(path)} cannot be kept on this machine: {reason}",
            hint="Free some space on its disk, or set another cache_dir.",
        ) from error
