"""What is said about an error, and what is kept back: its words may be those of a transcript."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

from memo.cli.output import complain
from memo.errors import ExitCode, MemoError, told

_log = logging.getLogger("memo")


def report(error: Exception) -> ExitCode:
    """Write an error to stderr, in one line with what to do, and return its exit code.

    With `--verbose` its trace comes first.
    """
    _log.info("where it happened:\n%s", "\n".join(trace(error)))
    complain(*told(error))
    return error.exit_code if isinstance(error, MemoError) else ExitCode.INTERNAL


def trace(error: BaseException) -> Iterator[str]:
    """Yield where an error and its causes happened; in what words only if they are memo's own."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from trace(cause)
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}, line {frame.lineno}, in {frame.name}"
    words = f": {error}" if isinstance(error, MemoError | OSError | ImportError) else ""
    yield f"{type(error).__name__}{words}"
