"""The tables of the decision log, as the newest migration leaves them.

A meeting is a recording, identified by its content; its utterances are what was said in it. An
entry (a decision, an action or a question) belongs to one meeting: `finding` is what memo found,
`edits` what people changed of it; its row is updated in place and never deleted, and each change
appends an event that holds what was there before. A link goes from the newer entry to the older.
The counters hand out numbers; they only ever go up. What the intake keeps stands in the same
database: a watcher and its workers need no other.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa


class Instant(sa.TypeDecorator[dt.datetime]):
    """An aware datetime; kept in UTC, because SQLite forgets offsets."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: dt.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> dt.datetime | None:
        """Return the instant in UTC; a naive datetime is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(
        self,
        value: dt.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> dt.datetime | None:
        """Return the instant, aware again."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


metadata = sa.MetaData()

memo_migrations = sa.Table(
    "memo_migrations",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("memo_version", sa.Text, nullable=False),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

meetings = sa.Table(
    "meetings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("recording_sha256", sa.Text, nullable=False, unique=True),
    sa.Column("recording_filename", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("memo_path", sa.Text),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("duration", sa.Double),  # seconds
    sa.Column("language", sa.Text, index=True),
    sa.Column("participants", sa.JSON(none_as_null=True)),  # names
    sa.Column("summary", sa.Text),
)

utterances = sa.Table(
    "utterances",
    metadata,
    sa.Column("meeting_id", sa.ForeignKey("meetings.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("start", sa.Double, nullable=False),  # seconds from the start of the recording
    sa.Column("end", sa.Double, nullable=False),
    sa.Column("speaker", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("meeting_id", sa.ForeignKey("meetings.id"), nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("decided_at", Instant),
    sa.Column("people", sa.Text, nullable=False),  # casefolded names, each in a line of its own
    sa.Column("due", sa.Date),
    sa.Column("finding", sa.JSON, nullable=False),  # a Decision, an ActionItem or an OpenQuestion
    sa.Column("edits", sa.JSON, nullable=False),  # fields of it that people changed, and `state`
    sa.Column("logged_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("withdrawn_at", Instant),
    sa.UniqueConstraint("kind", "number", name="uq_entries_kind_number"),
    sa.Index("ix_entries_kind_state", "kind", "state"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry_id", sa.ForeignKey("entries.id"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("before", sa.JSON(none_as_null=True)),
    sa.Column("after", sa.JSON(none_as_null=True)),
)

links = sa.Table(
    "links",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source_id", sa.ForeignKey("entries.id")),  # None: the talk of the meeting alone
    sa.Column("meeting_id", sa.ForeignKey("meetings.id")),  # that, where there is no source
    sa.Column("target_id", sa.ForeignKey("entries.id"), nullable=False, index=True),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("standing", sa.Text, nullable=False, index=True),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("later", sa.JSON, nullable=False),  # evidence from the meeting of the source
    sa.Column("earlier", sa.JSON, nullable=False),  # evidence from the meeting of the target
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.UniqueConstraint("source_id", "target_id", name="uq_links_source_target"),
)

readers = sa.Table(
    "readers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("last_event_id", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# --- The intake's (memo.intake.book) --------------------------------------------------------------

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token", sa.Text, nullable=False, unique=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("recording_sha256", sa.Text, nullable=False),
    sa.Column("machine", sa.Text, nullable=False),  # "" for the shelf
    sa.Column("path", sa.Text, nullable=False),  # bytes in hexadecimal
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),  # of the request
    sa.Column("needs", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("crashes", sa.Integer, nullable=False),
    sa.Column("waits", sa.Integer, nullable=False),
    sa.Column("not_before", Instant),
    sa.Column("is_put", sa.Boolean, nullable=False),  # this attempt is among the workflows
    sa.Column("is_unwanted", sa.Boolean, nullable=False),  # somebody said to stop it
    sa.Column("worker", sa.Text),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("share", sa.Double),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("hint", sa.Text, nullable=False),
    sa.Column("exit_code", sa.Integer, nullable=False),
    sa.Column("results", sa.JSON, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("ix_jobs_state", "state", "is_put", "id"),
    sa.Index("ix_jobs_place", "machine", "path"),
)

job_files = sa.Table(
    "job_files",
    metadata,
    sa.Column("machine", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("signature", sa.Text, nullable=False),  # of the sighting that became the job
    sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False, index=True),
    sa.Column("seen_at", Instant, nullable=False),
)

job_events = sa.Table(
    "job_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("machine", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("can", sa.Text, nullable=False),
    sa.Column("beats", sa.Integer, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("beat_at", Instant, nullable=False),
    sa.Column("doing", sa.Text, nullable=False),
)

# --- The index of words --------------------------------------------------------------------------

ENTRY_TERMS, TALK_TERMS = "entry_terms", "talk_terms"
"""The index of `memo.decision_log.search`: of entries by their id, and of what was said."""
ENTRY_FIELDS = ("statement", "why", "around", "quotes")
"""What an entry is found by, the weightiest first: PostgreSQL's weights A to D."""


def index_statements(dialect: str) -> tuple[str, ...]:
    """Return what makes the index in a database of a kind: FTS5 tables in SQLite, or `tsvector`."""
    if dialect == "postgresql":
        return tuple(
            statement
            for table in (ENTRY_TERMS, TALK_TERMS)
            for statement in (
                f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)",
                f"CREATE INDEX ix_{table} ON {table} USING gin (terms)",
            )
        )
    # To the tokenizer `ascii` whatever is not ASCII is a letter; terms hold no punctuation.
    fields = ", ".join(ENTRY_FIELDS)
    return (
        f"CREATE VIRTUAL TABLE {ENTRY_TERMS} USING fts5({fields}, tokenize='ascii')",
        f"CREATE VIRTUAL TABLE {TALK_TERMS} USING fts5(said, tokenize='ascii')",
    )


@sa.event.listens_for(metadata, "after_create")
def _create_index(_metadata: sa.MetaData, connection: sa.Connection, **_options: object) -> None:
    for statement in index_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
