"""The outbox: a folder of digests that were not delivered yet, one file per digest and place.

    FOLDER/<id>.json    a letter: written whole before the first attempt, deleted when it arrived
    FOLDER/sent/<id>    marks a letter that went out within the last minutes: a second run at the
                        same time composes the same digest, and must not send it again
    FOLDER/known.json   the machines that digests were sent to before
    FOLDER/.lock        held by whoever sends

Files are readable by their owner alone: a digest is confidential, a webhook's address a secret.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from memo.checkpoints import write_private
from memo.delivery.destinations import Destination
from memo.delivery.letters import Letter, Message, letter
from memo.errors import OutputError

DOUBLE_SECONDS = 600.0
"""For how long a digest that went out is not sent again to the same place."""


class Busy(Exception):  # noqa: N818 - an outcome; it never leaves this package
    """Somebody else is sending."""


class Outbox:
    """The digests that wait to be delivered.

    Args:
        folder: Where they are kept; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(
        self, message: Message, places: Iterable[Destination], *, now: dt.datetime
    ) -> tuple[Letter, ...]:
        """Put a digest in, once for each place. From here on it is not lost.

        What waits already (the same words, the same place, the same day) is not put in twice; if it
        was refused for good, it waits again. Where one of the places is a file, the others tell it
        as the place of the whole digest.

        Raises:
            OutputError: It cannot be written.
        """
        places = tuple(places)
        file = next((to for to in places if to.kind == "file"), None)
        if file and message.whole is None:
            message = message.model_copy(update={"whole": str(file.path(now))})
        letters = tuple(letter(message, to, now, place) for place, to in enumerate(places))
        for one in letters:
            there = self.read(one)
            if there is None:
                self.keep(one)
            elif there.failed:
                self.keep(there.model_copy(update={"failed": False}))
        return letters

    def waiting(self) -> tuple[Letter, ...]:
        """Return what waits, the oldest first; what cannot be read is left out.

        Raises:
            OutputError: The folder cannot be read.
        """
        found = (_read(path) for path in self._files())
        letters = [one for one in found if isinstance(one, Letter)]
        return tuple(sorted(letters, key=lambda one: (one.queued_at, one.place, one.id)))

    def unreadable(self) -> tuple[Path, ...]:
        """Return the files that lie there and are no letters; nobody deletes them."""
        return tuple(path for path in self._files() if _read(path) is None)

    def discard_failed(self) -> tuple[Letter, ...]:
        """Delete the letters that were refused for good, and return them.

        Raises:
            OutputError: One cannot be deleted.
        """
        gone = tuple(one for one in self.waiting() if one.failed)
        for one in gone:
            self._delete(self._file(one))
        return gone

    # --- For who sends ---

    @contextlib.contextmanager
    def exclusive(self, seconds: float) -> Iterator[None]:
        """Hold the outbox alone.

        Raises:
            Busy: Somebody else has had it for that many seconds.
            OutputError: The lock cannot be had.
        """
        from filelock import FileLock, Timeout

        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            lock = FileLock(self.folder / ".lock", mode=0o600)
            lock.acquire(timeout=seconds, poll_interval=0.1)
        except Timeout as error:
            raise Busy from error
        except (OSError, NotImplementedError) as error:
            raise _unusable(self.folder, error) from error
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    def keep(self, one: Letter) -> None:
        """Write a letter, in one step.

        Raises:
            OutputError: It cannot be written.
        """
        self._write(self._file(one), one.model_dump_json().encode())

    def read(self, one: Letter) -> Letter | None:
        """Return a letter as it lies there now; None if it was delivered meanwhile."""
        return _read(self._file(one))

    def done(self, one: Letter, now: dt.datetime) -> None:
        """Take out a letter that arrived, or was seen to have arrived before.

        Raises:
            OutputError: It cannot be deleted.
        """
        if one.to.kind != "file":
            mark = self.folder / "sent" / one.id
            self._write(mark, b"")
            with contextlib.suppress(OSError):
                os.utime(mark, (now.timestamp(), now.timestamp()))
        self._delete(self._file(one))

    def sent_lately(self, one: Letter, now: dt.datetime) -> bool:
        """Tell whether the same letter went out within the last minutes; forget older ones."""
        found = False
        with contextlib.suppress(OSError):
            for mark in list((self.folder / "sent").iterdir()):
                fresh = abs(now.timestamp() - mark.stat().st_mtime) < DOUBLE_SECONDS
                found |= fresh and mark.name == one.id
                if not fresh:
                    mark.unlink(missing_ok=True)
        return found

    def is_new(self, host: str) -> bool:
        """Tell whether nothing was ever sent to a machine; from now on it is known."""
        known = self._known()
        if host in known:
            return False
        self._write(self.folder / "known.json", json.dumps(sorted({*known, host})).encode())
        return True

    def keep_whole(self, one: Letter) -> str:
        """Write all of a digest to where it stays, for a chat that takes only its beginning.

        Returns:
            The file.

        Raises:
            OutputError: It cannot be written.
        """
        day = one.queued_at.date().isoformat()
        path = self.folder.with_name("digests") / f"{day}-{one.id[:8]}.md"
        self._write(path, one.message.text.encode())
        return str(path)

    def _known(self) -> set[str]:
        try:
            hosts = json.loads((self.folder / "known.json").read_bytes())
        except (OSError, ValueError):
            return set()
        return (
            {host for host in hosts if isinstance(host, str)} if isinstance(hosts, list) else set()
        )

    def _file(self, one: Letter) -> Path:
        return self.folder / f"{one.id}.json"

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.glob("*.json") if path.name != "known.json")
        except OSError as error:
            raise _unusable(self.folder, error) from error

    def _write(self, path: Path, content: bytes) -> None:
        try:
            write_private(path, content)
        except OutputError as error:
            raise _unusable(path.parent, error.__cause__ or error) from error

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(self.folder, error) from error

    def _sweep(self) -> None:
        """Delete what a killed run left half-written."""
        for path in self.folder.glob("*.tmp"):
            with contextlib.suppress(OSError):
                path.unlink()


def _read(path: Path) -> Letter | None:
    try:
        return Letter.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _unusable(folder: Path, error: BaseException) -> OutputError:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return OutputError(
        f"the outbox {folder} cannot be used: {reason}",
        hint="Make the folder writable, free some space, or set another data_dir.",
    )
