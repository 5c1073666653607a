"""A worker's heart: it keeps its own work going, and buries the dead.

Every worker says that it lives by counting up. Whoever sees no change for as long as a lease, by
its own clock that only goes forward, takes the other for dead and gives its jobs back; no two
clocks are compared, and a machine that was asleep starts to look anew. On the same machine a
process that is gone is dead at once. A worker that cannot say that it lives stops by itself after
a lease: by then its jobs are others'. If it is wrong about any of this, work is done twice, but
counts once: every report is fenced by the book and by DBOS.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import TYPE_CHECKING

from memo.errors import MemoError
from memo.intake.book import Book
from memo.intake.job import SCHEMA, Ending, Needs, State, Worker, instant
from memo.intake.machine import host_name, is_running, machine_id, process_space

if TYPE_CHECKING:
    from memo.intake.engine import Engine

LONGEST_WAIT = dt.timedelta(hours=2)
"""Longer than any job is put off for: one that should wait longer met a clock that was wrong."""

_DUTIES = 1.0  # seconds between two looks at what is due
_UPKEEP = 60.0
_BEATS = 12  # in a lease, at least
_BEAT = 5.0  # seconds between two beats, at most
_LOOK = 2.0  # and between two looks at the others
_ANSWER = 15.0  # seconds for a database to answer whoever leaves
_LOST = "its worker lost it while the database was away"
_LONGEST_GAP = 5.0  # of seconds between two looks; a longer one says nothing about others

_log = logging.getLogger(__name__)


def this_worker(version: str, can: Needs = "") -> Worker:
    """Return this process as a worker, under a name that nobody has had.

    Args:
        version: Of memo.
        can: What it can do beyond the rest.
    """
    return Worker(
        name=f"{host_name()}-{os.getpid()}-{token_hex(4)}",
        machine=machine_id(),
        host=host_name(),
        pid=os.getpid(),
        boot=process_space(),
        version=version,
        can=can,
        started_at=instant(),
    )


class Heart:
    """Keeps one worker going among the others.

    Args:
        book: The jobs.
        engine: This worker's; not started yet.
        worker: Who it is (`this_worker`).
        lease: Seconds of silence after which a worker is dead.
        in_all: How many recordings are worked on at a time, on all machines; None for any number.
        doing: What the worker is on, for people.
        clock: A clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        book: Book,
        engine: Engine,
        worker: Worker,
        lease: float = 60.0,
        *,
        in_all: int | None = None,
        doing: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book = book
        self._engine = engine
        self._worker = worker
        self._in_all = in_all
        self._doing = doing
        self._own = _OwnLife(lease, clock)
        self._troubles = _Troubles()
        self._neighbours = _Neighbours(worker, lease, clock)
        self._beats = min(lease / _BEATS, _BEAT)
        self._looks = min(lease / _BEATS, _LOOK)
        self._alive: tuple[Worker, ...] = (worker,)
        self._lost: set[str] = set()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Make the worker known, begin to take jobs, and go on by itself.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
            DecisionLogError: It cannot be used.
        """
        self._book.beat(self._worker)  # or what it begins would be taken for a dead one's
        self._engine.start()
        for do, wait, pause in (
            (self.beat, self._stopping.wait, self._beats),
            (self.look_around, self._stopping.wait, self._looks),
            (self.duties, self._engine.wait, min(_DUTIES, self._looks)),
            (self.upkeep, self._stopping.wait, _UPKEEP),
        ):
            thread = threading.Thread(target=self._go_on, args=(do, wait, pause), daemon=True)
            thread.name = do.__name__
            thread.start()
            self._threads.append(thread)

    def tick(self) -> None:
        """Do all of it once, in this thread."""
        self.beat()
        self.look_around()
        self.duties()

    def beat(self) -> None:
        """Say that this worker lives; if it could not for as long as a lease, stop its work."""
        try:
            self._book.beat(self._worker.model_copy(update={"doing": self._doing()}))
        except MemoError:
            if self._own.is_over() and self._engine.doing is not None:
                self._engine.interrupt()
            raise
        self._own.renew()
        self._troubles.are_over()

    def look_around(self) -> None:
        """Bury who is dead, and put back what it was working on."""
        workers = self._book.workers()
        for neighbour, crashed in self._neighbours.dead_among(workers):
            self._book.bury(neighbour.name, crashed=crashed)
        for name in {job.worker for job in self._book.orphans()}:
            if name is not None:
                self._book.bury(name, crashed=False)
        self._alive = self._book.workers()
        self._engine.rescue([worker.name for worker in self._alive])
        self._disown()

    def _disown(self) -> None:
        """Give back what the book takes to be in this worker's hands, and nobody works on.

        So it is if this process lost it while the database was away, and another one took it up,
        saw that its worker lives, and left it.
        """
        running = self._book.jobs(states=[State.RUNNING])
        held = [job for job in running if job.worker == self._worker.name]
        idle = [job for job in held if job.workflow != self._engine.doing]
        lost = self._engine.missing(idle) if idle else []
        for job in lost:
            if job.workflow in self._lost:  # at two looks in a row
                again = Ending(state=State.WAITING, reason=_LOST, not_before=instant())
                self._book.end(job.id, job.attempt, self._worker.name, again)
        self._lost = {job.workflow for job in lost}

    def duties(self) -> None:
        """Hand what is due to the workers, and go on with what this process has lost."""
        jobs = self._book.due(self._worker.machine, longest_wait=LONGEST_WAIT, in_all=self._in_all)
        if jobs:
            self._engine.put(jobs, self._alive)
            self._book.mark_put(jobs)
        self._engine.mend()
        self._engine.pace()

    def upkeep(self) -> None:
        """Make up for what was forgotten: workflows without a job's, jobs without a workflow."""
        stale = self._book.put_before(instant() - dt.timedelta(seconds=_UPKEEP))
        lost = self._engine.missing(stale)
        if self._in_all is not None:  # what nobody can take must not stand in others' way
            machines = {worker.machine for worker in self._alive}
            lost += [job for job in stale if job.place.machine not in {None, *machines}]
        self._book.mark_put(lost, is_put=False)
        self._engine.reroute(self._alive)
        self._engine.sweep()

    def stop(self, seconds: float) -> bool:
        """Stop politely: what is being done is put back, for anybody to go on with.

        Args:
            seconds: How long what is being done may take to stop.

        Returns:
            Whether it was done in time. The process should end then, by `os._exit`.
        """
        released = self._engine.release(seconds)
        self._stopping.set()
        self._engine.wake()
        for thread in self._threads:
            thread.join(0.5)
        # Also if it was not: the process ends now, and that is not its jobs' fault.
        farewell = threading.Thread(target=self._forget, name="farewell", daemon=True)
        farewell.start()
        farewell.join(_ANSWER)
        released = released and not farewell.is_alive()
        self._engine.stop()
        return released

    def _forget(self) -> None:
        try:
            self._book.release(self._worker.name)
        except MemoError as error:
            _log.warning("this worker could not take its leave: %s", error)

    def _go_on(self, do: Callable[[], None], wait: Callable[[float], object], pause: float) -> None:
        while not self._stopping.is_set():
            try:
                do()
            except MemoError as error:
                self._troubles.tell(error)
            except Exception:  # noqa: BLE001 - a heart goes on beating
                _log.exception("a worker's %s failed", do.__name__)
            wait(pause)


class _Troubles:
    """Says once that a database does not do what it should, and once that it does again."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, error: MemoError) -> None:
        if str(error) not in self._told:
            self._told.add(str(error))
            _log.warning("%s", error)

    def are_over(self) -> None:
        if self._told:
            _log.info("the database is back")
        self._told = set()


class _OwnLife:
    """How long others may still take this worker for living."""

    def __init__(self, lease: float, clock: Callable[[], float]) -> None:
        self._lease = lease
        self._clock = clock
        self._renewed = clock()

    def renew(self) -> None:
        self._renewed = self._clock()

    def is_over(self) -> bool:
        return self._clock() - self._renewed > self._lease


class _Neighbours:
    """Who of the other workers is dead."""

    def __init__(self, worker: Worker, lease: float, clock: Callable[[], float]) -> None:
        self._worker = worker
        self._lease = lease
        self._clock = clock
        self._beats: dict[str, int] = {}
        self._silent: dict[str, float] = {}
        self._looked = clock()
        self._known: set[str] = set()

    def dead_among(self, workers: Sequence[Worker]) -> list[tuple[Worker, bool]]:
        """Return the dead, and of each whether its process died while its machine went on."""
        gap = min(self._clock() - self._looked, _LONGEST_GAP)
        self._looked = self._clock()
        others = [worker for worker in workers if worker.name != self._worker.name]
        self._silent = {worker.name: self._silence(worker, gap) for worker in others}
        self._beats = {worker.name: worker.beats for worker in others}
        self._greet(others)
        return [(worker, fate) for worker in others if (fate := self._fate(worker)) is not None]

    def _silence(self, worker: Worker, gap: float) -> float:
        """Return how long a worker has said nothing while it was looked at."""
        if self._beats.get(worker.name) != worker.beats:
            return 0.0
        return self._silent[worker.name] + gap

    def _fate(self, worker: Worker) -> bool | None:
        if worker.machine == self._worker.machine:
            here, there = self._worker.boot.split(), worker.boot.split()
            if here[:1] != there[:1]:
                return False  # the machine has been started anew
            if here == there and not is_running(worker.pid):
                return True
        if self._silent[worker.name] > self._lease:
            return False
        return None

    def _greet(self, others: Sequence[Worker]) -> None:
        """Say once of each whether it is another memo."""
        for worker in others:
            if worker.name in self._known:
                continue
            self._known.add(worker.name)
            if worker.version != self._worker.version:
                _log.warning(
                    "%s runs memo %s, this is memo %s%s",
                    worker.host,
                    worker.version,
                    self._worker.version,
                    "; what only the newer one understands is left to it"
                    if worker.schema_version != SCHEMA
                    else "",
                )
