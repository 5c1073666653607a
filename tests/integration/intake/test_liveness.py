"""Who is taken for dead, when, and what becomes of the work; by a clock that the test turns."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from memo.errors import DatabaseUnavailable
from memo.intake.book import Book
from memo.intake.job import SCHEMA, Arrival, Job, Place, Request, State, Worker
from memo.intake.liveness import LONGEST_WAIT, Heart, this_worker
from memo.intake.machine import machine_id

LEASE = 60.0


class Listed:
    """Stands for an engine, and writes down what it is asked for."""

    def __init__(self) -> None:
        self.doing: str | None = None
        self.begun: list[Job] = []
        self.alive: list[str] = []
        self.lost: list[Job] = []
        self.interrupted = 0

    def put(self, jobs: Sequence[Job], alive: Collection[Worker]) -> None:
        assert {worker.name for worker in alive} >= set(self.alive)
        self.begun += jobs

    def rescue(self, alive: Collection[str]) -> int:
        self.alive = sorted(alive)
        return 0

    def missing(self, jobs: Sequence[Job]) -> list[Job]:
        return [job for job in jobs if job in self.lost]

    def interrupt(self) -> None:
        self.interrupted += 1

    def mend(self) -> int:
        return 0

    def pace(self) -> None: ...

    def reroute(self, alive: Collection[Worker]) -> int:
        return len(alive)

    def sweep(self) -> int:
        return 0


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """One heart, its book, and others that it looks at."""

    def __init__(self, book: Book) -> None:
        self.book, self.engine, self.clock = book, Listed(), Clock()
        self.me = this_worker("1.0")
        self.heart = Heart(book, self.engine, self.me, LEASE, clock=self.clock)  # type: ignore[arg-type]

    def other(self, name: str, **changes: object) -> Worker:
        """Make another worker known: one of another machine, if nothing else is said."""
        values = {"name": name, "machine": "far", "boot": "another", **changes}
        worker = self.me.model_copy(update=values)
        self.book.beat(worker)
        return worker

    def look(self, seconds: float, *beating: Worker) -> None:
        """Look around every few seconds, while some say that they live."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now += 4
            for worker in beating:
                self.book.beat(worker)
            self.heart.tick()

    def known(self) -> set[str]:
        return {worker.name for worker in self.book.workers()} - {self.me.name}

    def job_of(self, worker: Worker, machine: str | None = None) -> Job:
        """Return a job in the hands of a worker."""
        recording = hashlib.sha256(worker.name.encode()).hexdigest()
        arrival = Arrival(
            place=Place.on(machine, Path("a.m4a")),
            signature="1",
            filename="a.m4a",
            recording_sha256=recording,
            key=recording,
            request=Request(settings={}),
        )
        job = self.book.begin(self.book.take_in([arrival])[0].job_id, 1, worker.name)
        assert job is not None
        return job


@pytest.fixture
def watched(url: str) -> Iterator[Watched]:
    with Book(url) as book:
        yield Watched(book)


def test_who_says_nothing_for_a_lease_is_dead_and_its_job_is_not_to_blame(watched: Watched) -> None:
    silent, lively = watched.other("silent"), watched.other("lively")
    job = watched.job_of(silent)
    watched.look(LEASE - 5, lively)
    assert watched.known() == {"silent", "lively"}

    watched.look(15, lively)
    back = watched.book.job(job.id)
    assert watched.known() == {"lively"}
    assert back is not None
    assert (back.state, back.worker, back.crashes) == (State.QUEUED, None, 0)
    assert [put.id for put in watched.engine.begun] == [job.id]
    assert watched.engine.alive == sorted(["lively", watched.me.name])


def test_who_did_not_look_knows_nothing_of_others(watched: Watched) -> None:
    watched.other("silent")
    watched.heart.tick()
    watched.clock.now += 10 * LEASE  # the lid was closed, or the database away
    watched.heart.tick()
    assert watched.known() == {"silent"}


def test_a_process_that_is_gone_is_dead_at_once_and_its_job_may_be_to_blame(
    watched: Watched,
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = {"machine": machine_id(), "boot": watched.me.boot}
    gone = watched.other("gone", pid=ended.pid, **here)
    watched.other("there", pid=os.getppid(), **here)
    job = watched.job_of(gone)

    watched.heart.tick()
    back = watched.book.job(job.id)
    assert watched.known() == {"there"}
    assert back is not None
    assert (back.state, back.crashes) == (State.QUEUED, 1)


def test_a_machine_that_was_started_anew_has_lost_its_workers_and_no_job_is_to_blame(
    watched: Watched,
) -> None:
    before = watched.other("before", machine=machine_id(), boot="earlier", pid=os.getpid())
    job = watched.job_of(before)
    watched.heart.tick()
    back = watched.book.job(job.id)
    assert back is not None
    assert (watched.known(), back.state, back.crashes) == (set(), State.QUEUED, 0)


def test_another_container_of_this_machine_counts_its_processes_for_itself(
    watched: Watched,
) -> None:
    boot = watched.me.boot.split()[0]
    watched.other("boxed", machine=machine_id(), boot=f"{boot} pid:[1]", pid=2**22 + 1)
    watched.look(LEASE - 10)
    assert watched.known() == {"boxed"}
    watched.look(20)
    assert watched.known() == set()


def test_a_job_in_the_hands_of_nobody_known_is_given_back(watched: Watched) -> None:
    stranger = watched.me.model_copy(update={"name": "never seen"})
    job = watched.job_of(stranger)
    watched.heart.tick()
    back = watched.book.job(job.id)
    assert back is not None
    assert (back.state, back.worker) == (State.QUEUED, None)


def test_a_job_that_its_living_worker_has_lost_is_begun_anew(watched: Watched) -> None:
    watched.book.beat(watched.me)
    job = watched.job_of(watched.me)
    watched.heart.tick()
    watched.engine.doing = job.workflow
    watched.engine.lost = [job]
    watched.heart.tick()
    watched.heart.tick()
    assert watched.book.jobs() == (job,), "it is being worked on"

    watched.engine.doing = None
    watched.heart.tick()
    assert watched.book.jobs() == (job,), "perhaps it has just ended"
    watched.heart.tick()
    (again,) = watched.engine.begun
    assert (again.id, again.attempt, again.crashes) == (job.id, 2, 0)


def test_a_worker_that_cannot_say_that_it_lives_stops_its_work_after_a_lease(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Worker) -> None:
        raise DatabaseUnavailable("the database is away")

    watched.heart.beat()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(watched.book, "beat", away)
        for seconds, stopped in ((LEASE - 1, 0), (2, 0), (1, 1), (1, 2)):
            watched.clock.now += seconds
            watched.engine.doing = None if seconds == 2 else "a/1"
            with pytest.raises(DatabaseUnavailable):
                watched.heart.beat()
            assert watched.engine.interrupted == stopped

    watched.heart.beat()
    watched.clock.now += LEASE - 1
    watched.heart.beat()
    assert watched.engine.interrupted == 2


def test_other_versions_are_told_of_once_and_left_alone(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    newer = watched.other("newer", version="2.0", schema_version=SCHEMA + 1, host="studio")
    watched.other("like me")
    with caplog.at_level(logging.WARNING, "memo"):
        watched.look(20, newer)
    assert [record.getMessage() for record in caplog.records] == [
        "studio runs memo 2.0, this is memo 1.0; what only the newer one understands is left to it"
    ]


def test_a_job_that_is_not_among_the_workflows_is_put_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = watched.job_of(watched.me)
    watched.book.release(watched.me.name)
    watched.heart.tick()
    watched.heart.tick()
    watched.heart.upkeep()
    assert [put.id for put in watched.engine.begun] == [job.id]

    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    monkeypatch.setattr("memo.intake.liveness.instant", lambda: later)
    [stale] = watched.book.put_before(later)
    watched.engine.lost = [stale]
    watched.heart.upkeep()
    watched.engine.lost = []
    watched.heart.tick()
    assert [put.id for put in watched.engine.begun] == [job.id, job.id]


def test_a_limit_in_all_holds_for_all_machines_together(watched: Watched) -> None:
    jobs = [watched.job_of(this_worker("1.0")) for _ in range(5)]
    for job in jobs:
        watched.book.release(str(job.worker))
    limited = Heart(
        watched.book,
        watched.engine,  # type: ignore[arg-type]
        watched.me,
        LEASE,
        in_all=2,
    )
    limited.tick()
    limited.tick()
    assert [job.id for job in watched.engine.begun] == [job.id for job in jobs[:2]]
    assert not watched.book.due("far", longest_wait=LONGEST_WAIT, in_all=2)
    assert len(watched.book.due("far", longest_wait=LONGEST_WAIT, in_all=3)) == 1


def test_what_waits_for_a_machine_that_is_away_does_not_count_towards_a_limit(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.job_of(this_worker("1.0"), machine="away")
    watched.job_of(this_worker("1.0"))
    for worker in {job.worker for job in watched.book.jobs()}:
        watched.book.release(str(worker))
    assert len(watched.book.due("away", longest_wait=LONGEST_WAIT, in_all=1)) == 1
    limited = Heart(watched.book, watched.engine, watched.me, LEASE, in_all=1)  # type: ignore[arg-type]
    limited.tick()
    assert watched.engine.begun == []

    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    monkeypatch.setattr("memo.intake.liveness.instant", lambda: later)
    limited.upkeep()
    limited.tick()
    assert [job.place.machine for job in watched.engine.begun] == [None]
