"""Rows become values."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import ValidationError

from memo.decision_log.schema import counters, entries, events, links, meetings, utterances
from memo.errors import DecisionLogError
from memo.model import ActionItem, Decision, Found, OpenQuestion, Value
from memo.remembered import (
    EntryKind,
    EntryState,
    Link,
    LogEntry,
    LogEvent,
    LoggedMeeting,
    Utterance,
)
from memo.remembered import content_of as content_of  # noqa: PLC0414, asked for here, too

Built = TypeVar("Built", bound=Value)

FINDINGS: Mapping[str, type[Found]] = {
    EntryKind.DECISION: Decision,
    EntryKind.ACTION: ActionItem,
    EntryKind.QUESTION: OpenQuestion,
}
MEETING = "MTG"
"""What the number of a meeting begins with, where it is one end of a link."""
_KINDS = {kind.prefix: kind for kind in EntryKind}
_AT_ONCE = 500  # ids in one query: SQLite takes 999 parameters at the least


def number_of(kind: EntryKind, place: int) -> str:
    """Return a number as people write it: `DEC-0042`."""
    return f"{kind.prefix}-{place:04d}"


def number_of_meeting(place: int) -> str:
    """Return what a meeting is known by where it is one end of a link: `MTG-0003`."""
    return f"{MEETING}-{place:04d}"


def place_of(number: str) -> tuple[EntryKind, int]:
    """Read a number as people write it: `DEC-0042`, `dec-42`, `42` (a decision's), `act 7`.

    Raises:
        DecisionLogError: It is not one.
    """
    written = re.fullmatch(r"\s*(?:([a-z]{3})[-\s]?)?0*([0-9]{1,9})\s*", number, re.IGNORECASE)
    kind = _KINDS.get((written[1] or "DEC").upper()) if written else None
    if written is None or kind is None:
        raise DecisionLogError(
            f"{number[:40]!r} is not a number of the decision log",
            hint="write it like DEC-0042 or 42 (a decision), ACT-0007, QUE-0003",
        )
    return kind, int(written[2])


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
    """Return the query for the rows that `entries_from` reads."""
    return (
        sa.select(entries, meetings)
        .join(meetings)
        .set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)
    )


def entries_from(connection: sa.Connection, rows: Iterable[sa.Row[Any]]) -> tuple[LogEntry, ...]:
    """Return the entries that rows of `select_entries` hold, with their links.

    Raises:
        DecisionLogError: A row is not one that this program writes.
    """
    rows = tuple(rows)
    linked = read_links_of(connection, [row.entries_id for row in rows])
    return tuple(_entry_from(row, linked.get(row.entries_id, ())) for row in rows)


def people_column(people: Iterable[str]) -> str:
    """Return names as `entries.people` holds them: casefolded, each between line ends."""
    return "\n" + "".join(f"{' '.join(name.split()).casefold()}\n" for name in people)


def read_entry(connection: sa.Connection, number: str) -> LogEntry:
    """Return one entry.

    Raises:
        DecisionLogError: There is none of that number, or it is not a number.
    """
    kind, place = place_of(number)
    wanted = (entries.c.kind == kind.value) & (entries.c.number == place)
    rows = read_rows(connection, select_entries().where(wanted))
    if not rows:
        raise _unknown(connection, kind, place)
    return entries_from(connection, rows)[0]


def id_of(connection: sa.Connection, number: str) -> int:
    """Return the row's id of an entry.

    Raises:
        DecisionLogError: There is none of that number, or it is not a number.
    """
    kind, place = place_of(number)
    query = sa.select(entries.c.id).filter_by(kind=kind.value, number=place)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise _unknown(connection, kind, place)
    return int(found)


def read_entries(  # noqa: PLR0913 (a filter each)
    connection: sa.Connection,
    *,
    kinds: Collection[EntryKind],
    states: Collection[EntryState] = (),
    owner: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    due_before: dt.date | None = None,
    limit: int | None = None,
    withdrawn: bool = False,
) -> tuple[LogEntry, ...]:
    """Return entries, newest meeting first and in the order of the meeting within it."""
    at = sa.func.coalesce(entries.c.decided_at, entries.c.logged_at)
    conditions: list[sa.ColumnElement[bool]] = [entries.c.kind.in_([kind.value for kind in kinds])]
    if states:
        conditions.append(entries.c.state.in_([state.value for state in states]))
    if owner is not None:
        conditions.append(named(entries.c.people, owner))
    if since is not None:
        conditions.append(at >= since)
    if until is not None:
        conditions.append(at < until)
    if due_before is not None:
        conditions.append(entries.c.due < due_before)
    if not withdrawn:
        conditions.append(entries.c.withdrawn_at.is_(None))
    query = newest_first(select_entries()).where(*conditions).limit(limit)
    return entries_from(connection, read_rows(connection, query))


def named(people: sa.ColumnElement[str], name: str) -> sa.ColumnElement[bool]:
    """Say that one of the names in a column is this one, or begins or ends with it."""
    told = " ".join(name.split()).casefold()
    ways = (f"\n{told}\n", f"\n{told} ", f" {told}\n")
    return sa.or_(*(people.contains(way, autoescape=True) for way in ways))


def newest_first(query: sa.Select[Any]) -> sa.Select[Any]:
    """Order entries: newest meeting first, decisions before actions, and as they were said."""
    return query.order_by(
        sa.func.coalesce(meetings.c.started_at, meetings.c.recorded_at).desc(),
        meetings.c.id.desc(),
        sa.case({"decision": 0, "action": 1}, value=entries.c.kind, else_=2),
        entries.c.decided_at,
        entries.c.number,
    )


def read_entries_of(connection: sa.Connection, ids: Collection[int]) -> dict[int, LogEntry]:
    """Return entries by the ids of their rows."""
    found: dict[int, LogEntry] = {}
    for some in batches(ids):
        rows = read_rows(connection, select_entries().where(entries.c.id.in_(some)))
        ids_of_rows = [row.entries_id for row in rows]
        found |= dict(zip(ids_of_rows, entries_from(connection, rows), strict=True))
    return found


def read_links_of(connection: sa.Connection, ids: Collection[int]) -> dict[int, tuple[Link, ...]]:
    """Return the links that touch entries, by the ids of the entries' rows."""
    found: dict[int, dict[int, Link]] = {}
    for some in batches(ids):
        touching = links.c.source_id.in_(some) | links.c.target_id.in_(some)
        for row in read_rows(connection, select_links().where(touching)):
            for end in filter(None, (row.source_id, row.target_id)):
                found.setdefault(end, {})[row.id] = link_from(row)
    return {end: tuple(of.values()) for end, of in found.items()}


def select_links() -> sa.Select[Any]:
    """Return the query for the rows that `link_from` reads, oldest first."""
    source, target = entries.alias("source"), entries.alias("target")
    return (
        sa.select(
            links,
            source.c.kind.label("source_kind"),
            source.c.number.label("source_number"),
            target.c.kind.label("target_kind"),
            target.c.number.label("target_number"),
            meetings.c.title.label("meeting_title"),
        )
        .outerjoin(source, source.c.id == links.c.source_id)
        .outerjoin(meetings, meetings.c.id == links.c.meeting_id)
        .join(target, target.c.id == links.c.target_id)
        .order_by(links.c.id)
    )


def link_from(row: sa.Row[Any]) -> Link:
    """Return the link that a row of `select_links` holds.

    Raises:
        DecisionLogError: The row is not one that this program writes.
    """
    if row.source_id is None:
        source = number_of_meeting(row.meeting_id)
    else:
        source = number_of(EntryKind(row.source_kind), row.source_number)
    values = {
        "source": source,
        "meeting": row.meeting_title,
        "target": number_of(EntryKind(row.target_kind), row.target_number),
        **{
            name: getattr(row, name)
            for name in (
                "relation",
                "standing",
                "confidence",
                "reason",
                "later",
                "earlier",
                "made_by",
                "made_at",
            )
        },
    }
    return _built(Link, source, values)


def count_decisions(connection: sa.Connection) -> int:
    """Return how many decisions there are, withdrawn ones left out."""
    query = sa.select(sa.func.count()).select_from(entries)
    standing = query.where(entries.c.kind == EntryKind.DECISION, entries.c.withdrawn_at.is_(None))
    return int(connection.execute(standing).scalar_one())


def read_events(connection: sa.Connection, number: str) -> tuple[LogEvent, ...]:
    """Return everything that happened to an entry, oldest first.

    Raises:
        DecisionLogError: There is none of that number, or it is not a number.
    """
    kind, place = place_of(number)
    of_entry = events.c.entry_id == id_of(connection, number)
    rows = read_rows(connection, sa.select(events).where(of_entry).order_by(events.c.id))
    return tuple(event_from(row, number_of(kind, place)) for row in rows)


def event_from(row: sa.Row[Any], number: str) -> LogEvent:
    """Return the event that a row of `events` holds."""
    names = ("id", "at", "who", "what", "note", "before", "after")
    return _built(LogEvent, number, {"number": number, **{n: getattr(row, n) for n in names}})


def meeting_from(row: sa.Row[Any]) -> LoggedMeeting:
    """Return the meeting that a row of `meetings` holds."""
    values = {
        "recording": {"filename": row.recording_filename, "sha256": row.recording_sha256},
        "title": row.title,
        "started_at": local(row.started_at, row.timezone),
        "timezone": row.timezone,
        "duration": row.duration,
        "language": row.language,
        "participants": row.participants or (),
        "summary": row.summary or "",
        "memo_path": row.memo_path,
        "recorded_at": row.recorded_at,
    }
    return _built(LoggedMeeting, "a meeting", values)


def read_utterances(
    connection: sa.Connection, meeting_id: int, start: float, end: float
) -> tuple[Utterance, ...]:
    """Return what was said in a meeting between two moments, in seconds of its recording."""
    query = (
        sa.select(utterances)
        .filter_by(meeting_id=meeting_id)
        .where(utterances.c.start < end, utterances.c.end > start)
        .order_by(utterances.c.place)
    )
    return tuple(
        Utterance(start=row.start, end=row.end, speaker=row.speaker, text=row.text)
        for row in connection.execute(query)
    )


def batches(ids: Collection[int]) -> Iterator[list[int]]:
    """Return ids in lists of as many as one query may name."""
    every = list(ids)
    return (every[at : at + _AT_ONCE] for at in range(0, len(every), _AT_ONCE))


def read_said(
    connection: sa.Connection, number: str, *, before: float, after: float
) -> tuple[Utterance, ...]:
    """Return what was said around the evidence of an entry, with seconds before and after."""
    spans = read_entry(connection, number).finding.evidence
    query = sa.select(entries.c.meeting_id).filter_by(id=id_of(connection, number))
    return read_utterances(
        connection,
        connection.execute(query).scalar_one(),
        min((span.start for span in spans), default=0.0) - before,
        max((span.end for span in spans), default=0.0) + after,
    )


def local(instant: dt.datetime | None, timezone: str) -> dt.datetime | None:
    """Return an instant as clocks in a time zone show it; as it is if nobody knows the zone."""
    if instant is None:
        return None
    try:
        return instant.astimezone(ZoneInfo(timezone))
    except (KeyError, ValueError, OSError, OverflowError):
        return instant


def fields_of(edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return what people changed of a finding; not the state, nor the answer to a question."""
    return {name: value for name, value in edits.items() if name not in ("state", "answer")}


def _entry_from(row: sa.Row[Any], linked: tuple[Link, ...]) -> LogEntry:
    number = number_of(EntryKind(row.entries_kind), row.entries_number)
    try:
        edits, finding = dict(row.entries_edits), dict(row.entries_finding)
        finding.update(fields_of(edits))
        if row.entries_kind == EntryKind.DECISION:
            finding["status"] = row.entries_state
        # As JSON, so that dates and tuples are read as they were written.
        read = FINDINGS[row.entries_kind].model_validate_json(json.dumps(finding))
    except (TypeError, ValueError) as error:
        raise _unreadable(number) from error
    values = {
        "kind": row.entries_kind,
        "state": row.entries_state,
        "finding": read,
        "answer": edits.get("answer"),
        "edited": tuple(sorted(edits)),
        "links": linked,
        "meeting_title": row.meetings_title,
        "decided_at": local(row.entries_decided_at, row.meetings_timezone),
        "timezone": row.meetings_timezone,
        "recording": {
            "filename": row.meetings_recording_filename,
            "sha256": row.meetings_recording_sha256,
        },
        "logged_at": row.entries_logged_at,
        "changed_at": row.entries_changed_at,
        "memo_path": row.meetings_memo_path,
        "withdrawn_at": row.entries_withdrawn_at,
    }
    return _built(LogEntry, number, {"number": number, **values})


def _built(kind: type[Built], number: str, values: dict[str, Any]) -> Built:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise _unreadable(number) from error


def _unreadable(number: str) -> DecisionLogError:
    return DecisionLogError(
        f"{number} cannot be read: it has another shape than this memo writes",
        hint="upgrade memo; if it is the newest, restore the log from a backup",
    )


def _unknown(connection: sa.Connection, kind: EntryKind, place: int) -> DecisionLogError:
    query = sa.select(counters.c.last).filter_by(name=kind.value)
    last = connection.execute(query).scalar_one()
    if last == 0:
        return DecisionLogError(
            f"there is no {number_of(kind, place)}: the decision log holds no {kind}",
            hint="run `memo convert` on a recording first",
        )
    held = f"{number_of(kind, 1)} to {number_of(kind, last)}"
    return DecisionLogError(
        f"there is no {number_of(kind, place)}: the decision log holds {held}",
        hint="run `memo log list` to see them",
    )
