"""What is written to stdout and stderr: results to the one, all else to the other."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

import click

from memo.errors import OutputError


def say(text: str) -> None:
    """Write a line of results to stdout. A reader who has gone does not stop the work.

    Raises:
        OutputError: Stdout leads to a full disk.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        leave_stdout()
    except OSError as error:
        if error.errno == errno.EPIPE:
            leave_stdout()
            return
        leave_stdout()
        raise OutputError(
            f"cannot write to the standard output: {error.strerror}",
            hint="Send it elsewhere; files that were written are in place.",
        ) from error


def complain(message: str, hint: str | None = None) -> None:
    """Write an error, and what to do about it, to stderr."""
    note(f"memo: error: {printable(message)}")
    if hint:
        note(f"hint: {printable(hint)}")


def note(text: str) -> None:
    """Write a line about the work to stderr, if anybody is there to read it."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def leave_stdout() -> None:
    """Send the rest of the results nowhere: whoever read them has gone."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def shown_to_a_person() -> bool:
    """Return whether stdout is a terminal, and not a file, a pipe or closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def printable(text: object) -> str:
    """Return text as one line that cannot play tricks on a terminal."""
    from memo.export.untrusted import one_line

    return one_line(str(text))


def size(count: float) -> str:
    """Return a number of bytes as people write it."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def clock(seconds: float) -> str:
    """Return seconds as `12:34` or `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
