"""How a database comes to have the tables of `schema`: numbered steps, run when it is opened.

Each migration shares one transaction with the record of it, so a crash leaves the version before,
whole. A migration is never edited once released: it spells out its own tables, however `schema`
goes on. A test holds that all of them together give exactly what `schema` says.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from memo import __version__
from memo.decision_log import schema
from memo.decision_log.database import Database
from memo.errors import DecisionLogError

Migration = Callable[[sa.Connection], None]


def m0001_decisions_and_their_history(connection: sa.Connection) -> None:
    """Create meetings, decisions, events and the counter of decisions."""
    instant, tables = sa.DateTime(timezone=True), sa.MetaData()
    counters = sa.Table(
        "counters",
        tables,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    sa.Table(
        "meetings",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recording_sha256", sa.Text, nullable=False, unique=True),
        sa.Column("recording_filename", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("started_at", instant),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("memo_path", sa.Text),
        sa.Column("recorded_at", instant, nullable=False),
    )
    sa.Table(
        "decisions",
        tables,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("meeting_id", sa.ForeignKey("meetings.id"), nullable=False, index=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("decided_at", instant),
        sa.Column("finding", sa.JSON, nullable=False),
        sa.Column("logged_at", instant, nullable=False),
        sa.Column("withdrawn_at", instant),
    )
    sa.Table(
        "events",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.ForeignKey("decisions.number"), nullable=False, index=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
    )
    tables.create_all(connection, checkfirst=False)
    connection.execute(counters.insert().values(name="decision", last=0))


MIGRATIONS: tuple[Migration, ...] = (m0001_decisions_and_their_history,)
"""Every migration in order; the place in this tuple, from 1, is its number."""


def migrate(
    database: Database,
    migrations: tuple[Migration, ...] = MIGRATIONS,
    *,
    stop_before: int | None = None,
) -> None:
    """Bring a database up to date; one that is up to date is only read.

    Args:
        database: The database.
        migrations: Every migration in order.
        stop_before: Number of the first migration not to run, to build an older database.

    Raises:
        DecisionLogError: The database is newer than this program, or holds somebody else's tables.
    """
    wanted = migrations if stop_before is None else migrations[: stop_before - 1]
    with database.reading() as connection:
        done = _version(connection, database.name, known=len(migrations))
    for number in range(done + 1, len(wanted) + 1):
        with database.writing() as connection:
            database.lock_schema(connection)
            # Another process may have run this one since.
            if _version(connection, database.name, known=len(migrations)) < number:
                _run(connection, number, wanted[number - 1])


def _version(connection: sa.Connection, name: str, *, known: int) -> int:
    """Return the number of the last migration that this database has had, 0 for an empty one."""
    tables = sa.inspect(connection).get_table_names()
    if schema.memo_migrations.name not in tables:
        if tables:
            raise DecisionLogError(
                f"{name} is another program's database (it holds a table {min(tables)!r})",
                hint="give the decision log a database of its own",
            )
        return 0
    newest = connection.execute(
        sa.select(schema.memo_migrations).order_by(schema.memo_migrations.c.number.desc()).limit(1)
    ).one()
    if newest.number > known:
        raise DecisionLogError(
            f"{name} has version {newest.number}, written by memo {newest.memo_version};"
            f" this is memo {__version__}, which knows versions up to {known}",
            hint=f"upgrade memo to {newest.memo_version} or later",
        )
    return int(newest.number)


def _run(connection: sa.Connection, number: int, migration: Migration) -> None:
    schema.memo_migrations.create(connection, checkfirst=True)
    migration(connection)
    connection.execute(
        schema.memo_migrations.insert().values(
            number=number, name=migration.__name__, memo_version=__version__
        )
    )
