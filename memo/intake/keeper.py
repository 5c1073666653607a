"""A machine is not used up: its disk has a budget, and workers give way to everybody else.

What is kept of recordings takes no more than its budget: what is longest out of use goes first,
and never what a job that is not over needs, or what somebody is working with. Memory is bounded
from outside, where that can be done well: by a container's limit, or systemd's `MemoryMax`; a
worker that is killed for it starts anew, and goes on where it was.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from memo.checkpoints import clean, size
from memo.errors import DiskFull, MemoError
from memo.intake.shelf import Shelf

EVERY = 600.0
"""Seconds between two looks at the disk."""

_SOON = 5.0  # seconds
_NICENESS = 10
_DIES_FIRST = 500  # of 1000 (man 5 proc, oom_score_adj)
_ENOUGH = 200_000_000  # bytes
_SHARE = 20  # or one part in so many of a small disk

_log = logging.getLogger(__name__)


class Keeper:
    """Keeps what memo keeps of recordings within a budget.

    Args:
        work: The folder of this machine's own work folders.
        budget: How many bytes they may take, with copies of what lies in a bucket; and as many
            again the finished steps on the shelf.
        shelf: What machines share.
        needed: Says which recordings (SHA-256) jobs need that are not over.
    """

    def __init__(
        self, work: Path, budget: int, shelf: Shelf, needed: Callable[[], Collection[str]]
    ) -> None:
        self._work = work
        self._budget = budget
        self._shelf = shelf
        self._needed = needed

    def ensure_room(self) -> None:
        """Make sure that work can be begun: not on a disk on which it could not be kept.

        Raises:
            DiskFull: There is too little room.
        """
        folder = self._work
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            disk = shutil.disk_usage(folder)
        except OSError:  # then it will be told where it is written to
            return
        if disk.free < min(_ENOUGH, disk.total // _SHARE):
            raise DiskFull(
                f"only {disk.free / 1e6:.0f} MB are free on the disk of {folder}",
                hint="Free some space on that disk, or set another cache_dir.",
            )

    def tidy(self) -> int:
        """Delete what is over the budget; return how many bytes that were.

        Of several processes of a machine, one does so.

        Raises:
            MemoError: It cannot be known what is needed, or something cannot be deleted.
            OSError: A folder cannot be looked into.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self._work / "tidy.lock", mode=0o600)
        try:
            self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock.acquire(blocking=False)
        except Timeout:
            return 0
        try:
            return self._tidy(frozenset(self._needed()))
        finally:
            lock.release()

    def _tidy(self, needed: frozenset[str]) -> int:
        copies = self._shelf.idle()
        over = size(self._work) + sum(copy.bytes for copy in copies) - self._budget
        freed = 0
        for copy in copies:  # these can be had again
            if freed >= over:
                break
            if self._shelf.drop(copy):
                freed += copy.bytes
        left = sum(copy.bytes for copy in self._shelf.idle())
        freed += clean(self._work, keep_bytes=max(0, self._budget - left), spared=needed)
        return freed + self._shelf.tidy(self._budget, needed)

    def keep(self, stop: threading.Event, every: float = EVERY) -> None:
        """Tidy now and then, until it is to stop; what goes wrong is told, and tried again."""
        told = ""
        pause = min(_SOON, every)  # a run that ends when all is done may be short
        while not stop.wait(pause):
            pause = every
            try:
                if freed := self.tidy():
                    _log.info("%d MB of old work were deleted", freed / 1e6)
                told = ""
            except (MemoError, OSError, NotImplementedError) as error:
                if str(error) != told:
                    _log.warning("old work cannot be deleted: %s", error)
                told = str(error)


def give_way() -> None:
    """Let this process, and what it starts, give way to the rest of the machine.

    Its disk goes the same way: Linux derives that from the niceness (man 2 ioprio_set). If memory
    runs out, Linux ends this process before others.
    """
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(max(0, _NICENESS - os.nice(0)))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_DIES_FIRST), encoding="ascii")


def threads_each(cores: int, slots: int, asked: int | None) -> int | None:
    """Return how many threads a worker may use; None for as many as it likes.

    Args:
        cores: What the machine has.
        slots: How many workers share them.
        asked: What the user wants.
    """
    if asked is not None or slots == 1:
        return asked
    return max(1, cores // slots)


def can_use_gpu(device: str) -> bool:
    """Return whether this machine has a graphics card that speech is recognised on.

    Args:
        device: The setting: `auto`, `cpu` or `cuda`.
    """
    if device == "cpu" or not _has_driver():
        return False
    try:
        from memo.speech.recognition.whisper import graphics_cards

        return graphics_cards() > 0
    except (ImportError, OSError, RuntimeError, ValueError):
        return False


def _has_driver() -> bool:
    """Return whether there may be a driver for what CTranslate2 can use; asking it takes longer."""
    if sys.platform == "linux":  # the second is that of Windows' own Linux
        return any(map(os.path.exists, ("/proc/driver/nvidia", "/dev/dxg", "/dev/nvidiactl")))
    return sys.platform != "darwin"
