"""The connection to the log's database: the one place that knows SQLite from PostgreSQL.

SQLite runs in WAL mode: readers never wait, and a writer takes its lock when its transaction
begins (`BEGIN IMMEDIATE`, https://www.sqlite.org/lang_transaction.html), so that nobody reads
a number that somebody else is about to take.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from memo.errors import DatabaseUnavailable, DecisionLogError, MissingDependencyError

_SCHEMA_LOCK = 0x6D656D6F  # "memo": the key of the advisory lock on PostgreSQL
_RETRY_SECONDS = 0.02

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

_SQLITE_REFUSALS: dict[int, tuple[str, str]] = {
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


class Database:
    """Transactions on SQLite or PostgreSQL; every refusal is a `DecisionLogError`.

    Args:
        url: SQLAlchemy's: `sqlite:////path/decisions.db` or `postgresql+psycopg://host/name`.
        lock_wait: Seconds to wait for another program that is writing.

    Attributes:
        name: The file, or the URL without its password, for messages.

    Raises:
        DecisionLogError: The URL cannot be understood, or the file cannot be made.
        MissingDependencyError: The database's driver is not installed.
    """

    def __init__(self, url: str, *, lock_wait: float = 30.0) -> None:
        address = _address(url)
        self.name = address.render_as_string(hide_password=True)
        self._lock_wait = lock_wait
        if address.get_backend_name() == "sqlite":
            self.name = address.database or ":memory:"
            _make_file(address)
        try:
            self._engine = self._connectable(address)
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"{self.name} cannot be reached: {error.name} is not installed",
                hint="install it: pip install 'psycopg[binary]'",
            ) from error
        self._writer = self._engine.execution_options(memo_writes=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a transaction that sees one state of the database throughout."""
        with self._translating(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a transaction that may write: all of it is kept, or nothing."""
        with self._translating(), self._writer.begin() as connection:
            yield connection

    def lock_schema(self, connection: sa.Connection) -> None:
        """Let nobody else change the tables until this transaction ends."""
        if connection.dialect.name == "postgresql":  # SQLite's writer has the whole file
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _connectable(self, address: sa.URL) -> sa.Engine:
        options: dict[str, Any] = {
            "json_serializer": lambda value: json.dumps(value, ensure_ascii=False),
            "hide_parameters": True,  # what was said must not reach a log by way of an error
        }
        if address.get_backend_name() == "sqlite":
            engine = sa.create_engine(address, **options)
            event.listen(engine, "connect", self._set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        timeout = f"-c lock_timeout={int(self._lock_wait * 1000)}"
        arguments = {"connect_timeout": 10, "options": timeout}
        return sa.create_engine(address, connect_args=arguments, pool_pre_ping=True, **options)

    def _set_up_sqlite(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing on its own
        connection.execute(f"PRAGMA busy_timeout = {int(self._lock_wait * 1000)}")
        connection.execute("PRAGMA foreign_keys = ON")
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            _switch_to_wal(connection, deadline=time.monotonic() + self._lock_wait)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._translated(error) from error

    def _translated(self, error: SQLAlchemyError | sqlite3.Error) -> DecisionLogError:
        cause = getattr(error, "orig", None) or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        if isinstance(cause, sqlite3.Error):
            return self._translated_sqlite(getattr(cause, "sqlite_errorcode", 0) & 0xFF, reason)
        if isinstance(error, OperationalError):
            return DatabaseUnavailable(
                f"{self.name} cannot be reached: {reason}",
                hint="check that the database server runs and lets you in, then try again",
            )
        return DecisionLogError(f"{self.name} refused: {reason}", hint="run `memo doctor`")

    def _translated_sqlite(self, code: int, reason: str) -> DecisionLogError:
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return DatabaseUnavailable(
                f"{self.name} has been locked by another program for {self._lock_wait:g} s",
                hint="try again; if it stays locked, close the program that holds it",
            )
        what, hint = _SQLITE_REFUSALS.get(code, ("refused", "run `memo doctor`"))
        return DecisionLogError(f"{self.name} {what} ({reason})", hint=hint)


def _address(url: str) -> sa.URL:
    """Read a URL; what it says is not repeated in errors, since it may hold a password."""
    try:
        address = sa.make_url(url)
        return address.set(drivername=_DRIVERS[address.drivername])
    except (ArgumentError, KeyError, ValueError) as error:
        raise DecisionLogError(
            "the decision log's database URL cannot be understood",
            hint="write it like sqlite:////path/file.db or postgresql+psycopg://user@host/name",
        ) from error


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
        raise DecisionLogError(
            f"{name!r} cannot be made: {reason}",
            hint="name a file for the decision log in a folder that you may write in",
        ) from error


def _begin_sqlite(connection: sa.Connection) -> None:
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
