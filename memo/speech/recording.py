"""A file on disk becomes a `Recording`: a value that is known by its content, not by its name."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from memo.errors import (
    RecordingChanged,
    RecordingError,
    RecordingMissing,
    RecordingUnavailable,
    is_away,
)
from memo.model import Recording


def identify(path: Path) -> Recording:
    """Return the identity of a sound or transcript file: its name and the SHA-256 of its bytes.

    The file is read once, in pieces; its size does not matter.

    Args:
        path: The file.

    Raises:
        RecordingError: It is missing, no ordinary file, unreadable, empty, or still being written
            (`RecordingMissing`, `RecordingUnavailable`, `RecordingChanged`).
    """
    before = ensure_file(path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise RecordingChanged(
            f"{printable(path)} changed while it was being read",
            hint="Wait until the recording or the copy has finished, then run the command again.",
        )
    return Recording(filename=printable(path), sha256=digest)


def ensure_file(path: Path) -> os.stat_result:
    """Return what the file system says of a file that may hold a recording.

    Raises:
        RecordingError: It is missing, no ordinary file, or empty.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(found.st_mode):
        raise unreadable(path, IsADirectoryError())
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for whoever writes to it
        raise RecordingError(
            f"{printable(path)} is not an ordinary file", hint="Save it to a file first."
        )
    if found.st_size == 0:
        raise RecordingError(
            f"{printable(path)} is empty (0 bytes)",
            hint="Copy it again from where it was recorded.",
        )
    return found


def unreadable(path: Path, error: OSError) -> RecordingError:
    """Translate an error of the file system into what it means for a recording."""
    name = printable(path)
    if isinstance(error, FileNotFoundError):
        return RecordingMissing(
            f"{name} does not exist", hint=f"Check the path: {clean(str(path))}"
        )
    if isinstance(error, IsADirectoryError):
        return RecordingError(f"{name} is a folder", hint="Name the recordings inside it.")
    if isinstance(error, PermissionError):
        return RecordingUnavailable(
            f"{name} may not be read", hint="Give yourself permission to read the file."
        )
    reason = error.strerror or type(error).__name__
    if is_away(error):
        return RecordingUnavailable(
            f"{name} cannot be read: {reason}",
            hint="Check the disk or the network drive that it lies on, then try again.",
        )
    kind = RecordingMissing if isinstance(error, NotADirectoryError) else RecordingError
    return kind(
        f"{name} cannot be read: {reason}", hint="Copy the file to this machine and try again."
    )


def printable(path: Path) -> str:
    """Return a file's name as text that can be printed and stored, whatever bytes it is made of."""
    return clean(path.name) or clean(str(path))


def clean(text: str) -> str:
    """Return a file system's text with undecodable bytes and control characters replaced."""
    decoded = os.fsencode(text).decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in decoded)
