"""One watched folder, looked at again and again, and what looks whole in it, read.

A folder that is not there is waited for, and so is one that is empty though it was not: its disk
may have been unmounted. What cannot be looked into or read is waited for, too. Nothing of that
means that a file is gone.
"""

from __future__ import annotations

import datetime as dt
import heapq
import logging
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from memo.errors import MemoError, RecordingChanged, RecordingMissing
from memo.intake.folder import Folder, Incomplete
from memo.intake.job import Arrival, Place, Sighting, instant
from memo.intake.ready import Look, Readiness
from memo.speech.recording import clean, printable

PATIENCE = 900.0
"""Seconds for which a file that lacks something is waited for after its last change."""

NAMED = 5
"""How many of the files that are arriving are named."""

News = Arrival | Place | Exception
"""What a lookout finds: a whole file, one that is gone, or an error that ends it."""

_POLL_EVERY = 10.0  # seconds
_SHARE_OF_TIME = 20  # a scan may take one part in so many
_READ_PER_SECOND = 50e6  # bytes: so much longer a file is put behind smaller ones
_GATHER = 0.05  # seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0  # seconds, before an unreadable file is tried again

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How patient a watcher is, in seconds.

    Attributes:
        settle: For so long a file must not change before it is taken for whole.
        rescan: So often folders are looked through in any case.
        patience: For so long a file that lacks something must not change.
    """

    settle: float = 10.0
    rescan: float = 60.0
    patience: float = PATIENCE


class View(NamedTuple):
    """What a watcher sees.

    Attributes:
        files: How many recordings there are.
        arriving: Those that are not whole yet; the first few.
        arriving_count: How many these are.
        reading: How many look whole and are being read, or are to be.
        scans: How often it looked.
        scan_seconds: How long the last look took; at several folders, the longest.
        scanned_at: When the last one was.
        trouble: What is wrong, in a line; "" if nothing is.
    """

    files: int = 0
    arriving: tuple[Path, ...] = ()
    arriving_count: int = 0
    reading: int = 0
    scans: int = 0
    scan_seconds: float = 0.0
    scanned_at: dt.datetime | None = None
    trouble: str = ""


class _EmptiedError(Exception):
    """The folder is empty, and it is not sure that anybody emptied it."""


class Lookout:
    """Looks at one folder, and reads it.

    One thread looks, another one may read.

    Args:
        folder: The folder.
        readiness: What is known of it.
        pace: How patient to be.
        clock: Seconds that only go forward.
        tell: Told of what is found, in the order in which it happens.
    """

    def __init__(
        self,
        folder: Folder,
        readiness: Readiness,
        *,
        pace: Pace,
        clock: Callable[[], float],
        tell: Callable[[News], None],
    ) -> None:
        self._folder = folder
        self._readiness = readiness
        self._pace = pace
        self._clock = clock
        self._tell = tell
        self._view = View()
        self._wake: float | None = None
        self._is_missing = False
        self._number: tuple[int, int] | None = None
        self._trusted: tuple[int, int] | None = None
        self._unseen: dict[Path, str] = {}
        self._queue = _Queue(clock)
        self._put_off: deque[tuple[Sighting, float]] = deque()
        self._tries: dict[Path, int] = {}

    def view(self) -> View:
        """Return what there is to be seen; any thread may ask."""
        view, later = self._view, list(self._put_off)  # at once: another thread adds to it
        return view._replace(
            arriving=(*view.arriving, *(sighting.path for sighting, _ in later))[:NAMED],
            arriving_count=view.arriving_count + len(later),
            reading=len(self._queue),
        )

    def wake(self) -> float | None:
        """Return when another file may be whole; None if none is arriving."""
        times = [until for _, until in list(self._put_off)]
        return min([*times, *([] if self._wake is None else [self._wake])], default=None)

    # --- Looking ----------------------------------------------------------------------------------

    def keep_looking(self, stop: threading.Event) -> None:
        """Look whenever something happened, and every so often, until it is to stop."""
        alarm, pace = self._folder.alarm, self._pace
        while not stop.is_set():
            self.look()
            took = self._view.scan_seconds
            longest = max(min(pace.rescan, _POLL_EVERY) if alarm.is_deaf else pace.rescan, took)
            least = min(max(min(1.0, pace.settle), _SHARE_OF_TIME * took), longest)
            if stop.wait(least):
                return
            until = longest - least
            wake = self.wake()
            if wake is not None:
                until = min(until, wake - self._clock())
            if until > 0:
                alarm.wait(until, stop)

    def look(self) -> None:
        """Look at the folder once."""
        began = time.monotonic()
        while self._put_off:
            self._readiness.put_off(*self._put_off.popleft())
        try:
            self._notice_another()
            files, look = self._scanned()
        except (OSError, MemoError, _EmptiedError) as error:
            self._miss(error)
            return
        if self._is_missing:
            _log.warning("%s is there again", printable(self._folder.path))
            self._is_missing = False
        self._wake = look.wake
        self._view = View(
            files=files,
            arriving=tuple(each.path for each in look.arriving[:NAMED]),
            arriving_count=len(look.arriving),
            scans=self._view.scans + 1,
            scan_seconds=time.monotonic() - began,
            scanned_at=instant(),
            trouble=next(iter(self._unseen.values()), ""),
        )
        for sighting in look.ready:
            self._queue.put(sighting)

    def _scanned(self) -> tuple[int, Look]:
        unseen: dict[Path, OSError] = {}
        files = 0

        def counted() -> Iterator[Sighting]:
            nonlocal files
            for sighting in self._folder.scan(unseen.__setitem__):
                files += 1
                yield sighting

        look = self._readiness.look(counted(), self._clock(), self._folder.alarm.touched())
        self._complain(unseen)
        if files:
            self._trusted = self._number
        if look.gone and self._folder.number() == self._number:  # else it went away meanwhile
            if not files and self._number != self._trusted and self._folder.is_empty():
                raise _EmptiedError(f"is empty, where {len(look.gone)} recordings were")
            self._believe(look.gone, unseen)
        return files, look

    def _notice_another(self) -> None:
        """Listen anew if the folder is another one."""
        number = self._folder.number()
        if number != self._number:
            self._folder.alarm.renew()
        self._number = number

    def _believe(self, gone: Sequence[Path], unseen: Collection[Path]) -> None:
        """Let it be known which files are gone for sure, not only out of sight."""
        away = [path for path in gone if not is_under(path, unseen)]
        self._readiness.forget(away)
        for path in away:
            self._tries.pop(path, None)
            if not _is_file(path):  # else it is not looked for any more
                self._tell(self._folder.place_of(path))

    def _miss(self, error: Exception) -> None:
        """Wait for a folder that is not there."""
        why = error.strerror if isinstance(error, OSError) else str(error)
        trouble = f"{clean(str(self._folder.path))}: {why}; it is waited for"
        if trouble != self._view.trouble:
            _log.warning("%s; is its disk there?", trouble)
        if isinstance(error, OSError):
            self._number = None
            self._folder.alarm.renew()
        self._is_missing, self._wake = True, None
        self._view = View(scans=self._view.scans + 1, scanned_at=instant(), trouble=trouble)

    def _complain(self, unseen: dict[Path, OSError]) -> None:
        before = self._unseen
        self._unseen = {
            path: f"{clean(str(path))}: {error.strerror}; it is waited for"
            for path, error in unseen.items()
        }
        for path in self._unseen.keys() - before.keys():
            _log.warning("%s", self._unseen[path])

    # --- Reading ----------------------------------------------------------------------------------

    def keep_reading(self, stop: threading.Event, is_full: Callable[[], bool]) -> None:
        """Read what looks whole, one file at a time, until it is to stop.

        Args:
            stop: Ends it.
            is_full: Whether what was found waits to be written down, so that reading can wait.
        """
        while not stop.is_set():
            if is_full():
                stop.wait(_GATHER)
            elif not self.read_next():
                self._queue.wait(0.5)

    def read_next(self) -> bool:
        """Read one file, if there is one to read."""
        sighting = self._queue.get()
        if sighting is None:
            return False
        if not self._readiness.is_current(sighting):  # it has changed while it waited
            return True
        path, patience = sighting.path, self._readiness.patience_left(sighting, self._clock())
        try:
            arrival = self._folder.read(sighting, whole=not patience)
        except Incomplete:
            self._later(sighting, patience)
        except (RecordingChanged, RecordingMissing):
            self._later(sighting, self._pace.settle)
        except MemoError as error:
            self._later(sighting, self._pause(path, error))
        else:
            self._tries.pop(path, None)
            self._tell(arrival)
        return True

    def _pause(self, path: Path, error: MemoError) -> float:
        tries = self._tries.get(path, 0)
        if not tries:
            _log.warning("%s; it is tried again later", error)
        self._tries[path] = tries + 1
        return float(min(_FIRST_PAUSE * 2 ** min(tries, 10), _LONGEST_PAUSE))

    def _later(self, sighting: Sighting, seconds: float) -> None:
        self._put_off.append((sighting, self._clock() + seconds))


class _Queue:
    """Files to be read: a large one stands behind small ones, but not for ever."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Sighting]] = []
        self._count = 0
        self._changed = threading.Condition()

    def put(self, sighting: Sighting) -> None:
        with self._changed:
            self._count += 1
            rank = self._clock() + sighting.size / _READ_PER_SECOND
            heapq.heappush(self._heap, (rank, self._count, sighting))
            self._changed.notify()

    def get(self) -> Sighting | None:
        with self._changed:
            return heapq.heappop(self._heap)[2] if self._heap else None

    def wait(self, seconds: float) -> None:
        with self._changed:
            if not self._heap:
                self._changed.wait(seconds)

    def __len__(self) -> int:
        return len(self._heap)


def is_under(path: Path, folders: Collection[Path]) -> bool:
    """Return whether a path is one of these, or lies in one."""
    return bool(folders) and (path in folders or any(each in folders for each in path.parents))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False
