"""Where recordings lie: on a machine's own disks, or on the shelf, which all machines share.

The shelf is a folder that each machine may know by another path, or a bucket
(`memo.intake.bucket`), of which each machine has a copy of what it needs. So a place on it is told
by the way from the shelf's root, and so is every file that memo remembers to have written there.

Finished steps of shared recordings are kept on the shelf, too, so that another machine goes on
from the last of them; where the shelf cannot keep them (another user's folder, a network drive
that cannot replace files) each machine keeps its own. Locks are never taken on the shelf: a network
drive may grant one twice, or for ever to a machine that is gone. Who works on what is settled by
the book; a lock only keeps two processes of one machine from doing the same.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypeVar

from memo.checkpoints import Shared, clean
from memo.errors import ConfigError, RecordingError
from memo.intake.job import Place
from memo.ports import Progress, silent
from memo.speech.recording import printable

HIDDEN = ".memo"
"""The folder on the shelf that is memo's own; no scan looks into it."""

BUCKET = "s3://"
"""How the address of a shelf begins that is a bucket."""

_log = logging.getLogger(__name__)
_Scanned = TypeVar("_Scanned")


@dataclass(frozen=True)
class Copy:
    """A copy on this machine of what lies elsewhere.

    Attributes:
        path: Where it lies.
        bytes: How much it takes.
        used: When it was last used, a POSIX timestamp.
    """

    path: Path
    bytes: int
    used: float


@dataclass(frozen=True)
class Bench:
    """Where the finished steps of a recording are kept.

    Attributes:
        root: The folder of all recordings' work folders.
        shared: What machines that share it must know; None if it is this machine's own.
    """

    root: Path
    shared: Shared | None = None


class Shelf:
    """The disks of this machine, and the folder that it shares with others.

    Args:
        root: The shared folder, as this machine knows it; None if nothing is shared.
        machine: This machine (`memo.intake.machine.machine_id`).
        work: The folder of this machine's own work folders.
    """

    holds_copies = False
    """Whether what lies under the root only stands for what lies elsewhere."""

    def __init__(self, root: Path | None, *, machine: str, work: Path) -> None:
        self.root = None if root is None else _absolute(root)
        self._machine = machine
        self._work = work
        self._is_told = False

    # --- Places -------------------------------------------------------------------------------

    def place_of(self, path: Path) -> Place:
        """Return the place of a path: on the shelf if it lies under its root."""
        path = _absolute(path)
        way = self._way(path)
        if way is None:
            return Place.on(self._machine, path)
        return Place(machine=None, path=os.fsencode(way.as_posix()).hex())

    def path_of(self, place: Place) -> Path:
        """Return the path of a place on this machine. Nothing need be there.

        Raises:
            ConfigError: It is on the shelf, and this machine has none.
            RecordingError: It is on another machine's disk, or no place at all.
        """
        path = place.as_path()
        if place.machine is None:
            if self.root is None:
                raise ConfigError(
                    f"{printable(path)} lies on the shelf, and this machine has no shelf",
                    hint="Set `shelf` to the folder or bucket that the machines share.",
                )
            if path.is_absolute() or ".." in path.parts:
                raise RecordingError(
                    f"{printable(path)} does not lie on the shelf",
                    hint="Put the recording into the watched folder again.",
                )
            return self.root / path
        if place.machine != self._machine:
            raise RecordingError(
                f"{printable(path)} lies on another machine",
                hint="Run a worker on that machine, or put the recording on the shelf.",
            )
        return path

    def named(self, place: str) -> Path:
        """Return the path of a folder as the user names it on the command line.

        Args:
            place: A path; of a bucket, its address, too.

        Raises:
            ConfigError: It is the address of a bucket that is not the shelf.
        """
        address = bucket_address(place)
        if address is not None:
            raise ConfigError(f"{address} does not lie on the shelf", hint="Set `shelf` to that.")
        return _absolute(Path(place))

    def _way(self, path: Path) -> PurePath | None:
        """Return the way from the shelf's root to a path; None if it does not lie under it."""
        if self.root is None:
            return None
        for root, there in (
            (self.root, path),
            (self.root.resolve(), path.parent.resolve() / path.name),
        ):
            with suppress(ValueError):
                return there.relative_to(root)
        return None

    # --- What is there ------------------------------------------------------------------------

    def scan(self, root: Path, look: Callable[[Path], Iterable[_Scanned]]) -> Iterable[_Scanned]:
        """Return what is to be seen in a folder.

        Args:
            root: The folder.
            look: Looks at a folder of this machine.
        """
        return look(root)

    @contextmanager
    def opened(
        self,
        place: Place,
        *,
        out: Place | None = None,
        moved_to: Place | None = None,
        recording: str = "",
        progress: Progress = silent,
    ) -> Iterator[Path]:
        """Have a recording on this machine, with what lies beside it, while it is worked on.

        Args:
            place: The recording; of several tracks, their folder.
            out: The folder of its results; None for beside it. What is there of earlier ones is
                had, too, so that nothing that somebody changed is overwritten.
            moved_to: The folder that it may have been moved to already; what is there is had.
            recording: Its SHA-256 if work is done on it: what other machines have finished of it
                is had, and they have what is finished here.
            progress: Told of the bytes that had to be fetched.

        Yields:
            Its path. It need not exist: then the recording is gone.

        Raises:
            RecordingError: It cannot be had (`RecordingUnavailable`: for now).
            ConfigError: It lies on the shelf, and this machine has none.
        """
        del out, moved_to, recording, progress
        yield self.path_of(place)

    def publish(self, paths: Iterable[Path]) -> None:
        """Let all machines see files that were written under these paths of this machine.

        Raises:
            OutputError: They cannot be put there (`OutputUnavailable`: for now).
        """

    def withdraw(self, path: Path) -> None:
        """Let no machine see a file any more that was deleted under this path of this machine.

        Raises:
            OutputError: It cannot be deleted there (`OutputUnavailable`: for now).
        """

    def move(self, source: Path, target: Path) -> None:
        """Let all machines see that a file was moved, or a folder of tracks with all in it.

        Called after it was moved on this machine.

        Raises:
            OutputError: It cannot be moved (`OutputUnavailable`: for now).
        """

    # --- Cleaning -----------------------------------------------------------------------------

    def idle(self) -> Sequence[Copy]:
        """Return the copies on this machine that nobody has open, the least recently used first."""
        return ()

    def drop(self, copy: Copy) -> bool:
        """Delete what a copy holds, unless it is open now; it is had again when it is needed.

        Raises:
            OutputError: The disk refused.
        """
        raise NotImplementedError(copy)

    def tidy(self, keep_bytes: int, spared: Collection[str]) -> int:
        """Delete finished steps from the shelf, the least recently used first.

        Args:
            keep_bytes: How many bytes may stay.
            spared: Recordings, by their SHA-256, whose steps stay.

        Returns:
            How many bytes were freed.

        Raises:
            MemoError: They cannot be deleted.
        """
        if self.root is None:
            return 0
        steps = self.root / HIDDEN / "work"
        return clean(steps, keep_bytes=keep_bytes, spared=spared, locks=self._work / "locks")

    # --- Finished steps -----------------------------------------------------------------------

    def bench(self, place: Place) -> Bench:
        """Return where the finished steps of a recording are kept."""
        if place.machine is not None or self.root is None:
            return Bench(self._work)
        shared = Shared(base=self.root, locks=self._work / "locks")
        root = self.root / HIDDEN / "work"
        if _can_keep(root):
            return Bench(root, shared)
        if not self._is_told:
            self._is_told = True
            _log.warning(
                "the shelf cannot keep finished steps: another machine would begin a recording "
                "anew; let all machines write to %s",
                self.root / HIDDEN,
            )
        return Bench(self._work, shared)


def bucket_address(place: str) -> str | None:
    """Return the address of a folder in a bucket; None for a path.

    Args:
        place: What the user named; what became a path loses one of two slashes.
    """
    scheme = BUCKET.rstrip("/")
    return BUCKET + place[len(scheme) :].strip("/") if place.startswith(f"{scheme}/") else None


def _absolute(path: Path) -> Path:
    """Return an absolute path without `..`; links are left as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `absolute` keeps `..`


def _can_keep(root: Path) -> bool:
    """Return whether a folder takes files, replaces them and gives them back."""
    trial = root / f".trial-{secrets.token_hex(8)}"
    other = trial.with_suffix(".new")
    try:
        for folder in (root.parent, root):
            folder.mkdir(mode=0o700, exist_ok=True)
        for path, content in ((trial, b"old"), (other, b"new")):
            with path.open("xb") as file:
                file.write(content)
                os.fsync(file.fileno())
        other.replace(trial)
        return trial.read_bytes() == b"new"
    except OSError:
        return False
    finally:
        for path in (trial, other):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def open_shelf(
    address: str | None,
    *,
    machine: str,
    work: Path,
    offline: bool = False,
    room: int | None = None,
) -> Shelf:
    """Return the shelf of the settings.

    Args:
        address: A folder, or `s3://bucket/prefix`; None for none.
        machine: This machine.
        work: The folder of this machine's own work folders; a bucket's copies lie beside it.
        offline: No other machine may be spoken to.
        room: How many bytes a bucket's copies may take; None for any number.

    Raises:
        ConfigError: The address cannot be used.
        MissingDependencyError: What buckets need is not installed.
    """
    if address is None or not address.startswith(BUCKET):
        return Shelf(Path(address) if address else None, machine=machine, work=work)
    from memo.intake.bucket import Bucket

    return Bucket(address, machine=machine, work=work, offline=offline, room=room)
