"""The book of jobs: what shall become of every file, in the decision log's database.

Each method is one transaction; writers take turns. A worker's report is fenced: it counts only
while the job is in the attempt and in the hands that the report names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from memo.decision_log.database import Database
from memo.decision_log.migrations import migrate
from memo.decision_log.schema import job_events, job_files, jobs, workers
from memo.intake.job import (
    LIVE,
    SCHEMA,
    Arrival,
    Ending,
    Job,
    JobEvent,
    News,
    Place,
    Request,
    State,
    TakenIn,
    Worker,
    instant,
)
from memo.intake.rows import (
    AFRESH,
    AHEAD,
    NOBODY,
    PUT_OFF,
    any_file,
    asked_otherwise,
    batches,
    columns,
    forget_file,
    has_file,
    held_by,
    insert_fresh,
    lives,
    mark,
    new_row,
    one_job,
    place_in,
    read_jobs,
    read_news,
    room,
    update,
)


class Book:
    """The jobs in one database; brought up to date when it is opened.

    Every method may raise `DatabaseUnavailable` (worth another try) and `DecisionLogError`.

    Args:
        url: As `DecisionLog` takes it.
        now: The clock.
        lock_wait: Seconds to wait for another program that is writing.

    Raises:
        DecisionLogError: The database cannot be opened, is not memo's, or is newer than this memo.
        MissingDependencyError: The database's driver is not installed.
    """

    def __init__(
        self, url: str, *, now: Callable[[], dt.datetime] = instant, lock_wait: float = 30.0
    ) -> None:
        opened = Database(url, lock_wait=lock_wait)
        try:
            migrate(opened)  # in the log's turn, as the log does
        finally:
            opened.close()
        self._database = Database(url, lock_wait=lock_wait, turn="jobs")
        self._now = now

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- The watcher ------------------------------------------------------------------------------

    def known(
        self, machine: str | None, under: Path, wanted: Request | None = None
    ) -> dict[str, str]:
        """Return the signatures of the files that were taken in, by `Place.path`.

        Args:
            machine: Whose disk; None for the shelf.
            under: The folder in which they lie, however deep; relative on the shelf.
            wanted: What is wanted now. Files that failed, or wait, and of which something else
                was wanted are left out: what was wrong may have been that.
        """
        folder = Place.on(machine, under / "x").path[:-2] if under != Path() else ""
        there = sa.and_(
            job_files.c.machine == (machine or ""),
            job_files.c.path >= folder,
            job_files.c.path < f"{folder}g",  # after every hexadecimal digit, however it is sorted
        )
        query = sa.select(job_files.c.path, job_files.c.signature).where(there)
        with self._database.reading() as connection:
            left_out = asked_otherwise(connection, there, wanted) if wanted else set()
            rows = connection.execute(query)
            return {row.path: row.signature for row in rows if row.path not in left_out}

    def take_in(self, arrivals: Sequence[Arrival]) -> list[TakenIn]:
        """Make jobs of whole files, or find out which they have; all of them, or on failure none.

        A file whose content changed leaves its old job behind: one that has not begun is gone.
        """
        with self._database.writing() as connection:
            fresh = insert_fresh(connection, arrivals, self._now())
            self._tell(connection, list(fresh.values()), "taken in")
            return [
                TakenIn(job_id=fresh[arrival.key], outcome="new", arrival=arrival)
                if arrival.key in fresh
                else self._take_in(connection, arrival)
                for arrival in arrivals
            ]

    def _take_in(self, connection: sa.Connection, arrival: Arrival) -> TakenIn:
        row = connection.execute(sa.select(jobs).filter_by(key=arrival.key)).mappings().first()
        if row is None:
            job_id, outcome = self._insert(connection, arrival), "new"
        else:
            job_id, outcome = row["id"], self._join(connection, arrival, row)
        self._note_file(connection, arrival, job_id)
        return TakenIn(job_id=job_id, outcome=outcome, arrival=arrival)

    def _insert(self, connection: sa.Connection, arrival: Arrival) -> int:
        made = connection.execute(jobs.insert().values(new_row(arrival, self._now())))
        job_id = int((made.inserted_primary_key or (0,))[0])
        self._tell(connection, job_id, "taken in")
        return job_id

    def _join(self, connection: sa.Connection, arrival: Arrival, row: sa.RowMapping) -> Any:  # noqa: ANN401 - a `TakenIn.outcome`
        state, is_there = State(row["state"]), place_in(row) == arrival.place
        if state not in LIVE and state is not State.DONE:
            values = {**AFRESH, **columns(arrival.place), "filename": arrival.filename}
            self._change(connection, row["id"], {**values, "crashes": 0, "waits": 0})
            self._tell(connection, row["id"], "taken in again")
            return "again"
        if is_there and has_file(connection, row["id"], arrival.place):
            return "known"
        if is_there and state is State.DONE:  # meanwhile the file was something else's
            self._change(connection, row["id"], AFRESH)
            self._tell(connection, row["id"], "taken in again")
            return "again"
        if is_there:
            return "known"
        if state in PUT_OFF and not has_file(connection, row["id"], place_in(row)):
            self._move(connection, row["id"], arrival.place)
            return "known"
        self._tell(connection, row["id"], "found again elsewhere", arrival.place.shown())
        return "duplicate"

    def _note_file(self, connection: sa.Connection, arrival: Arrival, job_id: int) -> None:
        """Write down whose file it is now, and see to the job that it belonged to."""
        here = columns(arrival.place)
        before = connection.execute(sa.select(job_files.c.job_id).filter_by(**here)).scalar()
        values = {"signature": arrival.signature, "job_id": job_id, "seen_at": self._now()}
        if before is None:
            connection.execute(job_files.insert().values(**here, **values))
            return
        connection.execute(update(job_files, here).values(**values))
        if before != job_id:
            self._lose(connection, [before], "another job has its file now", State.FAILED)

    def vanished(self, places: Collection[Place]) -> None:
        """Take note of files that are not there any more.

        A job that has not begun goes on with another file that holds the same, or is gone.
        """
        with self._database.writing() as connection:
            left: set[int] = set()
            for machine in {place.machine or "" for place in places}:
                paths = [place.path for place in places if (place.machine or "") == machine]
                for some in batches(paths):
                    these = sa.and_(job_files.c.machine == machine, job_files.c.path.in_(some))
                    left.update(connection.scalars(sa.select(job_files.c.job_id).where(these)))
                    connection.execute(job_files.delete().where(these))
            self._lose(connection, sorted(left), "the recording is not there any more")

    def _lose(self, connection: sa.Connection, ids: Sequence[int], why: str, *more: State) -> None:
        """Find other files for jobs that have lost theirs, where they have not begun."""
        states = (*PUT_OFF, *more)
        for some in batches(ids):
            query = sa.select(jobs).where(jobs.c.id.in_(some), jobs.c.state.in_(states))
            for row in connection.execute(query).mappings().all():
                if has_file(connection, row["id"], place_in(row)):
                    continue
                if other := any_file(connection, row["id"]):
                    self._move(connection, row["id"], other)
                    continue
                told = {"state": State.GONE, "reason": why, "hint": "", "not_before": None}
                self._change(connection, row["id"], {**NOBODY, **told})
                self._tell(connection, row["id"], "gone", why)

    def _move(self, connection: sa.Connection, job_id: int, place: Place) -> None:
        self._change(connection, job_id, columns(place))
        self._tell(connection, job_id, "found again elsewhere", place.shown())

    # --- Workers ----------------------------------------------------------------------------------

    def due(
        self,
        machine: str,
        *,
        longest_wait: dt.timedelta,
        limit: int = 200,
        in_all: int | None = None,
    ) -> tuple[Job, ...]:
        """Return jobs that may be begun and are not among the workflows yet, the oldest first.

        Waiting jobs whose time has come are queued for their next attempt. One that would wait
        longer than anything does, or was put off in the future, met a wrong clock: it is due.

        Args:
            machine: Whose disk is in reach, besides the shelf.
            longest_wait: The longest that anything is put off for.
            limit: How many at most.
            in_all: How many may be begun or running, on all machines: those returned count as put.
        """
        now = self._now()
        reached = sa.and_(jobs.c.machine.in_(["", machine]), jobs.c.schema_version <= SCHEMA)
        wrong = sa.or_(jobs.c.not_before > now + longest_wait, jobs.c.changed_at > now + AHEAD)
        come = sa.or_(jobs.c.not_before <= now, wrong)
        waiting = sa.and_(jobs.c.state == State.WAITING, come, reached)
        queued = sa.and_(jobs.c.state == State.QUEUED, jobs.c.is_put.is_(False), reached)
        first = sa.select(jobs).where(queued).order_by("id")
        with self._database.reading() as connection:  # most of the time there is nothing to write
            is_come = connection.scalar(sa.select(jobs.c.id).where(waiting).limit(1)) is not None
            found = read_jobs(connection, first.limit(room(connection, limit, in_all)))
        if not is_come and (in_all is None or not found):
            return found
        with self._database.writing() as connection:
            if is_come:
                connection.execute(jobs.update().where(waiting).values(**AFRESH, changed_at=now))
            found = read_jobs(connection, first.limit(room(connection, limit, in_all)))
            mark(connection, found if in_all is not None else (), is_put=True)
            return found

    def mark_put(self, these: Iterable[Job], *, is_put: bool = True) -> None:
        """Take note that attempts are among the workflows; or are not, though they should be."""
        with self._database.writing() as connection:
            mark(connection, these, is_put=is_put)

    def put_before(self, when: dt.datetime, *, limit: int = 1000) -> tuple[Job, ...]:
        """Return jobs that have stood among the workflows, not begun, since an instant."""
        query = sa.select(jobs).where(
            jobs.c.state == State.QUEUED, jobs.c.is_put.is_(True), jobs.c.changed_at < when
        )
        with self._database.reading() as connection:
            return read_jobs(connection, query.order_by("id").limit(limit))

    def begin(self, job_id: int, attempt: int, worker: str) -> Job | None:
        """Take a job into a worker's hands.

        Returns:
            The job; None if this attempt is not to be made: it has ended, somebody cancelled it,
            another attempt is due, or it is in the hands of another worker that lives.
        """
        with self._database.writing() as connection:
            job = one_job(connection, sa.select(jobs).filter_by(id=job_id, attempt=attempt))
            if job is None or job.state not in {State.QUEUED, State.RUNNING}:
                return None
            holder = job.worker if job.state is State.RUNNING else None
            if holder not in {None, worker} and lives(connection, str(holder)):
                return None
            if connection.scalar(sa.select(jobs.c.is_unwanted).filter_by(id=job_id)):
                self._end(connection, job_id, Ending(state=State.CANCELLED))
                return None
            taken = {"state": State.RUNNING, "worker": worker, "is_put": True, "stage": ""}
            self._change(connection, job_id, taken)
            self._tell(connection, job_id, "begun", worker)
            return one_job(connection, sa.select(jobs).filter_by(id=job_id))

    def tell(self, job_id: int, attempt: int, worker: str, stage: str, share: float | None) -> bool:
        """Say how far a job has come; return whether to go on with it.

        Args:
            job_id: Which job.
            attempt: Which attempt of it.
            worker: Who says so.
            stage: What is being done.
            share: How much of that is done, 0 to 1; None where nobody knows.
        """
        theirs = held_by(job_id, attempt, worker)
        with self._database.writing() as connection:
            connection.execute(update(jobs, theirs).values(stage=stage, share=share))
            wanted = sa.select(jobs.c.id).filter_by(**theirs, is_unwanted=False)
            return connection.scalar(wanted) is not None

    def end(self, job_id: int, attempt: int, worker: str, ending: Ending) -> bool:
        """Write down what an attempt came to; False if it was not this worker's any more."""
        with self._database.writing() as connection:
            held = sa.select(jobs).filter_by(**held_by(job_id, attempt, worker))
            row = connection.execute(held).mappings().first()
            if row is None:
                return False
            stops = row["is_unwanted"] and ending.state is State.WAITING
            self._end(connection, job_id, Ending(state=State.CANCELLED) if stops else ending)
            if ending.state is State.GONE:
                forget_file(connection, job_id, place_in(row))
                if other := any_file(connection, job_id):  # it was renamed meanwhile
                    self._change(connection, job_id, AFRESH)
                    self._move(connection, job_id, other)
            return True

    def _end(self, connection: sa.Connection, job_id: int, ending: Ending) -> None:
        waits = jobs.c.waits + 1 if ending.state is State.WAITING else 0
        told = ending.model_dump(include={"state", "reason", "hint", "exit_code", "results"})
        values = {**NOBODY, **told, "not_before": ending.not_before, "waits": waits}
        self._change(connection, job_id, values)
        self._tell(connection, job_id, ending.state, ending.reason)

    def release(self, worker: str) -> tuple[Job, ...]:
        """Put the jobs of a worker that stops politely back into the queue, and forget it."""
        return self._let_go(worker, "stopped", crashes=0)

    def bury(self, worker: str, *, crashed: bool) -> tuple[Job, ...]:
        """Put the jobs of a worker that is dead back into the queue, and forget it.

        Args:
            worker: Who; nothing happens if somebody else has buried it.
            crashed: Whether its own process died; else the machine did, or it cannot be reached,
                and its jobs are not to blame.

        Returns:
            Its jobs that are to go on, each with its count of crashes.
        """
        return self._let_go(worker, "the worker died", crashes=int(crashed))

    def _let_go(self, worker: str, what: str, *, crashes: int) -> tuple[Job, ...]:
        with self._database.writing() as connection:
            connection.execute(workers.delete().filter_by(name=worker))
            held = sa.select(jobs.c.id, jobs.c.is_unwanted)
            held = held.filter_by(worker=worker, state=State.RUNNING)
            ids: list[int] = []
            for job_id, is_unwanted in connection.execute(held).all():
                back = {**NOBODY, "state": State.QUEUED, "crashes": jobs.c.crashes + crashes}
                self._change(connection, job_id, back)
                self._tell(connection, job_id, what, worker)
                if is_unwanted:
                    self._end(connection, job_id, Ending(state=State.CANCELLED))
                else:
                    ids.append(job_id)
            return read_jobs(connection, sa.select(jobs).where(jobs.c.id.in_(ids)).order_by("id"))

    def orphans(self) -> tuple[Job, ...]:
        """Return running jobs in the hands of workers that nobody knows."""
        query = sa.select(jobs).where(
            jobs.c.state == State.RUNNING, jobs.c.worker.not_in(sa.select(workers.c.name))
        )
        with self._database.reading() as connection:
            return read_jobs(connection, query)

    def beat(self, worker: Worker) -> None:
        """Say that a worker lives, and what it does; the first time, that it is there."""
        now = self._now()
        told = worker.model_dump(exclude={"beats", "beat_at"})
        with self._database.writing() as connection:
            query = update(workers, {"name": worker.name})
            beaten = {"beats": workers.c.beats + 1, "beat_at": now, "doing": worker.doing}
            if not connection.execute(query.values(**beaten)).rowcount:
                connection.execute(workers.insert().values(**told, beats=1, beat_at=now))

    def workers(self) -> tuple[Worker, ...]:
        """Return the workers that nobody has buried, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(workers).order_by("started_at")).mappings()
            return tuple(Worker(**row) for row in rows)

    # --- People -----------------------------------------------------------------------------------

    def jobs(self, *, states: Collection[State] = (), limit: int | None = None) -> tuple[Job, ...]:
        """Return jobs, those that changed last first.

        Args:
            states: Only those in one of these states; none means any.
            limit: How many at most.
        """
        query = sa.select(jobs).order_by(jobs.c.changed_at.desc(), jobs.c.id.desc()).limit(limit)
        if states:
            query = query.where(jobs.c.state.in_(states))
        with self._database.reading() as connection:
            return read_jobs(connection, query)

    def job(self, job_id: int) -> Job | None:
        """Return a job with its duplicates; None if there is none of that number."""
        with self._database.reading() as connection:
            job = one_job(connection, sa.select(jobs).filter_by(id=job_id))
            if job is None:
                return None
            rows = connection.execute(sa.select(job_files).filter_by(job_id=job_id)).mappings()
            others = [place for place in map(place_in, rows) if place != job.place]
            return job.model_copy(update={"duplicates": tuple(others)})

    def at(self, place: Place) -> tuple[Job, ...]:
        """Return the jobs of a file, the newest first."""
        here = columns(place)
        found = sa.select(job_files.c.job_id).filter_by(**here)
        query = sa.select(jobs).where(
            sa.or_(
                jobs.c.id.in_(found),
                sa.and_(jobs.c.machine == here["machine"], jobs.c.path == here["path"]),
            )
        )
        with self._database.reading() as connection:
            return read_jobs(connection, query.order_by(jobs.c.id.desc()))

    def events(self, job_id: int) -> tuple[JobEvent, ...]:
        """Return what happened to a job, in order."""
        query = sa.select(job_events.c.at, job_events.c.what, job_events.c.note)
        with self._database.reading() as connection:
            rows = connection.execute(query.filter_by(job_id=job_id).order_by(job_events.c.id))
            return tuple(JobEvent(**row) for row in rows.mappings())

    def news(self, after: int | None, *, limit: int = 500) -> tuple[News, ...]:
        """Return what happened to any job since another event; None: the newest event alone."""
        with self._database.reading() as connection:
            return read_news(connection, after, limit)

    def retry(self, ids: Collection[int]) -> tuple[Job, ...]:
        """Try jobs again now that have ended, or wait; return them. Others stay as they are."""
        ended = [state for state in State if state not in {State.QUEUED, State.RUNNING}]
        return self._steer(ids, ended, {**AFRESH, "crashes": 0, "waits": 0}, "tried again")

    def cancel(self, ids: Collection[int]) -> tuple[Job, ...]:
        """Stop jobs, or see to it that they never begin; return them. Others stay as they are.

        What runs is stopped by its worker, soon.
        """
        off = {**NOBODY, "state": State.CANCELLED, "reason": "", "hint": ""}
        done = self._steer(ids, PUT_OFF, off, "cancelled")
        return done + self._steer(ids, [State.RUNNING], {"is_unwanted": True}, "to be stopped")

    def _steer(
        self, ids: Collection[int], states: Collection[State], values: Mapping[str, Any], what: str
    ) -> tuple[Job, ...]:
        with self._database.writing() as connection:
            steered: list[Job] = []
            for some in batches(sorted(ids)):
                which = sa.and_(jobs.c.id.in_(some), jobs.c.state.in_(states))
                found = list(connection.scalars(sa.select(jobs.c.id).where(which)))
                those = jobs.c.id.in_(found)
                told = {**values, "changed_at": self._now()}
                connection.execute(jobs.update().where(those).values(told))
                self._tell(connection, found, what)
                steered += read_jobs(connection, sa.select(jobs).where(those))
            return tuple(steered)

    def counts(self) -> dict[State, int]:
        """Return how many jobs are in each state."""
        query = sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)
        with self._database.reading() as connection:
            found = {State(state): int(count) for state, count in connection.execute(query)}
        return {state: found.get(state, 0) for state in State}

    def live_recordings(self) -> frozenset[str]:
        """Return the hashes of recordings that something is still to become of."""
        query = sa.select(jobs.c.recording_sha256).where(jobs.c.state.in_(LIVE))
        with self._database.reading() as connection:
            return frozenset(connection.scalars(query))

    # --- Rows -------------------------------------------------------------------------------------

    def _change(self, connection: sa.Connection, job_id: int, values: Mapping[str, Any]) -> None:
        query = update(jobs, {"id": job_id})
        connection.execute(query.values(**values, changed_at=self._now()))

    def _tell(
        self, connection: sa.Connection, which: int | Sequence[int], what: str, note: str = ""
    ) -> None:
        ids = [which] if isinstance(which, int) else which
        if told := [{"job_id": id, "at": self._now(), "what": what, "note": note} for id in ids]:
            connection.execute(job_events.insert(), told)
