"""One recording, as a workflow in this very process."""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID
from dbos._error import DBOSException
from sqlalchemy.exc import SQLAlchemyError

from memo.decision_log.database import Lent
from memo.errors import DecisionLogError
from memo.intake.engine.workflow import (
    ENDED,
    Outcome,
    Undone,
    Work,
    ago,
    forget,
    launch,
    leave,
    listed,
    recording,
    translating,
)
from memo.intake.machine import is_running, machine_id, process_space

_KEPT = dt.timedelta(days=7)
_SEPARATOR = "|"


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
        with translating(lent):
            _tidy_here()
            with SetWorkflowID(workflow):
                return recording(job_id, attempt)
    except Undone as undone:
        cause = undone.cause or undone
        with lent.translating():
            raise cause from cause.__cause__
    finally:
        with suppress(SQLAlchemyError, DBOSException):
            DBOS.delete_workflow(workflow)
        leave()
        lent.engine.dispose()


def _launched_here(file: Path, worker: str, work: Work) -> Lent:
    """Open the file; one that is broken makes way for a new one."""
    address = sa.URL.create("sqlite", database=str(file))
    lent = Lent(address)
    try:
        launch(lent, worker, [], work)
    except DecisionLogError as error:
        lent.engine.dispose()
        if not isinstance(error.__cause__, sa.exc.DatabaseError) or error.retryable:
            raise
        for suffix in ("", "-wal", "-shm"):
            file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)
        lent = Lent(address)
        launch(lent, worker, [], work)
    return lent


def _tidy_here() -> None:
    """Forget what runs have left behind that were killed."""
    old = ago(_KEPT)
    left = [found for found in listed() if found.status in ENDED or _is_left(found.executor_id)]
    forget([*left, *listed(end_time=old)])


def _is_left(worker: str | None) -> bool:
    machine, space, pid, _ = f"{worker}{3 * _SEPARATOR}".split(_SEPARATOR)[:4]
    if machine != machine_id():
        return False  # it will be too old one day
    return space != process_space() or not pid.isdecimal() or not is_running(int(pid))
