"""What an error means for a job: it is over, or it is tried again, later.

What is not the file's fault is waited out, however long it takes: a language model that is down, a
full disk, a key that is refused, a model that is not installed. What no waiting changes fails at
once: a broken recording, an answer that never comes in the asked-for shape. What may be either, a
speech model that fails or a bug in memo, is tried a few times.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from memo.errors import (
    AnswerTooLong,
    ConfigError,
    ExitCode,
    InvalidAnswer,
    LanguageModelError,
    MemoError,
    MissingDependencyError,
    OutputError,
    RecordingChanged,
    RecordingMissing,
    SidecarError,
    TranscriptionError,
    told,
    unwritten,
)
from memo.intake.job import Ending, Job, State
from memo.model import Memo, Remark, RemarkCode
from memo.pipeline.conversion import AGAIN
from memo.speech.recording import clean

FIRST_WAIT = dt.timedelta(seconds=30)
"""How long a job is put off the first time; each further time in a row, twice as long ..."""

_MOST = dt.timedelta(hours=1)  # ... up to this, ...
_SPREAD = (0.5, 1.5)  # ... times something between these, so that not all come back at once
LONGEST_WAIT = _MOST * _SPREAD[1]
"""The longest that anything is put off for."""

TRIES = 3
"""How often a job is tried that fails for what may be chance."""

_TRIED = "tries"
_ANEW = "anew"
_UNREAD = {(Remark.of(code),) for code in (RemarkCode.NO_USABLE_ANSWER, RemarkCode.ANSWER_TOO_LONG)}
_NOT_ITS_FAULT = (ConfigError, MissingDependencyError, LanguageModelError, RecordingChanged)
_ITS_FAULT = (SidecarError, InvalidAnswer, AnswerTooLong)


class Stopping(BaseException):
    """The worker is to stop: what it is on is left as it is, and gone on with elsewhere.

    No `Exception`, so that nothing on its way takes it for a failure of the work.
    """


def ending_of(error: Exception, job: Job, now: dt.datetime) -> Ending:
    """Return what an error means for a job.

    Args:
        error: What ended the attempt.
        job: Which job, with its counts before this ending.
        now: The present instant.
    """
    error = _translated(error)
    reason, hint = told(error)
    about = {
        "reason": clean(reason),
        "hint": clean(hint or "").replace(AGAIN, "memo then goes on from the transcript."),
        "exit_code": int(error.exit_code if isinstance(error, MemoError) else ExitCode.INTERNAL),
    }
    tries = _tries(job)
    if isinstance(error, RecordingMissing):
        return Ending(state=State.GONE, **about)
    if _is_for_later(error):
        return _put_off(job, now, tries, about)
    is_chance = isinstance(error, TranscriptionError) or not isinstance(error, MemoError)
    if is_chance and tries + 1 < TRIES:
        return _put_off(job, now, tries + 1, about)
    return Ending(state=State.FAILED, **about)


def poisoned(job: Job) -> Ending:
    """Return how a job ends that too many workers have died of."""
    doing = f", the last one in: {job.stage}" if job.stage else ""
    return Ending(
        state=State.FAILED,
        reason=f"{job.crashes} workers died while they worked on it{doing}",
        hint="Look in the system's log for what ended them (often too little memory); "
        f"then: memo jobs retry {job.id}",
        exit_code=int(ExitCode.INTERNAL),
    )


def wait_of(job: Job) -> dt.timedelta:
    """Return for how long a job is put off, that has been so often before.

    The same for the same job and count, so that it can be told beforehand; for others it differs.
    """
    doublings = min(job.waits, 30)  # 2^30 times anything is beyond the most
    drawn = hashlib.sha256(f"{job.token}/{job.waits}".encode()).digest()
    share = int.from_bytes(drawn[:8], "big") / 2**64
    low, high = _SPREAD
    return min(FIRST_WAIT * (1 << doublings), _MOST) * (low + (high - low) * share)


def _is_for_later(error: Exception) -> bool:
    """Return whether it is not the recording's fault."""
    if isinstance(error, MemoError) and error.retryable:
        return True
    return isinstance(error, _NOT_ITS_FAULT) and not isinstance(error, _ITS_FAULT)


def _translated(error: Exception) -> Exception:
    """Return what the system refused, where nobody has said for what."""
    if isinstance(error, MemoryError):
        return TranscriptionError(
            "there is not enough memory",
            hint="Close other programs, give memo more, or choose smaller models.",
        )
    kind = unwritten(error)
    if kind is OutputError or isinstance(error, MemoError):
        return error
    why = getattr(error, "strerror", None) or type(error).__name__
    hint = "Free some space on the disks, and see to it that memo may read and write there."
    return kind(f"a file cannot be read or written: {why}", hint=hint)


def _put_off(job: Job, now: dt.datetime, tries: int, about: dict[str, Any]) -> Ending:
    return Ending(
        state=State.WAITING,
        not_before=now + wait_of(job),
        results={_TRIED: tries, _ANEW: is_made_anew(job)},
        **about,
    )


def done(job: Job, memo: Memo, results: dict[str, Any]) -> Ending:
    """Return how a job ends whose memo is written; what the model did not read is said.

    Args:
        job: The job.
        memo: The memo.
        results: What there is of it.
    """
    unread = sum(gap.end - gap.start for gap in memo.coverage.gaps if gap.remarks in _UNREAD)
    if not unread:
        return Ending(state=State.DONE, results=results)
    minutes, seconds = divmod(round(unread), 60)
    return Ending(
        state=State.DONE,
        reason=f"the language model gave no usable answer to {minutes}:{seconds:02d} of it",
        hint=f"To have it read again, by another model perhaps: memo jobs retry {job.id}",
        results=results,
    )


def is_made_anew(job: Job) -> bool:
    """Return whether a job was done already, and somebody wants its memo made once more."""
    return bool(job.results.get("files") or job.results.get(_ANEW))


def _tries(job: Job) -> int:
    """Return how often the job failed by chance since it was taken in, or somebody retried it."""
    return int(job.results.get(_TRIED, 0)) if job.waits else 0
