"""A calendar invitation (iCalendar, RFC 5545): what the meeting is called, when, and who comes.

Read is what Google, Outlook, Exchange, Apple and Thunderbird write for one meeting. Of a series the
first meeting's time says nothing about the one that was recorded: title and people are taken, the
time is not. Who declined, rooms and lists are nobody who was there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

from memo.errors import ConfigError

LARGEST_FILE = 2_000_000
"""Bytes; invitations carry pictures and agendas."""
MOST_PEOPLE = 500
LONGEST_TEXT = 300
"""Characters of a title or a name."""

_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CARET = re.compile(r"\^([n'^])")  # RFC 6868
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])\s*")
_DEGREES = frozenset({"phd", "md", "mba", "msc", "bsc", "jr", "sr", "jr.", "sr.", "ph.d.", "m.d."})
_NOBODY = frozenset({"ROOM", "RESOURCE", "GROUP"})
_REPEATS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})
_HINT = "Export the invitation of this one meeting again, or delete the file."


@dataclass(frozen=True)
class Invitation:
    """What an invitation says.

    Attributes:
        title: What the meeting is called; None if it does not say.
        started_at: When it begins; naive where its time zone is `unknown_zone` or the reader's.
        timezone: IANA name of the zone in which it was planned; None if it does not say.
        unknown_zone: What it calls a zone that nobody else knows.
        attendees: Names of those who did not decline, the organiser first.
    """

    title: str | None = None
    started_at: dt.datetime | None = None
    timezone: str | None = None
    unknown_zone: str | None = None
    attendees: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Property:
    """A content line, as `ATTENDEE;CN=Ann:mailto:ann@example.com`, and its number in the file."""

    name: str
    parameters: Mapping[str, str]
    value: str
    line: int


@dataclass
class _Event:
    properties: list[_Property] = field(default_factory=list)

    def first(self, name: str) -> _Property | None:
        return next((p for p in self.properties if p.name == name), None)

    @property
    def identity(self) -> str:
        uid = self.first("UID")
        return uid.value if uid else ""

    @property
    def repeats(self) -> bool:
        return any(p.name in _REPEATS for p in self.properties)


def read_invitation(path: Path) -> Invitation:
    """Read an invitation.

    Raises:
        ConfigError: It cannot be read, is no invitation, or one for several meetings.
    """
    events = list(_events(_text(path)))
    if not events:
        _refuse(path, 0, "it holds no event")
    if len({event.identity for event in events}) > 1 or not (events[0].identity or not events[1:]):
        _refuse(path, 0, f"it holds {len(events)} events, and memo cannot know which one this is")
    event = next((event for event in events if not event.first("RECURRENCE-ID")), events[0])
    title = event.first("SUMMARY")
    start = event.first("DTSTART")
    once = len(events) == 1 and not event.repeats
    instant, zone, unknown = _start(start, path) if start and once else (None, None, None)
    return Invitation(
        title=(shown(_unescaped(title.value)) or None) if title else None,
        started_at=instant,
        timezone=zone,
        unknown_zone=unknown,
        attendees=tuple(dict.fromkeys(_people(event.properties)))[:MOST_PEOPLE],
    )


def _refuse(path: Path, line: int, why: str) -> NoReturn:
    place = f"{path.name}, line {line}" if line else path.name
    raise ConfigError(f"{place}: {why}", hint=_HINT)


# --- The file ---------------------------------------------------------------------------------


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(
            f"{path.name} cannot be read: {error.strerror}", hint="Make it readable, or delete it."
        ) from error
    if len(content) > LARGEST_FILE:
        _refuse(path, 0, f"it is larger than {LARGEST_FILE // 1_000_000} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # as old Outlooks write it


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each content line with the number of its first line in the file."""
    begun, parts = 0, []  # type: tuple[int, list[str]]
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in {" ", "\t"} and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield begun, "".join(parts)
        begun, parts = number, [line]
    if parts:
        yield begun, "".join(parts)


def _events(text: str) -> Iterator[_Event]:
    """Yield the events; alarms and zones in and beside them are passed over."""
    inside: list[str] = []
    event: _Event | None = None
    for number, line in _unfolded(text):
        found = _property(line, number)
        if found is None:
            continue
        kind = found.value.strip().upper()
        if found.name == "BEGIN":
            inside.append(kind)
            if kind == "VEVENT":
                event = _Event()
        elif found.name == "END":
            if kind == "VEVENT" and event:
                yield event
                event = None
            if kind in inside:
                del inside[len(inside) - 1 - inside[::-1].index(kind) :]
        elif event and inside[-1:] == ["VEVENT"]:
            event.properties.append(found)


def _property(line: str, number: int) -> _Property | None:
    """Read a content line; None for one that is none."""
    pieces, start, quoted = [], 0, False  # type: tuple[list[str], int, bool]
    for place, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character in ";:" and not quoted:
            pieces.append(line[start:place])
            start = place + 1
            if character == ":":
                break
    else:
        return None
    parameters = dict(reversed([_parameter(piece) for piece in pieces[1:]]))
    return _Property(pieces[0].strip().upper(), parameters, line[start:], number)


def _parameter(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    plain = value.strip().strip('"')
    carets = {"n": "\n", "'": '"', "^": "^"}
    return name.strip().upper(), _CARET.sub(lambda found: carets[found[1]], plain)


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def shown(text: str) -> str:
    """Return a text on one line, without what cannot be seen."""
    seen = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(seen.split())[:LONGEST_TEXT].strip()


# --- What it says -------------------------------------------------------------------------------


def _start(start: _Property, path: Path) -> tuple[dt.datetime | None, str | None, str | None]:
    """Return when a meeting starts, its zone, and what a zone is called that nobody knows.

    A day without a time is no start.
    """
    match = _STAMP.fullmatch(start.value.strip())
    if match is None:
        _refuse(path, start.line, "DTSTART is no date and time")
    if match[4] is None:
        return None, None, None
    try:
        instant = dt.datetime(*map(int, match.groups()[:6]))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError as error:
        raise ConfigError(
            f"{path.name}, line {start.line}: DTSTART is no date and time ({error})", hint=_HINT
        ) from error
    if match[7]:
        return instant.replace(tzinfo=dt.UTC), None, None
    called = shown(start.parameters.get("TZID", ""))
    zone = zone_of(called)
    if zone is None:
        return instant, None, called or None
    return instant.replace(tzinfo=ZoneInfo(zone)), zone, None


def zone_of(called: str) -> str | None:
    """Return the IANA name of a time zone as calendars call it; None for one nobody knows.

    Windows has names of its own; others put something before the name: `/example.org/Europe/Rome`.
    """
    from tzlocal.windows_tz import win_tz

    parts = [part for part in called.split("/") if part]
    names = [called, win_tz.get(called, ""), *("/".join(parts[-n:]) for n in (3, 2, 1))]
    return next((name for name in names if is_zone(name)), None)


def is_zone(name: str) -> bool:
    """Return whether this is the IANA name of a time zone."""
    if not name:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _people(properties: Sequence[_Property]) -> Iterator[str]:
    """Yield the organiser, then the others; whoever has no name but an address is left out."""
    for kind in ("ORGANIZER", "ATTENDEE"):
        for found in properties:
            said = found.parameters
            declined = said.get("PARTSTAT", "").upper() == "DECLINED"
            nobody = said.get("CUTYPE", "").upper() in _NOBODY
            if found.name == kind and not declined and not nobody:
                name = person_name(said.get("CN", ""))
                if name:
                    yield name


def person_name(called: str) -> str:
    """Return a person's name as it is said: of `Shah, Priya (Contoso)` Priya Shah; "" for none."""
    name = shown(_ASIDE.sub(" ", _unescaped(called)).strip(" '\""))
    if "@" in name or not any(character.isalpha() for character in name):
        return ""
    last, comma, first = (part.strip() for part in name.partition(","))
    if not comma or not first or "," in first:
        return name
    return last if first.casefold() in _DEGREES else f"{first} {last}"
