"""One recording, in the steps of its workflow: hear, write, settle.

Each step may be done again, here or on another machine, after whatever: what is slow lies in the
recording's work folder, and what a step leaves is the same the second time. A step returns what it
came to as JSON, with an `ending` where nothing more is to be done; nothing of what was said.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from memo.errors import (
    ConfigError,
    ExitCode,
    LanguageModelError,
    MemoError,
    MissingDependencyError,
    RecordingError,
    RecordingMissing,
    RecordingUnavailable,
)
from memo.intake import notices
from memo.intake.book import Book
from memo.intake.ending import Stopping, done, ending_of, is_made_anew, poisoned
from memo.intake.job import Ending, Job, Request, State, instant
from memo.intake.moving import companions, free_name, move, moved
from memo.intake.reins import Reins
from memo.intake.shelf import Shelf
from memo.model import Recording
from memo.pipeline import Job as Asked
from memo.pipeline import Outcome, Tools, base_names, convert, together
from memo.pipeline.conversion import finished, hear
from memo.pipeline.outputs import DEFAULT_FORMATS
from memo.pipeline.sources import identity_of
from memo.ports import Progress
from memo.speech.names.glossary import read_entries
from memo.speech.recording import printable, unreadable

_TELL_SECONDS = 2.0
_FAREWELL_SECONDS = 5.0  # for a report that is on its way
CRASHES = 3
"""How many workers may die of a recording before it is given up."""

Step = dict[str, Any]
"""What a step came to, as JSON has it."""

_NOBODYS: Step = {"ending": None}
_REPLACED = Ending(
    state=State.GONE,
    reason="another recording has taken its place",
    hint="It is taken in as a new one, if its folder is watched.",
    exit_code=int(ExitCode.RECORDING),
)

_log = logging.getLogger(__name__)


class _Another(Exception):  # noqa: N818
    """Another recording lies where the job's was."""


class _Dropped(BaseException):
    """The job is no longer this worker's: somebody cancelled it, or took it on."""


@dataclass
class _InHand:
    """The job that is being worked on, and the way to stop it."""

    job: Job
    reins: Reins
    began: float
    stage: str = ""
    share: float | None = None
    identified: tuple[tuple[tuple[int, ...], ...], Recording] | None = None

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        """Take note of progress (`memo.ports.Progress`)."""
        self.reins.check()
        self.stage = stage
        self.share = min(1.0, done / total) if total else None


@dataclass(frozen=True)
class _Found:
    """A recording that can be worked on.

    `target` is where it is to be moved in the end; None leaves it.
    """

    asked: Asked
    tools: Tools
    recording: Recording
    target: Path | None


class Work:
    """Does one job at a time (`memo.intake.engine.Work`).

    Args:
        book: The jobs.
        worker: Who works; unique for all time.
        shelf: Where recordings lie.
        tools_of: Makes what a request is carried out with; told of downloads.
        crashes: How many workers may die of a recording.
        grace: Seconds that work has to stop by itself.
    """

    def __init__(
        self,
        book: Book,
        worker: str,
        shelf: Shelf,
        tools_of: Callable[[Request, Progress], Tools],
        *,
        crashes: int = CRASHES,
        grace: float = 20.0,
    ) -> None:
        self._book = book
        self._worker = worker
        self._shelf = shelf
        self._tools_of = tools_of
        self._crashes = crashes
        self._grace = grace
        self._hand: _InHand | None = None
        self._is_to_stop = False

    def doing(self) -> str:
        """Return what is being done, for people; "" for nothing."""
        hand = self._hand
        if hand is None:
            return ""
        share = "" if hand.share is None else f" {hand.share:.0%}"
        return f"{hand.job.filename}: {hand.stage}{share}" if hand.stage else hand.job.filename

    def stop(self) -> None:
        """Have what is being done now raise `Stopping` soon; it can be gone on with."""
        hand = self._hand
        if hand is None:
            self._is_to_stop = True  # what is about to be begun
        else:
            hand.reins.pull(Stopping)

    # --- The steps ----------------------------------------------------------------------------

    def hear(self, job_id: int, attempt: int) -> Step:
        """Listen to the recording, if nobody has yet; needs no language model."""
        return self._do(job_id, attempt, self._hear)

    def write(self, job_id: int, attempt: int) -> Step:
        """Write the memo of what was heard, the log's entries and the files."""
        return self._do(job_id, attempt, self._write)

    def settle(self, job_id: int, attempt: int, outcome: Step) -> Step:
        """Put the original where it belongs, tell what went wrong, and end the job in the book."""
        if outcome["ending"] is None:
            return outcome

        def settle(hand: _InHand) -> Step:
            return self._settle(hand, outcome)

        try:
            return self._do(job_id, attempt, settle, is_last=True)
        finally:
            self._hand = None

    def _do(
        self, job_id: int, attempt: int, do: Callable[[_InHand], Step], *, is_last: bool = False
    ) -> Step:
        """Do a step; whatever goes wrong in it is an ending."""
        hand = self._taken(job_id, attempt)
        if hand is None:
            return _NOBODYS
        if hand.job.crashes > self._crashes and not is_last:
            return _ended(poisoned(hand.job))
        telling = nullcontext() if is_last else self._telling(hand)
        try:
            with hand.reins.held(), telling:
                return do(hand)
        except _Dropped:
            hand.reins = Reins(self._grace)
            return _ended(Ending(state=State.CANCELLED))
        except Stopping:
            self._hand = None
            raise
        except _Another:
            return _ended(_REPLACED)
        except Exception as error:
            if is_last:
                raise
            _log.info("job %s: %s", job_id, type(error).__name__)
            return _ended(ending_of(error, hand.job, instant()))

    def _taken(self, job_id: int, attempt: int) -> _InHand | None:
        """Take a job into this worker's hands, if it is not there yet."""
        hand = self._hand
        if hand and (hand.job.id, hand.job.attempt) == (job_id, attempt):
            return hand
        job = self._book.begin(job_id, attempt, self._worker)
        if job is None:
            self._hand = None
            return None
        self._hand = hand = _InHand(job, Reins(self._grace), time.monotonic())
        if self._is_to_stop:
            self._is_to_stop = False
            hand.reins.pull(Stopping)
        return hand

    @contextmanager
    def _telling(self, hand: _InHand) -> Iterator[None]:
        """Write down how far it has come, beside the work: a database may take its time."""
        over = threading.Event()
        job = hand.job

        def tell() -> None:
            while not over.wait(_TELL_SECONDS):
                now = (hand.stage, hand.share)
                with suppress(MemoError):  # a database that is away is the heart's business
                    if not self._book.tell(job.id, job.attempt, self._worker, *now):
                        hand.reins.pull(_Dropped)
                        return

        teller = threading.Thread(target=tell, name="telling", daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join(_FAREWELL_SECONDS)

    # --- Hearing and writing ------------------------------------------------------------------

    def _hear(self, hand: _InHand) -> Step:
        with self._found(hand) as found:
            asked, tools, recording = found.asked, found.tools, found.recording
            if finished(asked, tools, hand, recording=recording) is None:
                hear(asked, tools, hand, recording=recording)
                self._identify(hand, asked)
        return {"heard": recording.sha256}

    def _write(self, hand: _InHand) -> Step:
        with self._found(hand) as found:
            try:
                outcome = convert(found.asked, found.tools, hand, recording=found.recording)
            except (LanguageModelError, MissingDependencyError, ConfigError):
                self._shelf.publish(_transcripts(found.asked))
                raise
            self._shelf.publish([*outcome.files.values(), *outcome.kept])
        results = self._results(outcome, time.monotonic() - hand.began)
        target = found.target and os.fsencode(found.target).hex()
        return {**_ended(done(hand.job, outcome.memo, results)), "target": target}

    @contextmanager
    def _found(self, hand: _InHand) -> Iterator[_Found]:
        """Have the recording here, make sure that it is the one, and bring the tools.

        Raises:
            RecordingError: It is not there, or another one is.
        """
        job, request = hand.job, hand.job.request
        sha256, done = job.recording_sha256, request.moved_to
        with self._shelf.opened(
            job.place, out=request.out, moved_to=done, recording=sha256, progress=hand
        ) as path:
            target = lies = None
            if done is not None:
                folder = self._shelf.path_of(done)
                lies = _moved(path, folder, sha256)
                target = lies or free_name(path, folder, sha256)
            if lies is not None:
                _move_companions(path, lies)
            results = self._shelf.path_of(request.out) if request.out else None
            asked = asked_of(
                request,
                lies or path,
                folder=path.parent if results is None and target is not None else results,
                target=target,
                force=is_made_anew(job),
            )
            recording = self._identify(hand, asked)
            bench = self._shelf.bench(job.place)
            tools = self._tools_of(request, hand)
            here = replace(tools, work=bench.root, shared=bench.shared, fetch=tools.fetch_ears)
            yield _Found(asked, here, recording, target)

    def _identify(self, hand: _InHand, asked: Asked) -> Recording:
        """Return the recording's identity; it is read again only if it has changed."""
        try:
            looks = tuple(_look(path) for path in asked.tracks or (asked.path,))
            if hand.identified is None or hand.identified[0] != looks:
                hand.identified = (looks, identity_of(asked))
            _, recording = hand.identified
        except RecordingMissing as error:
            raise _missing(asked.path, error) from error
        if recording.sha256 != hand.job.recording_sha256:
            raise _Another
        return recording

    def _results(self, outcome: Outcome, seconds: float) -> dict[str, Any]:
        files = {
            name: self._shelf.place_of(path).model_dump() for name, path in outcome.files.items()
        }
        return {
            "files": files,
            "numbers": list(outcome.recorded),
            "new": len(outcome.new),
            "was_done": outcome.was_done,
            "seconds": round(seconds, 1),
        }

    # --- Settling -----------------------------------------------------------------------------

    def _settle(self, hand: _InHand, outcome: Step) -> Step:
        job, ending = hand.job, Ending.model_validate(outcome["ending"])
        told_beside: Path | None = None
        try:
            out, done = job.request.out, job.request.moved_to
            with self._shelf.opened(job.place, out=out, moved_to=done) as path:
                if ending.state is State.FAILED:
                    told_beside = path
                    self._tell(path, job, ending)
                if ending.state in {State.DONE, State.GONE}:
                    self._clear(path)
                if ending.state is State.DONE and outcome.get("target"):
                    ending = self._put_away(path, _path(outcome["target"]), ending)
        except Exception as error:  # noqa: BLE001 - the ending is to be written down in any case
            if ending.state is State.DONE:
                ending = ending_of(error, job, instant())
        if self._book.end(job.id, job.attempt, self._worker, ending):
            return _ended(ending)
        if told_beside is not None:  # somebody else is on it now, or it is over
            self._clear(told_beside)
        return _NOBODYS

    def _tell(self, path: Path, job: Job, ending: Ending) -> None:
        notice = notices.tell(path, job, ending, instant())
        if notice is not None:
            self._shelf.publish([notice])

    def _clear(self, path: Path) -> None:
        for notice in notices.clear(path):
            with suppress(MemoError):
                self._shelf.withdraw(notice)

    def _put_away(self, path: Path, target: Path, ending: Ending) -> Ending:
        """Move the original, and what lies beside it, to where it is to be."""
        for source, there in [(path, target), *companions(path, target).items()]:
            move(source, there)
            self._shelf.move(source, there)
        place = self._shelf.place_of(target).model_dump()
        return ending.model_copy(update={"results": {**ending.results, "moved_to": place}})


def asked_of(
    request: Request,
    path: Path,
    *,
    folder: Path | None = None,
    target: Path | None = None,
    force: bool = False,
) -> Asked:
    """Return what is asked of a recording.

    Args:
        request: What the user wants.
        path: The file; or a folder, whose files are the tracks of one meeting.
        folder: Where the results go; None for beside the recording.
        target: Where the recording is to be in the end; None for where it is.
        force: Whether what is done already is done once more.

    Raises:
        RecordingError: The folder holds no tracks, or cannot be read.
        ConfigError: A term of the glossary cannot be read.
    """
    said = request.settings
    called, tracks = together([path]) if path.is_dir() else (path, ())
    lies_at = target
    if target is not None and tracks:
        lies_at = target / tracks[0].relative_to(path)
    return Asked(
        path=called,
        tracks=tracks,
        timezone=said.get("timezone") or "UTC",
        attendees=tuple(said.get("attendees") or ()),
        glossary=read_entries(said.get("glossary") or ()),
        typed=frozenset(said.get("typed") or ()),
        language=said.get("language"),
        memo_language=said.get("memo_language"),
        speakers=said.get("speakers"),
        folder=folder,
        formats=tuple(said.get("formats") or DEFAULT_FORMATS),
        lies_at=lies_at,
        force=force,
    )


def _ended(ending: Ending) -> Step:
    return {"ending": ending.model_dump(mode="json")}


def _path(told: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(told)))


def _moved(path: Path, done: Path, sha256: str) -> Path | None:
    """Return where a run that was killed has moved a recording; None if it has not."""
    if os.path.lexists(path):
        return None
    for there in moved(path, done, sha256):
        with suppress(RecordingError):
            _, tracks = together([there]) if there.is_dir() else (there, ())
            if identity_of(Asked(path=there, tracks=tracks, timezone="UTC")).sha256 == sha256:
                return there
    return None


def _move_companions(path: Path, target: Path) -> None:
    """Finish what a run left that was killed."""
    for source, there in companions(path, target).items():
        move(source, there)


def _look(path: Path) -> tuple[int, ...]:
    """Return what changes whenever a file does."""
    try:
        found = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    return (found.st_size, found.st_mtime_ns, found.st_ino)


def _missing(path: Path, error: RecordingMissing) -> RecordingError:
    """Return what it means that a recording is not there: its drive may be away."""
    try:
        with os.scandir(path.parent) as found:
            is_there = next(found, None) is not None
    except OSError:
        is_there = False
    if is_there:
        return error
    return RecordingUnavailable(
        f"{printable(path)} is not there, nor anything else in its folder",
        hint="If it lies on a drive, connect that again.",
    )


def _transcripts(asked: Asked) -> list[Path]:
    """Return the forms of the transcript that are there."""
    folder = asked.folder or asked.path.parent
    names = tuple(f"{base}.transcript." for base in base_names(asked.path))
    try:
        return [path for path in folder.iterdir() if path.name.startswith(names)]
    except OSError:
        return []
