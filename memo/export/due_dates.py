"""When actions are due, as a calendar (iCalendar, RFC 5545) to subscribe to or to import.

Each is an event of a whole day and not a to-do (VTODO): Google Calendar and Outlook leave to-dos
out of what they import, and every calendar shows events. Events are free time (TRANSPARENT). The
UID of an action never changes, and its stamp is that of its last change: the same log gives the
same bytes, and importing again moves an event whose date changed.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Sequence

from memo.export.adr import clock, place_of
from memo.export.untrusted import one_line
from memo.remembered import EntryKind, EntryState, LogEntry

_IDS = uuid.UUID("2f6c1c5e-6a0b-5d0c-9a35-7f5f0f3b6d11")
"""Names are UUIDs in a space of memo's own (RFC 9562, version 5), as RFC 7986 wants UIDs."""

_LONGEST = 75
"""Octets in a line (RFC 5545, 3.1)."""


def render_ics(entries: Sequence[LogEntry]) -> str:
    """Return the open actions that have a date, as a calendar with CRLF line ends."""
    return "".join(f"{_folded(line)}\r\n" for line in _calendar(entries))


def _calendar(entries: Sequence[LogEntry]) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//callmemo//memo//EN"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield "NAME:Due dates"
    yield "X-WR-CALNAME:Due dates"
    standing = [
        entry
        for entry in entries
        if entry.kind is EntryKind.ACTION and entry.state is EntryState.OPEN and entry.due
    ]
    for entry in sorted(standing, key=lambda entry: (entry.due, place_of(entry))):
        yield from _event(entry)
    yield "END:VCALENDAR"


def _event(entry: LogEntry) -> Iterator[str]:
    due = entry.due
    if due is None:
        return
    changed = _stamp(entry.changed_at)
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid.uuid5(_IDS, f'{entry.recording.sha256}/{entry.number}')}"
    yield f"DTSTAMP:{changed}"
    yield f"CREATED:{_stamp(entry.logged_at)}"
    yield f"LAST-MODIFIED:{changed}"
    yield f"DTSTART;VALUE=DATE:{_date(due)}"
    if due < dt.date.max:
        yield f"DTEND;VALUE=DATE:{_date(due + dt.timedelta(days=1))}"
    owner, task = one_line(entry.owner or ""), one_line(entry.text) or entry.number
    yield f"SUMMARY:{_text(f'{owner}: {task}' if owner else task)}"
    yield f"DESCRIPTION:{_text(*_described(entry))}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _described(entry: LogEntry) -> Iterator[str]:
    yield entry.number
    for said in entry.finding.evidence:
        speaker = f" {one_line(said.speaker)}," if said.speaker else ""
        yield f"“{one_line(said.quote)}” —{speaker} {clock(said.start)}"
    day = f", {entry.decided_at.date().isoformat()}" if entry.decided_at else ""
    yield f"{one_line(entry.meeting_title)}{day}"
    yield one_line(entry.recording.filename)


def _stamp(instant: dt.datetime) -> str:
    at = instant.astimezone(dt.UTC)
    return f"{_date(at.date())}T{at:%H%M%S}Z"


def _date(day: dt.date) -> str:
    return day.isoformat().replace("-", "")


def _text(*lines: str) -> str:
    r"""Return lines as the value of a text (RFC 5545, 3.3.11): `\`, `;` and `,` are escaped."""
    return r"\n".join(re.sub(r"([\\;,])", r"\\\1", line) for line in lines)


def _folded(line: str) -> str:
    """Break a line where it grows too long, between characters; the next begins with a blank."""
    pieces, room = [""], _LONGEST
    for character in line:
        size = len(character.encode())
        if size > room:
            pieces.append("")
            room = _LONGEST - 1
        pieces[-1] += character
        room -= size
    return "\r\n ".join(pieces)
