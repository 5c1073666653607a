"""SQLite: a file of our own, made when it is first asked for.

It runs in WAL mode: readers never wait, and a writer takes its lock when its transaction begins
(`BEGIN IMMEDIATE`, https://www.sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from memo.decision_log.holding import as_json
from memo.errors import (
    DatabaseFull,
    DatabaseUnavailable,
    DecisionLogError,
    DiskFull,
    is_away,
    unwritten,
)

_RETRY_SECONDS = 0.02

_REFUSALS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "check the path, and make its folder writable",
    ),
    sqlite3.SQLITE_NOTADB: (
        "is not a database",
        "name another file for the decision log; this one was left as it is",
    ),
    sqlite3.SQLITE_READONLY: (
        "is read-only",
        "make the file and its folder writable",
    ),
    sqlite3.SQLITE_PERM: (
        "may not be opened",
        "make the file and its folder readable and writable",
    ),
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full",
        "free some space and try again; nothing was half-written",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        "restore it from a backup, or save what can be read with `sqlite3 FILE .recover`",
    ),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written",
        "check its disk, and keep the decision log on a local one",
    ),
}
_KINDS: dict[int, type[DecisionLogError]] = {
    sqlite3.SQLITE_FULL: DatabaseFull,
    sqlite3.SQLITE_IOERR: DatabaseUnavailable,
    sqlite3.SQLITE_CANTOPEN: DatabaseUnavailable,
}


class SQLite:
    """One SQLite file.

    Args:
        address: Where it is.
        lock_wait: Seconds to wait for another program that is writing.

    Raises:
        DecisionLogError: The file cannot be made.
    """

    def __init__(self, address: sa.URL, *, lock_wait: float) -> None:
        self.name = address.database or ":memory:"
        self._address = address
        self._lock_wait = lock_wait
        _make_file(address)

    def connectable(self) -> sa.Engine:
        """Return what connections come from."""
        engine = sa.create_engine(
            self._address,
            json_serializer=as_json,
            hide_parameters=True,  # what was said must not reach a log by way of an error
        )
        event.listen(engine, "connect", self._set_up)
        event.listen(engine, "begin", _begin)
        return engine

    def lent(self) -> sa.Engine:
        """Return what connections of another library come from, which begins transactions itself.

        A writer takes its lock when it first writes. After a power cut the last transactions may
        be missing, never the file be broken.
        """
        engine = sa.create_engine(self._address, pool_size=20, max_overflow=0, hide_parameters=True)
        event.listen(engine, "connect", self._set_up_lent)
        return engine

    def program(self, connection: sa.Connection) -> str:
        """Return the name and the version of the program."""
        return f"SQLite {connection.execute(sa.select(sa.func.sqlite_version())).scalar_one()}"

    def refusal(self, error: SQLAlchemyError | sqlite3.Error) -> DecisionLogError:
        """Return what to tell the user."""
        cause = getattr(error, "orig", None) or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return DatabaseUnavailable(
                f"{self.name} has been locked by another program for {self._lock_wait:g} s",
                hint="try again; if it stays locked, close the program that holds it",
            )
        what, hint = _REFUSALS.get(code, ("refused", "run `memo doctor`"))
        return _KINDS.get(code, DecisionLogError)(f"{self.name} {what} ({reason})", hint=hint)

    def _set_up_lent(self, connection: sqlite3.Connection, record: object) -> None:
        self._set_up(connection, record)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.isolation_level = "IMMEDIATE"

    def _set_up(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing on its own
        connection.execute(f"PRAGMA busy_timeout = {int(self._lock_wait * 1000)}")
        connection.execute("PRAGMA foreign_keys = ON")
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            _switch_to_wal(connection, deadline=time.monotonic() + self._lock_wait)


def _make_file(address: sa.URL) -> None:
    """Make the file for its owner only: SQLite would make it for everybody."""
    name = address.database
    if not name or name == ":memory:" or name.startswith("file:"):
        return
    path = Path(name)
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _kind(error)(
            f"{name!r} cannot be made: {reason}",
            hint="name a file for the decision log in a folder that you may write in",
        ) from error


def _kind(error: BaseException) -> type[DecisionLogError]:
    if unwritten(error) is DiskFull:
        return DatabaseFull
    return DatabaseUnavailable if is_away(error) else DecisionLogError


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("memo_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _switch_to_wal(connection: sqlite3.Connection, *, deadline: float) -> None:
    """Switch the file to WAL, once in its life.

    SQLite does not wait here: two that switch at the same time are told at once that the file is
    locked, whatever the busy timeout. Where there is no WAL (a read-only or a network file), the
    file goes on with what it has.
    """
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if busy and time.monotonic() < deadline:
                time.sleep(_RETRY_SECONDS)
                continue
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
                raise
        return
