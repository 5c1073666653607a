"""How a database comes to have the tables of `schema`: numbered steps, run when it is opened.

Each migration shares one transaction with the record of it, so a crash leaves the version before,
whole. A migration is never edited once released: it spells out its own tables, however `schema`
goes on. A test holds that all of them together give exactly what `schema` says.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from memo import __version__
from memo.decision_log import schema
from memo.decision_log.database import Database
from memo.decision_log.search.index import Terms, entry_terms, put
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


def m0002_actions_questions_links_and_what_was_said(connection: sa.Connection) -> None:
    """Make decisions entries among actions and questions; keep links, utterances and readers.

    The tables are made anew, with the rows of the old ones: SQLite cannot change constraints.
    """
    old = sa.MetaData()
    old.reflect(connection, only=["meetings", "decisions", "events"])
    kept = {
        name: [dict(row) for row in connection.execute(sa.text(query)).mappings()]  # as stored
        for name, query in {
            "meetings": "SELECT * FROM meetings ORDER BY id",
            "decisions": "SELECT * FROM decisions ORDER BY number",
            "events": "SELECT * FROM events ORDER BY id",
        }.items()
    }
    old.drop_all(connection)
    new = _tables_of_m0002()
    new.create_all(connection, checkfirst=False)
    changed = {row["number"]: row["at"] for row in kept["events"]}  # the last one of each
    entries = [_entry_of_m0002(row, changed) for row in kept["decisions"]]
    events = [_event_of_m0002(row) for row in kept["events"]]
    for table, rows in (("meetings", kept["meetings"]), ("entries", entries), ("events", events)):
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            places = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f'INSERT INTO "{table}" ({names}) VALUES ({places})'), row)  # noqa: S608 our own names
        if rows and connection.dialect.name == "postgresql":  # ids were given, not drawn
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            connection.execute(sa.text(f'SELECT setval({sequence}, max(id)) FROM "{table}"'))  # noqa: S608 our own names
    counters = sa.table("counters", sa.column("name"), sa.column("last"))
    connection.execute(
        counters.insert(), [{"name": name, "last": 0} for name in ("action", "question")]
    )


def _entry_of_m0002(row: dict[str, Any], changed: dict[int, Any]) -> dict[str, Any]:
    finding = _parsed(row["finding"])
    people = "".join(f"{name.casefold()}\n" for name in finding.get("decided_by", ()))
    return {
        "id": row["number"],
        "kind": "decision",
        "number": row["number"],
        "meeting_id": row["meeting_id"],
        "state": row["status"],
        "decided_at": row["decided_at"],
        "people": f"\n{people}",
        "finding": json.dumps(finding, ensure_ascii=False),
        "edits": "{}",
        "logged_at": row["logged_at"],
        "changed_at": changed.get(row["number"], row["logged_at"]),
        "withdrawn_at": row["withdrawn_at"],
    }


def _event_of_m0002(row: dict[str, Any]) -> dict[str, Any]:
    def content(stored: Any) -> str | None:  # noqa: ANN401 text on SQLite, parsed on PostgreSQL
        said = _parsed(stored)
        if said is None:
            return None
        finding = said.pop("decision")
        said = {"state": finding.get("status", "accepted"), "finding": finding, **said}
        return json.dumps(said, ensure_ascii=False)

    return {
        "id": row["id"],
        "entry_id": row["number"],
        "at": row["at"],
        "who": "memo",
        "what": row["what"],
        "note": "",
        "before": content(row["before"]),
        "after": content(row["after"]),
    }


def _parsed(stored: Any) -> Any:  # noqa: ANN401 text on SQLite, parsed on PostgreSQL
    return json.loads(stored) if isinstance(stored, str) else stored


def _tables_of_m0002() -> sa.MetaData:
    instant, tables = sa.DateTime(timezone=True), sa.MetaData()
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
        sa.Column("duration", sa.Double),
        sa.Column("language", sa.Text),
        sa.Column("participants", sa.JSON(none_as_null=True)),
        sa.Column("summary", sa.Text),
    )
    sa.Table(
        "utterances",
        tables,
        sa.Column("meeting_id", sa.ForeignKey("meetings.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("end", sa.Double, nullable=False),
        sa.Column("speaker", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
    )
    sa.Table(
        "entries",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("meeting_id", sa.ForeignKey("meetings.id"), nullable=False, index=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("decided_at", instant),
        sa.Column("people", sa.Text, nullable=False),
        sa.Column("due", sa.Date),
        sa.Column("finding", sa.JSON, nullable=False),
        sa.Column("edits", sa.JSON, nullable=False),
        sa.Column("logged_at", instant, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("withdrawn_at", instant),
        sa.UniqueConstraint("kind", "number", name="uq_entries_kind_number"),
        sa.Index("ix_entries_kind_state", "kind", "state"),
    )
    _add_links_of_m0002(tables)
    return tables


def _add_links_of_m0002(tables: sa.MetaData) -> None:
    instant = sa.DateTime(timezone=True)
    sa.Table(
        "events",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.ForeignKey("entries.id"), nullable=False, index=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON(none_as_null=True)),
    )
    sa.Table(
        "links",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source_id", sa.ForeignKey("entries.id")),
        sa.Column("meeting_id", sa.ForeignKey("meetings.id")),
        sa.Column("target_id", sa.ForeignKey("entries.id"), nullable=False, index=True),
        sa.Column("relation", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False, index=True),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("later", sa.JSON, nullable=False),
        sa.Column("earlier", sa.JSON, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.UniqueConstraint("source_id", "target_id", name="uq_links_source_target"),
    )
    sa.Table(
        "readers",
        tables,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("last_event_id", sa.Integer, nullable=False),
        sa.Column("at", instant, nullable=False),
    )


def m0003_index_of_words(connection: sa.Connection) -> None:
    """Index what entries say and what was said, for `memo log search`."""
    connection.exec_driver_sql("CREATE INDEX ix_meetings_language ON meetings (language)")
    if connection.dialect.name == "postgresql":
        for table in ("entry_terms", "talk_terms"):
            connection.exec_driver_sql(
                f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)"
            )
            connection.exec_driver_sql(f"CREATE INDEX ix_{table} ON {table} USING gin (terms)")
    else:
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE entry_terms USING"
            " fts5(statement, why, around, quotes, tokenize='ascii')"
        )
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE talk_terms USING fts5(said, tokenize='ascii')"
        )
    rows = connection.execute(
        sa.text(
            "SELECT e.id, e.kind, e.number, e.finding, e.edits, m.title, m.language"
            " FROM entries e JOIN meetings m ON m.id = e.meeting_id WHERE e.withdrawn_at IS NULL"
        )
    ).mappings()
    put(connection, "entry_terms", ("statement", "why", "around", "quotes"), map(_terms_of, rows))
    # No utterance was recorded by a version before this one.


def _terms_of(row: sa.RowMapping) -> tuple[int, Terms]:
    read = {name: _parsed(row[name]) for name in ("finding", "edits")}
    return row["id"], entry_terms(**{**{k: v for k, v in row.items() if k != "id"}, **read})


def m0004_jobs_of_the_intake(connection: sa.Connection) -> None:
    """Create the jobs of watched folders, the files that they belong to, and who works on them."""
    instant, tables = sa.DateTime(timezone=True), sa.MetaData()
    _m0004_jobs(tables)
    sa.Table(
        "job_files",
        tables,
        sa.Column("machine", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False, index=True),
        sa.Column("seen_at", instant, nullable=False),
    )
    sa.Table(
        "job_events",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False, index=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    sa.Table(
        "workers",
        tables,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("boot", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("can", sa.Text, nullable=False),
        sa.Column("beats", sa.Integer, nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("beat_at", instant, nullable=False),
        sa.Column("doing", sa.Text, nullable=False),
    )
    tables.create_all(connection, checkfirst=False)


def _m0004_jobs(tables: sa.MetaData) -> None:
    instant = sa.DateTime(timezone=True)
    sa.Table(
        "jobs",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token", sa.Text, nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("recording_sha256", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("needs", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("waits", sa.Integer, nullable=False),
        sa.Column("not_before", instant),
        sa.Column("is_put", sa.Boolean, nullable=False),
        sa.Column("is_unwanted", sa.Boolean, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("share", sa.Double),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("results", sa.JSON, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.Index("ix_jobs_state", "state", "is_put", "id"),
        sa.Index("ix_jobs_place", "machine", "path"),
    )


MIGRATIONS: tuple[Migration, ...] = (
    m0001_decisions_and_their_history,
    m0002_actions_questions_links_and_what_was_said,
    m0003_index_of_words,
    m0004_jobs_of_the_intake,
)
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
            # Another process may have run this one since.
            if _version(connection, database.name, known=len(migrations)) < number:
                try:
                    _run(connection, number, wanted[number - 1])
                except (AttributeError, LookupError, TypeError, ValueError) as error:
                    raise DecisionLogError(
                        f"{database.name} cannot be brought up to date: it holds what memo did not"
                        f" write ({type(error).__name__} in step {number})",
                        hint="restore it from a backup; it was left as it is",
                    ) from error


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
