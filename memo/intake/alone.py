"""One recording in this process, by the same workflow as a watched folder's: `memo convert`.

The workflow is kept in a file in the cache, never in the fleet's database: somebody without a
network converts alike. What was finished before a crash lies in the recording's work folder; so a
file of workflows that cannot be had takes nothing away, and a recording that is converted already
needs none.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import TracebackType
from typing import Any

from memo.errors import DecisionLogError
from memo.pipeline import Job, Outcome, Tools
from memo.pipeline.conversion import Conversion, opened
from memo.ports import Progress

FILE = "workflows.db"
"""The file of this machine's workflows, in the folder of all recordings' work."""

_log = logging.getLogger(__name__)


def convert_alone(job: Job, tools: Tools, progress: Progress) -> Outcome:
    """Turn a recording, or a transcript of one, into a memo.

    Args:
        job: What is to be converted.
        tools: What with.
        progress: Told how far each stage has come.

    Returns:
        As `memo.pipeline.convert`.

    Raises:
        MemoError: As `memo.pipeline.convert`.
    """
    with opened(job, tools, progress) as conversion:
        if outcome := conversion.finished():
            return outcome
        alone = _Alone(conversion)
        _run(tools.work / FILE, alone)
        return alone.outcome()


def _run(file: Path, alone: _Alone) -> None:
    """Do the steps as a workflow."""
    from memo.intake.engine import run_here

    try:
        run_here(file, alone)
    except DecisionLogError as error:
        if not alone.has_failed:
            _log.info("the workflow could not be kept: %s", error)
    except Exception:
        if not alone.has_failed:
            raise


class _Alone:
    """Does the one job (`memo.intake.engine.Work`); no book knows of it."""

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._outcome: Outcome | None = None
        self._failure: _Failure | None = None

    @property
    def has_failed(self) -> bool:
        """Whether a step has failed, rather than what is around the steps."""
        return self._failure is not None

    def hear(self, _job_id: int, _attempt: int) -> dict[str, Any]:
        """Listen."""
        try:
            self._conversion.hear()
        except Exception as error:
            self._failure = _Failure(error)
            raise
        return {}

    def write(self, _job_id: int, _attempt: int) -> dict[str, Any]:
        """Write."""
        try:
            self._outcome = self._conversion.run()
        except Exception as error:
            self._failure = _Failure(error)
            raise
        return {"ending": {"state": "done"}}

    def settle(self, _job_id: int, _attempt: int, outcome: dict[str, Any]) -> dict[str, Any]:
        """Leave everything as it is."""
        return outcome

    def stop(self) -> None:
        """Do nothing: who stops this does so in the thread itself."""

    def outcome(self) -> Outcome:
        """Return what became of the recording; do what no workflow has done.

        Raises:
            Exception: What a step raised, as it was.
        """
        if self._failure:
            raise self._failure.as_it_was()
        return self._outcome or self._conversion.run()


class _Failure:
    """An error of a step, as it was before it went through somebody else's hands."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self._trace: TracebackType | None = error.__traceback__
        self._because = (error.__cause__, error.__context__, error.__suppress_context__)

    def as_it_was(self) -> Exception:
        error = self._error
        error.__cause__, error.__context__, error.__suppress_context__ = self._because
        return error.with_traceback(self._trace)
