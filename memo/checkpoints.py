"""The work folder: what a killed run leaves behind, so that the next one goes on from there.

    ROOT/<2 hex>/<sha256 of the recording>/<step>-<hash of key>.json   one finished step each
    ROOT/<2 hex>/<sha256 of the recording>.lock                        held by who works on it

The locks of a root that several machines share (`Shared`) are each machine's own.

A folder belongs to a recording's content, not to its name. A step's file is written to a
neighbour and moved into place, so it is whole or not there; what is there but cannot be read, or
is not what was asked for, counts as never finished and is replaced. Folders and files are for
their owner only (0700, 0600): transcripts are confidential.

Lock files are never deleted: a lock that is unlinked while somebody waits for it lets two in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from memo.errors import DiskFull, unwritten
from memo.model import Recording, Sha256
from memo.ports import Artifact, Progress

if TYPE_CHECKING:
    from filelock import BaseFileLock

WAITING = "waiting for another memo of this recording"
"""The stage that `WorkFolder.exclusive` reports while somebody else has the folder."""

_SLUG = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_POLL_SECONDS = 0.2
_UNFINISHED = ".tmp"
_DAY = 86_400  # seconds


class _Kept(BaseModel, Generic[Artifact]):
    """What a step's file holds: the artifact, and enough to tell that it is the right one."""

    model_config = ConfigDict(extra="forbid")

    step: str
    key_sha256: Sha256
    kind: str
    artifact: Artifact


@dataclass(frozen=True)
class Shared:
    """What must be known of a root that other machines use as well.

    Attributes:
        base: A folder of this machine that the others may know by another path, but whose files
            they know by the same way from it.
        locks: Where this machine keeps its locks.
    """

    base: Path
    locks: Path


class WorkFolder:
    """Keeps the finished steps of one recording in files (the `Checkpoints` port).

    Args:
        root: Folder of all recordings' work; made when needed.
        recording: Whose work this is.
        shared: What must be known if other machines use the root, too.
    """

    def __init__(self, root: Path, recording: Recording, shared: Shared | None = None) -> None:
        self.path = root / recording.sha256[:2] / recording.sha256
        self._root = root
        self._shared = shared
        self._lock = _lock_of(self.path, shared.locks if shared else None)

    def called(self, path: Path) -> Path:
        """Return what every machine that shares this folder calls a path."""
        path = path.absolute()
        if self._shared and path.is_relative_to(self._shared.base):
            return path.relative_to(self._shared.base)
        return path

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:
        """Return what a step left, or None if it never finished.

        Args:
            step: Name of the step, a slug such as `asr-window`.
            key: Covers everything that the result depends on; of any length.
            kind: Type of the result.

        Returns:
            The result; None if there is no file, or if it is half-written, unreadable, somebody
            else's or of another shape.
        """
        path = self._file(step, key)
        try:
            if not path.is_file():  # a pipe would be waited for
                return None
            kept = _Kept[kind].model_validate_json(path.read_bytes())  # type: ignore[valid-type]
        except (OSError, ValidationError):
            return None
        if (kept.step, kept.key_sha256, kept.kind) != (step, _sha256(key), _name(kind)):
            return None
        self._mark_used()
        return kept.artifact

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        """Keep the result of a finished step, atomically.

        Args:
            step: Name of the step, a slug such as `asr-window`.
            key: Covers everything that the result depends on; of any length.
            artifact: The result.

        Raises:
            OutputError: The file cannot be written (disk full, no permission).
        """
        kind = type(artifact)
        kept = _Kept[kind](  # type: ignore[valid-type]
            step=step, key_sha256=_sha256(key), kind=_name(kind), artifact=artifact
        )
        path = self._file(step, key)
        with _refusing(path):
            self._make_folders()
            _write(path, kept.model_dump_json().encode())

    @contextmanager
    def exclusive(self, progress: Progress) -> Iterator[None]:
        """Hold this recording's work alone; wait while another process or thread has it.

        Whoever waited finds the other's finished steps and has nothing left to do. A process
        that is killed lets go of its hold.

        Args:
            progress: Told `WAITING` and the seconds waited, while waiting.

        Raises:
            OutputError: The lock's file cannot be written.
        """
        with _refusing(self.path):
            self._make_folders()
            _acquire(self._lock, progress)
        try:
            with _refusing(self.path):
                self._make_folders()  # `clean` may have come in between
            self._mark_used()
            self._sweep()
            yield
        finally:
            self._lock.release()

    def _file(self, step: str, key: str) -> Path:
        if not _SLUG.fullmatch(step):
            raise ValueError(f"{step!r} is not a slug")
        return self.path / f"{step}-{_sha256(key)[:20]}.json"

    def _make_folders(self) -> None:
        self._root.parent.mkdir(parents=True, exist_ok=True)
        if self._shared:
            self._shared.locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self._root, self.path.parent, self.path):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _mark_used(self) -> None:
        with suppress(OSError):
            os.utime(self.path)

    def _sweep(self) -> None:
        """Delete what a killed run left half-written; only whoever holds the lock may.

        On a shared root another machine may just be writing: what is a day old is left over.
        """
        for path in self.path.glob(f"*{_UNFINISHED}"):
            with suppress(OSError):
                if not self._shared or path.stat().st_mtime < time.time() - _DAY:
                    path.unlink()


def size(root: Path) -> int:
    """Return how many bytes the work of all recordings under `root` takes."""
    return sum(folder.bytes for folder in _folders(root))


def clean(
    root: Path,
    *,
    keep_bytes: int | None = None,
    older_than: dt.datetime | None = None,
    spared: Collection[str] = (),
    locks: Path | None = None,
) -> int:
    """Delete whole work folders, the least recently used first; never one that is locked.

    Args:
        root: Folder of all recordings' work.
        keep_bytes: Delete until what is left takes no more than this.
        older_than: Delete every folder that was last used before this instant.
        spared: Recordings, by their SHA-256, whose work is not deleted.
        locks: Where this machine keeps the locks of a root that it shares (`Shared`).

    Returns:
        How many bytes were freed.

    Raises:
        OutputError: A folder cannot be deleted.
    """
    folders = sorted(_folders(root), key=lambda folder: folder.used)
    total = sum(folder.bytes for folder in folders)
    freed = 0
    for folder in folders:
        too_old = older_than is not None and folder.used < older_than.timestamp()
        too_much = keep_bytes is not None and total - freed > keep_bytes
        is_spared = folder.path.name in spared
        if (too_old or too_much) and not is_spared and _delete(folder, locks):
            freed += folder.bytes
    return freed


class _Folder(NamedTuple):
    """A work folder as `clean` sees it; `used` is a POSIX timestamp."""

    path: Path
    used: float
    bytes: int


def _folders(root: Path) -> Iterator[_Folder]:
    for path in root.glob("[0-9a-f][0-9a-f]/*"):
        is_ours = re.fullmatch(r"[0-9a-f]{64}", path.name) and path.name[:2] == path.parent.name
        with suppress(FileNotFoundError):  # somebody cleans beside us
            if is_ours and path.is_dir() and not path.is_symlink():
                files = sum(file.lstat().st_size for file in path.iterdir())
                yield _Folder(path, path.stat().st_mtime, files)


def _delete(folder: _Folder, locks: Path | None = None) -> bool:
    """Delete a work folder unless it is in use, or was used since it was looked at."""
    from filelock import Timeout

    lock = _lock_of(folder.path, locks)
    with _refusing(folder.path):
        if locks:
            locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        try:
            if not folder.path.exists() or folder.path.stat().st_mtime > folder.used:
                return False
            shutil.rmtree(folder.path)
        finally:
            lock.release()
    return True


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, atomically; its folder too, where it is missing.

    Args:
        path: The file; one that is there is replaced.
        content: What it is to hold.

    Raises:
        OutputError: It cannot be written.
    """
    with _refusing(path):
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _write(path, content)


def _lock_of(folder: Path, locks: Path | None = None) -> BaseFileLock:
    from filelock import FileLock

    return FileLock((locks or folder.parent) / f"{folder.name}.lock", mode=0o600)


def _acquire(lock: BaseFileLock, progress: Progress) -> None:
    from filelock import Timeout

    started = time.monotonic()
    timeout = 0.0
    while True:
        try:
            lock.acquire(timeout=timeout, poll_interval=_POLL_SECONDS / 4)
        except Timeout:
            progress(WAITING, time.monotonic() - started, None)
            timeout = _POLL_SECONDS
        else:
            return


def _write(path: Path, content: bytes) -> None:
    """Write to a neighbour, make sure that it is on the disk, and move it into place."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=_UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into an `OutputError`."""
    try:
        yield
    except (OSError, NotImplementedError) as error:
        kind = unwritten(error)
        hint = (
            "free some space on its disk; what was finished is kept"
            if kind is DiskFull
            else "make the folder writable, or set another folder for the cache"
        )
        reason = getattr(error, "strerror", None) or str(error)
        raise kind(f"cannot keep finished work in {path}: {reason}", hint=hint) from error


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _name(kind: type[BaseModel]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
