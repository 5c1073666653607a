"""Rows become values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import AwareDatetime, ValidationError

from memo.decision_log.schema import counters, decisions, events, meetings
from memo.errors import DecisionLogError
from memo.model import DecisionStatus, LogEntry, Value

Built = TypeVar("Built", bound=Value)


class LogEvent(Value):
    """One change of an entry, never changed itself.

    `before` and `after` are the entry's content as JSON: its decision, title of the meeting,
    instant and time zone. `before` is None for the first event, `after` for a withdrawal.
    """

    number: str
    at: AwareDatetime
    what: Literal["recorded", "updated", "withdrawn", "restored"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def number_of(place: int) -> str:
    """Return a number as people write it: `DEC-0042`."""
    return f"DEC-{place:04d}"


def place_of(number: str) -> int:
    """Read a number as people write it: `DEC-0042`, `dec-42`, `42`.

    Raises:
        DecisionLogError: It is not one.
    """
    written = re.fullmatch(r"\s*(?:DEC[-\s]?)?0*([0-9]{1,9})\s*", number, re.IGNORECASE)
    if not written:
        raise DecisionLogError(
            f"{number[:40]!r} is not a decision's number", hint="write it like DEC-0042 or 42"
        )
    return int(written[1])


def read_rows(connection: sa.Connection, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    """Return the rows of a query.

    Raises:
        DecisionLogError: A row holds what is no JSON, or no instant.
    """
    try:
        return connection.execute(query).all()
    except ValueError as error:
        raise DecisionLogError(
            f"{connection.engine.url.database} holds what memo did not write: {error}",
            hint="restore it from a backup",
        ) from error


def select_entries() -> sa.Select[Any]:
    """Return the query for the rows that `entry_from` reads."""
    return (
        sa.select(decisions, meetings)
        .join(meetings)
        .set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)
    )


def entry_from(row: sa.Row[Any]) -> LogEntry:
    """Return the entry that a row of `select_entries` holds.

    Raises:
        DecisionLogError: The row is not one that this program writes.
    """
    values = {
        "decision": row.decisions_finding,
        "meeting_title": row.meetings_title,
        "decided_at": local(row.decisions_decided_at, row.meetings_timezone),
        "timezone": row.meetings_timezone,
        "recording": {
            "filename": row.meetings_recording_filename,
            "sha256": row.meetings_recording_sha256,
        },
        "logged_at": row.decisions_logged_at,
        "memo_path": row.meetings_memo_path,
        "withdrawn_at": row.decisions_withdrawn_at,
    }
    return _built(LogEntry, row.decisions_number, values)


def read_entry(connection: sa.Connection, number: str) -> LogEntry:
    """Return one entry.

    Raises:
        DecisionLogError: There is none of that number, or it is not a number.
    """
    place = place_of(number)
    rows = read_rows(connection, select_entries().where(decisions.c.number == place))
    if not rows:
        raise _unknown(connection, place)
    return entry_from(rows[0])


def read_entries(
    connection: sa.Connection,
    *,
    status: DecisionStatus | None,
    limit: int | None,
    withdrawn: bool,
) -> tuple[LogEntry, ...]:
    """Return entries, newest meeting first and in the order of the meeting within it."""
    query = select_entries().order_by(
        sa.func.coalesce(meetings.c.started_at, meetings.c.recorded_at).desc(),
        meetings.c.id.desc(),
        decisions.c.decided_at,
        decisions.c.number,
    )
    if status is not None:
        query = query.where(decisions.c.status == status.value)
    if not withdrawn:
        query = query.where(decisions.c.withdrawn_at.is_(None))
    return tuple(map(entry_from, read_rows(connection, query.limit(limit))))


def read_events(connection: sa.Connection, number: str) -> tuple[LogEvent, ...]:
    """Return everything that happened to an entry, oldest first.

    Raises:
        DecisionLogError: There is none of that number, or it is not a number.
    """
    place = place_of(read_entry(connection, number).number)
    rows = read_rows(connection, sa.select(events).filter_by(number=place).order_by(events.c.id))
    return tuple(
        _built(
            LogEvent,
            place,
            {"at": row.at, "what": row.what, "before": row.before, "after": row.after},
        )
        for row in rows
    )


def local(instant: dt.datetime | None, timezone: str) -> dt.datetime | None:
    """Return an instant as clocks in a time zone show it; as it is if nobody knows the zone."""
    if instant is None:
        return None
    try:
        return instant.astimezone(ZoneInfo(timezone))
    except (KeyError, ValueError, OSError, OverflowError):
        return instant


def _built(kind: type[Built], place: int, values: dict[str, Any]) -> Built:
    try:
        return kind.model_validate({"number": number_of(place), **values})
    except ValidationError as error:
        raise DecisionLogError(
            f"{number_of(place)} cannot be read: it has another shape than this memo writes",
            hint="upgrade memo; if it is the newest, restore the log from a backup",
        ) from error


def _unknown(connection: sa.Connection, place: int) -> DecisionLogError:
    last = connection.execute(sa.select(counters.c.last).filter_by(name="decision")).scalar_one()
    if last == 0:
        return DecisionLogError(
            f"there is no {number_of(place)}: the decision log is empty",
            hint="run `memo convert` on a recording first",
        )
    return DecisionLogError(
        f"there is no {number_of(place)}: the decision log holds DEC-0001 to {number_of(last)}",
        hint="run `memo log list` to see them",
    )
