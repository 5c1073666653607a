"""The tables of the decision log, as the newest migration leaves them.

A meeting is a recording, identified by its content. A decision belongs to one meeting; its row is
updated in place and never deleted, and each change appends an event that holds what was there
before. The `decision` counter hands out numbers; it only ever goes up.
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
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("meeting_id", sa.ForeignKey("meetings.id"), nullable=False, index=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("decided_at", Instant),
    sa.Column("finding", sa.JSON, nullable=False),  # a `memo.model.Decision`
    sa.Column("logged_at", Instant, nullable=False),
    sa.Column("withdrawn_at", Instant),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.ForeignKey("decisions.number"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("before", sa.JSON(none_as_null=True)),
    sa.Column("after", sa.JSON(none_as_null=True)),
)
