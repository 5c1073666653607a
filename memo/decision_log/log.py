"""The decision log: what meetings decided, took on and left open, under lasting numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from memo.decision_log.catching_up import Last, mark_read, read_digest
from memo.decision_log.chains.stories import read_story
from memo.decision_log.database import Database
from memo.decision_log.editing import Edit, Edited, Held, edit_entries, read_found, read_held
from memo.decision_log.entries import (
    count_decisions,
    read_entries,
    read_entry,
    read_events,
    read_said,
)
from memo.decision_log.linking import put_link, read_links
from memo.decision_log.migrations import migrate
from memo.decision_log.recording import Recorded, record
from memo.decision_log.search.finding import Wanted, search
from memo.digest import Digest
from memo.model import Found, Memo, Transcript
from memo.remembered import (
    EntryKind,
    EntryState,
    Hits,
    Link,
    LinkStanding,
    LogEntry,
    LogEvent,
    Story,
    Utterance,
)
from memo.tallies import Grouping, Stats

__all__ = ["DecisionLog", "Edit", "Edited", "Recorded", "Wanted"]


class DecisionLog:
    """The log in one database; brought up to date when it is opened.

    Several processes may use one database at once. Every method may raise `DatabaseUnavailable`
    (the database is locked or cannot be reached: worth another try) and `DecisionLogError` (it is
    read-only, full, damaged or no database).

    Args:
        url: `sqlite:////path/decisions.db` or `postgresql+psycopg://user@host/name`. A SQLite
            file that does not exist is made, for its owner only.
        lock_wait: Seconds to wait for another program that is writing.

    Raises:
        DecisionLogError: The database cannot be opened, is not memo's, or is newer than this memo.
        MissingDependencyError: The database's driver is not installed.
    """

    def __init__(self, url: str, *, lock_wait: float = 30.0) -> None:
        self._database = Database(url, lock_wait=lock_wait)
        try:
            migrate(self._database)
        except BaseException:
            self.close()
            raise

    def record(
        self,
        memo: Memo,
        *,
        now: dt.datetime,
        memo_path: Path | None = None,
        transcript: Transcript | None = None,
    ) -> Recorded:
        """Write what a memo found down: all of it, or on any failure nothing.

        Supported and uncertain findings are recorded, with their verdict; unsupported ones are
        not. A recording that was recorded before, under whatever name, is updated: a finding
        keeps its number even if it is worded a little differently, a changed one is updated in
        place and its history says what was there, one that was not found again is marked as
        withdrawn (unless the memo has a gap there). What people edited stays as they left it.
        What is unchanged is not written.

        NUL and lone surrogates, which no database holds, become U+FFFD; all other text is kept
        as it is.

        Args:
            memo: The memo.
            now: The present instant, aware.
            memo_path: Where the memo was written; None leaves what the log knows.
            transcript: What was said; None leaves what the log knows.
        """
        if now.tzinfo is None:
            raise ValueError(f"{now} has no time zone")
        with self._database.writing() as connection:
            return record(connection, memo, now=now, memo_path=memo_path, transcript=transcript)

    def entries(
        self,
        *,
        kinds: Collection[EntryKind] = (EntryKind.DECISION,),
        states: Collection[EntryState] = (),
        owner: str | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        due_before: dt.date | None = None,
        limit: int | None = None,
        withdrawn: bool = False,
    ) -> tuple[LogEntry, ...]:
        """Return entries, those of the newest meeting first, in its order.

        Args:
            kinds: Only those of these kinds.
            states: Only those in one of these states; none means any.
            owner: Only those of somebody: decided by, to be done by, asked by or waiting for them.
            since: Only those that came up at this aware instant or later; where nobody knows when
                they did, the instant counts at which they were recorded.
            until: Only those that came up before this aware instant.
            due_before: Only actions that are due before this day.
            limit: At most so many.
            withdrawn: Also those that a later conversion of their recording no longer found.
        """
        with self._database.reading() as connection:
            return read_entries(
                connection,
                kinds=kinds,
                states=states,
                owner=owner,
                since=since,
                until=until,
                due_before=due_before,
                limit=limit,
                withdrawn=withdrawn,
            )

    def link(self, link: Link, *, note: str = "") -> bool:
        """Say what an entry does to an older one, or judge what was said of it before.

        Args:
            link: It replaces the one between the same entries; a sure one changes the older
                entry's state as `Relation.leaves` says, a refused one gives it back.
            note: What is said about it, for the history of both.

        Returns:
            Whether anything changed.

        Raises:
            DecisionLogError: There is no such entry, or both are one.
        """
        with self._database.writing() as connection:
            return put_link(connection, link, note=note)

    def links(self, *, standing: LinkStanding | None = None) -> tuple[Link, ...]:
        """Return the links between entries, oldest first.

        Args:
            standing: Only those that stand so.
        """
        with self._database.reading() as connection:
            return read_links(connection, standing=standing)

    def edit(
        self,
        number: str,
        changes: Mapping[str, Any],
        *,
        who: str,
        now: dt.datetime,
        note: str = "",
        expected: Mapping[str, Any] | None = None,
    ) -> Edited:
        """Change an entry as somebody says; see `edit_all`.

        Args:
            number: As people write it: `DEC-0042`, `dec-42`, `42` or `ACT-0007`.
            changes: Values by field, as `Edit.changes` has them.
            who: Who says it.
            now: The present instant, aware.
            note: What they say about it, for the history.
            expected: What the fields held when they looked, as `Edit.expected` has it.

        Raises:
            EditConflict: A field holds something else by now than was expected.
            DecisionLogError: There is no such entry or field, or it cannot hold the value.
        """
        seen = None if expected is None else dict(expected)
        edit = Edit(number=number, changes=dict(changes), note=note, expected=seen)
        return self.edit_all([edit], who=who, now=now)[0]

    def edit_all(
        self, edits: Iterable[Edit], *, who: str, now: dt.datetime, rehearse: bool = False
    ) -> tuple[Edited, ...]:
        """Change entries as somebody says: all of them, or on any failure none.

        What memo found is kept beside. A value that memo found, too, is no edit (but that
        somebody vouches for a decision is). What opens an action or a question again refuses the
        links that closed it.

        Args:
            edits: What is to be changed.
            who: Who says it.
            now: The present instant, aware.
            rehearse: Say what would happen, and do nothing.

        Returns:
            What each edit did, in order.

        Raises:
            EditConflict: A field holds something else by now than was expected.
            DecisionLogError: There is no such entry or field, or it cannot hold the value.
        """
        if now.tzinfo is None:
            raise ValueError(f"{now} has no time zone")
        with self._database.writing(keep=not rehearse) as connection:
            return edit_entries(connection, edits, now=now, who=who)

    def held(
        self, *, numbers: Iterable[str] = (), recording: str | None = None
    ) -> tuple[Held, ...]:
        """Return entries as they are, as memo found them, and what happened to them.

        Args:
            numbers: Of entries, as people write them.
            recording: SHA-256 of a recording: its entries, too, withdrawn or not.

        Raises:
            DecisionLogError: There is no such entry.
        """
        with self._database.reading() as connection:
            return read_held(connection, numbers=numbers, recording=recording)

    def found(self, number: str) -> Found:
        """Return what memo found for an entry, without what people made of it.

        Args:
            number: As people write it: `DEC-0042`, `dec-42`, `42` or `ACT-0007`.

        Raises:
            DecisionLogError: There is no such entry.
        """
        with self._database.reading() as connection:
            return read_found(connection, number)

    def story(self, number: str) -> Story:
        """Return what led to an entry and what became of it: its chain, the oldest first.

        Args:
            number: As people write it: `DEC-0042`, `dec-42`, `42` or `ACT-0007`.

        Raises:
            DecisionLogError: There is no such entry.
        """
        with self._database.reading() as connection:
            return read_story(connection, number)

    def entry(self, number: str) -> LogEntry:
        """Return one entry, withdrawn or not.

        Args:
            number: As people write it: `DEC-0042`, `dec-42`, `42` or `ACT-0007`.

        Raises:
            DecisionLogError: There is no such entry.
        """
        with self._database.reading() as connection:
            return read_entry(connection, number)

    def history(self, number: str) -> tuple[LogEvent, ...]:
        """Return everything that happened to an entry, oldest first.

        Args:
            number: As people write it: `DEC-0042`, `dec-42`, `42` or `ACT-0007`.

        Raises:
            DecisionLogError: There is no such entry.
        """
        with self._database.reading() as connection:
            return read_events(connection, number)

    def said(self, number: str, *, before: float, after: float) -> tuple[Utterance, ...]:
        """Return the talk around the words that an entry rests on.

        Args:
            number: As people write it: `DEC-0042`, `dec-42`, `42` or `ACT-0007`.
            before: Seconds before its first word.
            after: Seconds after its last.

        Returns:
            What was said, in order; nothing if it was recorded without its transcript.

        Raises:
            DecisionLogError: There is no such entry.
        """
        with self._database.reading() as connection:
            return read_said(connection, number, before=before, after=after)

    def search(
        self,
        text: str,
        wanted: Wanted | None = None,
        *,
        transcripts: bool = False,
        limit: int = 10,
    ) -> Hits:
        """Find entries by words, the best first.

        Words are found in any of their forms, whatever their case and accents, in what was
        decided (or is to do, or was asked), why, what else was considered, people, the title of
        the meeting and the quotes. All of them must be there; if that is so nowhere, entries with
        some of them are found. "Words in quotes" must stand together, a -word nowhere. Whatever
        else is typed is taken literally, and nothing that is typed raises.

        Args:
            text: The query.
            wanted: What a find must be besides.
            transcripts: Whether what was said in the meetings is searched, too.
            limit: At most so many entries, and as many utterances.
        """
        with self._database.reading() as connection:
            return search(
                connection, text, wanted or Wanted(), transcripts=transcripts, limit=limit
            )

    def digest(
        self,
        *,
        since: dt.datetime | Last | None,
        reader: str | None = None,
        timezone: str,
        now: dt.datetime,
    ) -> Digest:
        """Return what changed since somebody last looked, each matter once.

        Args:
            since: An aware instant; None for everything. `Last` is when that reader last looked
                (`remember_read`): what was logged since is new whenever it was held; for a reader
                who never did, what was logged in the last seven days.
            reader: Whose actions and questions are told apart, by name.
            timezone: IANA name of the reader's time zone: for due dates.
            now: The present instant, aware.
        """
        with self._database.reading() as connection:
            return read_digest(connection, since=since, reader=reader, timezone=timezone, now=now)

    def remember_read(self, last: Last, digest: Digest) -> None:
        """Remember that a reader has a digest: the next `Last` begins after it."""
        with self._database.writing() as connection:
            mark_read(connection, last.reader, digest.last_event, now=digest.until)

    def stats(
        self,
        *,
        now: dt.datetime,
        timezone: str,
        by: Grouping = Grouping.WEEK,
        since: dt.datetime | None = None,
        people: Sequence[str] = (),
    ) -> Stats:
        """Return how the meetings go: how many and how long, and what comes of them.

        Args:
            now: The present instant, aware.
            timezone: IANA name of the reader's zone.
            by: What is counted together.
            since: Nothing that happened before counts; None counts everything.
            people: Only meetings in which one of them took part; nobody means any.

        Raises:
            DecisionLogError: Nobody in the log is called so, or several are.
        """
        from memo.decision_log.statistics import count

        with self._database.reading() as connection:
            return count(connection, by=by, since=since, people=people, now=now, timezone=timezone)

    def count(self) -> int:
        """Return how many decisions it holds, withdrawn ones left out."""
        with self._database.reading() as connection:
            return count_decisions(connection)

    def program(self) -> str:
        """Return the name and the version of what keeps the log: `SQLite 3.46.1`."""
        return self._database.program()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
