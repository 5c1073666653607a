"""Finished files appear whole and together, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from memo.errors import OutputError, unwritten
from memo.export.untrusted import one_line

_ELSEWHERE = "Choose another folder with --out."
_HINTS = {
    errno.ENOSPC: "Free some space on that disk, or choose another folder with --out.",
    errno.EDQUOT: "Free some of your quota, or choose another folder with --out.",
    errno.EFBIG: "Raise the limit on the size of files, or choose another folder with --out.",
    errno.ENAMETOOLONG: "Give the recording a shorter name, or choose another folder with --out.",
    errno.EROFS: "That disk is read-only: choose another folder with --out.",
    errno.EACCES: "Allow yourself to write there, or choose another folder with --out.",
    errno.EPERM: "Allow yourself to write there, or choose another folder with --out.",
    errno.EISDIR: "Move that folder out of the way, or choose another one with --out.",
    errno.ENOTDIR: "Name a folder, not a file, with --out.",
    errno.EEXIST: "Name a folder, not a file, with --out.",
}


def write_outputs(files: Mapping[Path, bytes], *, by_option: bool = True, name: str = "") -> None:
    """Write files so that none is ever seen half-written, and a failure changes none.

    Everything that can fail is done first: each file is written whole to a neighbour in its
    folder and flushed to the disk. Only then the neighbours take their places, one after
    another, each in one step (POSIX rename). Missing folders are made. A file that is replaced
    hands its permissions on; a new one has those that the umask leaves.

    Args:
        files: Content by path. Paths come from the recording's name, never from a title.
        by_option: Whether it is `--out` that names the folder, for hints.
        name: Tells the neighbours of this work from those of others, for `sweep`.

    Raises:
        OutputError: A folder or file cannot be written; the error names it. No file changed
            (unless the system took back, between two renames, what it had just allowed) and no
            neighbour is left.
    """
    waiting: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            with _told_of(path, by_option=by_option):
                _check(path)
                neighbour = path.with_name(f"{_neighbours(name)}{secrets.token_hex(8)}.tmp")
                waiting[path] = neighbour
                _write(neighbour, content, like=path)
        for path in files:
            with _told_of(path, by_option=by_option):
                waiting[path].replace(path)
                del waiting[path]
    finally:
        for neighbour in waiting.values():
            with contextlib.suppress(OSError):
                neighbour.unlink(missing_ok=True)
    for folder in {path.parent for path in files}:
        _flush_folder(folder)


def sweep(paths: Iterable[Path], name: str) -> None:
    """Delete the neighbours that `write_outputs` left when it was killed.

    Args:
        paths: What was to be written.
        name: What was given then; nobody else may be writing under it.
    """
    for folder in {path.parent for path in paths}:
        with contextlib.suppress(OSError):
            for entry in folder.iterdir():
                if entry.name.startswith(_neighbours(name)) and entry.suffix == ".tmp":
                    entry.unlink(missing_ok=True)


def _neighbours(name: str) -> str:
    return f".memo-{name}-" if name else ".memo-"


def _check(path: Path) -> None:
    """Make sure that a file may stand at a path, and that its folder is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "a folder has this name", path)
    if stat.S_ISREG(mode) and not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(errno.EACCES, "the file is write-protected", path)


def _write(neighbour: Path, content: bytes, *, like: Path) -> None:
    """Write a new file and flush it to the disk, with the permissions of the one it replaces."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(neighbour, flags, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(OSError):  # a new file, or a file system without permissions
        mode = like.lstat().st_mode
        if stat.S_ISREG(mode):
            neighbour.chmod(stat.S_IMODE(mode))


def _flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _told_of(path: Path, *, by_option: bool = True) -> Iterator[None]:
    """Turn the system's errors into ours, which say which file and what to do."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        hint = _HINTS.get(error.errno or 0, _ELSEWHERE)
        hint = hint if by_option else re.sub(",? with --out", "", hint)
        kind = unwritten(error)
        raise kind(f"cannot write {one_line(str(path))}: {why}", hint=hint) from error
    except ValueError as error:  # a name with a null character
        raise OutputError(
            f"cannot write {one_line(str(path))}: {error}", hint=_ELSEWHERE
        ) from error
