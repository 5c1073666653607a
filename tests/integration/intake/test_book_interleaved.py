"""Whatever two watchers and two workers do, in whatever order: no job is lost, none is done twice.

A small folder whose files come, go, are renamed and replaced; watchers that hand in what they saw
a while ago; a queue that hands attempts out late, twice, or to both; workers that stop, die, or
are only taken for dead and report later. In the end all is brought to rest, and every recording
that lies in the folder is done.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from memo.intake.book import Book
from memo.intake.job import Arrival, Ending, Job, Place, Request, State, Worker, key_of

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LONG = dt.timedelta(hours=2)
FOLDER = Path("/calls")
REQUEST = Request(settings={})

NAMES = st.sampled_from(["a", "b", "c"])
CONTENTS = st.sampled_from(["x", "y"])
TWO = st.sampled_from([0, 1])
FATES = st.sampled_from([State.DONE, State.WAITING, State.FAILED])


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def place(name: str) -> Place:
    return Place.on("m", FOLDER / name)


class Fleet(RuleBasedStateMachine):
    """Two watchers and two workers on one book."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.now = START
        self.book = Book(url, now=lambda: self.now)
        self.files: dict[str, tuple[str, int]] = {}  # name: content, and which version of it
        self.version = 0
        self.seen: list[dict[str, tuple[str, int]]] = [{}, {}]  # what each watcher saw
        self.put: dict[tuple[int, int], Job] = {}  # attempts among the workflows
        self.held: list[list[Job]] = [[], []]  # what each worker believes to be its own
        self.attempts: dict[int, int] = {}
        self.names = ["w0-0", "w1-0"]
        self.born = 0
        self.forgiven: set[str] = set()  # contents that came to nothing, on purpose
        for which in (0, 1):
            self.beat(which)

    def teardown(self) -> None:
        try:
            self.bring_to_rest()
        finally:
            self.book.close()

    # --- The folder -------------------------------------------------------------------------------

    @rule(name=NAMES, content=CONTENTS)
    def somebody_writes_a_file(self, name: str, content: str) -> None:
        self.version += 1
        self.files[name] = (content, self.version)

    @rule(name=NAMES)
    def somebody_deletes_a_file(self, name: str) -> None:
        self.files.pop(name, None)

    @rule(old=NAMES, new=NAMES)
    def somebody_renames_a_file(self, old: str, new: str) -> None:
        if old in self.files:
            self.files[new] = self.files.pop(old)

    # --- Watchers ---------------------------------------------------------------------------------

    @rule(which=TWO)
    def a_watcher_looks(self, which: int) -> None:
        self.seen[which] = dict(self.files)

    @rule(which=TWO)
    def a_watcher_hands_in_what_it_saw(self, which: int) -> None:
        known = self.book.known("m", FOLDER)
        seen = self.seen[which]
        vanished = [path for path in known if Path(bytes.fromhex(path).decode()).name not in seen]
        new = [
            Arrival(
                place=place(name),
                signature=str(version),
                filename=name,
                recording_sha256=sha256(content),
                key=key_of(sha256(content), REQUEST, {}),
                request=REQUEST,
            )
            for name, (content, version) in seen.items()
            if known.get(place(name).path) != str(version)
        ]
        for taken in self.book.take_in(new):
            if taken.outcome in {"new", "again"}:
                self.forgiven.discard(taken.arrival.recording_sha256)
        self.book.vanished([Place(machine="m", path=path) for path in vanished])

    @rule(watcher=TWO, worker=TWO)
    def all_goes_as_it_mostly_goes(self, watcher: int, worker: int) -> None:
        """Whole steps together, so that chance gets further in."""
        self.a_watcher_looks(watcher)
        self.a_watcher_hands_in_what_it_saw(watcher)
        due = self.book.due("m", longest_wait=LONG)
        self.a_heart_hands_out_what_is_due()
        for job in due:
            self.begin(worker, job)

    # --- Workers ----------------------------------------------------------------------------------

    @rule(which=TWO)
    def beat(self, which: int) -> None:
        self.book.beat(
            Worker(
                name=self.names[which], machine="m", host="h", pid=1, boot="b", version="1",
                started_at=START,
            )
        )  # fmt: skip

    @rule()
    def a_heart_hands_out_what_is_due(self) -> None:
        due = self.book.due("m", longest_wait=LONG)
        self.put |= {(job.id, job.attempt): job for job in due}
        self.book.mark_put(due)

    @rule(which=TWO, data=st.data())
    def a_worker_begins(self, which: int, data: st.DataObject) -> None:
        """Anything that was ever put may be handed out, also late and again."""
        if self.put:
            job = self.put[data.draw(st.sampled_from(sorted(self.put)))]
            self.begin(which, job)

    def begin(self, which: int, job: Job) -> None:
        begun = self.book.begin(job.id, job.attempt, self.names[which])
        if begun is None:
            return
        assert begun.attempt == job.attempt
        alive = {worker.name for worker in self.book.workers()}
        other = 1 - which
        theirs = [(held.id, held.attempt) for held in self.held[other]]
        if self.names[other] in alive and (job.id, job.attempt) in theirs:
            assert not self.book.tell(job.id, job.attempt, self.names[other], "", None)
        if job.id not in [held.id for held in self.held[which]]:
            self.held[which].append(begun)

    @rule(which=TWO, fate=FATES)
    def a_worker_ends_a_job(self, which: int, fate: State) -> None:
        if self.held[which]:
            self.end(which, self.held[which].pop(0), fate)

    def end(self, which: int, job: Job, fate: State) -> None:
        name = job.place.as_path().name
        content, _ = self.files.get(name, ("", 0))
        if sha256(content) != job.recording_sha256:
            fate = State.GONE
        before = self.book.job(job.id)
        assert before is not None
        mine = (State.RUNNING, job.attempt, self.names[which])
        later = self.now + dt.timedelta(seconds=30)
        ending = Ending(state=fate, not_before=later if fate is State.WAITING else None)
        counted = self.book.end(job.id, job.attempt, self.names[which], ending)
        assert counted == ((before.state, before.attempt, before.worker) == mine)
        if counted and fate is State.FAILED:
            self.forgiven.add(job.recording_sha256)

    @rule(which=TWO)
    def a_worker_stops(self, which: int) -> None:
        self.book.release(self.names[which])
        self.replace(which)

    @rule(which=TWO, crashed=st.booleans())
    def a_worker_dies(self, which: int, *, crashed: bool) -> None:
        self.book.bury(self.names[which], crashed=crashed)
        self.replace(which)

    def replace(self, which: int) -> None:
        self.born += 1
        self.names[which] = f"w{which}-{self.born}"
        self.held[which] = []
        self.beat(which)

    @rule(which=TWO)
    def a_worker_is_taken_for_dead(self, which: int) -> None:
        """It goes on, and reports in the end."""
        self.book.bury(self.names[which], crashed=False)

    @rule()
    def a_heart_looks_for_orphans(self) -> None:
        for job in self.book.orphans():
            self.book.bury(str(job.worker), crashed=False)

    @rule()
    def a_heart_finds_workflows_missing(self) -> None:
        """The workflows' database was lost: all of it is made again."""
        stale = self.book.put_before(self.now + dt.timedelta(seconds=1))
        self.book.mark_put(stale, is_put=False)

    @rule(seconds=st.sampled_from([1, 60, -3600]))
    def time_passes_or_the_clock_is_set(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)

    # --- People -----------------------------------------------------------------------------------

    @rule(content=CONTENTS)
    def somebody_cancels(self, content: str) -> None:
        for job in self.book.jobs():
            if job.recording_sha256 == sha256(content) and self.book.cancel([job.id]):
                self.forgiven.add(job.recording_sha256)

    @rule(content=CONTENTS)
    def somebody_retries(self, content: str) -> None:
        for job in self.book.jobs():
            if job.recording_sha256 == sha256(content) and self.book.retry([job.id]):
                self.forgiven.discard(job.recording_sha256)

    # --- What always holds ------------------------------------------------------------------------

    @invariant()
    def there_is_one_job_of_each_content_and_its_attempts_only_go_up(self) -> None:
        jobs = self.book.jobs()
        assert len({job.key for job in jobs}) == len(jobs)
        for job in jobs:
            assert job.attempt >= self.attempts.get(job.id, 1)
            self.attempts[job.id] = job.attempt
            assert (job.worker is not None) == (job.state is State.RUNNING)
            assert (job.not_before is not None) <= (job.state is State.WAITING)
        assert sum(self.book.counts().values()) == len(jobs)

    def bring_to_rest(self) -> None:
        """Let time pass with nothing going wrong any more."""
        for _ in range(12):
            for which in (0, 1):
                self.a_watcher_looks(which)
                self.a_watcher_hands_in_what_it_saw(which)
            self.now += LONG
            self.a_heart_looks_for_orphans()
            self.a_heart_finds_workflows_missing()
            due = self.book.due("m", longest_wait=LONG)
            self.book.mark_put(due)
            for which in (0, 1):
                while self.held[which]:
                    self.end(which, self.held[which].pop(), State.DONE)
            for job in due:
                self.begin(0, job)
            while self.held[0]:
                self.end(0, self.held[0].pop(), State.DONE)
        states = {job.recording_sha256: job.state for job in self.book.jobs()}
        there = {sha256(content) for content, _ in self.files.values()}
        lost = {c: states.get(c) for c in there - self.forgiven if states.get(c) != State.DONE}
        assert lost == {}
        unfinished = [state for state in states.values() if state in ("running", "waiting")]
        assert unfinished == []


def run(anew: Callable[[], str], examples: int) -> None:
    class Anew(Fleet):
        def __init__(self) -> None:
            super().__init__(anew())

    options: dict[str, Any] = {
        "max_examples": examples,
        "stateful_step_count": 40,
        "deadline": None,
        "suppress_health_check": list(HealthCheck),
    }
    run_state_machine_as_test(Anew, settings=settings(**options))


def test_nothing_is_lost_and_nothing_doubled_on_sqlite(anew: Callable[[], str], path: Path) -> None:
    assert path.name, "this is about a file"
    run(anew, 25)


@pytest.mark.postgresql
def test_nothing_is_lost_and_nothing_doubled_on_postgresql(anew: Callable[[], str]) -> None:
    run(anew, 5)
