"""Counts how a team's meetings go.

A meeting belongs to the week in which it began, as clocks in the reader's time zone tell, and
what came up in it to the same week. An action that later talk closed was done when that meeting
was; one that somebody marked, when they did.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from memo.decision_log.entries import read_entries_of, read_rows
from memo.decision_log.readers import belongs_to, resolve
from memo.decision_log.schema import entries, events, links, meetings
from memo.digest import Reader, zone_or_utc
from memo.errors import DecisionLogError
from memo.model import OpenQuestion
from memo.remembered import EntryKind, EntryState, LinkStanding, LogEntry, Relation
from memo.tallies import Grouping, Stats, Tally, Waiting

_LONGEST_OPEN = 5
_IN_FORCE = {EntryState.ACCEPTED, EntryState.SUPERSEDED}
_DAY = 86_400
_DATE_WORDS = frozenset({
    "jan", "january", "januar", "enero", "feb", "february", "februar", "febrero", "mar", "march",
    "märz", "marzo", "apr", "april", "abril", "may", "mai", "mayo", "jun", "june", "juni", "junio",
    "jul", "july", "juli", "julio", "aug", "august", "agosto", "sep", "sept", "september",
    "septiembre", "oct", "october", "okt", "oktober", "octubre", "nov", "november", "noviembre",
    "dec", "december", "dez", "dezember", "diciembre", "mon", "monday", "montag", "lunes", "tue",
    "tuesday", "dienstag", "martes", "wed", "wednesday", "mittwoch", "miércoles", "thu", "thursday",
    "donnerstag", "jueves", "fri", "friday", "freitag", "viernes", "sat", "saturday", "samstag",
    "sonnabend", "sábado", "sun", "sunday", "sonntag", "domingo", "week", "kw", "woche", "semana",
    "no", "nr", "day", "tag", "día", "de", "of", "the", "vom", "am", "del", "on", "",
})  # fmt: skip
"""What may stand beside the figures of a date, or of a number in a series."""


@dataclass
class _Counts:
    """What is being counted of a week, a month or a series."""

    name: str
    starts_on: dt.date | None
    count: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: float = 0.0
    days: list[float] = field(default_factory=list)

    def add(self, other: _Counts) -> None:
        for name, number in other.count.items():
            self.count[name] += number
        self.seconds += other.seconds
        self.days += other.days

    def tally(self) -> Tally:
        return Tally(
            name=self.name,
            starts_on=self.starts_on,
            seconds=round(self.seconds, 3),
            days_to_done=round(median(self.days), 2) if self.days else None,
            **self.count,
        )


def count(
    connection: sa.Connection,
    *,
    by: Grouping,
    since: dt.datetime | None,
    people: Sequence[str],
    now: dt.datetime,
    timezone: str,
) -> Stats:
    """Count over the log.

    Args:
        connection: Of a transaction.
        by: What is counted together.
        since: Nothing that happened before counts; None counts everything.
        people: Only meetings in which one of them took part; nobody means any.
        now: The present instant.
        timezone: IANA name of the reader's zone.

    Raises:
        DecisionLogError: Nobody in the log is called so, or several are.
    """
    counting = _Counting(connection, by, since, zone_or_utc(timezone))
    readers = counting.only_of(people)
    counting.count_meetings()
    counting.count_entries()
    counting.count_reversals()
    counting.count_done()
    groups = sorted(
        counting.groups.values(),
        key=lambda group: (group.starts_on or dt.date.min, group.name.casefold()),
    )
    total = _Counts("all", None)
    for group in groups:
        total.add(group)
    return Stats(
        by=by,
        timezone=timezone,
        since=since and since.astimezone(counting.zone),
        at=now.astimezone(counting.zone),
        people=tuple(sorted({name for reader in readers for name in reader.names})),
        tallies=tuple(group.tally() for group in groups),
        total=total.tally(),
        **counting.standing(now),
    )


class _Counting:
    """The rows that are counted, and the groups that they are counted in."""

    def __init__(
        self,
        connection: sa.Connection,
        by: Grouping,
        since: dt.datetime | None,
        zone: ZoneInfo,
    ) -> None:
        self._connection = connection
        self._by = by
        self._since = since
        self.zone = zone
        self._meetings: dict[int, sa.Row[Any]] = {
            row.id: row for row in read_rows(connection, _select_meetings())
        }
        self._entries = [
            row
            for row in read_rows(connection, _select_entries())
            if row.meeting_id in self._meetings
        ]
        self.groups: dict[str, _Counts] = {}

    def only_of(self, people: Sequence[str]) -> list[Reader]:
        """Leave out the meetings in which none of these people took part."""
        if not people:
            return []
        there = self._people()
        names = sorted({name for names in there.values() for name in names})
        readers = [_known(resolve(person, names)) for person in people]
        kept = {
            meeting
            for meeting, names in there.items()
            if any(belongs_to(name, reader) for reader in readers for name in names)
        }
        self._meetings = {one: row for one, row in self._meetings.items() if one in kept}
        self._entries = [row for row in self._entries if row.meeting_id in kept]
        return readers

    def _people(self) -> Mapping[int, set[str]]:
        """Return who took part in each meeting: all that is known, or whose its entries are."""
        there = {one: set(row.participants or ()) for one, row in self._meetings.items()}
        unknown = {meeting for meeting, names in there.items() if not names}
        for row in self._entries:
            if row.meeting_id in unknown:
                there[row.meeting_id].update(filter(None, row.people.split("\n")))
        return there

    def count_meetings(self) -> None:
        for row in self._meetings.values():
            if self._counts(row.at):
                group = self._group(row.at, row.title)
                group.count["meetings"] += 1
                group.count["untimed"] += row.duration is None
                group.seconds += row.duration or 0.0

    def count_entries(self) -> None:
        for row in self._entries:
            meeting = self._meetings[row.meeting_id]
            if not self._counts(meeting.at):
                continue
            group = self._group(meeting.at, meeting.title)
            if row.kind == EntryKind.DECISION:
                group.count["decisions"] += row.state in _IN_FORCE
            elif row.kind == EntryKind.ACTION:
                group.count["actions"] += 1

    def count_reversals(self) -> None:
        source, target = entries.alias("source"), entries.alias("target")
        query = (
            sa.select(links.c.relation, source.c.meeting_id)
            .join(source, source.c.id == links.c.source_id)
            .join(target, target.c.id == links.c.target_id)
            .where(
                links.c.standing == LinkStanding.SURE.value,
                links.c.relation.in_([Relation.REVERSES.value, Relation.AMENDS.value]),
                source.c.state.in_([state.value for state in _IN_FORCE]),
                source.c.withdrawn_at.is_(None),
                target.c.withdrawn_at.is_(None),
            )
        )
        for row in read_rows(self._connection, query):
            meeting = self._meetings.get(row.meeting_id)
            if meeting is not None and self._counts(meeting.at):
                what = "reversed" if row.relation == Relation.REVERSES else "amended"
                self._group(meeting.at, meeting.title).count[what] += 1

    def count_done(self) -> None:
        done = {row.id: row for row in self._entries if _is(row, EntryKind.ACTION, EntryState.DONE)}
        for entry_id, at in _done_at(self._connection):
            row = done.get(entry_id)
            if row is None or not self._counts(at):
                continue
            meeting = self._meetings[row.meeting_id]
            group = self._group(at, meeting.title)
            group.count["done"] += 1
            group.days.append(
                max(0.0, (at - (row.decided_at or meeting.at)).total_seconds() / _DAY)
            )

    def standing(self, now: dt.datetime) -> dict[str, Any]:
        """Return what is open, and which questions are so longest."""
        open_ones = [row for row in self._entries if row.state == EntryState.OPEN]
        tasks = [row for row in open_ones if row.kind == EntryKind.ACTION]
        questions = [row for row in open_ones if row.kind == EntryKind.QUESTION]
        today = now.astimezone(self.zone).date()
        oldest = sorted(questions, key=lambda row: (self._asked_at(row), row.id))[:_LONGEST_OPEN]
        read = read_entries_of(self._connection, [row.id for row in oldest])
        return {
            "actions_open": len(tasks),
            "actions_overdue": sum(row.due is not None and row.due < today for row in tasks),
            "questions_open": len(questions),
            "waiting": tuple(
                _waiting(read[row.id], self._asked_at(row).astimezone(self.zone), now)
                for row in oldest
            ),
        }

    def _asked_at(self, row: sa.Row[Any]) -> dt.datetime:
        asked: dt.datetime = row.decided_at or self._meetings[row.meeting_id].at
        return asked

    def _counts(self, at: dt.datetime) -> bool:
        return self._since is None or at >= self._since

    def _group(self, at: dt.datetime, title: str) -> _Counts:
        name, starts_on = self._named(at, title)
        return self.groups.setdefault(name.casefold(), _Counts(name, starts_on))

    def _named(self, at: dt.datetime, title: str) -> tuple[str, dt.date | None]:
        if self._by is Grouping.SERIES:
            return series_of(title), None
        day = _day_in(at, self.zone)
        if self._by is Grouping.MONTH:
            return f"{day.year:04}-{day.month:02}", day.replace(day=1)
        week = day.isocalendar()
        monday = dt.date.fromordinal(max(1, day.toordinal() - day.weekday()))
        return f"{week.year:04}-W{week.week:02}", monday


def series_of(title: str) -> str:
    """Return what the titles of a series of meetings have in common: all but dates and numbers.

    "Weekly call 2026-03-02", "Weekly call #7" and "Weekly call, March 9" are one series. A title
    that is nothing but a date stays as it is.
    """
    words = re.sub(r"[\[\](){}]", " ", title).replace("_", " ").split()
    kept = [word for word in words if not re.search(r"\d", word)]
    if len(kept) < len(words):
        while kept and kept[-1].casefold().strip(".,;:–—-") in _DATE_WORDS:
            kept.pop()
    stem = " ".join(kept).strip(" ,;:#–—-|/·")
    return stem or " ".join(title.split())


def _select_meetings() -> sa.Select[Any]:
    return sa.select(
        meetings.c.id,
        meetings.c.title,
        meetings.c.duration,
        meetings.c.participants,
        sa.func.coalesce(meetings.c.started_at, meetings.c.recorded_at).label("at"),
    )


def _select_entries() -> sa.Select[Any]:
    wanted = ("id", "kind", "meeting_id", "state", "decided_at", "people", "due")
    columns = [entries.c[name] for name in wanted]
    return sa.select(*columns).where(entries.c.withdrawn_at.is_(None))


def _done_at(connection: sa.Connection) -> Iterator[tuple[int, dt.datetime]]:
    """Yield the ids of actions that somebody or some talk closed, and when they were done."""
    source, closing = entries.alias("source"), meetings.alias("closing")
    meeting_id = sa.func.coalesce(source.c.meeting_id, links.c.meeting_id)
    talk = (
        sa.select(
            links.c.target_id,
            sa.func.coalesce(closing.c.started_at, closing.c.recorded_at).label("at"),
        )
        .join(source, source.c.id == links.c.source_id, isouter=True)
        .join(closing, closing.c.id == meeting_id)
        .where(
            links.c.standing == LinkStanding.SURE.value,
            links.c.relation == Relation.CLOSES.value,
            source.c.withdrawn_at.is_(None),
        )
    )
    closed: dict[int, dt.datetime] = {}
    for row in read_rows(connection, talk):
        closed[row.target_id] = min(row.at, closed.get(row.target_id, row.at))
    yield from closed.items()
    after, before = events.c.after["state"].as_string(), events.c.before["state"].as_string()
    marked = (
        sa.select(events.c.entry_id, sa.func.max(events.c.id).label("last"))
        .where(
            after == EntryState.DONE.value, sa.func.coalesce(before, "") != EntryState.DONE.value
        )
        .group_by(events.c.entry_id)
        .subquery()
    )
    query = sa.select(events.c.entry_id, events.c.at).join(marked, events.c.id == marked.c.last)
    for row in read_rows(connection, query):
        if row.entry_id not in closed:
            yield row.entry_id, row.at


def _known(reader: Reader) -> Reader:
    if reader.names and not reader.ambiguous:
        return reader
    asked = reader.asked[:40]
    if reader.ambiguous:
        raise DecisionLogError(
            f"{asked!r} may be several people: {', '.join(reader.others)}",
            hint="write the whole name",
        )
    meant = f", perhaps {reader.others[0]}" if reader.others else ""
    raise DecisionLogError(
        f"nobody in the decision log is called {asked!r}{meant}", hint="write the name as in a memo"
    )


def _waiting(entry: LogEntry, asked_at: dt.datetime, now: dt.datetime) -> Waiting:
    finding = entry.finding
    return Waiting(
        number=entry.number,
        question=entry.text,
        asked_at=asked_at,
        days=max(0, (now - asked_at).days),
        waiting_on=finding.waiting_on if isinstance(finding, OpenQuestion) else None,
        meeting_title=entry.meeting_title,
    )


def _is(row: sa.Row[Any], kind: EntryKind, state: EntryState) -> bool:
    return bool(row.kind == kind and row.state == state)


def _day_in(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    try:
        return instant.astimezone(zone).date()
    except OverflowError:  # the years 1 and 9999
        return instant.date()
