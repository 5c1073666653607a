"""When to look at a folder again: soon after something happened in it, else every so often.

What the system tells is not relied on: it loses files in new folders, and all of a folder that is
deleted and made again. So this only ever says that it is time for a scan, and which files were
touched, as far as that is known.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from memo.speech.recording import printable

if TYPE_CHECKING:
    from watchfiles import Change

_GATHER = 500  # milliseconds in which changes are gathered
_NAP = 1000  # milliseconds after which it is looked whether to go on waiting
_MOST_TOUCHED = 20_000

_log = logging.getLogger(__name__)


class Alarm:
    """Waits for changes in one folder.

    Used by one thread. Changes that happen while nobody waits are told at the next time.

    Args:
        root: The folder; it need not be there.
        poll: Whether the system is not asked at all: on network drives it hears of nothing.
    """

    def __init__(self, root: Path, *, poll: bool = False) -> None:
        self._root = root
        self._poll = poll
        self._changes: Generator[set[tuple[Change, str]], None, None] | None = None
        self._stop = threading.Event()
        self._touched: set[bytes] = set()

    @property
    def is_blind(self) -> bool:
        """Whether nothing is heard of changes, so that scans are all there is."""
        return self._poll

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait for a change; return whether there was one, or may have been.

        Args:
            seconds: For how long; about a second more, sometimes.
            stop: Ends the wait.
        """
        until = time.monotonic() + seconds
        if self._poll:
            stop.wait(seconds)
            return False
        if self._changes is None:  # what happened before is not heard of
            return self._begin(until, stop)
        while not stop.is_set() and time.monotonic() < until:
            if self._heard(until, stop):
                return True
        return False

    def touched(self) -> frozenset[bytes]:
        """Return the paths that were touched since this was last asked, as far as known."""
        touched, self._touched = frozenset(self._touched), set()
        return touched

    def renew(self) -> None:
        """Begin anew: the folder is another one now."""
        changes, self._changes = self._changes, None
        if changes is not None:
            with suppress(OSError, RuntimeError):
                changes.close()

    def _begin(self, until: float, stop: threading.Event) -> bool:
        from watchfiles import watch

        self._stop = stop
        self._changes = watch(
            self._root,
            watch_filter=None,
            debounce=_GATHER,
            stop_event=stop,
            rust_timeout=_NAP,
            yield_on_timeout=True,
            ignore_permission_denied=True,
            force_polling=False,
        )
        self._heard(until, stop)
        return True

    def _heard(self, until: float, stop: threading.Event) -> bool:
        """Wait for a change for a moment; return whether there was one."""
        changes = self._changes
        try:
            found = next(changes, None) if changes is not None else None
        except FileNotFoundError:
            self.renew()
            stop.wait(max(0.0, until - time.monotonic()))
            return True
        except (OSError, RuntimeError) as error:
            self._give_up(error)
            stop.wait(max(0.0, until - time.monotonic()))
            return True
        if found is None:  # stopped
            self.renew()
            return False
        for _, path in found:
            if len(self._touched) < _MOST_TOUCHED:
                self._touched.add(os.fsencode(path))
        return bool(found)

    def _give_up(self, error: Exception) -> None:
        _log.warning(
            "changes in %s cannot be heard of (%s): it is looked at every so often instead; "
            "allow more inotify watches to hear of them at once",
            printable(self._root),
            type(error).__name__,
        )
        self.renew()
        self._poll = True
