"""Settings become what watches folders, and what works on recordings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from memo import __version__
from memo.app.wiring import changed, tools, work_folder
from memo.config import Settings
from memo.errors import ConfigError, MemoError
from memo.intake.job import SCHEMA, Job, Needs, Place, Request, State, instant
from memo.intake.machine import machine_id
from memo.intake.shelf import Shelf, open_shelf
from memo.pipeline import Tools
from memo.ports import Progress
from memo.speech.names.glossary import read_entries

if TYPE_CHECKING:
    from memo.intake.book import Book
    from memo.intake.watcher import Watcher

_MANY = 100  # jobs
_SELDOM = 5.0  # seconds
_BEGUN = (State.QUEUED, State.RUNNING)
_ASKED = frozenset(
    {
        "asr_model", "attendees", "diarize", "diarizer", "formats", "glossary", "language",
        "llm", "llm_context", "llm_model", "llm_url", "memo_language", "prompts", "speakers",
        "timezone",
    }
)  # fmt: skip
"""Settings that shape a memo; the others are a machine's own."""
_FAREWELL = 110.0  # seconds; systemd's units wait for 120


def open_book(settings: Settings) -> Book:
    """Open the book of jobs.

    Raises:
        DecisionLogError: The database cannot be opened.
    """
    from memo.intake.book import Book

    return Book(settings.database_url)


def shelf_of(settings: Settings) -> Shelf:
    """Return the disks of this machine, and what it shares with others.

    Raises:
        ConfigError: The shelf cannot be used.
        MissingDependencyError: What buckets need is not installed.
    """
    return open_shelf(
        settings.shelf,
        machine=machine_id(),
        work=work_folder(settings),
        offline=settings.offline,
        room=settings.work_disk,
    )


def place_of(settings: Settings, path: Path) -> Place:
    """Return the place of a path of this machine."""
    shelf = shelf_of(settings)
    return shelf.place_of(shelf.named(str(path)))


def watcher_of(
    settings: Settings,
    folders: Sequence[Path],
    book: Book,
    *,
    poll: bool = False,
    transcripts: bool = False,
    logs: bool = True,
) -> Watcher:
    """Return what watches folders.

    Args:
        settings: The settings; those that shape a memo go with every file that is taken in.
        folders: The folders, as `Shelf.named` has them.
        book: Where whole files are written.
        poll: Whether to rely on looking alone.
        transcripts: Whether transcripts are taken, too.
        logs: Whether decisions are recorded.

    Raises:
        ConfigError: What other machines can work on should end up where only this one can write.
    """
    from memo.intake.folder import Wish
    from memo.intake.lookout import Pace
    from memo.intake.watcher import Watcher

    shelf = shelf_of(settings)
    own = (settings.out, settings.watch_done, settings.cache_dir, settings.data_dir)
    request = request_of(settings, shelf, logs=logs)
    _ensure_in_reach(request, [shelf.place_of(folder) for folder in folders])
    wish = Wish(
        request=request,
        needs=needs_of(settings),
        transcripts=transcripts,
        left_out=frozenset(shelf.named(str(folder)) for folder in own if folder is not None),
    )
    pace = Pace(settle=settings.watch_settle, rescan=settings.watch_rescan)
    return Watcher(folders, book, wish, shelf, pace=pace, poll=poll)


def request_of(settings: Settings, shelf: Shelf, *, logs: bool = True) -> Request:
    """Return what is asked of every recording; any machine can carry it out.

    Args:
        settings: The settings.
        shelf: Who says where folders lie.
        logs: Whether decisions are recorded.
    """
    said = settings.model_dump(mode="json", include=set(_ASKED))
    terms = read_entries(settings.glossary)  # a file of them lies on this machine alone
    said["glossary"] = [": ".join(filter(None, [t.written, ", ".join(t.heard_as)])) for t in terms]
    return Request(
        settings=said,
        out=shelf.place_of(shelf.named(str(settings.out))) if settings.out else None,
        moved_to=(
            shelf.place_of(shelf.named(str(settings.watch_done))) if settings.watch_done else None
        ),
        logs=logs,
        written_by=__version__,
    )


def _ensure_in_reach(request: Request, folders: Sequence[Place]) -> None:
    """Make sure that whoever may work on a recording can write where its results go."""
    is_shared = any(folder.machine is None for folder in folders)
    for name, place in (("out", request.out), ("watch_done", request.moved_to)):
        if is_shared and place is not None and place.machine is not None:
            raise ConfigError(
                f"{name} lies on this machine alone, and the watched folder on the shelf",
                hint="Name a folder on the shelf, or watch that folder without a shelf.",
            )


def needs_of(settings: Settings) -> Needs:
    """Return what a conversion wants of a machine: large speech models, a graphics card."""
    return "gpu" if settings.asr_model.startswith("large") or settings.device == "cuda" else ""


def tools_of(settings: Settings, request: Request, progress: Progress) -> Tools:
    """Return what a request is carried out with on this machine.

    Raises:
        ConfigError: This machine's settings do not go with what is asked.
    """
    asked = {name: value for name, value in request.settings.items() if name in _ASKED}
    both = changed(
        settings,
        asked,
        wrong="the recording wants settings that do not work on this machine",
        hint="Correct this machine's settings, or let another one work on it.",
    )
    return tools(both, progress, logs=request.logs)


def work_in_slot(
    settings: Settings, stop: Event, beat: Callable[[], None], *, gpu: bool | None
) -> bool:
    """Be a worker until it is to stop; the process should end then.

    Args:
        settings: The settings of this machine.
        stop: Ends it politely.
        beat: Called about every second while the process is well.
        gpu: Whether to take what wants a graphics card; None finds out.

    Returns:
        Whether what was being done has been put back for others.

    Raises:
        DatabaseUnavailable: The database cannot be reached.
        DecisionLogError: It cannot be used.
    """
    from memo.intake.engine import Engine
    from memo.intake.keeper import Keeper, can_use_gpu, give_way
    from memo.intake.liveness import Heart, this_worker
    from memo.intake.queues import queues_of
    from memo.intake.work import Work

    Thread(target=_beat_on, args=(beat,), name="life", daemon=True).start()
    give_way()
    settings = _with_its_share(settings)
    gpu = can_use_gpu(settings.device) if gpu is None else gpu
    can: Needs = "gpu" if gpu else ""
    me = this_worker(__version__, can)
    book, shelf = open_book(settings), shelf_of(settings)
    keeper = Keeper(work_folder(settings), settings.work_disk, shelf, book.live_recordings)
    Thread(target=keeper.keep, args=(stop,), name="keeper", daemon=True).start()

    def tools_for(request: Request, progress: Progress) -> Tools:
        keeper.ensure_room()
        return tools_of(settings, request, progress)

    work = Work(book, me.name, shelf, tools_for, crashes=settings.worker_crashes)
    queues = queues_of(me.machine, can, has_shelf=shelf.root is not None)
    engine = Engine(settings.database_url, me.name, queues, work)
    heart = Heart(
        book, engine, me, settings.worker_lease, in_all=settings.worker_limit, doing=work.doing
    )
    heart.start()
    stop.wait()
    return heart.stop(_FAREWELL)


def _with_its_share(settings: Settings) -> Settings:
    """Return the settings of one of several workers that share this machine's processors."""
    from memo.intake.keeper import threads_each
    from memo.language_model.cores import usable_cores

    each = threads_each(usable_cores(), settings.worker_slots, settings.threads)
    return settings.model_copy(update={"threads": each})


def _beat_on(beat: Callable[[], None]) -> None:
    while True:
        beat()
        time.sleep(1.0)


class Backlog:
    """Says whether anything is left to do now that this machine can do.

    Args:
        settings: The settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._machines = {machine_id(), *([None] if settings.shelf else [])}
        self._asked = float("-inf")
        self._book: Book | None = None

    def is_done(self, counts: Mapping[State, int]) -> bool:
        """Return whether nothing stands in the queue, is being worked on, or has waited enough.

        Args:
            counts: How many jobs are in each state; most of the time these tell. Many jobs are
                looked at every few seconds only.
        """
        begun = sum(counts.get(state, 0) for state in _BEGUN)
        waiting = counts.get(State.WAITING, 0)
        if not counts or begun > _MANY:
            return False
        if not begun and not waiting:
            return True
        if begun + waiting > _MANY and time.monotonic() - self._asked < _SELDOM:
            return False
        self._asked = time.monotonic()
        try:
            self._book = self._book or open_book(self._settings)
            jobs = self._book.jobs(states=(*_BEGUN, State.WAITING))
        except MemoError as error:
            if not error.retryable:
                raise
            return False
        return not any(map(self._can_be_done, jobs))

    def _can_be_done(self, job: Job) -> bool:
        is_due = job.not_before is None or job.not_before <= instant()
        is_ours = job.place.machine in self._machines and job.request.schema_version <= SCHEMA
        return is_ours and (is_due or job.state is not State.WAITING)
