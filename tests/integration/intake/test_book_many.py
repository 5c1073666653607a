"""The book with many at it: real processes side by side, and many jobs in it."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from memo.intake.book import Book
from memo.intake.job import Ending, Request, State, Worker

Sql = Callable[[str], Sequence[tuple[Any, ...]]]

PROCESSES, FILES = 4, 40
LONG = dt.timedelta(hours=2)
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)

TOGETHER = """
import datetime as dt, hashlib, json, random, sys, time
from multiprocessing import get_context
from pathlib import Path
from memo.intake.book import Book
from memo.intake.job import *

url, processes, files = sys.argv[1], *map(int, sys.argv[2:])
REQUEST = Request(settings={})

def arrival(n):
    sha256 = hashlib.sha256(str(n // 2).encode()).hexdigest()  # every recording under two names
    return Arrival(place=Place.on("m", Path(f"/calls/{n}")), signature=str(n), filename=str(n),
                   recording_sha256=sha256, key=key_of(sha256, REQUEST, {}), request=REQUEST)

def work(number):
    chance, name, ended = random.Random(number), f"worker {number}", []
    arrivals = [arrival(n) for n in range(files)]
    chance.shuffle(arrivals)
    with Book(url) as book:
        book.beat(Worker(name=name, machine="m", host="h", pid=1, boot="b", version="1",
                         started_at=instant()))
        together.wait()
        outcomes = [taken.outcome for at in range(0, files, 7)
                    for taken in book.take_in(arrivals[at:at + 7])]
        handed_in.wait()  # all is there: nobody leaves too early
        while book.counts()[State.DONE] < files // 2:
            book.mark_put(book.due("m", longest_wait=dt.timedelta(hours=2)))
            for job in book.jobs(states=[State.QUEUED]):
                if book.begin(job.id, job.attempt, name):
                    assert book.tell(job.id, job.attempt, name, "working", 0.5)
                    assert book.end(job.id, job.attempt, name, Ending(state=State.DONE))
                    ended.append(job.id)
    return outcomes, ended

context = get_context("fork")
together, handed_in = context.Barrier(processes), context.Barrier(processes)
with context.Pool(processes) as pool:
    print(json.dumps(pool.map(work, range(processes), chunksize=1)))
"""


def test_processes_that_take_in_and_work_together_do_each_thing_once(url: str, sql: Sql) -> None:
    words = [sys.executable, "-c", TOGETHER, url, str(PROCESSES), str(FILES)]
    run = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300)
    told = json.loads(run.stdout)
    outcomes = Counter(outcome for outcomes, _ in told for outcome in outcomes)
    assert outcomes.total() == PROCESSES * FILES
    assert outcomes["new"] == FILES // 2
    ended = Counter(job_id for _, ended in told for job_id in ended)
    assert ended == Counter(range(1, FILES // 2 + 1))
    rows = sql("SELECT job_id, what FROM job_events WHERE what <> 'found again elsewhere'")
    each = {job_id: Counter(what for of, what in rows if of == job_id) for job_id, _ in rows}
    assert set(each) == set(range(1, FILES // 2 + 1))
    assert all(what == {"taken in": 1, "begun": 1, "done": 1} for what in each.values())
    assert sql("SELECT count(*) FROM job_files") == [(FILES,)]


# --- Many jobs ------------------------------------------------------------------------------------


def fill(engine: sa.Engine, count: int) -> None:
    """Write many jobs down, most of them done."""
    from memo.decision_log.schema import job_events, job_files, jobs

    def row(n: int) -> dict[str, Any]:
        return {
            "id": n, "token": f"t{n}", "key": f"{n:064x}", "recording_sha256": f"{n:064x}",
            "machine": "m", "path": f"{n:020x}", "filename": "call.m4a",
            "request": Request(settings={}).model_dump(mode="json"), "schema_version": 1,
            "needs": "", "state": State.QUEUED if n % 50 == 0 else State.DONE, "attempt": 1,
            "crashes": 0, "waits": 0, "is_put": n % 100 == 0, "is_unwanted": False, "stage": "",
            "reason": "", "hint": "", "exit_code": 0, "results": {}, "created_at": NOW,
            "changed_at": NOW,
        }  # fmt: skip

    with engine.begin() as connection:
        connection.execute(jobs.insert(), [row(n) for n in range(1, count + 1)])
        told = [{"job_id": n, "at": NOW, "what": "taken in", "note": ""} for n in range(1, count)]
        connection.execute(job_events.insert(), told)
        here = [
            {"machine": "m", "path": f"{n:020x}", "signature": "", "job_id": n, "seen_at": NOW}
            for n in range(1, count)
        ]
        connection.execute(job_files.insert(), here)
        connection.exec_driver_sql("ANALYZE")


def plan(connection: sa.Connection, statement: str, parameters: Any) -> str:  # noqa: ANN401
    """Return how the database would find what a statement asks for."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(row[3] for row in rows)
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # if it can do without, it does
    return "\n".join(
        row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    )


@pytest.fixture
def asked(url: str) -> list[tuple[str, Any]]:
    """Every question that a book asks while it does what watchers and workers do all the time."""
    questions: list[tuple[str, Any]] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        questions.append((statement, parameters))

    Book(url).close()
    engine = sa.create_engine(url)
    fill(engine, 2000)
    engine.dispose()
    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        do_what_is_done_all_the_time(url)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    words = ("SELECT", "UPDATE", "DELETE")
    ours = ("jobs", "job_files", "job_events")
    return [
        (statement, parameters)
        for statement, parameters in questions
        if statement.startswith(words) and any(table in statement for table in ours)
    ]


def do_what_is_done_all_the_time(url: str) -> None:
    worker = Worker(name="w", machine="m", host="h", pid=1, boot="b", version="1", started_at=NOW)
    with Book(url) as book:
        book.beat(worker)
        book.known("m", Path("/calls"))
        due = book.due("m", longest_wait=LONG)
        assert len(due) == 20
        book.mark_put(due)
        book.put_before(NOW)
        book.orphans()
        job = book.begin(due[0].id, 1, "w")
        assert job
        book.tell(job.id, 1, "w", "", None)
        book.end(job.id, 1, "w", Ending(state=State.GONE))
        book.news(1990)
        book.bury("w", crashed=True)
        book.vanished([job.place])
        book.at(job.place)
        book.events(job.id)


def test_what_is_asked_all_the_time_is_found_without_looking_at_every_job(
    url: str, asked: list[tuple[str, Any]]
) -> None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        plans = {statement: plan(connection, statement, told) for statement, told in asked}
    engine.dispose()
    assert len(plans) > 12
    slow = ("SCAN jobs", "SCAN job_", "Seq Scan on jobs", "Seq Scan on job_")
    whole = ("USING INDEX", "USING COVERING", "USING INTEGER")
    bad = {
        statement: told
        for statement, told in plans.items()
        for line in told.splitlines()
        if any(word in line for word in slow) and not any(word in line for word in whole)
    }
    assert bad == {}
