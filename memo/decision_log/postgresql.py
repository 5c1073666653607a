"""PostgreSQL: a database of a server, for a team.

Two writers of one log take turns by an advisory lock of the database, which a transaction holds
to its end (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). All that
a transaction needs is set inside it, and nothing is prepared, so that a pooler between here and
the server, which hands connections from one client to another, does no harm.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from memo.decision_log.holding import as_json
from memo.errors import DatabaseFull, DatabaseUnavailable, DecisionLogError

if TYPE_CHECKING:
    import psycopg

Turn = Literal["log", "jobs"]

# Keys of advisory locks: "memo", "jobs". Reading a whole meeting takes a writer of the log seconds;
# whoever says that it lives must not wait for that.
_TURNS: dict[Turn, int] = {"log": 0x6D656D6F, "jobs": 0x6A6F6273}

# By SQLSTATE, or its class: https://www.postgresql.org/docs/current/errcodes-appendix.html
_REFUSALS: dict[str, tuple[str, str]] = {
    "25006": (
        "is read-only",
        "name the server that may be written to in database_url, not a copy of it",
    ),
    "42501": (
        "does not let you do this",
        "ask for a database that is yours: CREATE DATABASE name OWNER you",
    ),
    "53100": (
        "cannot grow: the disk is full",
        "free some space on the server and try again; nothing was half-written",
    ),
}
_GONE = ("08", "57P", "25P03")  # no connection, shut down, idle for too long
_BUSY = ("40", "53", "57014")  # conflicts, too few resources, cancelled
_LOCKED = "55P03"
_FULL = "53100"

_PATIENCE = {  # seconds, and milliseconds
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
# The server lets go of what somebody holds who was cut off: his turn, and rows. Seconds: whoever
# takes turns for jobs has nothing to think about, and others want to say that they live.
_IDLE = "idle_in_transaction_session_timeout"
_IDLE_SECONDS: dict[Turn, int] = {"log": 60, "jobs": 15}


class PostgreSQL:
    """One database of a PostgreSQL server.

    Args:
        address: Where it is.
        lock_wait: Seconds to wait for another program that is writing.
        turn: Among whom writers take turns.
    """

    def __init__(self, address: sa.URL, *, lock_wait: float, turn: Turn = "log") -> None:
        self.name = _name(address)
        self._address = address
        self._lock_wait = lock_wait
        self._turn = _TURNS[turn]
        self._idle = _IDLE_SECONDS[turn] * 1000

    def connectable(self) -> sa.Engine:
        """Return what connections come from.

        Raises:
            ImportError: The driver is not installed.
        """
        engine = sa.create_engine(
            self._address,
            connect_args=self._arguments(),
            pool_pre_ping=True,  # a server that was started anew is connected to anew
            json_serializer=as_json,
            hide_parameters=True,  # what was said must not reach a log by way of an error
        )
        event.listen(engine, "connect", self._set_up)
        event.listen(engine, "begin", self._begin)
        return engine

    def lent(self) -> sa.Engine:
        """Return what connections of another library come from, which begins transactions itself.

        Raises:
            ImportError: The driver is not installed.
        """
        engine = sa.create_engine(
            self._address,
            connect_args=self._arguments(),
            pool_pre_ping=True,
            pool_size=5,
            max_overflow=15,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _set_up_lent)
        event.listen(engine, "handle_error", _note_absence)
        return engine

    def _arguments(self) -> dict[str, Any]:
        """Return how to connect, as far as the URL does not say.

        What is sent and never acknowledged ends the connection: a network that goes away without
        a word would be waited for for a quarter of an hour, and in silence for two hours.
        https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES
        """
        told = {name: value for name, value in _PATIENCE.items() if name not in self._address.query}
        return {"client_encoding": "utf8", "prepare_threshold": None, **told}

    def program(self, connection: sa.Connection) -> str:
        """Return the name and the version of the program."""
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        return f"PostgreSQL {str(version).split()[0]}"

    def refusal(self, error: SQLAlchemyError | sqlite3.Error) -> DecisionLogError:
        """Return what to tell the user."""
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None) or ""
        reason = _reason(cause)
        error.args = cause.args = (reason,)  # the server's details may quote what was said
        if state == _LOCKED:
            return DatabaseUnavailable(
                f"{self.name} has been locked by another program for {self._lock_wait:g} s",
                hint="try again; if it stays locked, close the program that holds it",
            )
        if state in _REFUSALS:
            what, hint = _REFUSALS[state]
            kind = DatabaseFull if state == _FULL else DecisionLogError
            return kind(f"{self.name} {what} ({reason})", hint=hint)
        if state.startswith(_BUSY):
            return DatabaseUnavailable(
                f"{self.name} cannot do this now: {reason}", hint="try again"
            )
        if state.startswith(_GONE) or _is_gone(error, state):
            return DatabaseUnavailable(
                f"{self.name} cannot be reached: {reason}",
                hint="check that the server runs, that the database is there and that it lets"
                " you in, then try again",
            )
        return DecisionLogError(f"{self.name} refused: {reason}", hint="run `memo doctor`")

    def _set_up(self, connection: psycopg.Connection[Any], _record: object) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding not in (None, "UTF8"):
            raise DecisionLogError(
                f"{self.name} cannot hold every text: its encoding is {encoding}",
                hint="make it anew: createdb --encoding=UTF8 --template=template0 NAME",
            )
        connection.autocommit = True
        connection.execute("SET TIME ZONE 'UTC'")  # instants come back in a year that Python has
        connection.autocommit = False

    def _begin(self, connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("memo_writes", False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return
        wait = max(1, int(self._lock_wait * 1000))  # 0 would be for ever
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {wait}; SET LOCAL {_IDLE} = {self._idle}"
        )
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(self._turn)))


def _set_up_lent(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.autocommit = True
    connection.execute(f"SET {_IDLE} = {_IDLE_SECONDS['log'] * 1000}".encode())
    connection.autocommit = False


def _note_absence(context: sa.ExceptionContext) -> None:
    """Have a server that cannot be reached count as a connection that was lost."""
    refused = isinstance(context.sqlalchemy_exception, sa.exc.OperationalError)
    if refused and context.connection is None:
        context.is_disconnect = True


def _name(address: sa.URL) -> str:
    """Return the URL without what is secret or says nothing: passwords may be in its query, too."""
    query = {name: value for name, value in address.query.items() if name in ("host", "port")}
    return sa.URL.create(
        "postgresql",
        username=address.username,
        host=address.host,
        port=address.port,
        database=address.database,
        query=query,
    ).render_as_string()


def _is_gone(error: SQLAlchemyError | sqlite3.Error, state: str) -> bool:
    """Say whether it was the connection that failed, about which the server has no word to say."""
    if isinstance(error, NoConnectionLeft):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or (
        not state and isinstance(error, sa.exc.OperationalError)
    )


def _reason(cause: BaseException) -> str:
    """Return what happened, in one line: the server's further ones are details."""
    told = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
    first = (told.splitlines() or [type(cause).__name__])[0]
    return first.removeprefix("connection failed: ").removeprefix("connection is bad: ")
