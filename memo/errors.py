"""What can go wrong, and how each failure leaves the process.

* MemoError
  x ConfigError                  a setting is missing or wrong
    + SidecarError               ... in a file that lies beside a recording
  x RecordingError               the input is missing, unreadable or has no sound
    + RecordingMissing           ... it does not exist, or no longer
    + RecordingChanged           ... it is another one now, or still being written
    + RecordingUnavailable       ... its disk does not answer, or lets nobody read: for later
  x MissingDependencyError       a package or a model's files are not installed
    + WeightsUnavailable         ... because no source could be reached: worth another try
  x TranscriptionError           the ASR failed
  x LanguageModelError           the language model did not give a usable answer
    + LanguageModelUnavailable   ... this time (timeout, 429, 5xx): worth another try
    + InvalidAnswer              ... in the asked-for shape, after every re-ask
    + AnswerTooLong              ... within its token limit: ask about less
  x DecisionLogError             the decision log refused
    + DatabaseUnavailable        ... because its database cannot be reached: worth another try
      + DatabaseFull             ... or cannot grow: worth another try when there is room
    + EditConflict               ... because somebody else has changed the entry meanwhile
  x OutputError                  a result cannot be written
    + OutputUnavailable          ... its folder does not answer, or is locked: for later
      + DiskFull                 ... its disk is full: worth another try when there is room
  x IncompleteResult             the memo was written, but `--strict` wants more of it

An adapter turns every error of the package it wraps into one of these, keeping the original as
the cause. `exit_code` is for the command line, `retryable` for a queue.
"""

from __future__ import annotations

import errno
import traceback
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of the command line; part of its stable interface."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    CONFIG = 3
    RECORDING = 4
    MISSING_DEPENDENCY = 5
    TRANSCRIPTION = 6
    LANGUAGE_MODEL = 7
    DECISION_LOG = 8
    OUTPUT = 9
    INCOMPLETE = 10
    INTERRUPTED = 130


class MemoError(Exception):
    """Base of every error that memo raises on purpose.

    Args:
        message: What happened, and to which file, time or address, in one line.
        hint: What to do next, as an order.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(MemoError):
    """A setting is missing or wrong."""

    exit_code = ExitCode.CONFIG


class SidecarError(ConfigError):
    """What lies beside a recording cannot be read, or says what cannot be."""


class RecordingError(MemoError):
    """The input is missing, unreadable or has no sound."""

    exit_code = ExitCode.RECORDING


class RecordingMissing(RecordingError):  # noqa: N818
    """There is no such file; or no longer."""


class RecordingChanged(RecordingError):  # noqa: N818
    """The file holds something else than it did, or is still being written."""


class RecordingUnavailable(RecordingError):  # noqa: N818
    """The file's disk does not answer, or does not let it be read; it may later."""

    retryable = True


class MissingDependencyError(MemoError):
    """A package, or a model's files, are not installed."""

    exit_code = ExitCode.MISSING_DEPENDENCY


class WeightsUnavailable(MissingDependencyError):  # noqa: N818
    """A model's files can be had from no source now; they may later."""

    retryable = True


class TranscriptionError(MemoError):
    """The ASR failed."""

    exit_code = ExitCode.TRANSCRIPTION


class LanguageModelError(MemoError):
    """The language model did not give a usable answer."""

    exit_code = ExitCode.LANGUAGE_MODEL


class LanguageModelUnavailable(LanguageModelError):  # noqa: N818
    """The endpoint cannot answer now; it may later."""

    retryable = True


class InvalidAnswer(LanguageModelError):  # noqa: N818
    """The model never answered in the asked-for shape."""


class AnswerTooLong(LanguageModelError):  # noqa: N818
    """The answer, or the question, did not fit the model's window; ask about less."""


class DecisionLogError(MemoError):
    """The decision log refused."""

    exit_code = ExitCode.DECISION_LOG


class DatabaseUnavailable(DecisionLogError):  # noqa: N818
    """The database cannot be reached now; it may later."""

    retryable = True


class DatabaseFull(DatabaseUnavailable):
    """The database has no room; nothing was half-written."""


class EditConflict(DecisionLogError):  # noqa: N818
    """Two people want an entry to say different things; neither is guessed to be right."""


class OutputError(MemoError):
    """A result cannot be written."""

    exit_code = ExitCode.OUTPUT


class OutputUnavailable(OutputError):  # noqa: N818
    """The folder does not answer, or may not be written to; it may later."""

    retryable = True


class DiskFull(OutputUnavailable):
    """There is no room on the disk."""


class IncompleteResult(MemoError):  # noqa: N818
    """Something is not all that was asked for: a memo (`--strict`), an export (`--check`)."""

    exit_code = ExitCode.INCOMPLETE


def told(error: Exception) -> tuple[str, str | None]:
    """Return what happened, and what to do about it; nothing of what was said on a recording."""
    if isinstance(error, MemoError):
        return str(error), error.hint
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return (
        f"this is a bug in memo: {type(error).__name__}{place}",
        "Run it again as `memo --verbose ...` to see where it happened, and please report that.",
    )


# --- What the file system says --------------------------------------------------------------------

_FULL = ("ENOSPC", "EDQUOT")
_AWAY = (
    *("EIO", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN"),
    *("ENETUNREACH", "ECONNRESET", "ECONNABORTED", "EREMOTEIO", "ENODEV", "ENXIO", "ENOMEDIUM"),
)
_CLOSED = ("EACCES", "EPERM", "EROFS")


def is_away(error: BaseException) -> bool:
    """Return whether it is the disk that failed: a network drive that is away, a bad sector."""
    return _is_one_of(error, _AWAY)


def unwritten(error: BaseException) -> type[OutputError]:
    """Return which error it is that a file cannot be written.

    Args:
        error: What the system said.
    """
    if _is_one_of(error, _FULL):
        return DiskFull
    return OutputUnavailable if _is_one_of(error, (*_AWAY, *_CLOSED)) else OutputError


def _is_one_of(error: BaseException, names: tuple[str, ...]) -> bool:
    numbers = {getattr(errno, name, None) for name in names} - {None}  # not every system has all
    return isinstance(error, OSError) and error.errno in numbers
