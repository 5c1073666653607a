"""Worker processes, and what minds them: a slot is a place for one.

A worker is a process of its own so that one that crashes, or is killed for want of memory, takes
no other with it. Two pipes tie it to its parent. Through the first nothing is ever said: its end
means that the parent is gone, however it went, and the worker stops politely. Through the second
the worker says every second that it lives. One that has died, or says nothing for long, is
replaced: at once, and more slowly the more often that happens.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

GRACE = 120.0
"""Seconds that a worker may say nothing before it is ended; while it starts, too."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_STEADY = 60.0  # seconds after which an end is no longer put down to the one before


@dataclass(frozen=True)
class Ended:
    """A worker ended that was not told to.

    Attributes:
        slot: Its place, from 1.
        pid: Its process; 0 if it could not even be started.
        why: How it ended, for people.
        pause: Seconds until the next one is started.
    """

    slot: int
    pid: int
    why: str
    pause: float


class Slots:
    """Keeps worker processes going. `look` is to be called about every half second.

    Args:
        words: The command line of a worker.
        count: How many there are.
        environment: Theirs.
        ended: Told of each that ended without being told to.
        grace: Seconds that one may say nothing.
        now: A clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        words: Sequence[str],
        count: int,
        *,
        environment: Mapping[str, str] | None = None,
        ended: Callable[[Ended], None] = lambda _: None,
        grace: float = GRACE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        environment = dict(os.environ if environment is None else environment)
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):  # systemd minds the parent
            environment.pop(name, None)
        self._slots = [_Slot(number, words, environment, grace) for number in range(1, count + 1)]
        self._ended = ended
        self._now = now
        self._stopping = False
        self.restarts = 0

    def look(self) -> None:
        """Start what should run, and see to what has ended or fallen silent."""
        for slot in self._slots:
            ended = slot.look(self._now(), start=not self._stopping)
            if ended and not self._stopping:
                self.restarts += 1
                self._ended(ended)

    def stop(self) -> None:
        """Tell every worker to stop after what it is just doing; no new one is started."""
        self._stopping = True
        for slot in self._slots:
            slot.stop()

    def kill(self) -> None:
        """End every worker at once, and wait until they are gone."""
        self._stopping = True
        for slot in self._slots:
            slot.kill()

    @property
    def pids(self) -> list[int]:
        """The processes that run."""
        return [slot.pid for slot in self._slots if slot.pid]

    @property
    def ready(self) -> int:
        """How many have begun to say that they live."""
        return sum(slot.is_ready for slot in self._slots)

    @property
    def count(self) -> int:
        """How many there should be."""
        return len(self._slots)


class _Slot:
    """One place for a worker."""

    def __init__(
        self, number: int, words: Sequence[str], environment: dict[str, str], grace: float
    ) -> None:
        self._number = number
        self._words = words
        self._environment = environment
        self._grace = grace
        self._process: subprocess.Popen[bytes] | None = None
        self._ear: _Ear | None = None
        self._started = 0.0
        self._start_at = float("-inf")
        self._pause = _FIRST_PAUSE
        self._is_silenced = False

    @property
    def pid(self) -> int:
        return self._process.pid if self._process and self._process.poll() is None else 0

    @property
    def is_ready(self) -> bool:
        return bool(self.pid and self._ear and self._ear.heard)

    def look(self, now: float, *, start: bool) -> Ended | None:
        """Start the worker if there is none; say so if it has ended."""
        if self._process is None:
            return self._start(now) if start and now >= self._start_at else None
        code = self._process.poll()
        if code is None:
            self._listen(now)
            return None
        pid = self._process.pid
        why = f"said nothing for {self._grace:.0f} s" if self._is_silenced else how_it_ended(code)
        self._let_go()
        return self._put_off(now, pid, why)

    def stop(self) -> None:
        if self._process is None or self._process.stdin is None:
            return
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # where there are no signals, this is how it is told
        if self._process.poll() is None and sys.platform != "win32":
            self._process.terminate()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._let_go()

    def _start(self, now: float) -> Ended | None:
        self._started = now
        self._is_silenced = False
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._words,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the parent, which tells its workers
            )
        except OSError as error:
            return self._put_off(now, 0, f"could not be started: {error.strerror}")
        self._ear = _Ear(self._process)
        return None

    def _listen(self, now: float) -> None:
        """End a worker that has said nothing for too long; by the parent's clock alone."""
        if self._ear is None or self._process is None:
            return
        if now - self._ear.last(now) > self._grace and not self._is_silenced:
            self._is_silenced = True
            self._process.kill()

    def _put_off(self, now: float, pid: int, why: str) -> Ended:
        if now - self._started >= _STEADY:
            self._pause = _FIRST_PAUSE
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        self._start_at = now + pause
        return Ended(self._number, pid, why, pause)

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process = self._ear = None


class _Ear:
    """Hears a worker say that it lives."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._count = self._known = 0
        self._at: float | None = None
        threading.Thread(target=self._hear, name=f"ear of {process.pid}", daemon=True).start()

    @property
    def heard(self) -> bool:
        return self._count > 0

    def last(self, now: float) -> float:
        """Return when something new was last heard; the first call counts as hearing."""
        if self._at is None or self._count != self._known:
            self._known, self._at = self._count, now
        return self._at

    def _hear(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - it was asked for
        with stream, contextlib.suppress(OSError, ValueError):
            while os.read(stream.fileno(), 4096):
                self._count += 1


class Tether:
    """What ties a worker process to its parent, seen from the worker.

    Takes the process's standard input and output for itself: whatever a library prints goes to
    stderr, and what it reads is empty.

    Args:
        gone: Called in a thread once the parent is gone, or wants the worker to stop.
    """

    def __init__(self, gone: Callable[[], None]) -> None:
        self._gone = gone
        self._from = os.dup(0)
        self._to = os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        threading.Thread(target=self._wait, name="tether", daemon=True).start()

    def beat(self) -> None:
        """Say that this worker lives."""
        with contextlib.suppress(OSError):  # the parent is gone: the other pipe tells
            os.write(self._to, b".")

    def _wait(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(self._from, 4096):
                pass
        self._gone()


def how_it_ended(code: int) -> str:
    """Return how a process ended, for people.

    Args:
        code: Its exit code, or the negative number of the signal that ended it.
    """
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "was killed (SIGKILL): perhaps memory ran out"
    return f"ended by {name}"
