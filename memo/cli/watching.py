"""The thread of `memo watch` that looks at folders; whatever goes wrong in it, it goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from memo.cli.failures import report
from memo.cli.output import printable
from memo.cli.telling import Event, Teller
from memo.errors import DatabaseUnavailable, ExitCode, MemoError
from memo.intake.lookout import View
from memo.intake.watcher import Watcher

if TYPE_CHECKING:
    from memo.intake.book import Book

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

_log = logging.getLogger("memo.watch")


class Watching:
    """Looks at folders in a thread of its own.

    Args:
        open_book: Opens the book.
        watcher_of: Makes what looks, and writes into a book.
        teller: Told of what is wrong.
        once: Whether to take in what is there, and no more.

    Attributes:
        exit_code: That of what ended it; 0 if nothing went wrong.
    """

    def __init__(
        self,
        open_book: Callable[[], Book],
        watcher_of: Callable[[Book], Watcher],
        teller: Teller,
        *,
        once: bool,
    ) -> None:
        self.exit_code = 0
        self._open_book = open_book
        self._watcher_of = watcher_of
        self._teller = teller
        self._once = once
        self._watcher: Watcher | None = None
        self._trouble = ""
        self._thread = threading.Thread(target=self._go, name="watching", daemon=True)
        self._stop = threading.Event()

    def start(self, stop: threading.Event) -> None:
        """Begin.

        Args:
            stop: Ends it; set by itself if waiting would not help.
        """
        self._stop = stop
        self._thread.start()

    def end(self) -> None:
        """Wait until it has noticed that it is to stop; not for a drive that hangs."""
        self._thread.join(timeout=5.0)

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def view(self) -> View:
        """Return what is seen."""
        view = self._watcher.view() if self._watcher is not None else View()
        return view._replace(trouble=view.trouble or self._trouble)

    def _go(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - it goes on for a year
                is_over = isinstance(error, MemoError) and not error.retryable
                if self._once or is_over:
                    self.exit_code = report(error)
                    self._stop.set()
                    return
                self._put_off(error, pause)
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

    def _look(self) -> None:
        with ExitStack() as stack:
            book = stack.enter_context(self._open_book())
            self._watcher = self._watcher_of(book)
            self._trouble = ""
            if self._once:
                self._watcher.settle(self._stop)
                self._tell_what_is_left(view := self._watcher.view())
                if view.trouble:  # it was logged
                    self.exit_code = ExitCode.RECORDING
            else:
                self._watcher.run(self._stop)

    def _tell_what_is_left(self, view: View) -> None:
        """Say which files are not taken by a run that does not wait for them."""
        if not (count := view.arriving_count) or self._stop.is_set():
            return
        names = ", ".join(printable(path.name) for path in view.arriving)
        more = ", …" if count > len(view.arriving) else ""
        lines = [f"left, because not whole yet: {names}{more} ({count} in all)"]
        self._teller.tell(Event("left", lines, "warning", about={"count": count}))

    def _put_off(self, error: Exception, pause: float) -> None:
        """Say once what is wrong; the watcher is begun anew."""
        if not isinstance(error, MemoError):
            _log.error("looking at the folders failed, and is begun anew", exc_info=error)
            self._trouble = type(error).__name__
            return
        if not self._trouble:
            lines = [f"memo: warning: {error}; it is waited for"]
            lines += [f"→ {error.hint}"] if error.hint else []
            if isinstance(error, DatabaseUnavailable):  # whoever reads the book says so, too
                lines = []
            about = {"reason": str(error), "hint": error.hint, "pause": pause}
            self._teller.tell(Event("trouble", lines, "warning", about=about))
        self._trouble = str(error)
