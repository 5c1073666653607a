"""`call.m4a.error.txt`: what went wrong with a recording, beside it, for whoever looks there.

The last line tells whether the file is still as memo wrote it. Only then it is replaced or
removed; what somebody else wrote, or added, stays.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import re
from contextlib import suppress
from pathlib import Path

from memo.errors import OutputError
from memo.export.files import write_outputs
from memo.export.untrusted import one_line
from memo.intake.job import Ending, Job
from memo.speech.recording import printable

ENDING = ".error.txt"

_OTHER_ENDING = f".memo{ENDING}"  # where somebody else has the first
_LONGEST = 255  # bytes of a name
_LARGEST = 65_536  # bytes of a notice
_SIGNED = re.compile(r"\(memo wrote this file, .* ([0-9a-f]{16})\)\n\Z")

_log = logging.getLogger(__name__)


def tell(recording: Path, job: Job, ending: Ending, now: dt.datetime) -> Path | None:
    """Write beside a recording why it failed; what cannot be written there is in the book.

    Args:
        recording: The file, or the folder of its tracks.
        job: Which job.
        ending: What it came to.
        now: When.

    Returns:
        The notice; None if none could be written.
    """
    content = _words(recording, job, ending, now).encode()
    for path in _names(recording):
        if os.path.lexists(path) and not _is_ours(path):
            continue
        try:
            write_outputs({path: content})
        except OutputError as error:
            _log.warning("%s", error)
            return None
        return path
    return None


def clear(recording: Path) -> list[Path]:
    """Remove what was told of a recording, if nobody has changed it since.

    Returns:
        The notices that are gone.
    """
    gone = []
    for path in filter(_is_ours, _names(recording)):
        with suppress(OSError):
            path.unlink()
            gone.append(path)
    return gone


def _words(recording: Path, job: Job, ending: Ending, now: dt.datetime) -> str:
    when = now.astimezone().strftime("%Y-%m-%d %H:%M")
    lines = [
        f"memo could not convert {one_line(printable(recording))}.",
        "",
        f"What happened:  {one_line(ending.reason)}",
        *([f"What to do:     {one_line(ending.hint)}"] if ending.hint else []),
        f"When:           {when}",
        f"To try again:   memo jobs retry {job.id}",
        "",
        "",
    ]
    text = "\n".join(lines)
    told = "and removes it when the recording is converted"
    return f"{text}(memo wrote this file, {told}. {_signature(text)})\n"


def _signature(text: str) -> str:
    return hashlib.sha256(f"memo notice\n{text}".encode()).hexdigest()[:16]


def _is_ours(path: Path) -> bool:
    """Return whether a file is there just as `tell` wrote it."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return False
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return False
    signed = _SIGNED.search(text)
    return signed is not None and _signature(text[: signed.start()]) == signed[1]


def _names(recording: Path) -> tuple[Path, Path]:
    first, second = (_with(recording, ending) for ending in (ENDING, _OTHER_ENDING))
    return first, second


def _with(recording: Path, ending: str) -> Path:
    """Return a recording's name with an ending; one that would be too long is cut."""
    name = os.fsencode(recording.name)
    room = _LONGEST - len(ending)
    if len(name) <= room:
        return recording.with_name(f"{recording.name}{ending}")
    told = hashlib.sha256(name).hexdigest()[:8]
    head = name[: room - len(told) - 1].decode("utf-8", "ignore")
    return recording.with_name(f"{head}~{told}{ending}")
