"""A finished recording is moved out of the way, and never over anything.

It goes where it is to be in one step, or is copied there first where that is another disk; a run
that is killed in between leaves it at both places, and the next one finishes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from memo.errors import OutputError, RecordingMissing, unwritten
from memo.pipeline.outputs import base_names
from memo.pipeline.sidecar import sidecar_files
from memo.speech.recording import clean, printable

_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP}


class Taken(OutputError):  # noqa: N818
    """Somebody else's file has the name."""

    retryable = True


def free_name(source: Path, folder: Path, sha256: str) -> Path:
    """Return where a recording may go in a folder: under its own name, if nobody else has that.

    Args:
        source: The recording.
        folder: Where it is to go.
        sha256: Of the recording.
    """
    return next(
        path
        for path in _names(source, folder, sha256)
        if not os.path.lexists(path) or _is_same(path, source)
    )


def moved(source: Path, folder: Path, sha256: str) -> Iterator[Path]:
    """Yield the names that a recording may have been moved to, as far as there are such files."""
    for path in _names(source, folder, sha256):
        if not os.path.lexists(path):
            return
        yield path


def companions(source: Path, target: Path, tracks: tuple[Path, ...] = ()) -> dict[Path, Path]:
    """Return where the files beside a recording go that say more of it, by where they are.

    What other recordings in its folder go by as well stays; so does what would take another's name.
    """
    found: dict[Path, Path] = {}
    for ending, file in sidecar_files(source, tracks).items():
        short, whole = base_names(source)
        if file.parent != source.parent or file.name == target.name:
            continue  # it lies within, and goes with it
        if file.name == f"{whole}{ending}":
            found[file] = target.with_name(f"{target.name}{ending}")
        elif file.name == f"{short}{ending}" and not _others(source, short):
            found[file] = target.with_name(f"{base_names(target)[0]}{ending}")
    return {file: there for file, there in found.items() if not os.path.lexists(there)}


def move(source: Path, target: Path) -> None:
    """Move a file, or a folder with all in it; nothing is ever overwritten.

    Raises:
        Taken: Something else has the name.
        RecordingMissing: It is at neither place.
        OutputError: It cannot be moved; it is where it was.
    """
    if not os.path.lexists(source):
        if os.path.lexists(target):
            return
        raise RecordingMissing(f"{printable(source)} does not exist", hint="Look for it.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            _move_folder(source, target)
        else:
            _move_file(source, target)
    except FileExistsError as error:
        raise Taken(
            f"{printable(source)} cannot be moved: {clean(str(target))} is there already",
            hint="It gets another name.",
        ) from error
    except (OSError, shutil.Error) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise unwritten(error)(
            f"{printable(source)} cannot be moved to {clean(str(target.parent))}: {why}",
            hint="Let memo write to that folder and the recording's, or name another one to move "
            "recordings to.",
        ) from error


# --- One file -----------------------------------------------------------------------------------


def _move_file(source: Path, target: Path) -> None:
    if _is_same(target, source):  # a link that a run left which was killed
        source.unlink()
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        _carry(source, target)
    _flush_folder(target.parent)
    source.unlink()


def _carry(source: Path, target: Path) -> None:
    """Copy a file to where links do not reach, whole or not at all."""
    neighbour = _neighbour(source, target)
    try:
        shutil.copy2(source, neighbour, follow_symlinks=False)
        _flush(neighbour)
        try:
            os.link(neighbour, target)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # no links here: the name is taken, then filled
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            neighbour.replace(target)
    finally:
        with suppress(OSError):
            neighbour.unlink(missing_ok=True)


# --- A folder of tracks -------------------------------------------------------------------------


def _move_folder(source: Path, target: Path) -> None:
    if os.path.lexists(target):  # also an empty folder: a rename would take its place
        raise FileExistsError(errno.EEXIST, "there is a folder", target)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _carry_folder(source, target)


def _carry_folder(source: Path, target: Path) -> None:
    """Copy a folder to another disk, whole or not at all, then delete it here."""
    neighbour = _neighbour(source, target)
    shutil.rmtree(neighbour, ignore_errors=True)
    try:
        shutil.copytree(source, neighbour, symlinks=True)
        for path in neighbour.rglob("*"):
            _flush(path)
        neighbour.rename(target)
    finally:
        shutil.rmtree(neighbour, ignore_errors=True)
    shutil.rmtree(source)


def _neighbour(source: Path, target: Path) -> Path:
    """Return where a copy is made: what a killed run left there, the next one replaces."""
    about = os.fsencode(source) + b"\0" + os.fsencode(target)
    return target.with_name(f".memo-{hashlib.sha256(about).hexdigest()[:16]}.tmp")


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # not every system can
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _flush(path: Path) -> None:
    if path.is_symlink() or not path.is_file():
        return
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _names(source: Path, folder: Path, sha256: str) -> Iterator[Path]:
    yield folder / source.name
    stem, ending = source.stem, source.suffix
    yield folder / f"{stem}-{sha256[:8]}{ending}"
    for number in range(2, 1_000_000):
        yield folder / f"{stem}-{sha256[:8]}-{number}{ending}"


def _others(source: Path, short: str) -> bool:
    """Return whether another file is called the same up to its ending, and is no result."""
    try:
        return any(
            path != source and path.stem == short and path.suffix.lower() not in {".toml", ".ics"}
            for path in source.parent.iterdir()
        )
    except OSError:
        return True


def _is_same(path: Path, source: Path) -> bool:
    try:
        return not path.is_symlink() and path.samefile(source)
    except OSError:
        return False
