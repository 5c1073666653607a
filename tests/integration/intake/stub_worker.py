"""A worker whose work is to wait for files: `stub_worker.py URL FOLDER LEASE`, until it is told.

What it does stands in FOLDER/trace, a line for each step: the worker's process, step, job. A step
ends once there is a file FOLDER/STEP. In FOLDER/narrow the worker finds its disk full from the end
of the step on that is written there, until there is a file FOLDER/room.
"""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from memo.intake.book import Book
from memo.intake.engine import Engine
from memo.intake.job import Ending, State
from memo.intake.liveness import Heart, this_worker
from memo.intake.queues import queues_of


class Stopping(BaseException):
    """The worker is to stop."""


class Touching(logging.Handler):
    """Makes a file when something is told: a full disk has room for an empty one."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
        self._file.touch()


class Waiting:
    """Work that is done when somebody says so."""

    def __init__(self, book: Book, worker: str, folder: Path) -> None:
        self._book, self._worker, self._folder = book, worker, folder
        self._stop = threading.Event()

    def hear(self, job_id: int, attempt: int) -> dict[str, Any]:
        return self._do("hear", job_id, attempt)

    def write(self, job_id: int, attempt: int) -> dict[str, Any]:
        return self._do("write", job_id, attempt)

    def settle(self, job_id: int, attempt: int, outcome: dict[str, Any]) -> dict[str, Any]:
        if "ending" in outcome or "ending" in self._do("settle", job_id, attempt):
            return outcome
        kept = self._book.end(job_id, attempt, self._worker, Ending(state=State.DONE))
        self._note(f"{'ended' if kept else 'refused'} {job_id}")
        return {"ending": "done"}

    def stop(self) -> None:
        self._stop.set()

    def _do(self, step: str, job_id: int, attempt: int) -> dict[str, Any]:
        if self._book.begin(job_id, attempt, self._worker) is None:
            return {"ending": None}
        self._note(f"{step} {job_id}")
        while not (self._folder / step).exists():
            if self._stop.is_set():
                self._stop.clear()
                self._note(f"stopped {job_id}")
                raise Stopping
            time.sleep(0.01)
        narrow = self._folder / "narrow"
        if narrow.exists() and narrow.read_text() == step:
            narrow.unlink()
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        return {step: job_id}

    def _note(self, what: str) -> None:
        with (self._folder / "trace").open("a") as trace:
            trace.write(f"{os.getpid()} {what}\n")


def main(url: str, folder: Path, lease: float) -> None:
    worker = this_worker("1.0")
    book = Book(url)
    work = Waiting(book, worker.name, folder)
    queues = queues_of(worker.machine, worker.can, has_shelf=True)
    heart = Heart(book, Engine(url, worker.name, queues, work), worker, lease)
    told = threading.Event()
    logging.getLogger("memo.intake.engine.workflow").addHandler(Touching(folder / "undone"))
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    heart.start()
    (folder / f"up-{os.getpid()}").touch()
    while not told.wait(0.02):
        if (folder / "room").exists():
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        if os.getppid() == 1:
            break
    in_time = heart.stop(60)
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(0 if in_time else 1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
