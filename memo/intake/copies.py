"""A folder that stands for what lies in a bucket, and holds copies of what is in use.

    ROOT/…                          a copy of an object, or a blank in its stead
    ROOT/.memo/known/<hash>.json    which object one is a copy of; its age is that of the last use
    ROOT/.memo/open/<hash>-*.lock   held while a recording, and what belongs to it, is in use

A blank has the size and the time of its object and takes no room (a sparse file), so that a scan
sees a folder like any other. Nobody reads a file without having it `held` and, if it is not known
as a copy, fetched.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from memo.checkpoints import write_private
from memo.errors import unwritten
from memo.intake.shelf import HIDDEN, Copy
from memo.model import Value
from memo.speech.recording import printable

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from memo.intake.objects import Object

_MARK = ".memo-"
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
_AT_ONCE = 200  # files that nobody may begin to use meanwhile
_DAY = 86_400  # seconds
_BLOCK = 512  # bytes, whatever the disk's own are (POSIX)


class _Known(Value):
    """Which object a copy is of, and what the copy was when it was made.

    `name` is the path below the root; `mtime_ns` that of the copy.
    """

    name: str
    tag: str
    size: int
    mtime_ns: int


class Copies:
    """The copies and blanks below a folder.

    Args:
        root: The folder; made when needed.
        room: How many bytes copies may take, but for those that are in use; None for any number.
    """

    def __init__(self, root: Path, room: int | None = None) -> None:
        self._root = root
        self._room = room
        self._taken: int | None = None  # as far as this process knows
        self._notes = root / HIDDEN / "known"
        self._locks = root / HIDDEN / "open"

    # --- Using --------------------------------------------------------------------------------

    @contextmanager
    def held(self, names: Iterable[Path]) -> Iterator[None]:
        """Keep all files whose names begin so from being cleaned away; any number may do that.

        Args:
            names: Paths up to a dot, or to the end: `calls/mon` for `calls/mon.m4a`, what lies
                beside it, and what lies in a folder `calls/mon.tracks`.

        Raises:
            OutputError: The disk refused.
        """
        with ExitStack() as stack:
            with _told(self._root), self._turn():
                for name in names:
                    lock = _lock(self._locks / f"{_hash(name)}-{secrets.token_hex(8)}.lock")
                    lock.acquire()
                    stack.callback(_let_go, lock)
            yield

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
        """Return whether a file is a copy of this object, as it was made; mark it used."""
        known = _read(self._note(path))
        if known is None or known.tag != tag or not _is(path, known.size, known.mtime_ns):
            return False
        with suppress(OSError):
            os.utime(self._note(path))
        return True

    def forget(self, path: Path) -> None:
        """Delete a copy or a blank, and the folder that it leaves empty.

        Raises:
            OutputError: The disk refused.
        """
        with _told(path):
            for file in (self._note(path), path):
                with suppress(FileNotFoundError, NotADirectoryError):
                    file.unlink()
        with suppress(OSError):  # something is left in it
            path.parent.rmdir()

    # --- Cleaning -----------------------------------------------------------------------------

    def idle(self) -> list[Copy]:
        """Return the copies that nobody has open, the least recently used first."""
        held = self._held()
        found = []
        for note in self._notes.glob("*.json"):
            known = _read(note)
            path = self._root / known.name if known else None
            if path and not _is_among(path, held):
                with suppress(OSError):
                    found.append(Copy(path, path.lstat().st_size, note.stat().st_mtime))
        return sorted(found, key=lambda copy: copy.used)

    def make_room(self, wanted: int) -> None:
        """Drop copies, the least recently used first, until another one has room among them.

        Args:
            wanted: Its bytes. It may come in any case.

        Raises:
            OutputError: The disk refused.
        """
        if self._room is None:
            return
        if self._taken is None:
            self._sweep()
        if self._taken is None or self._taken + wanted > self._room:
            known = map(_read, self._notes.glob("*.json"))
            self._taken = sum(each.size for each in known if each)
            for copy in self.idle() if self._taken + wanted > self._room else ():
                if self._taken + wanted <= self._room:
                    break
                if self.drop(copy):
                    self._taken -= copy.bytes
        self._taken += wanted

    def _sweep(self) -> None:
        """Delete what killed processes left half-fetched."""
        for path in self._root.rglob(f"{_MARK}*.tmp"):
            with suppress(OSError):
                if path.lstat().st_mtime < time.time() - _DAY:
                    path.unlink()

    def drop(self, copy: Copy) -> bool:
        """Put a blank in the place of a copy, unless somebody has it open.

        Raises:
            OutputError: The disk refused.
        """
        with _told(copy.path), self._turn():
            known = _read(self._note(copy.path))
            if known is None or _is_among(copy.path, self._held()):
                return False
            self._note(copy.path).unlink(missing_ok=True)
            _make_blank(copy.path, known.size, known.mtime_ns)
        return True

    # --- Drawing ------------------------------------------------------------------------------

    def draw(self, folder: Path, objects: Mapping[Path, Object]) -> list[Path]:
        """Let a folder look as the bucket does: blanks for what is new, nothing for what is gone.

        What somebody has open stays as it is until it is drawn the next time.

        Args:
            folder: The folder.
            objects: What is to be seen in it, however deep, by path.

        Returns:
            The paths that cannot be: the name is too long for the disk, or that of a folder.

        Raises:
            OSError: The folder itself cannot be made or read.
            OutputError: The disk refused.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        wrong = [path for path, found in objects.items() if not self._is_drawn(path, found)]
        odd = [path for path in self._free(wrong) if not self._draw(path, objects[path])]
        for path in self._free([path for path in _files(folder) if path not in objects]):
            self.forget(path)
        return odd

    def reserve(self, objects: Mapping[Path, Object]) -> None:
        """Make blanks for objects that are not here, so that nobody takes their names.

        Raises:
            OutputError: The disk refused.
        """
        for path, found in objects.items():
            if not path.exists():
                with _told(path):
                    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _make_blank(path, found.size, found.mtime_ns)

    def _free(self, paths: Sequence[Path]) -> Iterator[Path]:
        """Yield the files that nobody has open, nor can open before the next one is asked for."""
        for start in range(0, len(paths), _AT_ONCE):
            with _told(self._root), self._turn():
                held = self._held()
                for path in paths[start : start + _AT_ONCE]:
                    if not _is_among(path, held):
                        yield path

    def _is_drawn(self, path: Path, found: Object) -> bool:
        """Return whether a file is a blank for an object, or a copy of it."""
        if not _is(path, found.size, found.mtime_ns):
            return False
        tag = self.tag_of(path)
        if tag is not None:
            return tag == found.tag
        blocks = getattr(path.lstat(), "st_blocks", 0)
        return not blocks * _BLOCK >= found.size > 8 * _BLOCK  # a copy without its note

    def _draw(self, path: Path, found: Object) -> bool:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._note(path).unlink(missing_ok=True)
            _make_blank(path, found.size, found.mtime_ns)
        except (FileExistsError, NotADirectoryError, IsADirectoryError, ValueError):
            return False
        except OSError as error:
            if isinstance(error, PermissionError) or unwritten(error).retryable:
                raise
            return False
        return True

    # --- Notes and locks ----------------------------------------------------------------------

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let nobody begin to use a copy while it is decided what becomes of copies."""
        self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock(self._locks.with_name("turn.lock")):
            yield

    def _held(self) -> set[str]:
        return {lock.name[:64] for lock in self._locks.glob("*.lock") if _is_locked(lock)}

    def _note(self, path: Path) -> Path:
        return self._notes / f"{_hash(path)}.json"


def _is_among(path: Path, held: set[str]) -> bool:
    return bool(held) and any(
        _hash(near.parent / near.name[:end]) in held
        for near in (path, *path.parents)
        for end in range(1, len(near.name) + 1)
        if near.name[end : end + 1] in {"", "."}
    )


def _is(path: Path, size: int, mtime_ns: int) -> bool:
    try:
        there = path.lstat()
    except (OSError, ValueError):
        return False
    return (there.st_size, there.st_mtime_ns) == (size, mtime_ns)


def _make_blank(path: Path, size: int, mtime_ns: int) -> None:
    """Put a file of nothing in place, in one step."""
    neighbour = path.with_name(f"{_MARK}{secrets.token_hex(8)}.tmp")
    try:
        with os.fdopen(os.open(neighbour, _NEW, 0o600), "wb") as file:
            file.truncate(size)
        os.utime(neighbour, ns=(mtime_ns, mtime_ns))
        neighbour.replace(path)
    finally:
        with suppress(OSError):
            neighbour.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder; no hidden ones."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if not name.startswith("."))


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


def _let_go(lock: BaseFileLock) -> None:
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


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
    _let_go(lock)
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
