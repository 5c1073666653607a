"""Ctrl-C at once, also while a model computes for half a minute in somebody else's code.

Python runs signal handlers in the main thread, between two steps of Python. So the work is done in
another thread and the main one waits for it, and for signals.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

_POLL_SECONDS = 0.5  # where waiting cannot be interrupted (Windows)
_GRACE_SECONDS = 1.0


def interruptible(work: Callable[[], Result]) -> Result:
    """Run work in a thread, and return or raise what it does.

    On an interrupt the work is told (`KeyboardInterrupt`) and has a second to tidy up.

    Args:
        work: What to do.

    Raises:
        KeyboardInterrupt: The user, or the system, wants to stop; the thread may still run, so
            the process should end with `os._exit`.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    worker = threading.Thread(target=run, name="work", daemon=True)
    try:
        worker.start()
        while worker.is_alive():
            worker.join(_POLL_SECONDS)
    except KeyboardInterrupt:
        _interrupt(worker)
        raise
    if errors:
        raise errors[0]
    return results[0]


def _interrupt(worker: threading.Thread) -> None:
    """Raise `KeyboardInterrupt` in the thread, at its next step of Python, and wait a little."""
    if worker.ident is None:  # it has not begun
        return
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(worker.ident), ctypes.py_object(KeyboardInterrupt)
    )
    worker.join(_GRACE_SECONDS)
