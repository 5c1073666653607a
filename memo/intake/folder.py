"""One watched folder: what is in it, and what each file holds."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from memo.errors import RecordingChanged, RecordingError
from memo.intake.alarm import Alarm
from memo.intake.job import Arrival, Needs, Place, Request, Sighting, key_of
from memo.intake.mounts import is_remote, keeps_numbers
from memo.intake.scan import Rules, Unseen, scan
from memo.intake.shelf import Shelf
from memo.pipeline import Job
from memo.pipeline.sidecar import sidecar_files
from memo.pipeline.sources import called_after, identity_of
from memo.speech.containers import promised_bytes
from memo.speech.recording import printable, unreadable

_NOTHING = hashlib.sha256(b"").hexdigest()
_LARGEST_SIDECAR = 10_000_000


@dataclass(frozen=True)
class Wish:
    """What is wanted of every recording in the watched folders.

    Attributes:
        request: What is asked.
        needs: What that asks of a machine.
        transcripts: Whether transcripts are taken, too.
        left_out: Folders that are never looked into.
    """

    request: Request
    needs: Needs = ""
    transcripts: bool = False
    left_out: frozenset[Path] = frozenset()


class Incomplete(RecordingError):  # noqa: N818
    """A file is shorter than it says itself."""


class Folder:
    """One watched folder, and everything that is read in it.

    A bucket is one, too: the shelf lays out a folder that looks like it at each scan.

    Args:
        path: The folder; it need not be there now.
        shelf: Who has the files of this machine and of all.
        wish: What is wanted.
        poll: Whether changes are found by looking alone; else that is so on network drives.

    Attributes:
        path: The folder.
        alarm: Says when to look again.
        left_out: Folders that are never looked into.
    """

    def __init__(self, path: Path, shelf: Shelf, wish: Wish, *, poll: bool = False) -> None:
        self.path = path
        self.alarm = Alarm(path, poll=poll or is_remote(path))
        self.left_out = wish.left_out
        self._shelf = shelf
        self._wish = wish
        is_shared = shelf.place_of(path).machine is None  # then others see other numbers
        self._rules = Rules(
            transcripts=wish.transcripts,
            left_out=wish.left_out,
            numbers=not is_shared and keeps_numbers(path),
        )

    def place_of(self, path: Path) -> Place:
        """Return the place of a file here."""
        return self._shelf.place_of(path)

    def number(self) -> tuple[int, int]:
        """Return what tells this folder from another one in its place.

        Raises:
            OSError: There is none.
        """
        found = self.path.stat()
        return found.st_dev, found.st_ino

    def is_empty(self) -> bool:
        """Return whether there is nothing at all in the folder, but what is hidden.

        Raises:
            OSError: It cannot be looked into.
        """
        with os.scandir(self.path) as entries:
            return all(
                entry.name.startswith(".") or entry.name == "lost+found" for entry in entries
            )

    def scan(self, unseen: Unseen) -> Iterator[Sighting]:
        """Yield every recording that is there.

        Raises:
            OSError: The folder is not there.
            MemoError: The shelf cannot be looked at.
        """
        yield from self._shelf.scan(self.path, lambda place: scan(place, self._rules, unseen))

    def read(self, sighting: Sighting, *, whole: bool) -> Arrival:
        """Read a recording to its end.

        Args:
            sighting: The recording.
            whole: Whether it is taken as it is, even if it lacks something.

        Raises:
            Incomplete: It lacks something.
            RecordingChanged: It changed meanwhile.
            RecordingMissing: It is not there any more.
            RecordingUnavailable: It cannot be read now.
            MemoError: The shelf cannot be reached.
        """
        place = self._shelf.place_of(sighting.path)
        with self._shelf.opened(place):
            for file in sighting.tracks or (sighting.path,):
                _ensure_ordinary(file)
                if not whole:
                    _ensure_whole(file)
            filename, sha256 = _identified(sighting)
            sidecars = _sidecars(sighting)
        return Arrival(
            place=place,
            signature=sighting.signature,
            filename=filename,
            recording_sha256=sha256,
            key=key_of(sha256, self._wish.request, sidecars),
            request=self._wish.request,
            needs=self._wish.needs,
        )


def _identified(sighting: Sighting) -> tuple[str, str]:
    """Return a recording's name, and its hash; that of nothing if it is empty."""
    named = called_after(sighting.path) if sighting.tracks else sighting.path
    if not sighting.size:
        return printable(named), _NOTHING
    found = identity_of(Job(path=named, tracks=sighting.tracks, timezone="UTC"))
    return found.filename, found.sha256


def _ensure_ordinary(file: Path) -> None:
    try:
        mode = file.lstat().st_mode
    except OSError as error:
        raise unreadable(file, error) from error
    if not stat.S_ISREG(mode):  # somebody put a link or a pipe in its place
        raise RecordingChanged(
            f"{printable(file)} is not an ordinary file any more", hint="Save it to a file first."
        )


def _ensure_whole(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            promised, size = promised_bytes(opened), opened.seek(0, os.SEEK_END)
    except OSError as error:
        raise unreadable(file, error) from error
    if promised is not None and promised > size:
        raise Incomplete(
            f"{printable(file)} has {size} bytes and should have {promised} at least",
            hint="Wait until the copy has finished.",
        )


def _sidecars(sighting: Sighting) -> dict[str, bytes]:
    """Return what lies beside a recording, by the endings of the files."""
    named = called_after(sighting.path) if sighting.tracks else sighting.path
    found = {}
    for ending, file in sidecar_files(named, sighting.tracks).items():
        try:
            with file.open("rb") as opened:
                found[ending] = opened.read(_LARGEST_SIDECAR)
        except OSError as error:
            found[ending] = f"unreadable: {error.errno}".encode()
    return found
