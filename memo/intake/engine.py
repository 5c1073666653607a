"""Who is on which job now: the one module that knows DBOS.

A job's attempt is a workflow of three steps, whose results DBOS keeps: one that a dead process
leaves behind goes on where it was, in the hands of another, and whoever wakes up after having
been taken for dead is refused (https://docs.dbos.dev). Nothing of a recording goes into DBOS, but
the job's number and its attempt; what the steps return is for reading again, not for people.

What DBOS does not do is done here: it counts what runs by queue, we by process; it never goes on
with what a *living* process has lost (a full disk), `mend` does; nor with what the dead leave
behind, unless it is told who is dead (`rescue`).
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from memo.decision_log.database import Lent
from memo.errors import DecisionLogError, MemoError
from memo.intake.job import Job, Needs, Worker, instant
from memo.intake.machine import is_running, machine_id, process_space

# DBOS writes to stderr unless somebody listens to it, and obeys its variables: one of them would
# have it report to a service on the net.
logging.getLogger("dbos").addHandler(logging.NullHandler())
for _name in [name for name in os.environ if name.startswith("DBOS_")]:
    del os.environ[_name]

from dbos import (  # noqa: E402
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    SetWorkflowID,
    WorkflowSerializationFormat,
    WorkflowStatus,
)
from dbos._core import ActiveWorkflowById  # noqa: E402
from dbos._error import DBOSException  # noqa: E402

Result = TypeVar("Result")

STEPS = "memo-work-1"
"""Changes with the steps of a workflow: what one version began, another must not go on with."""

Outcome = dict[str, Any]
"""What a step came to, as JSON has it; an outcome with an `ending` needs no further step."""

_BUSY, _IDLE = 0.2, 1.0  # seconds between two looks at a queue
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_LOOKS = 3  # in a row, after which something is lost that should run here
_KEPT = dt.timedelta(days=1)
_KEPT_HERE = dt.timedelta(days=7)
_AT_ONCE = 400
_SEPARATOR = "|"

_log = logging.getLogger(__name__)


class Work(Protocol):
    """Does one job, in steps. Each may be done again after a crash, and says what it came to.

    What is not an outcome is tried again: nothing may be raised but what will pass by itself (a
    database that is away), and `Stopping`.
    """

    def hear(self, job_id: int, attempt: int) -> Outcome:
        """Listen to the recording."""

    def write(self, job_id: int, attempt: int) -> Outcome:
        """Write the memo of what was heard."""

    def settle(self, job_id: int, attempt: int, outcome: Outcome) -> Outcome:
        """Put things where they belong, and write the ending down."""

    def stop(self) -> None:
        """Have what is being done now raise `Stopping` soon; it will be gone on with."""


class _Undone(BaseException):
    """Leaves a workflow as it is, to be gone on with: DBOS takes nothing for a result of it."""

    def __init__(self, cause: Exception | None = None) -> None:
        super().__init__()
        self.cause = cause


# --- The workflow ---------------------------------------------------------------------------------


class _Desk(ActiveWorkflowById):
    """What this process works on: one job at a time, whichever queue it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.work: Work | None = None
        self.is_closed = False
        self.tells = True  # of what is left undone: nobody else hears of it
        self.tries: Counter[str] = Counter()  # how often each was left undone here
        self._taken: str | None = None
        self._free = threading.Condition()

    def count_for_queue(self, queue_name: str) -> int:  # noqa: ARG002 (DBOS's signature)
        """Say how much of a queue's work runs here: any other leaves no room for it, either."""
        return 1 if self.is_closed else len(self.activeList())

    @property
    def taken(self) -> str | None:
        """The workflow that is being worked on."""
        return self._taken

    @contextmanager
    def take(self, workflow: str) -> Iterator[Work]:
        """Work on a workflow. One that was claimed in the same moment as another is put back."""
        with self._free:
            if self._taken is not None or self.is_closed or self.work is None:
                raise _Undone
            self._taken = workflow
        try:
            yield self.work
        except _Undone as undone:
            self._note(workflow, undone.cause)
            raise
        except Exception as error:  # DBOS could not keep what a step came to
            self._note(workflow, error)
            raise _Undone(error) from error
        else:
            del self.tries[workflow]
        finally:
            with self._free:
                self._taken = None
                self._free.notify_all()

    def _note(self, workflow: str, cause: Exception | None) -> None:
        self.tries[workflow] += 1
        if not self.tells:
            return
        what = cause if isinstance(cause, MemoError) else type(cause).__name__
        _log.warning("a job could not go on, and is tried again: %s", what)

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is being worked on."""
        with self._free:
            return self._free.wait_for(lambda: self._taken is None, seconds)


_desk = _Desk()


@DBOS.step(name="hear")
def _hear(job_id: int, attempt: int) -> Outcome:
    return _step(lambda work: work.hear(job_id, attempt))


@DBOS.step(name="write")
def _write(job_id: int, attempt: int) -> Outcome:
    return _step(lambda work: work.write(job_id, attempt))


@DBOS.step(name="settle")
def _settle(job_id: int, attempt: int, outcome: Outcome) -> Outcome:
    return _step(lambda work: work.settle(job_id, attempt, outcome))


def _step(do: Callable[[Work], Outcome]) -> Outcome:
    assert _desk.work is not None  # noqa: S101 - it has been taken
    try:
        return do(_desk.work)
    except Exception as error:
        raise _Undone(error) from error  # an error that DBOS saw would be the step's result


@DBOS.workflow(
    name="recording",
    serialization_type=WorkflowSerializationFormat.PORTABLE,
    max_recovery_attempts=None,  # the book counts
)
def recording(job_id: int, attempt: int) -> Outcome:
    """Turn a recording into a memo: hear it, write, and settle what it came to."""
    with _desk.take(str(DBOS.workflow_id)):
        outcome = _hear(job_id, attempt)
        if "ending" not in outcome:
            outcome = _write(job_id, attempt)
        return _settle(job_id, attempt, outcome)


# --- A worker's engine ----------------------------------------------------------------------------


def queue_of(machine: str | None, needs: Needs) -> str:
    """Return the queue of jobs whose recordings lie on a machine; None: on the shelf."""
    place = f"machine-{machine}" if machine else "shelf"
    return f"{place}-{needs}" if needs else place


def queues_of(machine: str, can: Needs, *, has_shelf: bool) -> tuple[str, ...]:
    """Return the queues that a worker takes from: of its machine, and of the shelf if it has it."""
    places = [machine, None] if has_shelf else [machine]
    return tuple(queue_of(place, need) for place in places for need in sorted({"", can}))


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
        self._looks: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to take from the queues; the book must know the worker by now.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
            DecisionLogError: The workflows cannot be kept there.
        """
        _launch(self._lent, self._worker, self._queues, self._work)
        self.pace(is_busy=False)

    @property
    def doing(self) -> str | None:
        """The workflow that is being worked on, by `Job.workflow`."""
        return _desk.taken

    def put(self, jobs: Sequence[Job], alive: Collection[Worker]) -> None:
        """See to it that jobs are among the workflows; those that are stay as they are.

        What needs a graphics card goes to workers that have one, if one of these lives.
        """
        with _translating(self._lent):
            there = {found.workflow_id: found for some in _batches(jobs) for found in _among(some)}
            for job in jobs:
                before = there.get(job.workflow)
                if before is not None and before.status in _ENDED:  # the book knows better
                    DBOS.delete_workflow(job.workflow)
                if before is None or before.status in _ENDED:
                    with SetWorkflowID(job.workflow):
                        queue = _queue_for(job, alive)
                        DBOS.enqueue_workflow(queue, recording, job.id, job.attempt)
        if jobs:
            self.pace(is_busy=True)

    def missing(self, jobs: Sequence[Job]) -> list[Job]:
        """Return those of some jobs that are not among the workflows, or have ended there."""
        with _translating(self._lent):
            there = {
                found.workflow_id
                for some in _batches(jobs)
                for found in _among(some)
                if found.status not in _ENDED
            }
        return [job for job in jobs if job.workflow not in there]

    def rescue(self, alive: Collection[str]) -> int:
        """Put back what workers have begun that are not alive; return how many of these."""
        with _translating(self._lent):
            dead = {found.executor_id for found in _pending()} - {*alive, self._worker}
            return self._put_back(*filter(None, dead))

    def mend(self) -> int:
        """Put back what should run in this process and does not; return how much.

        Looks again before it believes so, and longer each time that the same comes to nothing.
        """
        with _translating(self._lent):
            pending = [found for found in _pending() if found.executor_id == self._worker]
            lost = {found.workflow_id: found for found in pending}
            lost.pop(_desk.taken or "", None)
            looks = Counter({workflow: self._looks[workflow] + 1 for workflow in lost})
            ripe = [name for name in looks if looks[name] >= _LOOKS << min(_desk.tries[name], 5)]
            for workflow in ripe:
                DBOS.resume_workflow(workflow, queue_name=lost[workflow].queue_name)
            self._looks = Counter({name: looks[name] for name in looks if name not in ripe})
            return len(ripe)

    def reroute(self, alive: Collection[Worker]) -> int:
        """Move what needs a graphics card, if nobody alive has one, to those who can do without."""
        moved = 0
        for machine in {worker.machine for worker in alive} | {None}:
            if _can(machine, "gpu", alive):
                continue
            with _translating(self._lent):
                stuck = _listed(status="ENQUEUED", queue_name=queue_of(machine, "gpu"))
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
        with _translating(self._lent):
            if is_busy is None:
                is_busy = bool(_listed(status="ENQUEUED", queue_name=self._queues, limit=1))
            pace = _BUSY if is_busy else _IDLE
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
        with _translating(self._lent):
            return _forget(_listed(status=_ENDED, completed_before=_ago(_KEPT)))

    def close(self) -> None:
        """Take nothing more, and have what is being done stop soon."""
        _desk.is_closed = True
        self._work.stop()

    def release(self, seconds: float) -> bool:
        """Stop, and put back what was being done; False if that was not done in time.

        Args:
            seconds: How long to wait for what is being done to stop, and for the database.
        """
        deadline = time.monotonic() + seconds
        self.close()
        if not _desk.wait(seconds):
            return False
        back = _in_time(lambda: self._put_back(self._worker), deadline - time.monotonic())
        return back is not None

    def stop(self, seconds: float = 10.0) -> None:
        """Leave; what is being done goes on until the process ends, and counts for nothing."""
        _desk.is_closed = True
        _in_time(_leave, seconds)
        self._lent.engine.dispose()

    def _put_back(self, *workers: str) -> int:
        """Put back what workers have begun, into the queue that it comes from.

        Each is put back once, whoever else does so now: whoever took it again has another name.
        """
        if not workers:
            return 0
        return len(DBOS._recover_pending_workflows(sorted(workers)))  # noqa: SLF001


def _launch(lent: Lent, worker: str, queues: Collection[str], work: Work) -> None:
    config: DBOSConfig = {
        "name": "memo",
        "system_database_engine": lent.engine,
        "executor_id": worker,
        "application_version": STEPS,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        "use_listen_notify": False,  # nobody waits for messages
        "notification_listener_polling_interval_sec": 0.1,  # the longest that leaving takes
        "scheduler_polling_interval_sec": 3600.0,  # nothing is scheduled
    }
    if _desk.work is not None:
        raise RuntimeError("an engine runs in this process")
    _desk.work, _desk.is_closed, _desk.tells = work, False, bool(queues)
    try:
        with _translating(lent):
            dbos = DBOS(config=config)
            dbos._active_workflows_set = _desk  # noqa: SLF001
            DBOS.listen_queues(sorted(queues))
            DBOS.launch()
    except BaseException:
        _leave()
        raise


def _leave() -> None:
    DBOS.destroy()
    _desk.work = None


# --- One recording, in this process ---------------------------------------------------------------


def run_here(file: Path, work: Work, job_id: int = 0, attempt: int = 1) -> Outcome:
    """Do one job in this thread, as a workflow in a file of this machine; nobody else takes it on.

    What a killed run has left in the file is forgotten: its work folder knows how far it came.

    Args:
        file: Where the workflows are kept meanwhile; made if need be.
        work: Does it. What its steps raise is raised here as it is.
        job_id: Handed to `work`.
        attempt: Handed to `work`.

    Returns:
        What `settle` came to.

    Raises:
        DatabaseUnavailable: The file cannot be written: no room, or locked for long.
        DecisionLogError: The file cannot be made.
    """
    worker = _SEPARATOR.join((machine_id(), process_space(), str(os.getpid()), token_hex(4)))
    lent = _launched_here(file, worker, work)
    workflow = f"here/{token_hex(12)}"
    try:
        with _translating(lent):
            _tidy_here()
            with SetWorkflowID(workflow):
                return recording(job_id, attempt)
    except _Undone as undone:
        cause = undone.cause or undone
        with lent.translating():
            raise cause from cause.__cause__
    finally:
        with suppress(SQLAlchemyError, DBOSException):
            DBOS.delete_workflow(workflow)
        _leave()
        lent.engine.dispose()


def _launched_here(file: Path, worker: str, work: Work) -> Lent:
    """Open the file; one that is broken makes way for a new one."""
    address = sa.URL.create("sqlite", database=str(file))
    lent = Lent(address)
    try:
        _launch(lent, worker, [], work)
    except DecisionLogError as error:
        lent.engine.dispose()
        if not isinstance(error.__cause__, sa.exc.DatabaseError) or error.retryable:
            raise
        for suffix in ("", "-wal", "-shm"):
            file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)
        lent = Lent(address)
        _launch(lent, worker, [], work)
    return lent


def _tidy_here() -> None:
    """Forget what runs have left behind that were killed."""
    old = _ago(_KEPT_HERE)
    left = [found for found in _listed() if found.status in _ENDED or _is_left(found.executor_id)]
    _forget([*left, *_listed(end_time=old)])


def _is_left(worker: str | None) -> bool:
    machine, space, pid, _ = f"{worker}{3 * _SEPARATOR}".split(_SEPARATOR)[:4]
    if machine != machine_id():
        return False  # it will be too old one day
    return space != process_space() or not pid.isdecimal() or not is_running(int(pid))


# --- What DBOS is asked for -----------------------------------------------------------------------


@contextmanager
def _translating(lent: Lent) -> Iterator[None]:
    """Turn what the database, or DBOS, refuses into a `DecisionLogError`."""
    try:
        with lent.translating():
            yield
    except DBOSException as error:
        raise DecisionLogError(
            f"{lent.name} cannot keep who works on what: {type(error).__name__}",
            hint="upgrade every memo that uses it, then try again",
        ) from error


def _listed(**which: Any) -> list[WorkflowStatus]:  # noqa: ANN401 - DBOS's
    """Return workflows of these steps, without what they hold, the oldest first."""
    told = {"app_version": STEPS, "load_input": False, "load_output": False, "limit": _AT_ONCE}
    return DBOS.list_workflows(**{**told, **which})


def _pending() -> list[WorkflowStatus]:
    return _listed(status="PENDING")


def _among(jobs: Sequence[Job]) -> list[WorkflowStatus]:
    return _listed(workflow_ids=[job.workflow for job in jobs])


def _batches(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    return (jobs[at : at + _AT_ONCE] for at in range(0, len(jobs), _AT_ONCE))


def _forget(these: Sequence[WorkflowStatus]) -> int:
    if these:
        DBOS.delete_workflows([found.workflow_id for found in these])
    return len(these)


def _ago(time: dt.timedelta) -> str:
    return (instant() - time).isoformat()


def _queue_for(job: Job, alive: Collection[Worker]) -> str:
    machine = job.place.machine
    return queue_of(machine, job.needs if job.needs and _can(machine, job.needs, alive) else "")


def _can(machine: str | None, needs: Needs, alive: Collection[Worker]) -> bool:
    """Return whether a worker that lives can do what is needed, where the recording is."""
    return any(
        worker.can == needs and (machine is None or worker.machine == machine) for worker in alive
    )


def _beside(url: str) -> sa.URL | str:
    """Return where the workflows of a decision log are kept."""
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        return url  # it is refused where it is opened
    if address.get_backend_name() != "sqlite" or not address.database:
        return url
    file = Path(address.database)
    name = "jobs.db" if file.name != "jobs.db" else "workflows.db"
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
