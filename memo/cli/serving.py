"""The run of `memo watch` and of `memo worker`: workers, heartbeat, figures, signals, news."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from memo import __version__
from memo.cli.invocation import Invocation
from memo.cli.job_lines import plural
from memo.cli.output import printable
from memo.cli.telling import Event, Teller
from memo.cli.tidings import Tidings
from memo.config import Settings
from memo.intake.heartbeat import EVERY, Heartbeat
from memo.intake.job import State
from memo.intake.lookout import View
from memo.intake.metrics import Figure, Health, Metrics
from memo.intake.slots import Ended, Slots
from memo.intake.systemd import Notifier

_LOOK = 0.25  # seconds between two looks at the workers
_NEWS = 1.0  # ... and at the book


class Service:
    """One run of a command that goes on until somebody stops it, or nothing is left to do.

    Args:
        settings: The settings.
        kind: `watch` or `worker`.
        slots: The workers to keep going.
        tidings: What is told.
        teller: Who tells it.
        view: Says what the watcher sees; None if there is none.
        folders: What is watched, for people.
        port: Where figures are served; None does not.
    """

    def __init__(
        self,
        settings: Settings,
        kind: str,
        *,
        slots: Slots,
        tidings: Tidings,
        teller: Teller,
        view: Callable[[], View] | None = None,
        folders: Sequence[str] = (),
        port: int | None = None,
    ) -> None:
        self._slots = slots
        self._tidings = tidings
        self._teller = teller
        self._view = view
        self._heart = Heartbeat(settings.data_dir, kind, __version__, tuple(folders))
        self._systemd = Notifier()
        self._metrics = Metrics(port, self.figures, self.health) if port is not None else None
        self._has_work: Callable[[], bool] = lambda: True
        self._has_begun = False
        self._beaten = self._looked = float("-inf")
        self._told: object = None
        if self._metrics is not None:
            address = f"http://127.0.0.1:{self._metrics.port}"
            teller.tell(Event("metrics", [f"figures: {address}/metrics, health: {address}/healthz"],
                              about={"port": self._metrics.port}))  # fmt: skip

    def run(
        self,
        stop: threading.Event,
        finished: Callable[[], bool],
        has_work: Callable[[], bool] = lambda: True,
    ) -> None:
        """Go on until somebody wants to stop, or all is done; then end the workers politely.

        Args:
            stop: Set when somebody wants to stop.
            finished: Whether nothing is left to do; asked after each look at the book.
            has_work: Whether workers are worth starting; asked likewise, until they are.
        """
        self._has_work = has_work
        self._systemd.ready()
        try:
            while not stop.is_set() and not (self._look() and finished()):
                stop.wait(_LOOK)
            self._end()
        finally:
            self._slots.kill()
            self._heart.end()
            self._tidings.close()
            if self._metrics is not None:
                self._metrics.close()
            self._teller.status("")

    def _end(self) -> None:
        self._systemd.stopping()
        self._slots.stop()
        while self._slots.pids:
            self._look()
            time.sleep(_LOOK / 5)
        self._tidings.look()

    def _look(self) -> bool:
        """See how things are; return whether the book was looked at."""
        now = time.monotonic()
        if self._has_begun:
            self._slots.look()
        if is_time := now - self._looked >= _NEWS:
            self._looked = now
            self._tidings.look()
            self._has_begun = self._has_begun or self._has_work()
            self._systemd.alive()
            self._systemd.status(self._in_a_line())
        how = (self._slots.ready, self.health().troubles)
        if now - self._beaten >= EVERY or how != self._told:  # what is new is told at once
            self._beaten, self._told = now, how
            self._heart.beat(**self._how())
        return is_time

    def _how(self) -> dict[str, object]:
        seen = self._view() if self._view else View()
        return {
            "files": seen.files,
            "arriving": tuple(printable(path.name) for path in seen.arriving),
            "arriving_count": seen.arriving_count,
            "scanned_at": seen.scanned_at,
            "trouble": next(iter(self.health().troubles), ""),
            "slots": self._slots.count,
            "ready": self._slots.ready,
            "restarts": self._slots.restarts,
        }

    def _in_a_line(self) -> str:
        counts = self._tidings.counts
        told = [f"{counts[state]} {state}" for state in State if counts.get(state)]
        return ", ".join([*list(self.health().troubles)[:1], *told]) or "nothing to do"

    def health(self) -> Health:
        """Return whether all is well."""
        troubles = [self._tidings.trouble, self._view().trouble if self._view else ""]
        if self._has_begun and self._slots.count and not self._slots.ready:
            troubles.append("no worker runs")
        return Health(tuple(filter(None, troubles)))

    def figures(self) -> Iterator[Figure]:
        """Yield what Prometheus may want to know."""
        yield Figure("memo_build_info", "Which memo runs.", [({"version": __version__}, 1)])
        yield Figure(
            "memo_jobs", "Jobs of all machines by state, when the book was last read.",
            [({"state": state}, self._tidings.counts.get(state, 0)) for state in State],
        )  # fmt: skip
        yield Figure(
            "memo_jobs_ended_total", "Attempts of this run's jobs that ended, by how.",
            [({"state": state}, self._tidings.ended[state]) for state in State
             if state not in {State.QUEUED, State.RUNNING}], "counter",
        )  # fmt: skip
        slots = self._slots
        yield Figure.of("memo_workers_wanted", "Workers that this run should have.", slots.count)
        yield Figure.of("memo_workers", "Workers of this run that live.", slots.ready)
        yield Figure.of(
            "memo_worker_restarts_total", "Workers that ended without being told to.",
            slots.restarts, "counter",
        )  # fmt: skip
        troubles = len(self.health().troubles)
        yield Figure.of("memo_healthy", "1 if all is well, else 0.", int(not troubles))
        if self._view is not None:
            seen = self._view()
            yield Figure.of("memo_watch_files", "Recordings in the folders.", seen.files)
            yield Figure.of(
                "memo_watch_arriving", "Recordings that are not whole yet.", seen.arriving_count
            )
            yield Figure.of(
                "memo_watch_scans_total", "Looks at the folders.", seen.scans, "counter"
            )
            yield Figure.of(
                "memo_watch_scan_seconds", "How long the last look took.", seen.scan_seconds
            )


def workers(
    invocation: Invocation,
    settings: Settings,
    count: int,
    teller: Teller,
    *,
    options: Sequence[str],
) -> Slots:
    """Return the workers of a run; they get its settings.

    Args:
        invocation: How memo was called.
        settings: The settings.
        count: How many workers.
        teller: Told of those that end.
        options: More options of theirs.
    """
    words = [sys.executable, "-P", "-m", "memo"]
    if invocation.config is not None:
        words += ["--config", os.fspath(invocation.config)]
    if invocation.verbose:
        words += ["--verbose"]
    words += ["worker", "--slot", *options]

    last: dict[int, str] = {}

    def ended(news: Ended) -> None:
        line = f"memo: warning: worker {news.slot} {news.why}; started again in {news.pause:.0f} s"
        is_new = last.get(news.slot) != news.why or news.pause <= 1  # else people know
        last[news.slot] = news.why
        about = {"slot": news.slot, "pid": news.pid, "reason": news.why, "pause": news.pause}
        teller.tell(Event("worker ended", [line] if is_new else [], "warning", about=about))

    environment = {**os.environ, **as_variables(settings, _HANDED_DOWN)}
    return Slots(words, count, environment=environment, ended=ended)


_HANDED_DOWN = (
    "device", "log_format", "offline", "shelf", "threads", "worker_lease", "worker_slots",
)  # fmt: skip


def as_variables(settings: Settings, names: Sequence[str]) -> dict[str, str]:
    """Return settings as environment variables, for another memo."""
    told = {name: getattr(settings, name) for name in names}
    return {
        f"MEMO_{name.upper()}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in told.items()
        if value is not None
    }


@contextmanager
def polite_signals(stop: threading.Event, again: Callable[[], None]) -> Iterator[None]:
    """Let the first signal stop politely, and the next one at once.

    Args:
        stop: Set by the first.
        again: Called by the first, to say that another one stops at once.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        again()

    before = {
        number: signal.signal(number, handle)
        for name in ("SIGINT", "SIGTERM", "SIGHUP")
        if (number := getattr(signal, name, None)) is not None
        if name == "SIGTERM" or signal.getsignal(number) != signal.SIG_IGN  # as nohup has it
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say_stopping(teller: Teller, slots: Slots) -> None:
    """Say that the run ends, what it waits for, and how to end it at once."""
    count = len(slots.pids)
    waits = f": waiting for {plural(count, 'worker')} to save what is begun" if count else ""
    lines = [f"stopping{waits}"] + (["once more stops at once; nothing is lost"] if count else [])
    teller.tell(Event("stopping", lines, about={"workers": count}))
