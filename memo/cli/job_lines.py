"""A job in words: what became of a file, why it waits, and what to do about that."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from memo.cli.output import printable
from memo.intake.job import Job, Place, State

_KINDS = {"DEC": "decision", "ACT": "action", "QUE": "open question"}
_ORDINALS = {1: "once", 2: "twice"}


def when(instant: dt.datetime, timezone: str, now: dt.datetime) -> str:
    """Return an instant as briefly as it can be told: the time if it is today's, else the day."""
    zone = ZoneInfo(timezone)
    local, today = instant.astimezone(zone), now.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d}"


def found(job: Job) -> str:
    """Return what a done job found: `2 decisions, 1 action`; "" if that cannot be told."""
    numbers = job.results.get("numbers") or ()
    counted = Counter(str(number).partition("-")[0] for number in numbers)
    return ", ".join(plural(counted[kind], name) for kind, name in _KINDS.items() if counted[kind])


def summary(job: Job) -> str:
    """Return what there is to say in a few words beside the name of a file."""
    if job.state is State.RUNNING:
        share = "" if job.share is None else f" {job.share:.0%}"
        return f"{job.stage}{share}"
    if job.state is State.DONE:
        return found(job) or "done"
    return ""


def why(job: Job, timezone: str, now: dt.datetime) -> Iterator[str]:
    """Yield why a job is where it is, and what to do; nothing if there is nothing to wonder at."""
    if job.reason:
        yield job.reason
    if job.state is State.WAITING and job.not_before is not None:
        times = _ORDINALS.get(job.waits, f"{job.waits} times")
        yield f"Put off {times}; tried again at {_clock(job.not_before, timezone, now)}."
    if job.state in {State.QUEUED, State.RUNNING} and job.crashes:
        workers = "A worker" if job.crashes == 1 else f"{job.crashes} workers"
        yield f"{workers} died of it so far."
    if job.hint:
        yield f"→ {job.hint}"
    elif job.state in {State.FAILED, State.CANCELLED}:
        yield f"→ To try it again: memo jobs retry {job.id}"


def _clock(instant: dt.datetime, timezone: str, now: dt.datetime) -> str:
    zone = ZoneInfo(timezone)
    local, today = instant.astimezone(zone), now.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M}"


def where(place: Place, shelf: str | None) -> str:
    """Return a place as people of this machine would write it."""
    if place.machine is None:
        return f"{shelf.rstrip('/')}/{place.shown()}" if shelf else f"shelf:{place.shown()}"
    return place.shown()


def as_object(job: Job, shelf: str | None) -> dict[str, Any]:
    """Return a job for programs."""
    told = job.model_dump(
        mode="json",
        include={
            "id", "state", "filename", "recording_sha256", "needs", "attempt", "crashes", "waits",
            "not_before", "worker", "stage", "share", "reason", "hint", "exit_code", "created_at",
            "changed_at",
        },
    )  # fmt: skip
    return {
        **told,
        "file": where(job.place, shelf),
        "machine": job.place.machine,
        "files": files(job, shelf),
        "numbers": list(job.results.get("numbers") or ()),
        "duplicates": [where(place, shelf) for place in job.duplicates],
    }


def files(job: Job, shelf: str | None) -> dict[str, str]:
    """Return the results of a job by their form: `md`, `docx`."""
    told = job.results.get("files") or {}
    return {str(name): _file(place, shelf) for name, place in dict(told).items()}


def _file(place: Any, shelf: str | None) -> str:  # noqa: ANN401 - what another version wrote
    try:
        return where(Place.model_validate(place), shelf)
    except ValueError:
        return printable(Path(str(place)))


def plural(count: int, name: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{count} {name}{'' if count == 1 else 's'}"
