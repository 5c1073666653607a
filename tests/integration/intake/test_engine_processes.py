"""Workers as real processes, on real databases: what one leaves behind, another goes on with."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from memo.intake.book import Book
from memo.intake.job import Arrival, Job, Place, Request, State
from memo.intake.machine import machine_id

if TYPE_CHECKING:
    from tests.conftest import PostgreSQL

STUB = Path(__file__).with_name("stub_worker.py")
PATIENCE = 120.0
LONG = 600.0  # a lease that ends in no test
LONGEST = dt.timedelta(hours=2)


class Box:
    """A folder with workers in it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.book = url, folder, Book(url)
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, lease: float = LONG) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-W", "error", str(STUB), self.url, str(self.folder), str(lease)]
        with (self.folder / "stderr").open("ab") as told:
            worker = subprocess.Popen(words, stderr=told, stdout=told)
        self.workers.append(worker)
        return worker

    def until_up(self, *workers: subprocess.Popen[bytes]) -> None:
        self.until(lambda: all((self.folder / f"up-{one.pid}").exists() for one in workers))

    def take_in(self, name: str, *, on_shelf: bool = False) -> int:
        recording = hashlib.sha256(name.encode()).hexdigest()
        arrival = Arrival(
            place=Place.on(None if on_shelf else machine_id(), Path(name)),
            signature="1",
            filename=name,
            recording_sha256=recording,
            key=recording,
            request=Request(settings={}),
        )
        return self.book.take_in([arrival])[0].job_id

    def open(self, *steps: str) -> None:
        for step in steps:
            (self.folder / step).touch()

    def trace(self) -> list[tuple[int, str]]:
        """Which process did what, in order."""
        file = self.folder / "trace"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(int(line.split(" ", 1)[0]), line.split(" ", 1)[1]) for line in lines]

    def steps(self) -> list[str]:
        return [what for _, what in self.trace()]

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            for worker in self.workers:
                code = worker.poll()  # 1: it left before the database had an answer
                assert code in (None, 0, 1, -signal.SIGKILL), (code, self.told())
            assert time.monotonic() < deadline, (self.trace(), self.told())
            time.sleep(0.02)

    def until_done(self, *jobs: int) -> list[Job]:
        found: list[Job] = []

        def are_done() -> bool:
            found[:] = [job for number in jobs if (job := self.book.job(number))]
            return all(job.state is State.DONE for job in found)

        self.until(are_done)
        return found

    def told(self) -> str:
        return (self.folder / "stderr").read_text()


@pytest.fixture
def box(url: str, tmp_path: Path) -> Iterator[Box]:
    folder = tmp_path / "box"
    folder.mkdir()
    box = Box(url, folder)
    yield box
    for worker in box.workers:
        worker.kill()
        worker.wait()
    box.book.close()


def test_the_work_of_a_killed_worker_is_gone_on_with_once(box: Box) -> None:
    first = box.start()
    job = box.take_in("a.m4a")
    box.open("hear", "settle")
    box.until(lambda: f"write {job}" in box.steps())
    box.until_up(box.start(), box.start())  # both see at once that the first one is dead

    first.kill()
    first.wait()
    box.until(lambda: box.steps().count(f"write {job}") == 2)
    box.open("write")

    [done] = box.until_done(job)
    assert box.steps() == [f"hear {job}", *2 * [f"write {job}"], f"settle {job}", f"ended {job}"]
    assert len({process for process, _ in box.trace()}) == 2
    assert (done.attempt, done.crashes) == (1, 1)


def test_a_worker_that_was_asleep_changes_nothing_when_it_wakes(box: Box) -> None:
    sleeper = box.start(lease=3)
    job = box.take_in("a.m4a")
    box.open("hear", "settle")
    box.until(lambda: f"write {job}" in box.steps())

    os.kill(sleeper.pid, signal.SIGSTOP)
    other = box.start(lease=3)
    box.until(lambda: (other.pid, f"write {job}") in box.trace())
    box.open("write")
    [done] = box.until_done(job)
    os.kill(sleeper.pid, signal.SIGCONT)

    again = box.take_in("b.m4a")  # the sleeper is as good as any
    box.until_done(again)
    other.terminate()
    box.until(lambda: other.poll() is not None)
    box.until_done(box.take_in("c.m4a"))
    assert done.crashes == 0  # who is slow today may be taken for asleep as well
    assert [box.steps().count(f"ended {number}") for number in (job, again)] == [1, 1]


def test_a_worker_that_is_told_to_stop_gives_its_work_back(box: Box, path: Path) -> None:
    assert path.exists()
    first = box.start()
    job = box.take_in("a.m4a")
    box.open("hear", "settle")
    box.until(lambda: f"write {job}" in box.steps())

    first.terminate()
    assert first.wait(PATIENCE) == 0
    back = box.book.job(job)
    assert back is not None
    assert (back.state, back.worker, box.book.workers()) == (State.QUEUED, None, ())

    box.open("write")
    box.start()
    [done] = box.until_done(job)
    assert (done.attempt, done.crashes) == (1, 0)
    assert box.steps().count(f"hear {job}") == 1
    assert box.told() == ""


def test_jobs_are_done_one_at_a_time_whatever_queue_they_wait_in(box: Box, path: Path) -> None:
    assert path.exists()
    jobs = [box.take_in(f"{n}.m4a") for n in range(3)]
    box.start()
    box.until(lambda: len(box.steps()) == 1)
    shelved = box.take_in("shelved.m4a", on_shelf=True)
    box.until(lambda: not box.book.due(machine_id(), longest_wait=LONGEST))
    time.sleep(1)  # time enough for another queue to be looked at
    assert len(box.steps()) == 1

    box.open("hear", "write", "settle")
    box.until_done(*jobs, shelved)
    begun = [int(what.split()[1]) for what in box.steps()]
    assert begun[::4] == begun[1::4] == begun[2::4] == begun[3::4]
    assert sorted(begun[::4]) == [*jobs, shelved]


@pytest.mark.postgresql
def test_work_outlives_a_server_that_is_gone_for_a_while(box: Box, postgresql: PostgreSQL) -> None:
    box.start(lease=60)
    job = box.take_in("a.m4a")
    box.open("hear", "settle")
    box.until(lambda: f"write {job}" in box.steps())

    postgresql.stop()
    box.open("write")
    time.sleep(1)
    postgresql.start()

    box.until_done(job)
    assert box.steps() == [f"hear {job}", f"write {job}", f"settle {job}", f"ended {job}"]
    assert "Traceback" not in box.told()
    assert len(box.told().splitlines()) < 10  # once for each thing that the server says


def test_a_disk_that_was_full_costs_a_step_and_no_more(box: Box, path: Path) -> None:
    assert path.exists()
    box.start()
    (box.folder / "narrow").write_text("write")
    job = box.take_in("a.m4a")
    box.open("hear", "write", "settle")
    box.until((box.folder / "undone").exists)
    box.open("room")

    box.until_done(job)
    assert box.steps() == [f"hear {job}", *2 * [f"write {job}"], f"settle {job}", f"ended {job}"]
