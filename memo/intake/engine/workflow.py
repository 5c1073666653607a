"""A job's attempt as a workflow, and how this process comes to run some."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy as sa
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    WorkflowSerializationFormat,
    WorkflowStatus,
)
from dbos._core import ActiveWorkflowById
from dbos._error import DBOSException

from memo.decision_log.database import Lent
from memo.errors import DecisionLogError, MemoError
from memo.intake.job import instant

STEPS = "memo-work-1"
"""Changes with the steps of a workflow: what one version began, another must not go on with."""

ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
"""What DBOS calls the states of workflows that are over."""

AT_ONCE = 400
"""How many workflows are asked for at a time."""

Outcome = dict[str, Any]
"""What a step came to, as JSON has it; an outcome with an `ending` needs no further step."""

_log = logging.getLogger(__name__)


class Work(Protocol):
    """Does one job, in steps. Each may be done again after a crash, and says what it came to.

    Any step may be the first that a worker does of a job that another has left behind: each takes
    the job into its hands (`Book.begin`) before anything else. What is not an outcome is tried
    again: nothing may be raised but what will pass by itself (a database that is away), and what
    `stop` asks for.
    """

    def hear(self, job_id: int, attempt: int) -> Outcome:
        """Listen to the recording."""

    def write(self, job_id: int, attempt: int) -> Outcome:
        """Write the memo of what was heard."""

    def settle(self, job_id: int, attempt: int, outcome: Outcome) -> Outcome:
        """Put things where they belong, and write the ending down."""

    def stop(self) -> None:
        """Have what is being done now raise `Stopping` soon; it will be gone on with."""


class Undone(BaseException):
    """Leaves a workflow as it is, to be gone on with: DBOS takes nothing for a result of it."""

    def __init__(self, cause: Exception | None = None) -> None:
        super().__init__()
        self.cause = cause


class Desk(ActiveWorkflowById):
    """What this process works on: one job at a time, whichever queue it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.work: Work | None = None
        self.is_closed = False
        self.tells = True  # of what is left undone: nobody else hears of it
        self.tries: Counter[str] = Counter()  # how often each was left undone here
        self.freed = threading.Event()  # set whenever something is over
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
                raise Undone
            self._taken = workflow
        try:
            yield self.work
        except Undone as undone:
            self._note(workflow, undone.cause)
            raise
        except Exception as error:  # DBOS could not keep what a step came to
            self._note(workflow, error)
            raise Undone(error) from error
        else:
            del self.tries[workflow]
        finally:
            with self._free:
                self._taken = None
                self._free.notify_all()
            self.freed.set()

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


desk = Desk()
"""The one of this process."""


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
    assert desk.work is not None  # noqa: S101 - it has been taken
    try:
        return do(desk.work)
    except Exception as error:
        raise Undone(error) from error  # an error that DBOS saw would be the step's result


@DBOS.workflow(
    name="recording",
    serialization_type=WorkflowSerializationFormat.PORTABLE,
    max_recovery_attempts=None,  # the book counts
)
def recording(job_id: int, attempt: int) -> Outcome:
    """Turn a recording into a memo: hear it, write, and settle what it came to."""
    with desk.take(str(DBOS.workflow_id)):
        outcome = _hear(job_id, attempt)
        if "ending" not in outcome:
            outcome = _write(job_id, attempt)
        return _settle(job_id, attempt, outcome)


# --- DBOS in this process ------------------------------------------------------------------------


def launch(lent: Lent, worker: str, queues: Collection[str], work: Work) -> None:
    """Begin to take work from queues.

    Args:
        lent: Where the workflows are kept.
        worker: Who takes it; unique for all time.
        queues: Where from; none: nothing is taken, and nothing is told of what is left undone.
        work: Does it.

    Raises:
        DatabaseUnavailable: The database cannot be reached.
        DecisionLogError: The workflows cannot be kept there.
    """
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
    if desk.work is not None:
        raise RuntimeError("an engine runs in this process")
    desk.work, desk.is_closed, desk.tells = work, False, bool(queues)
    try:
        with translating(lent):
            config["dbos_system_schema"] = _schema(lent.engine)
            dbos = DBOS(config=config)
            dbos._active_workflows_set = desk  # noqa: SLF001
            DBOS.listen_queues(sorted(queues))
            DBOS.launch()
    except BaseException:
        leave()
        raise


def _schema(engine: sa.Engine) -> str:
    """Return the PostgreSQL schema of the workflows: logs in schemas of their own share none."""
    if engine.dialect.name != "postgresql":
        return "dbos"
    with engine.connect() as connection:
        own = str(connection.scalar(sa.select(sa.func.current_schema())) or "public")
    return "dbos" if own == "public" else f"{own}_dbos"


def leave() -> None:
    """Undo `launch`."""
    DBOS.destroy()
    desk.work = None


@contextmanager
def translating(lent: Lent) -> Iterator[None]:
    """Turn what the database, or DBOS, refuses into a `DecisionLogError`."""
    try:
        with lent.translating():
            yield
    except DBOSException as error:
        raise DecisionLogError(
            f"{lent.name} cannot keep who works on what: {type(error).__name__}",
            hint="upgrade every memo that uses it, then try again",
        ) from error


def listed(**which: Any) -> list[WorkflowStatus]:  # noqa: ANN401 - DBOS's
    """Return workflows of these steps, without what they hold, the oldest first."""
    told = {"app_version": STEPS, "load_input": False, "load_output": False, "limit": AT_ONCE}
    return DBOS.list_workflows(**{**told, **which})


def forget(these: Sequence[WorkflowStatus]) -> int:
    """Delete workflows; return how many."""
    if these:
        DBOS.delete_workflows([found.workflow_id for found in these])
    return len(these)


def ago(time: dt.timedelta) -> str:
    """Return the instant so long ago, as DBOS takes it."""
    return (instant() - time).isoformat()
