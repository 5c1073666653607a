"""A worker's share in the workflows of all workers."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID, WorkflowStatus
from dbos._error import DBOSException
from sqlalchemy.exc import SQLAlchemyError

from memo.decision_log.database import Lent
from memo.errors import DecisionLogError
from memo.intake.engine.workflow import (
    AT_ONCE,
    ENDED,
    Work,
    ago,
    desk,
    forget,
    launch,
    leave,
    listed,
    recording,
    translating,
)
from memo.intake.job import Job, Worker
from memo.intake.queues import has_able, queue_for, queue_of

Result = TypeVar("Result")

_BUSY, _IDLE = 0.2, 1.0  # seconds between two looks at a queue
_BUSY_FOR = 10.0  # seconds, since something was last seen to wait in it
_ANSWER = 15.0  # seconds for a database to answer whoever leaves
_LOOKS = 3  # in a row, after which something is lost that should run here
_KEPT = dt.timedelta(days=1)


class Engine:
    """A worker's share in the workflows; one in a process, at a time.

    Every method but `start` may raise `DatabaseUnavailable`. While a database is away, those that
    have begun already wait for it.

    Args:
        url: Of the decision log. PostgreSQL keeps the workflows in the same database (schema
            `dbos`), beside SQLite's file lies one of their own.
        worker: Who works; unique for all time.
        queues: What the worker takes from (`queues_of`).
        work: Does it.
    """

    def __init__(self, url: str, worker: str, queues: Collection[str], work: Work) -> None:
        self._worker = worker
        self._queues = sorted(queues)
        self._work = work
        self._lent = Lent(_beside(url))
        self._pace = 0.0
        self._busy_at = float("-inf")
        self._looks: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to take from the queues; the book must know the worker by now.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
            DecisionLogError: The workflows cannot be kept there.
        """
        try:
            launch(self._lent, self._worker, self._queues, self._work)
        except DecisionLogError as error:
            if not error.retryable and self._lent.engine.dialect.name == "sqlite":
                error.hint = "stop every worker, then delete the file: memo makes it anew"
            raise
        self.pace(is_busy=False)

    @property
    def doing(self) -> str | None:
        """The workflow that is being worked on, by `Job.workflow`."""
        return desk.taken

    def wait(self, seconds: float) -> None:
        """Wait for so long, or until something that was done here is over."""
        desk.freed.wait(seconds)
        desk.freed.clear()

    def wake(self) -> None:
        """Have `wait` wait no longer."""
        desk.freed.set()

    def put(self, jobs: Sequence[Job], alive: Collection[Worker]) -> None:
        """See to it that jobs are among the workflows; those that are stay as they are.

        What needs a graphics card goes to workers that have one, if one of these lives.
        """
        with translating(self._lent):
            there = {found.workflow_id: found for some in _batches(jobs) for found in _among(some)}
            for job in jobs:
                before = there.get(job.workflow)
                if before is not None and before.status in ENDED:  # the book knows better
                    DBOS.delete_workflow(job.workflow)
                if before is None or before.status in ENDED:
                    with SetWorkflowID(job.workflow):
                        queue = queue_for(job, alive)
                        DBOS.enqueue_workflow(queue, recording, job.id, job.attempt)
        if jobs:
            self.pace(is_busy=True)

    def missing(self, jobs: Sequence[Job]) -> list[Job]:
        """Return those of some jobs that are not among the workflows, or have ended there."""
        with translating(self._lent):
            there = {
                found.workflow_id
                for some in _batches(jobs)
                for found in _among(some)
                if found.status not in ENDED
            }
        return [job for job in jobs if job.workflow not in there]

    def rescue(self, alive: Collection[str]) -> int:
        """Put back what workers have begun that are not alive; return how many of these."""
        with translating(self._lent):
            dead = {found.executor_id for found in _pending()} - {*alive, self._worker}
            return self._put_back(*filter(None, dead))

    def mend(self) -> int:
        """Put back what should run in this process and does not; return how much.

        Looks again before it believes so, and longer each time that the same comes to nothing.
        """
        with translating(self._lent):
            pending = [found for found in _pending() if found.executor_id == self._worker]
            lost = {found.workflow_id: found for found in pending}
            lost.pop(desk.taken or "", None)
            looks = Counter({workflow: self._looks[workflow] + 1 for workflow in lost})
            ripe = [name for name in looks if looks[name] >= _patience(desk.tries[name])]
            for workflow in ripe:
                DBOS.resume_workflow(workflow, queue_name=lost[workflow].queue_name)
            self._looks = Counter({name: looks[name] for name in looks if name not in ripe})
            return len(ripe)

    def reroute(self, alive: Collection[Worker]) -> int:
        """Move what needs a graphics card, if nobody alive has one, to those who can do without."""
        moved = 0
        for machine in {worker.machine for worker in alive} | {None}:
            if has_able(machine, "gpu", alive):
                continue
            with translating(self._lent):
                stuck = listed(status="ENQUEUED", queue_name=queue_of(machine, "gpu"))
                ids = [found.workflow_id for found in stuck]
                if ids:
                    DBOS.resume_workflows(ids, queue_name=queue_of(machine, ""))
                    moved += len(ids)
        return moved

    def pace(self, *, is_busy: bool | None = None) -> None:
        """Look at the queues more often while something waits in them.

        Args:
            is_busy: Whether something does; None finds out.
        """
        with translating(self._lent):
            if is_busy is None:
                is_busy = bool(listed(status="ENQUEUED", queue_name=self._queues, limit=1))
            self._busy_at = time.monotonic() if is_busy else self._busy_at
            pace = _BUSY if time.monotonic() - self._busy_at < _BUSY_FOR else _IDLE
            if pace == self._pace:
                return
            for queue in self._queues:
                DBOS.register_queue(
                    queue,
                    worker_concurrency=1,
                    polling_interval_sec=pace,
                    on_conflict="always_update",
                )
            self._pace = pace

    def sweep(self) -> int:
        """Forget workflows that ended a day ago, a few hundred at a time; return how many."""
        with translating(self._lent):
            return forget(listed(status=ENDED, completed_before=ago(_KEPT)))

    def interrupt(self) -> None:
        """Have what is being done now stop soon; it is gone on with, here or elsewhere."""
        self._work.stop()

    def close(self) -> None:
        """Take nothing more, and have what is being done stop soon."""
        desk.is_closed = True
        self._work.stop()

    def release(self, seconds: float) -> bool:
        """Stop, and put back what was being done; False if that was not done in time.

        Args:
            seconds: How long to wait for what is being done to stop.
        """
        self.close()
        if not desk.wait(seconds):
            return False
        return _in_time(lambda: self._put_back(self._worker), _ANSWER) is not None

    def stop(self) -> None:
        """Leave; what is being done goes on until the process ends, and counts for nothing."""
        desk.is_closed = True
        _in_time(leave, _ANSWER)
        self._lent.engine.dispose()

    def _put_back(self, *workers: str) -> int:
        """Put back what workers have begun, into the queue that it comes from.

        Each is put back once, whoever else does so now: whoever took it again has another name.
        """
        if not workers:
            return 0
        return len(DBOS._recover_pending_workflows(sorted(workers)))  # noqa: SLF001


def _patience(tries: int) -> int:
    """Return how many looks in a row it takes until something is put back."""
    return _LOOKS << min(max(0, tries - 1), 5)


def _pending() -> list[WorkflowStatus]:
    return listed(status="PENDING")


def _among(jobs: Sequence[Job]) -> list[WorkflowStatus]:
    return listed(workflow_ids=[job.workflow for job in jobs])


def _batches(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    return (jobs[at : at + AT_ONCE] for at in range(0, len(jobs), AT_ONCE))


def _beside(url: str) -> sa.URL | str:
    """Return where the workflows of a decision log are kept: each log has its own."""
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        return url  # it is refused where it is opened
    if address.get_backend_name() != "sqlite" or not address.database:
        return url
    file = Path(address.database)
    name = "jobs.db" if file.name == "decisions.db" else f"{file.name}.jobs"
    return address.set(database=str(file.with_name(name)))


def _in_time(do: Callable[[], Result], seconds: float) -> Result | None:
    """Do something that a database may keep waiting; None if it takes too long, or fails."""
    results: list[Result] = []

    def run() -> None:
        with suppress(SQLAlchemyError, DBOSException):
            results.append(do())

    thread = threading.Thread(target=run, name="leaving", daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    return results[0] if results else None
