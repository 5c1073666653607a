"""What changed in the decision log since somebody last looked.

    DecisionLog.digest --> Digest --> Markdown, HTML, Word, JSON (`memo.export`)

A digest tells each matter once: as it stands now, beside what it was at the beginning of the
period. It holds entries as they are in the log; words, order on the page and escapes are the
exporters'.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from memo.model import Evidence, Value, Verdict
from memo.remembered import EntryState, Link, LogEntry, LoggedMeeting, Number

WORKDAY = (dt.time(9), dt.time(17))
"""When a working day begins and ends, wherever somebody works."""
_SATURDAY = 5


class How(StrEnum):
    """What happened to an entry that the reader may have known."""

    REVERSED = "reversed"
    AMENDED = "amended"
    ACCEPTED = "accepted"  # was a proposal
    REJECTED = "rejected"
    SUPERSEDED = "superseded"  # somebody says that it no longer stands
    RESTORED = "restored"  # stands, or is open, again
    EDITED = "edited"  # by a person
    REWORDED = "reworded"  # by another conversion of its recording
    SLIPPED = "slipped"  # a later action has its new date or owner


class Change(Value):
    """An entry as it was at the beginning of the period, and what stands now in its place.

    `after` is what took its place, or the same entry as it stands now. `steps` are numbers of
    what stood in between and is told nowhere else. `known` says whether `before` is older than the
    period. `links` are those that led from the one to the other.
    """

    how: How
    before: LogEntry
    after: tuple[LogEntry, ...]
    steps: tuple[Number, ...] = ()
    known: bool = True
    links: tuple[Link, ...] = ()
    by: str = ""


class Confirmation(Value):
    """An older decision, and the newer one that confirms it."""

    entry: LogEntry
    by: LogEntry


class Closing(Value):
    """An action that was done or dropped, or a question that was answered or dropped.

    `words` were said then, in the recording of `meeting`; `by` is the entry that says so; `note`
    is what a person said about it.
    """

    entry: LogEntry
    words: tuple[Evidence, ...] = ()
    meeting: LoggedMeeting | None = None
    by: LogEntry | None = None
    note: str = ""

    @property
    def dropped(self) -> bool:
        """Whether it was given up."""
        return self.entry.state is EntryState.DROPPED


class DueWord(StrEnum):
    """How a date stands to the reader's own day."""

    OVERDUE = "overdue"
    BEFORE_DAY = "before_day"  # before the reader's working day begins
    TODAY = "today"
    TOMORROW = "tomorrow"
    LATER = "later"
    NONE = "none"


class Due(Value):
    """When something is due, in the reader's zone.

    `day` is the reader's day on which the working day of the meeting's zone ends; of what is
    overdue it is the one that was said. `days` are those that have passed, or are left.
    """

    word: DueWord
    day: dt.date | None = None
    days: int = 0


class Task(Value):
    """An open action, or an open question; `new` if the reader cannot know it yet."""

    entry: LogEntry
    due: Due
    new: bool


class Reader(Value):
    """For whom a digest is.

    `names` are those in the log that `asked` stands for; `others` those that it might stand for
    as well, or, if there are no `names`, those that look like it.
    """

    asked: str
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def ambiguous(self) -> bool:
        """Whether several people are called so."""
        return len(self.others) > 1


class DigestMeeting(Value):
    """A meeting, and how many entries of each kind the digest takes from it.

    `changes` counts those of its decisions and actions that took an older one's place.
    """

    meeting: LoggedMeeting
    decisions: int = 0
    actions: int = 0
    questions: int = 0
    changes: int = 0


class DoubtfulLink(Value):
    """A link that waits for somebody to judge it, and both its ends."""

    link: Link
    target: LogEntry
    source: LogEntry | None = None
    new: bool = False


class Digest(Value):
    """What changed in a period; `since` is None where it begins with the log.

    Args:
        first: Whether the reader is a new one, so that what the last seven days logged is told.
        timezone: The reader's, IANA.
        last_event: Id of the newest event that the digest knows; the reader's next `last`.
        meetings: Held in the period; `earlier` ones were held before it and logged in it.
        changes: Decisions that were reversed, amended or edited.
        moved: Actions and questions with another date, owner or wording.
        yours: Open actions of `reader`, what is overdue first; `waiting` are the questions.
        others: Some of the other open actions and questions; `others_left` are not told.
        withdrawn: Entries the reader may know, which their recording no longer shows.
        doubtful: Some of the links that wait to be judged; `doubtful_left` are not told.
    """

    schema_version: Literal[1] = 1
    since: AwareDatetime | None
    until: AwareDatetime
    first: bool = False
    timezone: str
    language: str | None = None
    reader: Reader | None = None
    last_event: int = 0
    meetings: tuple[DigestMeeting, ...] = ()
    earlier: tuple[DigestMeeting, ...] = ()
    changes: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()
    decided: tuple[LogEntry, ...] = ()
    proposed: tuple[LogEntry, ...] = ()
    confirmed: tuple[Confirmation, ...] = ()
    yours: tuple[Task, ...] = ()
    waiting: tuple[Task, ...] = ()
    closed: tuple[Closing, ...] = ()
    others: tuple[Task, ...] = ()
    others_left: int = 0
    doubtful: tuple[DoubtfulLink, ...] = ()
    doubtful_left: int = 0
    withdrawn: tuple[LogEntry, ...] = ()

    @property
    def nothing_new(self) -> bool:
        """Whether nothing happened in the period."""
        return not (
            self.meetings
            or self.earlier
            or self.changes
            or self.moved
            or self.decided
            or self.proposed
            or self.confirmed
            or self.closed
            or self.withdrawn
            or any(link.new for link in self.doubtful)
            or any(task.new for task in (*self.yours, *self.waiting, *self.others))
        )

    @property
    def seconds(self) -> float:
        """How long the meetings took."""
        return sum(one.meeting.duration or 0.0 for one in self.meetings)

    @property
    def overdue(self) -> int:
        """How many of the reader's actions are overdue."""
        return sum(task.due.word is DueWord.OVERDUE for task in self.yours)


def due_for(due: dt.date | None, *, of: str, timezone: str, now: dt.datetime) -> Due:
    """Say when something is due for somebody who works elsewhere.

    A day is over, and what was due then overdue, where it was said. Until then it is due when the
    working day ends there, on the clocks of the reader: Monday in Tokyo is over before Monday
    begins in California.

    Args:
        due: The day by which it is due.
        of: Time zone of the meeting in which it was said.
        timezone: Time zone of the reader.
        now: The present instant, aware.
    """
    if due is None:
        return Due(word=DueWord.NONE)
    there, here = zone_or_utc(of), zone_or_utc(timezone)
    try:
        deadline = dt.datetime.combine(due, WORKDAY[1], there).astimezone(here)
        today, over = now.astimezone(here).date(), (now.astimezone(there).date() - due).days
    except OverflowError:  # the years 1 and 9999
        return Due(word=DueWord.LATER, day=due)
    if over > 0:
        return Due(word=DueWord.OVERDUE, day=due, days=over)
    day = deadline.date()
    early = deadline.time() < WORKDAY[0]
    if early and day.weekday() == _SATURDAY:  # which begins nobody's work: it is due on Friday
        day, early = day - dt.timedelta(days=1), False
    left = max((day - today).days, 0)
    if early:
        return Due(word=DueWord.BEFORE_DAY, day=day, days=left)
    word = {0: DueWord.TODAY, 1: DueWord.TOMORROW}.get(left, DueWord.LATER)
    return Due(word=word, day=day, days=left)


def zone_or_utc(name: str) -> ZoneInfo:
    """Return a time zone; UTC if nobody knows it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def is_unsure(entry: LogEntry) -> bool:
    """Return whether the transcript bears an entry out only in part, and nobody vouches for it."""
    return entry.finding.verdict is not Verdict.SUPPORTED and "state" not in entry.edited
