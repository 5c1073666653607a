"""When to look at a folder again: soon after something happened in it, else every so often.

What the system tells is not relied on: it loses files in new folders, and all of a folder that is
deleted and made again; the library breaks off at names that are not UTF-8. So this only ever says
that it is time for a scan, and which files were touched, as far as that is known.
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

from memo.speech.recording import clean, printable

if TYPE_CHECKING:
    from watchfiles import Change

_GATHER = 500  # milliseconds in which changes are gathered
_NAP = 1000  # milliseconds after which it is looked whether to go on waiting
_REST = 60.0  # seconds
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
        self._deaf_until = 0.0
        self._is_told = False
        self._touched: set[bytes] = set()

    @property
    def is_deaf(self) -> bool:
        """Whether nothing is heard of changes now, so that scans are all there is."""
        return self._poll or time.monotonic() < self._deaf_until

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait for a change; return whether there was one, or may have been.

        Args:
            seconds: For how long; about a second more, sometimes.
            stop: Ends the wait.
        """
        until = time.monotonic() + seconds
        if self.is_deaf:
            stop.wait(seconds)
            return False
        if self._changes is None:
            if not self._root.is_dir():
                stop.wait(seconds)
                return True
            self._begin(stop)
            self._heard()
            return True  # what happened before is not heard of
        while not stop.is_set() and time.monotonic() < until:
            if self._heard():
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

    def _begin(self, stop: threading.Event) -> None:
        from watchfiles import watch

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

    def _heard(self) -> bool:
        """Wait for a change for a moment; return whether there was one, or may have been."""
        found: set[tuple[Change, str]] | None = set()
        try:
            found = next(self._changes, None) if self._changes is not None else None
        except (OSError, RuntimeError) as error:
            self._rest(error)
            return True
        if found is None:  # stopped
            self.renew()
            return False
        for _, path in found:
            if len(self._touched) < _MOST_TOUCHED:
                self._touched.add(os.fsencode(path))
        return bool(found)

    def _rest(self, error: Exception) -> None:
        """Rely on looking for a while: too many folders, or a name that the library cannot bear."""
        if not self._is_told:
            self._is_told = True
            _log.warning(
                "changes in %s cannot be heard of: %s; it is looked at every so often instead",
                printable(self._root),
                clean(str(error)),
            )
        self.renew()
        self._deaf_until = time.monotonic() + _REST
