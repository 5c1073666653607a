"""What a watcher leaves in a file every few seconds: that it lives, and what it sees.

The file lies in the data folder, under the process's number, and goes when the watcher stops
politely. One that stays without its process tells that the watcher was killed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from memo.intake.job import instant
from memo.intake.machine import host_name, is_running, machine_id, process_space
from memo.model import Value

EVERY = 5.0
"""Seconds between two beats."""
_LATE = 60.0  # after which a beat of another machine, or of a process that is there, is old

_FOLDER = "watch"


class Beat(Value):
    """How a watcher was when it last wrote.

    Attributes:
        kind: Which command it is: `watch` or `worker`.
        folders: What it watches, for people.
        files: How many recordings the last scan saw.
        arriving: Those that are not whole yet, for people; the first few.
        arriving_count: How many these are.
        scanned_at: When it last looked; None before the first time.
        trouble: What keeps it from its work, in a line.
        slots: How many workers it should have.
        ready: How many it has.
        restarts: How often one had to be started again.
    """

    kind: str
    version: str
    host: str
    machine: str
    boot: str
    pid: int
    started_at: AwareDatetime
    beat_at: AwareDatetime
    folders: tuple[str, ...] = ()
    files: int = 0
    arriving: tuple[str, ...] = ()
    arriving_count: int = 0
    scanned_at: AwareDatetime | None = None
    trouble: str = ""
    slots: int = 0
    ready: int = 0
    restarts: int = 0

    def standing(self) -> str:
        """Return how it is now: `running`, `stuck`, or `dead` if it was killed."""
        is_late = abs((instant() - self.beat_at).total_seconds()) > _LATE
        if self.machine == machine_id():
            here, there = process_space(), self.boot
            if here.split()[:1] != there.split()[:1] or (
                here == there and not is_running(self.pid)
            ):
                return "dead"
        return "stuck" if is_late else "running"


class Heartbeat:
    """Writes beats, and takes the file away in the end.

    Args:
        data: The data folder.
        kind: Which command this is.
        version: Of memo.
        folders: What is watched, for people.
    """

    def __init__(self, data: Path, kind: str, version: str, folders: tuple[str, ...] = ()) -> None:
        self._path = data / _FOLDER / f"{machine_id()}-{os.getpid()}.json"
        now = instant()
        self._first = Beat(
            kind=kind, version=version, folders=folders, host=host_name(), machine=machine_id(),
            boot=process_space(), pid=os.getpid(), started_at=now, beat_at=now,
        )  # fmt: skip

    def beat(self, **how: object) -> None:
        """Write how things are; a disk that is full is no reason to stop."""
        beat = Beat.model_validate({**dict(self._first), **how, "beat_at": instant()})
        beside = self._path.with_suffix(".tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(beat.model_dump_json(), encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()

    def end(self) -> None:
        """Take the file away."""
        with contextlib.suppress(OSError):
            self._path.unlink()


def beats(data: Path) -> list[Beat]:
    """Return what watchers have left in a data folder, the oldest first.

    What one left that was killed is returned once more, and taken away.
    """
    return sorted(_beats(data), key=lambda beat: beat.started_at)


def _beats(data: Path) -> Iterator[Beat]:
    for path in (data / _FOLDER).glob("*.json"):
        try:
            beat = Beat.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ValidationError):
            continue
        yield beat
        if beat.standing() == "dead":
            with contextlib.suppress(OSError):
                path.unlink()
