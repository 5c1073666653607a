"""The decision log: what meetings decided, took on and left open, under lasting numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from memo.decision_log.database import Database
from memo.decision_log.entries import read_entries, read_entry, read_events, read_said
from memo.decision_log.linking import put_link, read_links
from memo.decision_log.migrations import migrate
from memo.decision_log.recording import Recorded, record
from memo.model import Memo, Transcript
from memo.remembered import (
    EntryKind,
    EntryState,
    Link,
    LinkStanding,
    LogEntry,
    LogEvent,
    Utterance,
)

__all__ = ["DecisionLog", "Recorded"]


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
        limit: int | None = None,
        withdrawn: bool = False,
    ) -> tuple[LogEntry, ...]:
        """Return entries, those of the newest meeting first, in its order.

        Args:
            kinds: Only those of these kinds.
            states: Only those in one of these states; none means any.
            limit: At most so many.
            withdrawn: Also those that a later conversion of their recording no longer found.
        """
        with self._database.reading() as connection:
            return read_entries(
                connection, kinds=kinds, states=states, limit=limit, withdrawn=withdrawn
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
