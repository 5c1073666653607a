"""The connection to the log's database, SQLite's or PostgreSQL's.

Both work alike: a reader sees one state of the database and never waits; writers take turns, each
from the beginning of its transaction, so that nobody reads a number that somebody else is about
to take, and events are numbered in the order in which they come to be seen. What is different
about each is in `sqlite` and `postgresql`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from memo.decision_log.holding import hold
from memo.decision_log.postgresql import PostgreSQL, Turn
from memo.decision_log.sqlite import SQLite
from memo.errors import DecisionLogError, MissingDependencyError

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class _Backend(Protocol):
    """What is different about a kind of database.

    `name` is the database's in messages. An engine begins a transaction that may write where its
    execution option `memo_writes` is set.
    """

    name: str

    def connectable(self) -> sa.Engine: ...

    def lent(self) -> sa.Engine: ...

    def program(self, connection: sa.Connection) -> str: ...

    def refusal(self, error: SQLAlchemyError | sqlite3.Error) -> DecisionLogError: ...


class Database:
    """Transactions on SQLite or PostgreSQL; every refusal is a `DecisionLogError`.

    NUL and lone surrogates in text that is written, or asked for, become U+FFFD: no database
    holds them, and names from the command line may have them.

    Args:
        url: SQLAlchemy's: `sqlite:////path/decisions.db` or `postgresql://user@host/name`.
        lock_wait: Seconds to wait for another program that is writing.
        turn: Among whom writers of a PostgreSQL database take turns. SQLite knows one turn only.

    Attributes:
        name: The file, or the URL without its password, for messages.

    Raises:
        DecisionLogError: The URL cannot be understood, or the file cannot be made.
        MissingDependencyError: The database's driver is not installed.
    """

    def __init__(self, url: str, *, lock_wait: float = 30.0, turn: Turn = "log") -> None:
        self._backend = _backend(url, lock_wait=lock_wait, turn=turn)
        self.name = self._backend.name
        self._engine = _made(self._backend, self._backend.connectable)
        event.listen(self._engine, "before_cursor_execute", hold, retval=True)
        self._writer = self._engine.execution_options(memo_writes=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a transaction that sees one state of the database throughout."""
        with self._translating(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[sa.Connection]:
        """Give a transaction that may write, one at a time: all of it is kept, or nothing.

        Args:
            keep: Whether it is kept where nothing fails; otherwise it was a rehearsal.
        """
        with (
            self._translating(),
            self._writer.connect() as connection,
            connection.begin() as transaction,
        ):
            yield connection
            if not keep:
                transaction.rollback()

    def program(self) -> str:
        """Return the name and the version of the program that keeps the database."""
        with self.reading() as connection:
            return self._backend.program(connection)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._backend.refusal(error) from error


class Lent:
    """A database for another library, which begins and ends its transactions itself.

    Args:
        url: As `Database` takes it.

    Attributes:
        name: The file, or the URL without its password, for messages.
        engine: What connections come from.

    Raises:
        DecisionLogError: The URL cannot be understood, or the file cannot be made.
        MissingDependencyError: The database's driver is not installed.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self._backend = _backend(url)
        self.name = self._backend.name
        self.engine = _made(self._backend, self._backend.lent)

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Turn the database's refusals into a `DecisionLogError`, as `Database` does."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._backend.refusal(error) from error


def _backend(url: str | sa.URL, *, lock_wait: float = 30.0, turn: Turn = "log") -> _Backend:
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return SQLite(address, lock_wait=lock_wait)
    return PostgreSQL(address, lock_wait=lock_wait, turn=turn)


def _made(backend: _Backend, make: Callable[[], sa.Engine]) -> sa.Engine:
    try:
        return make()
    except ImportError as error:
        raise MissingDependencyError(
            f"{backend.name} cannot be reached: {error.name or 'psycopg'} is not installed",
            hint="install it: pip install 'callmemo[postgres]'",
        ) from error


def _address(url: str | sa.URL) -> sa.URL:
    """Read a URL; what it says is not repeated in errors, since it may hold a password."""
    try:
        address = sa.make_url(url)
        return address.set(drivername=_DRIVERS[address.drivername])
    except (ArgumentError, KeyError, ValueError) as error:
        raise DecisionLogError(
            "the decision log's database URL cannot be understood",
            hint="write it like sqlite:////path/file.db or postgresql://user@host/name",
        ) from error
