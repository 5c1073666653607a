"""What is new in the book of jobs becomes events that are told."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from memo.cli.job_lines import files, found, plural, when, where
from memo.cli.output import printable
from memo.cli.telling import Event, Teller
from memo.errors import MemoError
from memo.intake.book import Book
from memo.intake.job import Job, News, Place, State, instant
from memo.intake.machine import host_name
from memo.intake.slots import Slots

_SPARSE = 60.0  # seconds between two reports of one stage
_STEP = 0.25  # of a stage
_TAKEN_IN = "taken in"
_MANY = 20  # recordings that come at once
_FEW = 3  # recordings that may wait for one reason, and each be told


class Tidings:
    """Follows the book, and tells what happens to recordings.

    Args:
        open_book: Opens the book; called again after the database was out of reach.
        teller: Who says it.
        timezone: The reader's.
        shelf: Where this machine sees what machines share.
        concerns: Whether news are this run's business.
    """

    def __init__(
        self,
        open_book: Callable[[], Book],
        teller: Teller,
        *,
        timezone: str,
        shelf: str | None,
        concerns: Callable[[News], bool],
    ) -> None:
        self._open = open_book
        self._book: Book | None = None
        self._teller = teller
        self._timezone = timezone
        self._shelf = shelf
        self._concerns = concerns
        self._after: int | None = None
        self._reasons: dict[int, str] = {}
        self._progress = _Progress(teller)
        self.trouble = ""
        self.counts: dict[State, int] = {}
        self.ended: Counter[State] = Counter()
        self.exit_code = 0

    def look(self) -> None:
        """Tell what is new; a database that is out of reach is told of once."""
        try:
            self._look()
        except MemoError as error:
            if not self.trouble:
                self._teller.tell(
                    Event("trouble", [f"memo: warning: {error}", *_hint(error.hint)], "warning",
                          about={"reason": str(error), "hint": error.hint})
                )  # fmt: skip
            self.trouble = str(error)
            return
        if self.trouble:
            self.trouble = ""
            self._teller.tell(Event("well", ["the database answers again"]))

    def close(self) -> None:
        """Close the book."""
        if self._book is not None:
            self._book.close()

    def _look(self) -> None:
        if self._book is None:
            self._book = self._open()
        if self._after is None:
            newest = self._book.news(None)
            self._after = newest[0].id if newest else 0
        while news := self._book.news(self._after):
            self._after = news[-1].id
            self._tell([each for each in news if self._concerns(each)])
        self.counts = self._book.counts()
        running = self._book.jobs(states=[State.RUNNING]) if self.counts[State.RUNNING] else ()
        self._progress.show(running, self.counts)

    def _tell(self, news: Sequence[News]) -> None:
        waiting: dict[str, list[Job]] = defaultdict(list)
        self._arrivals([each for each in news if each.what == _TAKEN_IN])
        for each in news:
            if each.what == _TAKEN_IN:
                continue
            if each.what == State.WAITING:
                if self._reasons.get(each.job.id) != each.note:  # else it has been told
                    waiting[each.note].append(each.job)
                self._reasons[each.job.id] = each.note
                continue
            if each.what in set(State):
                self._reasons.pop(each.job.id, None)
                self._count(each)
            self._teller.tell(self._event(each))
        for reason, jobs in waiting.items():
            for event in self._waits(reason, jobs):
                self._teller.tell(event)

    def _arrivals(self, news: Sequence[News]) -> None:
        """Tell of what came in; in words, many at once are a line."""
        is_many = len(news) > _MANY
        for each in news:
            event = self._event(each)
            if is_many:
                first = f"{printable(each.job.filename)} and {len(news) - 1} more: taken in"
                event = replace(event, lines=[first] if each is news[0] else [])
            self._teller.tell(event)

    def _count(self, news: News) -> None:
        self.ended[State(news.what)] += 1
        if news.what == State.FAILED:
            self.exit_code = self.exit_code or news.job.exit_code or 1

    def _event(self, news: News) -> Event:
        job, name = news.job, printable(news.job.filename)
        about: dict[str, Any] = {"job": job.id, "file": where(job.place, self._shelf)}
        if news.what == State.DONE:
            made = files(job, self._shelf)
            about |= {"files": made, "numbers": list(job.results.get("numbers") or ())}
            lines = [f"{name}: {found(job) or 'done'}", *list(made.values())[:1]]
            if news.note:
                about |= {"reason": news.note, "hint": job.hint}
                lines += [printable(news.note), *_hint(job.hint)]
            return Event("done", lines, is_result=True, about=about)
        if news.what == State.FAILED:
            about |= {"reason": news.note, "hint": job.hint, "exit_code": job.exit_code}
            lines = [f"{name}: failed: {news.note}", *_hint(job.hint)]
            return Event("failed", lines, "error", is_result=True, about=about)
        if news.note:
            about["note"] = news.note
        level, text = _SAID.get(news.what, ("info", ""))
        text = text.format(name=name, job=job.id, note=printable(news.note))
        return Event(news.what, [text] if text else [], level, about=about)  # type: ignore[arg-type]

    def _waits(self, reason: str, jobs: Sequence[Job]) -> Iterator[Event]:
        """Yield an event for each that waits; in words, one for many of the same reason."""
        at_once = len(jobs) > _FEW
        for job in jobs:
            until = job.not_before
            again = f"tried again at {when(until, self._timezone, instant())}" if until else ""
            lines = [f"{printable(job.filename)}: waits: {reason}", *_hint(job.hint), again]
            if at_once:
                many = f"{plural(len(jobs), 'recording')} wait: {reason}"
                lines = [many, *_hint(job.hint)] if job is jobs[0] else []
            yield Event(
                "waiting", list(filter(None, lines)), "warning",
                about={
                    "job": job.id, "file": where(job.place, self._shelf), "reason": reason,
                    "hint": job.hint, "not_before": until.isoformat() if until else None,
                },
            )  # fmt: skip


_SAID = {
    _TAKEN_IN: ("info", "{name}: taken in, job {job}"),
    "taken in again": ("info", "{name}: taken in again, job {job}"),
    "found again elsewhere": ("info", "{note}: holds the same as {name}, job {job}"),
    "stopped": ("info", "{name}: stopped; it goes on where it was"),
    "the worker died": ("warning", "{name}: its worker died; another one goes on with it"),
    "tried again": ("info", "{name}: will be tried again"),
    "to be stopped": ("info", "{name}: is being stopped"),
    "cancelled": ("info", "{name}: given up, as somebody said"),
    "gone": ("info", "{name}: {note}"),
}


class _Progress:
    """Tells how far running jobs have come: at the bottom of a terminal, or now and then."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._told: dict[int, tuple[str, float, float]] = {}

    def show(self, running: Sequence[Job], counts: dict[State, int]) -> None:
        """Show what is running and how much waits."""
        shown = [_stage(job) for job in running]
        if counts[State.QUEUED]:
            shown.append(f"{counts[State.QUEUED]} in the queue")
        if counts[State.WAITING]:
            shown.append(f"{counts[State.WAITING]} put off")
        self._teller.status(" · ".join(shown))
        self._told = {job.id: self._step(job) for job in running}

    def _step(self, job: Job) -> tuple[str, float, float]:
        """Tell a step of a job if it is worth it; return what was told last."""
        stage, share, at = self._told.get(job.id, ("", 0.0, float("-inf")))
        now, here = time.monotonic(), job.share or 0.0
        goes_on = here - share >= _STEP or (now - at >= _SPARSE and here > share)
        if not job.stage or (job.stage == stage and not goes_on):
            return stage, share, at
        about = {"job": job.id, "stage": job.stage, "share": job.share}
        line = "" if self._teller.has_bottom else _stage(job)
        self._teller.tell(Event("progress", [line] if line else [], about=about))
        return job.stage, here, now


def _stage(job: Job) -> str:
    share = "" if job.share is None else f" {job.share:.0%}"
    return f"{printable(job.filename)}: {printable(job.stage) or 'begun'}{share}"


def _hint(hint: str | None) -> list[str]:
    return [f"→ {hint}"] if hint else []


def under(folders: Sequence[Place]) -> Callable[[News], bool]:
    """Return what tells whether news are of files in one of these folders."""

    def holds(folder: Place, place: Place) -> bool:
        inside = f"{folder.path}2f" if folder.as_path().parts else ""  # "": the whole shelf
        return place.machine == folder.machine and place.path.startswith(inside)

    return lambda news: any(holds(folder, news.job.place) for folder in folders)


def begun_by(slots: Slots) -> Callable[[News], bool]:
    """Return what tells whether news are of jobs that these workers have begun."""
    theirs: set[int] = set()
    host = host_name()

    def concerns(news: News) -> bool:
        if news.what == "begun" and news.note.startswith(
            tuple(f"{host}-{pid}-" for pid in slots.pids)
        ):
            theirs.add(news.job.id)
        is_theirs = news.job.id in theirs
        if news.what in set(State):  # it has ended, and may be begun by others next time
            theirs.discard(news.job.id)
        return is_theirs

    return concerns
