"""Folders are watched; whole files are written into the book of jobs.

Each folder has two threads: one looks, one reads what looks whole, a file at a time, so that a
huge file on a slow drive, or a drive that hangs, hides nothing elsewhere. What they find is written
by the thread that runs the watcher, in the order in which it happened, many at once. Nothing is
held but what the book does not know yet, and the signatures of files: after a restart nothing that
the book knows is read again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from memo.errors import MemoError
from memo.intake.book import Book
from memo.intake.folder import Folder, Wish
from memo.intake.job import Arrival, Place, TakenIn
from memo.intake.lookout import NAMED, Lookout, News, Pace, View, is_under
from memo.intake.ready import Readiness
from memo.intake.shelf import Shelf

_AT_ONCE = 500  # files in one transaction
_MOST_HELD = 1000  # of what is not written down yet
_GATHER = 0.2  # seconds
_WHILES = 6  # times the time to settle
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds, before the database is tried again

_log = logging.getLogger(__name__)


class Round(NamedTuple):
    """What one look at all folders came to.

    Attributes:
        taken: What became of the files that were whole.
        gone: How many files are not there any more.
        wake: Seconds until another file may be whole; None if none is arriving.
    """

    taken: tuple[TakenIn, ...]
    gone: int
    wake: float | None


class Watcher:
    """Watches folders.

    Args:
        roots: The folders; absolute.
        book: Where whole files are written.
        wish: What is wanted of them.
        shelf: Who says where a path lies.
        pace: How patient to be.
        poll: Whether to rely on looking alone everywhere.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        book: Book,
        wish: Wish,
        shelf: Shelf,
        *,
        pace: Pace | None = None,
        poll: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book = book
        self._shelf = shelf
        self._wish = wish
        self._pace = pace or Pace()
        self._clock = clock
        self._news: SimpleQueue[News] = SimpleQueue()
        self._folders = [
            Folder(root, shelf, replace(wish, left_out=wish.left_out | others), poll=poll)
            for root, others in _apart(roots)
        ]
        self._lookouts: list[Lookout] = []
        self._trouble = ""

    def view(self) -> View:
        """Return what there is to be seen; any thread may ask."""
        views = [lookout.view() for lookout in self._lookouts]
        named = tuple(path for view in views for path in view.arriving)
        troubles = filter(None, [self._trouble, *(view.trouble for view in views)])
        return View(
            files=sum(view.files for view in views),
            arriving=named[:NAMED],
            arriving_count=sum(view.arriving_count for view in views),
            reading=sum(view.reading for view in views),
            scans=sum(view.scans for view in views),
            scan_seconds=max((view.scan_seconds for view in views), default=0.0),
            scanned_at=max((view.scanned_at for view in views if view.scanned_at), default=None),
            trouble=next(troubles, ""),
        )

    def once(self) -> Round:
        """Look at all folders once, read what is whole, and write it down.

        Raises:
            DecisionLogError: It cannot be written down; nothing is lost by trying again.
        """
        self._begin()
        for lookout in self._lookouts:
            lookout.look()
            while lookout.read_next():
                pass
        news = list(self._held())
        try:
            taken = tuple(self._written(news))
        except MemoError:
            for each in news:
                self._news.put(each)
            raise
        gone = sum(isinstance(each, Place) for each in news)
        wakes = [lookout.wake() for lookout in self._lookouts]
        wake = min((wake for wake in wakes if wake is not None), default=None)
        return Round(taken, gone, None if wake is None else max(0.0, wake - self._clock()))

    def settle(self, stop: threading.Event) -> None:
        """Look until all that is there was taken in, but for what may still be long in coming.

        What goes on changing is left when nothing else has become whole for a while.

        Raises:
            DecisionLogError: It cannot be written down.
        """
        settle = self._pace.settle
        until = self._clock() + _WHILES * settle
        while not stop.is_set():
            taken, _, wake = self.once()
            until = self._clock() + _WHILES * settle if taken else until
            if wake is None or wake > settle or self._clock() > until:
                return
            stop.wait(max(wake, 0.01))

    def run(self, stop: threading.Event) -> None:
        """Watch until somebody wants it to stop.

        A database that is away is waited for.

        Raises:
            DecisionLogError: The book cannot be written to, and waiting does not help.
        """
        if not self._patiently(self._begin, stop):
            return
        threads = [
            threading.Thread(target=self._guarded, args=(work, stop), daemon=True)
            for lookout in self._lookouts
            for work in (
                lookout.keep_looking,
                partial(lookout.keep_reading, is_full=self._is_full),
            )
        ]
        for thread in threads:
            thread.start()
        while not stop.is_set():
            self._patiently(partial(self._write, self._some()), stop)
        for thread in threads:
            thread.join(timeout=2.0)  # not for one that waits for a drive: it holds nothing
        with suppress(MemoError):  # else they are read again after the next start
            self._write(list(self._held()))

    # --- What is found ----------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._lookouts:
            return
        self._lookouts = [
            Lookout(
                folder,
                self._readiness(folder),
                pace=self._pace,
                clock=self._clock,
                tell=self._news.put,
            )
            for folder in self._folders
        ]

    def _readiness(self, folder: Folder) -> Readiness:
        place = self._shelf.place_of(folder.path)
        known = self._book.known(place.machine, place.as_path(), self._wish.request)
        paths = ((Place(machine=place.machine, path=path), text) for path, text in known.items())
        signed = ((self._shelf.path_of(place), text) for place, text in paths)
        hidden = [each for each in folder.left_out if folder.path in each.parents]
        told = {os.fsencode(path): text for path, text in signed if not is_under(path, hidden)}
        return Readiness(self._pace.settle, self._pace.patience, told)

    def _is_full(self) -> bool:
        return self._news.qsize() > _MOST_HELD

    def _guarded(self, work: Callable[[threading.Event], None], stop: threading.Event) -> None:
        try:
            work(stop)
        except Exception as error:  # noqa: BLE001 - raised again where it is seen
            self._news.put(error)

    # --- What is written --------------------------------------------------------------------------

    def _some(self) -> list[News]:
        """Wait a moment for news, and return what has come."""
        try:
            found = [self._news.get(timeout=0.5)]
        except Empty:
            return []
        until = time.monotonic() + _GATHER
        while len(found) < _AT_ONCE and (left := until - time.monotonic()) > 0:
            try:
                found.append(self._news.get(timeout=left))
            except Empty:
                break
        return found

    def _held(self) -> Iterator[News]:
        while not self._news.empty():
            yield self._news.get()

    def _write(self, news: Iterable[News]) -> None:
        for _ in self._written(news):
            pass

    def _written(self, news: Iterable[News]) -> Iterator[TakenIn]:
        """Write news down in their order, and yield what became of the files."""
        for kind, group in groupby(news, type):
            some = list(group)
            for place in range(0, len(some), _AT_ONCE):
                part = some[place : place + _AT_ONCE]
                if kind is Arrival:
                    yield from self._taken([each for each in part if isinstance(each, Arrival)])
                elif kind is Place:
                    self._book.vanished([each for each in part if isinstance(each, Place)])
                else:
                    raise next(each for each in part if isinstance(each, Exception))

    def _taken(self, arrivals: Sequence[Arrival]) -> Iterator[TakenIn]:
        for taken in self._book.take_in(arrivals):
            _log.info("%s: %s", taken.arrival.place.shown(), taken.outcome)
            yield taken

    def _patiently(self, work: Callable[[], object], stop: threading.Event) -> bool:
        """Do what needs the database until it succeeds; return whether it did before the stop."""
        wait = _FIRST_WAIT
        while True:
            try:
                work()
            except MemoError as error:
                if not error.retryable:
                    raise
                if not self._trouble:
                    _log.warning("%s; it is waited for", error)
                self._trouble = str(error)
            else:
                self._trouble = ""
                return True
            if stop.wait(wait):
                return False
            wait = min(2 * wait, _LONGEST_WAIT)


def _apart(roots: Sequence[Path]) -> Iterator[tuple[Path, frozenset[Path]]]:
    """Yield each folder once, and those of the others that lie in it: they are their own."""
    distinct: dict[object, Path] = {}
    for root in roots:
        try:
            found = root.stat()
        except OSError:
            distinct.setdefault(root, root)
        else:
            distinct.setdefault((found.st_dev, found.st_ino), root)
    for root in distinct.values():
        yield root, frozenset(other for other in distinct.values() if root in other.parents)
