"""Rows of the book become values, and values rows."""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from memo.decision_log.schema import job_events, job_files, jobs, workers
from memo.intake.job import Arrival, Job, News, Place, Request, State

PUT_OFF = (State.QUEUED, State.WAITING)
"""The states of jobs that nobody is on."""
NOBODY = {"worker": None, "is_put": False, "is_unwanted": False, "share": None}
"""What a job in nobody's hands has."""
AFRESH = {
    **NOBODY,
    "state": State.QUEUED,
    "attempt": jobs.c.attempt + 1,
    "not_before": None,
    "stage": "",
    "reason": "",
    "hint": "",
    "exit_code": 0,
}
"""What a job has that is to be tried again, in a new attempt."""

_ABOUT_REQUESTS = frozenset({"written_by", "schema_version"})
AHEAD = dt.timedelta(minutes=5)
"""How much the clocks of machines that work together may differ."""

_AT_ONCE = 400  # values in one query: SQLite takes 999 at the least


def columns(place: Place) -> dict[str, str]:
    """Return the columns that say a place."""
    return {"machine": place.machine or "", "path": place.path}


def place_in(row: sa.RowMapping) -> Place:
    """Return the place that a row says."""
    return Place(machine=row["machine"] or None, path=row["path"])


def held_by(job_id: int, attempt: int, worker: str) -> dict[str, Any]:
    """Return the columns of a running job that is in a worker's hands, in an attempt."""
    return {"id": job_id, "attempt": attempt, "worker": worker, "state": State.RUNNING}


def update(table: sa.Table, which: Mapping[str, Any]) -> sa.Update:
    """Return the update of rows that have these values."""
    return table.update().filter_by(**which)


def asked_otherwise(
    connection: sa.Connection, files: sa.ColumnElement[bool], wanted: Request
) -> set[str]:
    """Return the paths of files of which nothing came yet, and something else was wanted."""
    unfinished = jobs.c.state.in_([*PUT_OFF, State.FAILED])
    query = sa.select(job_files.c.path, jobs.c.request).join(jobs).where(files, unfinished)
    now = wanted.model_dump(mode="json", exclude=set(_ABOUT_REQUESTS))
    return {
        path
        for path, request in connection.execute(query)
        if {k: v for k, v in request.items() if k not in _ABOUT_REQUESTS} != now
    }


def has_file(connection: sa.Connection, job_id: int, place: Place) -> bool:
    """Return whether a job's recording is known to lie at a place."""
    query = sa.select(job_files.c.job_id).filter_by(job_id=job_id, **columns(place))
    return connection.scalar(query) is not None


def any_file(connection: sa.Connection, job_id: int) -> Place | None:
    """Return where a job's recording is known to lie; None if nowhere."""
    files = sa.select(job_files).filter_by(job_id=job_id).order_by(job_files.c.seen_at).limit(1)
    row = connection.execute(files).mappings().first()
    return None if row is None else place_in(row)


def forget_file(connection: sa.Connection, job_id: int, place: Place) -> None:
    """Forget that a job's recording lies at a place: if it is seen there again, that is news."""
    connection.execute(job_files.delete().filter_by(job_id=job_id, **columns(place)))


def lives(connection: sa.Connection, worker: str) -> bool:
    """Return whether a worker is known, and not buried."""
    return connection.scalar(sa.select(workers.c.name).filter_by(name=worker)) is not None


def room(connection: sa.Connection, limit: int, in_all: int | None) -> int:
    """Return how many jobs may be put, of so many, while so many may be put or running in all."""
    if in_all is None:
        return limit
    put = sa.and_(jobs.c.state == State.QUEUED, jobs.c.is_put.is_(True))
    query = sa.select(sa.func.count()).where(sa.or_(jobs.c.state == State.RUNNING, put))
    return max(0, min(limit, in_all - int(connection.scalar(query) or 0)))


def mark(connection: sa.Connection, these: Iterable[Job], *, is_put: bool) -> None:
    """Take note of whether queued attempts are among the workflows."""
    for job in these:
        query = update(jobs, {"id": job.id, "attempt": job.attempt, "state": State.QUEUED})
        connection.execute(query.values(is_put=is_put))


def one_job(connection: sa.Connection, query: sa.Select[Any]) -> Job | None:
    """Return the first job that a query finds; None if there is none."""
    return next(iter(read_jobs(connection, query)), None)


def read_jobs(connection: sa.Connection, query: sa.Select[Any]) -> tuple[Job, ...]:
    """Return the jobs that a query finds."""
    return tuple(map(_job, connection.execute(query).mappings()))


def read_news(connection: sa.Connection, after: int | None, limit: int) -> tuple[News, ...]:
    """Return the events after one, in order; None: the newest alone."""
    events = job_events.c
    query = sa.select(events.id.label("event"), events.what, events.note, jobs)
    query = query.join(jobs, jobs.c.id == events.job_id)
    if after is None:
        query = query.order_by(events.id.desc()).limit(1)
    else:
        query = query.where(events.id > after).order_by(events.id).limit(limit)
    rows = connection.execute(query).mappings().all()
    return tuple(News(id=row["event"], what=row["what"], note=row["note"], job=_job(row))
                 for row in rows)  # fmt: skip


def _job(row: sa.RowMapping) -> Job:
    told = {name: row[name] for name in Job.model_fields if name in row}
    request = {k: v for k, v in row["request"].items() if k in Request.model_fields}
    return Job(**{**told, "place": place_in(row), "request": Request(**request)})


def new_row(arrival: Arrival, now: dt.datetime) -> dict[str, Any]:
    """Return the row of a job that there was not before."""
    return {
        **AFRESH,
        **columns(arrival.place),
        "token": secrets.token_hex(12),
        "key": arrival.key,
        "recording_sha256": arrival.recording_sha256,
        "filename": arrival.filename,
        "request": arrival.request.model_dump(mode="json"),
        "schema_version": arrival.request.schema_version,
        "needs": arrival.needs,
        "attempt": 1,
        "crashes": 0,
        "waits": 0,
        "results": {},
        "created_at": now,
        "changed_at": now,
    }


def insert_fresh(
    connection: sa.Connection, arrivals: Sequence[Arrival], now: dt.datetime
) -> dict[str, int]:
    """Make jobs, all at once, of those files of which neither the place nor what is in it is known.

    Returns:
        The numbers of the jobs, by their keys. Other files are left to be looked at one by one.
    """
    keys, places = Counter(a.key for a in arrivals), Counter(a.place for a in arrivals)
    known, taken = set[str](), set[tuple[str, str]]()
    for some in batches(arrivals):
        these = jobs.c.key.in_([arrival.key for arrival in some])
        known.update(connection.scalars(sa.select(jobs.c.key).where(these)))
        at = job_files.c.path.in_([arrival.place.path for arrival in some])
        files = sa.select(job_files.c.machine, job_files.c.path).where(at)
        taken.update((row.machine, row.path) for row in connection.execute(files))
    fresh = [
        arrival
        for arrival in arrivals
        if keys[arrival.key] == 1 == places[arrival.place] and arrival.key not in known
        if (arrival.place.machine or "", arrival.place.path) not in taken
    ]
    if not fresh:
        return {}
    connection.execute(jobs.insert(), [new_row(arrival, now) for arrival in fresh])
    made: dict[str, int] = {}
    for some in batches(fresh):
        these = jobs.c.key.in_([arrival.key for arrival in some])
        made.update(
            (row.key, row.id)
            for row in connection.execute(sa.select(jobs.c.key, jobs.c.id).where(these))
        )
    files_of = [
        {
            **columns(arrival.place),
            "signature": arrival.signature,
            "job_id": made[arrival.key],
            "seen_at": now,
        }
        for arrival in fresh
    ]
    connection.execute(job_files.insert(), files_of)
    return made


def batches(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Return values in lists of as many as one query may hold."""
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))
