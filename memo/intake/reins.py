"""Work is stopped where it tells of its progress; or, if it does not for long, wherever it is."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_AGAIN_SECONDS = 5.0  # an exception may end in somebody else's callback, and nobody hears of it


class Reins:
    """Stops what a thread does, from another thread.

    Args:
        grace: Seconds that it has to notice by itself (`check`), before it is interrupted at its
            next step of Python. No step comes while it waits in somebody else's code.
    """

    def __init__(self, grace: float = 20.0) -> None:
        self._grace = grace
        self._asked: type[BaseException] | None = None
        self._thread: int | None = None
        self._is_free = threading.Condition()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Do work in this thread that may be stopped.

        Raises:
            BaseException: What was pulled for, before the work, within it or just after.
        """
        self.check()
        with self._is_free:
            self._thread = threading.get_ident()
        try:
            yield
        finally:
            try:
                self._let_go()
            except BaseException:  # it came at the very last moment, and will not come again
                self._let_go()
                raise

    def _let_go(self) -> None:
        with self._is_free:
            self._thread = None
            _raise_in(threading.get_ident(), None)  # what has not come yet must not come now
            self._is_free.notify_all()

    def check(self) -> None:
        """Stop here if that was asked for."""
        if self._asked is not None:
            raise self._asked

    def pull(self, kind: type[BaseException]) -> None:
        """Have the work raise an exception soon; the first one asked for stays."""
        if self._asked is not None:
            return
        self._asked = kind
        threading.Thread(target=self._insist, args=(kind,), name="reins", daemon=True).start()

    def _insist(self, kind: type[BaseException]) -> None:
        pause = self._grace
        with self._is_free:
            while not self._is_free.wait_for(lambda: self._thread is None, pause):
                if self._thread is not None:
                    _raise_in(self._thread, kind)
                pause = _AGAIN_SECONDS


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Raise an exception in a thread at its next step of Python; None takes back what has not come.

    https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc
    """
    raised = ctypes.py_object(kind) if kind is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
