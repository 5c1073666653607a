"""`memo watch --status`: how watchers, workers and jobs are, for people and for health checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from memo import __version__
from memo.app.intake import open_book
from memo.cli.job_lines import plural, summary, when
from memo.cli.output import printable, say
from memo.config import Settings
from memo.errors import ExitCode
from memo.intake.heartbeat import Beat, beats
from memo.intake.job import Job, State, Worker, instant
from memo.intake.machine import machine_id

_WORDS = {
    State.QUEUED: "in the queue", State.RUNNING: "running", State.WAITING: "put off",
    State.DONE: "done", State.FAILED: "failed", State.GONE: "gone", State.CANCELLED: "given up",
}  # fmt: skip


def say_standing(settings: Settings, *, as_json: bool) -> ExitCode:
    """Say how things are.

    Args:
        settings: The settings.
        as_json: Whether for programs.

    Returns:
        `OK` if a watcher or worker of this machine runs, and all of them are well.
    """
    left = beats(settings.data_dir)
    with open_book(settings) as book:
        counts, workers = book.counts(), book.workers()
        running = book.jobs(states=[State.RUNNING])
    if as_json:
        say(json.dumps(_as_object(left, counts, workers, running), indent=2))
    else:
        for line in _lines(settings, left, counts, workers, running):
            say(line)
    return ExitCode.OK if _is_well(left) else ExitCode.INCOMPLETE


def _is_well(left: Sequence[Beat]) -> bool:
    own = [beat for beat in left if beat.machine == machine_id()]
    well = [beat.standing() == "running" and not beat.trouble for beat in own]
    return bool(well) and all(well)


def _as_object(
    left: Sequence[Beat],
    counts: Mapping[State, int],
    workers: Sequence[Worker],
    running: Sequence[Job],
) -> dict[str, Any]:
    return {
        "runs": [{**beat.model_dump(mode="json"), "standing": beat.standing()} for beat in left],
        "workers": [worker.model_dump(mode="json") for worker in workers],
        "jobs": {state.value: count for state, count in counts.items()},
        "running": [
            job.model_dump(mode="json", include={"id", "filename", "stage", "share", "worker"})
            for job in running
        ],
    }


def _lines(
    settings: Settings,
    left: Sequence[Beat],
    counts: Mapping[State, int],
    workers: Sequence[Worker],
    running: Sequence[Job],
) -> Iterator[str]:
    zone, now = settings.timezone, instant()
    if not left:
        yield "no watcher runs here; memo watch FOLDER starts one"
    for beat in left:
        yield from _run(beat, zone)
    for worker in workers:
        since = when(worker.started_at, zone, now)
        yield f"worker on {printable(worker.host)}, process {worker.pid}, since {since}"
        if worker.version != __version__:
            yield f"  runs memo {printable(worker.version)}, not {__version__} as is here"
    for job in running:
        yield f"  {printable(job.filename)}: {printable(summary(job)) or 'begun'}"
    told = [f"{counts[state]} {words}" for state, words in _WORDS.items() if counts[state]]
    yield f"jobs: {', '.join(told) or 'none yet'}"
    if counts[State.WAITING] or counts[State.FAILED]:
        yield "memo jobs list --state waiting --state failed tells why, and what to do"


def _run(beat: Beat, zone: str) -> Iterator[str]:
    now, standing = instant(), beat.standing()
    where = ", ".join(map(printable, beat.folders))
    since = when(beat.started_at, zone, now)
    head = f"{beat.kind} {where}".strip()
    yield f"{head}: process {beat.pid} on {printable(beat.host)}, since {since}"
    if standing == "dead":
        yield "  was killed; what it was doing goes on when memo watch is started again"
        return
    if standing == "stuck":
        yield f"  has given no sign of life since {when(beat.beat_at, zone, now)}: start it again"
    if beat.trouble:
        yield f"  {printable(beat.trouble)}"
    if beat.kind == "watch" and beat.scanned_at is not None:
        files = plural(beat.files, "recording")
        yield f"  {files} seen, at {beat.scanned_at.astimezone(ZoneInfo(zone)):%H:%M:%S}"
    if beat.arriving_count:
        names = [printable(name) for name in beat.arriving]
        more = beat.arriving_count - len(names)
        names += [f"{more} more"] if more else []
        yield f"  still arriving: {', '.join(names)}"
    if beat.slots:
        restarts = f", started again {plural(beat.restarts, 'time')}" if beat.restarts else ""
        yield f"  {beat.ready} of {plural(beat.slots, 'worker')} live{restarts}"
