"""Reads what changed since somebody last looked, and remembers that they did.

`last` goes by the ids of events: what was logged since is new, whenever it was held. A date goes
by when a meeting was held, for what memo found in it, and by when it happened, for what people
did; meetings that were held before it and logged since are counted apart. Every query is made
once, or once for some hundred entries.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from memo.decision_log.entries import (
    batches,
    meeting_from,
    number_of,
    place_of,
    read_entries_of,
    read_rows,
)
from memo.decision_log.linking import read_links
from memo.decision_log.news import News, Told, is_program
from memo.decision_log.readers import belongs_to, resolve
from memo.decision_log.schema import entries, events, meetings, readers
from memo.digest import (
    Change,
    Digest,
    DigestMeeting,
    DoubtfulLink,
    DueWord,
    Reader,
    Task,
    due_for,
    zone_or_utc,
)
from memo.model import Value
from memo.remembered import (
    EntryKind,
    EntryState,
    Link,
    LinkStanding,
    LogEntry,
    LogEvent,
    LoggedMeeting,
)

FIRST_DAYS = 7
"""What the first `last` of a reader tells, in days."""
_OTHERS_TOLD = 30
_DOUBTFUL_TOLD = 20
_HEADS = tuple(events.c[name] for name in ("id", "entry_id", "at", "who", "what", "note"))
_AT_ONCE = 200  # numbers in one query, two parameters each


class Last(Value):
    """Since a reader last looked; `reader` is what the log knows them by."""

    reader: str


@dataclass(frozen=True)
class _Period:
    """From when on something is new: after an event, or from an instant on."""

    since: dt.datetime | None
    after: int | None = None
    first: bool = False

    def happened(self) -> sa.ColumnElement[bool]:
        if self.after is not None:
            return events.c.id > self.after
        return events.c.at >= self.since if self.since else sa.true()

    def holds(self, instant: dt.datetime) -> bool:
        return self.since is None or instant >= self.since


def read_digest(
    connection: sa.Connection,
    *,
    since: dt.datetime | Last | None,
    reader: str | None,
    timezone: str,
    now: dt.datetime,
) -> Digest:
    """Return what is new; the connection sees one state of the database throughout."""
    return _Digesting(connection, _period(connection, since, now, timezone), timezone, now).run(
        reader
    )


def mark_read(connection: sa.Connection, reader: str, event: int, *, now: dt.datetime) -> None:
    """Remember that a reader knows everything up to an event; never less than before."""
    row = connection.execute(sa.select(readers).filter_by(name=reader)).one_or_none()
    if row is None:
        connection.execute(readers.insert().values(name=reader, last_event_id=event, at=now))
    elif row.last_event_id <= event:
        newer = {"last_event_id": event, "at": now}
        connection.execute(readers.update().filter_by(name=reader).values(newer))


def _period(
    connection: sa.Connection, since: dt.datetime | Last | None, now: dt.datetime, timezone: str
) -> _Period:
    if not isinstance(since, Last):
        return _Period(since)
    row = connection.execute(sa.select(readers).filter_by(name=since.reader)).one_or_none()
    if row is not None:
        return _Period(row.at, row.last_event_id)
    here = now.astimezone(zone_or_utc(timezone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = midnight - dt.timedelta(days=FIRST_DAYS)
    query = sa.select(sa.func.max(events.c.id)).where(events.c.at < begin)
    return _Period(begin, connection.execute(query).scalar_one() or 0, first=True)


class _Digesting:
    """One digest being made."""

    def __init__(
        self, connection: sa.Connection, period: _Period, timezone: str, now: dt.datetime
    ) -> None:
        self._connection = connection
        self._period = period
        self._timezone = timezone
        self._now = now
        self._entries: dict[str, LogEntry] = {}
        self._events: dict[str, list[LogEvent]] = defaultdict(list)

    def run(self, asked: str | None) -> Digest:
        last = self._connection.execute(sa.select(sa.func.max(events.c.id))).scalar_one()
        self._read_events()
        links = self._links()
        self._read_missing(self._ends(links))
        told = {number: self._told(number, links) for number in self._in_order()}
        talks = {link.source: self._talk(link) for link in links if link.source.startswith("MTG")}
        news = News(told, links, {n: talk for n, talk in talks.items() if talk is not None})
        reader = resolve(asked, self._names()) if asked else None
        tasks = self._open_tasks(reader, told)
        mine = [task for task in tasks if belongs_to(task.entry.owner, reader)]
        others = [task for task in tasks if not belongs_to(task.entry.owner, reader)]
        doubtful, doubtful_left = self._doubtful()
        new_meetings, earlier = self._meetings(told, news.changes + news.moved)
        return Digest(
            since=self._period.since,
            until=self._now,
            first=self._period.first,
            timezone=self._timezone,
            language=self._language(new_meetings),
            reader=reader,
            last_event=last or 0,
            meetings=new_meetings,
            earlier=earlier,
            changes=news.changes,
            moved=news.moved,
            decided=news.decided,
            proposed=news.proposed,
            confirmed=news.confirmed,
            yours=_of_kind(mine, EntryKind.ACTION),
            waiting=_of_kind(mine, EntryKind.QUESTION),
            closed=news.closed,
            others=tuple(others[:_OTHERS_TOLD]),
            others_left=self._open_left(tasks) + len(others[_OTHERS_TOLD:]),
            doubtful=doubtful,
            doubtful_left=doubtful_left,
            withdrawn=news.withdrawn,
        )

    # --- What happened ---

    def _read_events(self) -> None:
        """Read what happened; what entries said before and after, only where it may differ."""
        query = (
            sa.select(*_HEADS, entries.c.kind, entries.c.number)
            .join(entries, entries.c.id == events.c.entry_id)
            .where(self._period.happened())
            .order_by(events.c.id)
        )
        rows = read_rows(self._connection, query)
        happened: dict[int, list[sa.Row[Any]]] = defaultdict(list)
        for row in rows:
            happened[row.entry_id].append(row)
        more = [
            row.id
            for some in happened.values()
            if [row.what for row in some] != ["recorded"]
            for row in some
        ]
        said = self._contents(more)
        for row in rows:
            number = number_of(EntryKind(row.kind), row.number)
            before, after = said.get(row.id, (None, None))
            self._events[number].append(_event(row, number, before=before, after=after))
        self._keep(read_entries_of(self._connection, list(happened)).values())

    def _contents(self, ids: Sequence[int]) -> dict[int, tuple[Any, Any]]:
        found: dict[int, tuple[Any, Any]] = {}
        query = sa.select(events.c.id, events.c.before, events.c.after)
        for some in batches(ids):
            for row in read_rows(self._connection, query.where(events.c.id.in_(some))):
                found[row.id] = (row.before, row.after)
        return found

    def _links(self) -> tuple[Link, ...]:
        """Return the sure links that were made in the period, by the time that counts."""
        found = [
            link
            for number, entry in self._entries.items()
            for link in entry.links
            if link.target == number and link.standing is LinkStanding.SURE
            if any(e.what == "linked" and e.at == link.made_at for e in self._events[number])
        ]
        self._read_missing([link.source for link in found])
        return tuple(link for link in found if self._is_in_period(link))

    def _is_in_period(self, link: Link) -> bool:
        if self._period.after is not None or not is_program(link.made_by):
            return True
        later = self._talk(link)
        return later is None or self._period.holds(_held(later))

    def _told(self, number: str, links: Collection[Link]) -> Told:
        """Say what happened to an entry, as far as it counts by the times that count."""
        entry, happened = self._entries[number], self._events.get(number, [])
        recorded = [event for event in happened if event.what == "recorded"]
        if self._period.after is not None:
            known = not recorded
        else:
            known = not self._period.holds(_held(self._meeting_of(entry)))
        if not known:
            content = recorded[0].after if recorded else None
            return Told(entry, known=False, events=tuple(happened), content=content)
        counted = [event for event in happened if self._counts(event, entry, links)]
        content = recorded[0].after if recorded else counted[0].before if counted else None
        return Told(entry, known=True, events=tuple(counted), content=content)

    def _counts(self, event: LogEvent, entry: LogEntry, links: Collection[Link]) -> bool:
        """Leave out what memo did about a meeting that was held before the period."""
        if self._period.after is not None or not is_program(event.who):
            return True
        if event.what == "recorded":
            return False
        if event.what not in {"linked", "unlinked"}:
            return True
        late = [link for link in entry.links if link.made_at == event.at]
        return not late or any(link in links for link in late)

    # --- Meetings ---

    @cached_property
    def _all_meetings(self) -> dict[str, sa.Row[Any]]:
        rows = read_rows(self._connection, sa.select(meetings).order_by(meetings.c.id))
        return {row.recording_sha256: row for row in rows}

    def _meeting_of(self, entry: LogEntry) -> LoggedMeeting:
        return self._meeting(entry.recording.sha256)

    def _meeting(self, sha256: str) -> LoggedMeeting:
        known: dict[str, LoggedMeeting] = self.__dict__.setdefault("_known_meetings", {})
        if sha256 not in known:
            known[sha256] = meeting_from(self._all_meetings[sha256])
        return known[sha256]

    def _talk(self, link: Link) -> LoggedMeeting | None:
        """Return the meeting that a link comes from."""
        if link.source in self._entries:
            return self._meeting_of(self._entries[link.source])
        by_id = {f"MTG-{row.id:04d}": sha for sha, row in self._all_meetings.items()}
        sha256 = by_id.get(link.source)
        return self._meeting(sha256) if sha256 else None

    def _meetings(
        self, told: dict[str, Told], changes: Sequence[Change]
    ) -> tuple[tuple[DigestMeeting, ...], tuple[DigestMeeting, ...]]:
        """Return the meetings held in the period, and those only logged in it, newest first."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for number, one in told.items():
            recorded = any(event.what == "recorded" for event in self._events.get(number, ()))
            if recorded and not one.gone:
                counts[one.now.recording.sha256][one.now.kind.value] += 1
        for change in changes:
            for entry in change.after:
                if entry.number != change.before.number:
                    counts[entry.recording.sha256]["changes"] += 1
        fresh, earlier = list[DigestMeeting](), list[DigestMeeting]()
        logged_before, silent_ids = self._logged_before(counts), self._silent()
        for sha256, row in self._all_meetings.items():
            silent = sha256 not in counts and row.id in silent_ids
            if sha256 not in counts and not silent:
                continue
            count = counts[sha256]
            held = DigestMeeting(
                meeting=self._meeting(sha256),
                decisions=count["decision"],
                actions=count["action"],
                questions=count["question"],
                changes=count["changes"],
            )
            if self._is_fresh(sha256, logged_before):
                fresh.append(held)
            elif count.keys() - {"changes"} or silent:
                earlier.append(held)
        return tuple(sorted(fresh, key=_newest)), tuple(sorted(earlier, key=_newest))

    def _silent(self) -> set[int]:
        """Return the rows of meetings that were logged in the period and of which nothing is."""
        late = [row for row in self._all_meetings.values() if self._period.holds(row.recorded_at)]
        if self._period.after is None:
            return {row.id for row in late}
        ids = {row.id for row in late if row.recorded_at != self._period.since}
        query = sa.select(entries.c.meeting_id).distinct()
        return ids - set(self._connection.execute(query).scalars()) if ids else ids

    def _is_fresh(self, sha256: str, logged_before: Collection[str]) -> bool:
        if self._period.after is not None:
            return sha256 not in logged_before
        return self._period.holds(_held(self._meeting(sha256)))

    def _logged_before(self, counts: Collection[str]) -> set[str]:
        """Return which meetings the reader of a `last` has been told of."""
        if self._period.after is None:
            return set()
        query = (
            sa.select(meetings.c.recording_sha256)
            .join(entries, entries.c.meeting_id == meetings.c.id)
            .join(events, events.c.entry_id == entries.c.id)
            .where(events.c.id <= self._period.after, events.c.what == "recorded")
            .distinct()
        )
        return set(self._connection.execute(query).scalars()) & set(counts)

    def _language(self, told: Sequence[DigestMeeting]) -> str | None:
        languages = Counter(one.meeting.language for one in told if one.meeting.language)
        return languages.most_common(1)[0][0] if languages else None

    # --- What is open ---

    def _names(self) -> set[str]:
        names = {name for row in self._all_meetings.values() for name in row.participants or ()}
        people = self._connection.execute(sa.select(entries.c.people).distinct()).scalars()
        keys = {name.casefold() for name in names}
        for column in people:
            names |= {name for name in column.split("\n") if name and name not in keys}
        return names

    @cached_property
    def _open_rows(self) -> Sequence[Any]:
        query = sa.select(entries.c.id, entries.c.kind, entries.c.number, entries.c.people,
                          entries.c.due).where(
            entries.c.state == EntryState.OPEN.value, entries.c.withdrawn_at.is_(None)
        ).order_by(entries.c.due.is_(None), entries.c.due, entries.c.id.desc())  # fmt: skip
        return self._connection.execute(query).all()

    def _open_tasks(self, reader: Reader | None, told: dict[str, Told]) -> list[Task]:
        """Return the open ones that are told: the reader's, and of others what is new first."""
        new = {number for number, one in told.items() if not one.known and one.events}
        mine, others = list[str](), list[str]()
        for row in self._open_rows:
            number = number_of(EntryKind(row.kind), row.number)
            people = (name for name in row.people.split("\n") if name)
            (mine if any(belongs_to(name, reader) for name in people) else others).append(number)
        others.sort(key=lambda number: number not in new)
        chosen = mine + others[:_OTHERS_TOLD]
        self._read_missing(chosen)
        return sorted((self._task(self._entries[one], new) for one in chosen), key=_urgency)

    def _open_left(self, tasks: Sequence[Task]) -> int:
        return len(self._open_rows) - len(tasks)

    def _task(self, entry: LogEntry, new: Collection[str]) -> Task:
        due = due_for(entry.due, of=entry.timezone, timezone=self._timezone, now=self._now)
        return Task(entry=entry, due=due, new=entry.number in new)

    # --- Links that wait ---

    def _doubtful(self) -> tuple[tuple[DoubtfulLink, ...], int]:
        waiting = read_links(self._connection, standing=LinkStanding.PROPOSED)[::-1]
        shown = waiting[:_DOUBTFUL_TOLD]
        self._read_missing(self._ends(shown))
        told = tuple(
            DoubtfulLink(
                link=link,
                target=self._entries[link.target],
                source=self._entries.get(link.source),
                new=self._is_new(link),
            )
            for link in shown
        )
        return told, len(waiting) - len(shown)

    def _is_new(self, link: Link) -> bool:
        events_of = self._events.get(link.target, ())
        made = any(event.at == link.made_at for event in events_of)
        return made and self._is_in_period(link)

    # --- Entries ---

    def _keep(self, found: Iterable[LogEntry]) -> None:
        self._entries |= {entry.number: entry for entry in found}

    def _ends(self, some: Iterable[Link]) -> list[str]:
        return [end for link in some for end in (link.source, link.target)]

    def _read_missing(self, numbers: Iterable[str]) -> None:
        """Read entries, and what replaced them since, until nothing is missing."""
        wanted = {n for n in numbers if n not in self._entries and not n.startswith("MTG")}
        while wanted:
            found = read_entries_of(self._connection, self._ids_of(wanted))
            self._keep(found.values())
            onward = {
                link.source
                for entry in found.values()
                for link in entry.links
                if link.target == entry.number and link.relation.leaves is not None
            }
            wanted = {n for n in onward if n not in self._entries and not n.startswith("MTG")}

    def _ids_of(self, numbers: Collection[str]) -> list[int]:
        places, ids = [place_of(number) for number in sorted(numbers)], list[int]()
        for at in range(0, len(places), _AT_ONCE):
            by_kind: dict[str, list[int]] = defaultdict(list)
            for kind, place in places[at : at + _AT_ONCE]:
                by_kind[kind.value].append(place)
            either = [
                (entries.c.kind == kind) & entries.c.number.in_(some)
                for kind, some in by_kind.items()
            ]
            ids += self._connection.execute(
                sa.select(entries.c.id).where(sa.or_(*either))
            ).scalars()
        return ids

    def _in_order(self) -> list[str]:
        """Return the numbers of what was read: newest meeting first, and as it was said."""
        kinds = list(EntryKind)

        def place(number: str) -> tuple[float, str, int, float, str]:
            entry = self._entries[number]
            meeting = self._meeting_of(entry)
            said = min((e.start for e in entry.finding.evidence), default=0.0)
            return (
                -_held(meeting).timestamp(),
                meeting.recording.sha256,
                kinds.index(entry.kind),
                said,
                number,
            )

        return sorted(self._entries, key=place)


def _event(row: sa.Row[Any], number: str, *, before: Any, after: Any) -> LogEvent:  # noqa: ANN401
    """Return an event; it was checked when it was written, and there may be very many."""
    return LogEvent.model_construct(
        id=row.id,
        number=number,
        at=row.at,
        who=row.who,
        what=row.what,
        note=row.note,
        before=before,
        after=after,
    )


def _held(meeting: LoggedMeeting) -> dt.datetime:
    return meeting.started_at or meeting.recorded_at


def _newest(one: DigestMeeting) -> tuple[float, str]:
    return -_held(one.meeting).timestamp(), one.meeting.recording.sha256


def _urgency(task: Task) -> tuple[int, dt.date, bool, str]:
    late = 0 if task.due.word is DueWord.OVERDUE else 1
    return late, task.due.day or dt.date.max, not task.new, task.entry.number


def _of_kind(tasks: Iterable[Task], kind: EntryKind) -> tuple[Task, ...]:
    return tuple(task for task in tasks if task.entry.kind is kind)
