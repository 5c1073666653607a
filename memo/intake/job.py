"""What the intake speaks of: files that were seen, and the jobs that they become.

    queued ──▶ running ──▶ done
      ▲  ▲        │ ├────▶ failed      the file's own fault; nothing more is tried
      │  └────────┘ ├────▶ gone        the file is not there any more
      │  stopped    ▼      cancelled   somebody said so
      └───────── waiting               not the file's fault: tried again, later

A job belongs to what a recording holds and to what is asked of it (`key_of`), not to a name: the
same recording under two names is one job. A job is tried in attempts, counted from 1; every
report of a worker names the attempt it works on, so that one that was taken for dead cannot
undo what its successor did.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from memo.model import Sha256, Value
from memo.speech.recording import printable

SCHEMA = 1
"""Of a `Request`: a worker leaves jobs of a higher one to newer workers."""

Needs = Literal["", "gpu"]
"""What a job asks of a machine, or a machine can do."""


class State(StrEnum):
    """What has become of a job so far."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"
    CANCELLED = "cancelled"


LIVE = frozenset({State.QUEUED, State.RUNNING, State.WAITING})
"""The states of jobs that something is still to become of."""


class Place(Value):
    """Where a file or a folder lies, in words that every machine understands.

    Attributes:
        machine: Whose disk it is on; None for the shelf, which all machines share.
        path: The bytes of the path, in hexadecimal: absolute, or relative to the shelf.
    """

    machine: str | None
    path: str

    @classmethod
    def on(cls, machine: str | None, path: Path) -> Place:
        """Return the place of a path: absolute, or relative to the shelf."""
        return cls(machine=machine, path=os.fsencode(path).hex())

    def as_path(self) -> Path:
        """Return the path: absolute, or relative to the shelf."""
        return Path(os.fsdecode(bytes.fromhex(self.path)))

    def shown(self) -> str:
        """Return the path for people, whatever bytes it is made of."""
        return "/".join(printable(Path(part)) for part in self.as_path().parts).replace("//", "/")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A recording as a scan saw it; equal to the next one while nothing changes.

    Attributes:
        path: The file; of a meeting in several tracks, their folder.
        size: Bytes, of all tracks together.
        mtime_ns: When it was last changed, of the tracks the last; by that disk's clock.
        ino: Its number on its disk, 0 where there is none.
        dev: That disk's number.
        sidecars: What lies beside it, as text that changes whenever that does.
        tracks: The files of one meeting; none for a file.
    """

    path: Path
    size: int
    mtime_ns: int
    ino: int = 0
    dev: int = 0
    sidecars: str = ""
    tracks: tuple[Path, ...] = ()

    @property
    def signature(self) -> str:
        """What tells this file from what it was before, or will be; the same after a restart."""
        return f"{self.size}:{self.mtime_ns}:{self.ino}:{len(self.tracks)}:{self.sidecars}"


class Request(Value):
    """What the user wants of a recording, wherever it is worked on.

    Attributes:
        settings: The settings that shape a memo, as JSON has them, by name; no keys.
        out: The folder of the results; None for beside the recording.
        moved_to: The folder that the original is moved to in the end; None leaves it.
        logs: Whether decisions are recorded.
        written_by: The program's version that wrote this; not part of a job's identity.
        schema_version: `SCHEMA` of that program.
    """

    settings: dict[str, Any]
    out: Place | None = None
    moved_to: Place | None = None
    logs: bool = True
    written_by: str = ""
    schema_version: int = SCHEMA


class Arrival(Value):
    """A whole file, read to its end: what the watcher hands in.

    `signature` is that of the sighting, `filename` its name for people.
    """

    place: Place
    signature: str
    filename: str
    recording_sha256: Sha256
    key: Sha256
    request: Request
    needs: Needs = ""


class TakenIn(Value):
    """What became of an arrival.

    `new`: a job was made; `again`: content that had failed, gone or been cancelled is tried once
    more; `duplicate`: another file has this job already; `known`: nothing is to do.
    """

    job_id: int
    outcome: Literal["new", "again", "duplicate", "known"]
    arrival: Arrival


class Job(Value):
    """One piece of work: a recording, and what is wanted of it.

    Attributes:
        id: What people call it by: `memo jobs show 12`.
        token: What no other job of any database has.
        key: What it is known by (`key_of`).
        place: Where the recording is, or was last seen.
        filename: Its name for people.
        attempt: How often it has been begun on purpose, from 1.
        crashes: How many workers died in this attempt and the ones before.
        waits: How often in a row it was put off.
        not_before: When a waiting job is tried again.
        worker: Who is on it; else None.
        stage: What is being done, or was last.
        share: How much of the stage is done, 0 to 1; None where nobody knows.
        reason: Why it waits, failed or is gone, in one line.
        hint: What to do about that.
        exit_code: What `memo convert` would have left with; 0 if nothing went wrong.
        results: Of a done one: `files` (places), `numbers` in the log, `seconds` it took.
        duplicates: Other places that hold the same recording.
    """

    id: int
    token: str
    key: Sha256
    recording_sha256: Sha256
    place: Place
    filename: str
    request: Request
    needs: Needs = ""
    state: State = State.QUEUED
    attempt: int = 1
    crashes: int = 0
    waits: int = 0
    not_before: AwareDatetime | None = None
    worker: str | None = None
    stage: str = ""
    share: float | None = None
    reason: str = ""
    hint: str = ""
    exit_code: int = 0
    results: dict[str, Any] = Field(default_factory=dict)
    duplicates: tuple[Place, ...] = ()
    created_at: AwareDatetime
    changed_at: AwareDatetime

    @property
    def workflow(self) -> str:
        """The name of this attempt among workflows; no other attempt ever has it."""
        return f"{self.token}/{self.attempt}"


class Ending(Value):
    """What an attempt came to."""

    state: State
    reason: str = ""
    hint: str = ""
    exit_code: int = 0
    not_before: AwareDatetime | None = None
    results: dict[str, Any] = Field(default_factory=dict)


class JobEvent(Value):
    """One thing that happened to a job."""

    at: AwareDatetime
    what: str
    note: str = ""


class News(Value):
    """An event of any job, by its number among all of them, and how the job is now."""

    id: int
    what: str
    note: str
    job: Job


class Worker(Value):
    """A process that works on recordings.

    Attributes:
        name: Unique for all time.
        machine: Which machine's disks it sees besides the shelf (`memo.intake.machine`).
        host: That machine's name for people.
        pid: Its process there.
        boot: What that machine calls the time since it was started.
        version: Of memo.
        schema_version: The highest `SCHEMA` that it understands.
        can: What it can do beyond the rest.
        beats: How often it has said that it lives; only ever goes up.
        doing: What it is on, for people.
    """

    name: str
    machine: str
    host: str
    pid: int
    boot: str
    version: str
    schema_version: int = SCHEMA
    can: Needs = ""
    beats: int = 0
    started_at: AwareDatetime
    beat_at: AwareDatetime | None = None
    doing: str = ""


def key_of(recording_sha256: str, request: Request, sidecars: Mapping[str, bytes]) -> str:
    """Return what a job is known by: what is recorded, what is wanted, what lies beside it.

    Args:
        recording_sha256: Of the recording.
        request: What is wanted.
        sidecars: The content of the files beside the recording, by name.
    """
    about = [
        recording_sha256,
        request.model_dump(mode="json", exclude={"written_by", "schema_version"}),
        {name: hashlib.sha256(content).hexdigest() for name, content in sidecars.items()},
    ]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def instant() -> dt.datetime:
    """Return the present instant."""
    return dt.datetime.now(dt.UTC)
