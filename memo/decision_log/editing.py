"""What people change of entries: checked, written beside what memo found, and told in the history.

What memo found is never touched: an edit lies over it, so that recording the meeting again keeps
what people said, and taking an edit back shows what memo found.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from pydantic import Field, ValidationError

from memo.decision_log.entries import (
    FINDINGS,
    content_of,
    entries_from,
    fields_of,
    people_column,
    place_of,
    read_entry,
    read_events,
    read_rows,
    select_entries,
)
from memo.decision_log.linking import put_link, settle
from memo.decision_log.schema import entries, meetings
from memo.errors import DecisionLogError, EditConflict
from memo.model import Found, Value
from memo.remembered import (
    EntryKind,
    EntryState,
    Link,
    LinkStanding,
    LogEntry,
    LogEvent,
    people_of,
    text_of,
)

FIELDS: Mapping[EntryKind, tuple[str, ...]] = MappingProxyType(
    {
        EntryKind.DECISION: (
            "statement",
            "state",
            "rationale",
            "considered",
            "decided_by",
            "supersedes",
        ),
        EntryKind.ACTION: ("task", "state", "owner", "due", "due_text"),
        EntryKind.QUESTION: ("question", "state", "raised_by", "waiting_on", "answer"),
    }
)
"""What people may change of an entry of each kind; the first is what it says."""

_ALIASES = {
    "status": dict.fromkeys(EntryKind, "state"),
    "statement": {kind: fields[0] for kind, fields in FIELDS.items()},
    "why": {EntryKind.DECISION: "rationale"},
    "owner": {EntryKind.QUESTION: "waiting_on"},
}
_LISTS = ("considered", "decided_by")
_LONGEST = 20_000  # characters of one field; nobody says so much in one sentence
_HOLDABLE = re.compile("[\0\ud800-\udfff]")


class Edit(Value):
    """What somebody wants changed of one entry.

    Attributes:
        number: As people write it.
        changes: Values by field, as in JSON: of `FIELDS`, or `statement`, `why`, `owner` and
            `status`, which every kind understands as far as it has such a thing. Null and ""
            say that there is none.
        taken_back: Fields that are to be again as memo found them.
        expected: What the fields held when whoever wants this looked, as `LogEntry` has them;
            where that is not so any more, the edit is refused. None does not ask.
        links: What is linked along with it.
        note: What is said about it, for the history.
        origin: Where it was read, for messages: "line 3".
    """

    number: str
    changes: dict[str, Any] = Field(default_factory=dict)
    taken_back: tuple[str, ...] = ()
    expected: dict[str, Any] | None = None
    links: tuple[Link, ...] = ()
    note: str = ""
    origin: str = ""


class Held(Value):
    """An entry as it is now, as memo found it, and what happened to it."""

    entry: LogEntry
    found: Found
    history: tuple[LogEvent, ...]


class Change(Value):
    """One field of an entry before and after an edit, as JSON has it."""

    field: str
    before: Any
    after: Any


class Edited(Value):
    """What an edit did: the entry as it is now, and which of its fields are different."""

    entry: LogEntry
    changes: tuple[Change, ...]


def edit_entries(
    connection: sa.Connection, edits: Iterable[Edit], *, now: dt.datetime, who: str
) -> tuple[Edited, ...]:
    """Change entries, in a transaction that may write.

    Raises:
        EditConflict: An entry is not any more as it was when somebody looked.
        DecisionLogError: There is no such entry or field, or the field cannot hold the value.
    """
    done = []
    for edit in edits:
        try:
            done.append(_edit(connection, edit, now=now, who=_clean(who)))
        except DecisionLogError as error:
            if not edit.origin:
                raise
            raise type(error)(f"{edit.origin}: {error}", hint=error.hint) from error
    return tuple(done)


def read_held(
    connection: sa.Connection, *, numbers: Iterable[str] = (), recording: str | None = None
) -> tuple[Held, ...]:
    """Return entries with all that is known of them: those named, and those of a recording.

    Raises:
        DecisionLogError: There is none of a number, or it is not a number.
    """
    query = select_entries().where(meetings.c.recording_sha256 == recording)
    rows = read_rows(connection, query.order_by(entries.c.id)) if recording else ()
    of_recording = [entry.number for entry in entries_from(connection, rows)]
    return tuple(
        Held(
            entry=read_entry(connection, number),
            found=read_found(connection, number),
            history=read_events(connection, number),
        )
        for number in dict.fromkeys((*numbers, *of_recording))
    )


def read_found(connection: sa.Connection, number: str) -> Found:
    """Return what memo found for an entry, without what people made of it.

    Raises:
        DecisionLogError: There is none of that number, or it is not a number.
    """
    read_entry(connection, number)  # says what is wrong with a number
    return _found_in(_row_of(connection, number))


def field_named(kind: EntryKind, name: str) -> str:
    """Return the field of an entry that somebody means.

    Raises:
        DecisionLogError: Entries of this kind have none of that name.
    """
    meant = _ALIASES.get(name, {}).get(kind, name)
    if meant not in FIELDS[kind]:
        raise DecisionLogError(
            f"{_a(kind)} has no {name[:40]!r} that could be changed",
            hint=f"change one of these: {', '.join(FIELDS[kind])}",
        )
    return meant


def fields_in(entry: LogEntry) -> dict[str, Any]:
    """Return everything of an entry that people may change, as JSON has it."""
    return _values_of(entry.kind, entry.finding, entry.state, entry.answer)


def _edit(connection: sa.Connection, edit: Edit, *, now: dt.datetime, who: str) -> Edited:
    entry = read_entry(connection, edit.number)
    row = _row_of(connection, entry.number)
    found, was = _found_in(row), fields_in(entry)
    wanted = _wanted(entry, found, edit)
    _check_expected(entry, edit, was, wanted)
    overlay = _overlay(entry, dict(row.entries_edits), found, wanted)
    for name in edit.taken_back:
        overlay.pop(field_named(entry.kind, name), None)
    before = content_of(entry)
    is_new = overlay != row.entries_edits
    if is_new:
        _write(connection, row.entries_id, found, overlay)
    note = _clean(edit.note)
    if "state" in wanted:
        _unlink_what_says_otherwise(connection, entry, wanted["state"], now=now, who=who, note=note)
    if is_new:
        settle(
            connection, row.entries_id, now=now, who=who, what="edited", note=note, before=before
        )
    for link in edit.links:
        put_link(connection, link, note=note)
    after = read_entry(connection, entry.number)
    _check_state(after, wanted.get("state"))
    is_now = fields_in(after)
    return Edited(
        entry=after,
        changes=tuple(
            Change(field=name, before=was[name], after=is_now[name])
            for name in FIELDS[entry.kind]
            if was[name] != is_now[name]
        ),
    )


def _row_of(connection: sa.Connection, number: str) -> sa.Row[Any]:
    kind, place = place_of(number)
    wanted = (entries.c.kind == kind.value) & (entries.c.number == place)
    return read_rows(connection, select_entries().where(wanted))[0]


def _found_in(row: sa.Row[Any]) -> Found:
    return FINDINGS[row.entries_kind].model_validate_json(json.dumps(row.entries_finding))


def _values_of(
    kind: EntryKind, finding: Found, state: EntryState, answer: str | None
) -> dict[str, Any]:
    held = finding.model_dump(mode="json") | {"state": state.value, "answer": answer}
    return {name: held[name] for name in FIELDS[kind]}


def _wanted(entry: LogEntry, found: Found, edit: Edit) -> dict[str, Any]:
    """Return the values that the fields shall have, as JSON has them, checked by the model."""
    named: dict[str, Any] = {}
    for name, value in edit.changes.items():
        meant = field_named(entry.kind, name)
        if meant in named:
            raise DecisionLogError(
                f"{entry.number}: {meant} is to be changed twice", hint="say it once"
            )
        named[meant] = _tidied(entry, meant, value)
    if entry.answer is not None and named.get("state") == EntryState.OPEN:
        named.setdefault("answer", None)  # it was none, or there would be no question
    kept = {name: value for name, value in named.items() if name not in ("state", "answer")}
    try:
        read = type(found).model_validate_json(
            json.dumps(found.model_dump(mode="json") | kept), strict=False
        )
    except ValidationError as error:
        raise _refused(entry, error, kept) from error
    if not text_of(read).strip():
        raise DecisionLogError(
            f"{entry.number} cannot be left without words",
            hint="say what it is; `memo log reject` or `memo log drop` puts it aside",
        )
    held = read.model_dump(mode="json")
    return {name: held.get(name, value) for name, value in named.items()}


def _tidied(entry: LogEntry, name: str, value: Any) -> Any:  # noqa: ANN401 (as JSON has it)
    """Return a value as the entry keeps it: names and sentences without blanks around them."""
    if name == "state":
        return _state(entry, value)
    if name in _LISTS:
        parts = [value] if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(p, str) for p in parts):
            raise _unfit(entry, name, value, "a list of texts")
        return list(filter(None, (_text(entry, name, part) for part in parts)))
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime) and name == "due":
        return value.isoformat()
    if value is None:
        return "" if name == FIELDS[entry.kind][0] else None
    if not isinstance(value, str):
        raise _unfit(entry, name, value, "a text")
    text = _text(entry, name, value)
    if name == "due" and text and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise _unfit(entry, name, value, "a day like 2026-03-31")
    return text or ("" if name == FIELDS[entry.kind][0] else None)


def _text(entry: LogEntry, name: str, value: str) -> str:
    if len(value) > _LONGEST:
        raise DecisionLogError(
            f"{entry.number}: {name} of {len(value)} characters is too long",
            hint=f"say it in {_LONGEST} at most",
        )
    return _clean(value).strip()


def _clean(text: str) -> str:
    """Replace what no database holds: NUL and halves of characters."""
    return _HOLDABLE.sub("�", text)


def _state(entry: LogEntry, value: object) -> str:
    known = [state.value for state in entry.kind.states]
    if not isinstance(value, str) or value.strip().casefold() not in known:
        raise _unfit(entry, "state", value, f"one of {', '.join(known)}")
    state = EntryState(value.strip().casefold())
    if state is EntryState.SUPERSEDED and entry.state is not state:
        raise DecisionLogError(
            f"{entry.number} is superseded only by another decision",
            hint=f"name that: memo log supersede {entry.number} --by DEC-…",
        )
    return state.value


def _check_expected(
    entry: LogEntry, edit: Edit, was: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    """Refuse an edit of what somebody else has changed meanwhile to something else."""
    for name, seen in (edit.expected or {}).items():
        field = field_named(entry.kind, name)
        seen_then = list(seen) if isinstance(seen, tuple) else seen
        if field in wanted and was[field] != seen_then and was[field] != wanted[field]:
            raise EditConflict(
                f"{entry.number} was changed meanwhile: its {field} is {_shown(was[field])} now, "
                f"it was {_shown(seen_then)}, and is to become {_shown(wanted[field])}",
                hint=f"look at it with `memo log show {entry.number} --history`, and say it again",
            )


def _overlay(
    entry: LogEntry, overlay: dict[str, Any], found: Found, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the edits of an entry once these are made; what memo found needs none."""
    as_found = found.model_dump(mode="json") | {"answer": None, "state": EntryState.OPEN.value}
    for name, value in wanted.items():
        # That somebody vouches for a decision says more than that memo found it.
        vouched = name == "state" and entry.kind is EntryKind.DECISION
        if value == EntryState.SUPERSEDED:
            continue
        if value != as_found[name] or vouched:
            overlay[name] = value
        else:
            overlay.pop(name, None)
    return overlay


def _write(
    connection: sa.Connection, entry_id: int, found: Found, overlay: Mapping[str, Any]
) -> None:
    content = found.model_dump(mode="json") | fields_of(overlay)
    seen = type(found).model_validate_json(json.dumps(content))
    values = {
        "edits": dict(overlay),
        "people": people_column(people_of(seen)),
        "due": getattr(seen, "due", None),
    }
    connection.execute(entries.update().filter_by(id=entry_id).values(values))


def _unlink_what_says_otherwise(
    connection: sa.Connection, entry: LogEntry, state: str, *, now: dt.datetime, who: str, note: str
) -> None:
    """Refuse the links that closed what somebody opens again."""
    if state != EntryState.OPEN:
        return
    for link in entry.links:
        leaves = link.relation.leaves
        closes = link.target == entry.number and leaves in entry.kind.states
        if closes and link.standing is LinkStanding.SURE:
            judged = {"standing": LinkStanding.REFUSED, "made_by": who, "made_at": now}
            put_link(connection, link.model_copy(update=judged), note=note or "it is open again")


def _check_state(entry: LogEntry, said: str | None) -> None:
    """Tell somebody whose word on a state does not count because of a link."""
    if said is None or entry.state == said:
        return
    by = next(
        (
            link
            for link in entry.links
            if link.target == entry.number
            and link.standing is LinkStanding.SURE
            and link.relation.leaves == entry.state
        ),
        None,
    )
    because = f": {by.source} {by.relation} it" if by else ""
    raise DecisionLogError(
        f"{entry.number} cannot be {said}, it is {entry.state}{because}",
        hint=f"if that is wrong, take it back first: memo log supersede {entry.number} --by "
        f"{by.source if by else 'DEC-…'} --undo",
    )


def _refused(entry: LogEntry, error: ValidationError, kept: Mapping[str, Any]) -> DecisionLogError:
    wrong = error.errors(include_url=False, include_context=False)[0]
    name = str(wrong["loc"][0]) if wrong["loc"] else ""
    if name == "due":
        return _unfit(entry, name, kept.get(name), "a day like 2026-03-31")
    return _unfit(entry, name or "it", kept.get(name), wrong["msg"].lower())


def _unfit(entry: LogEntry, name: str, value: object, needed: str) -> DecisionLogError:
    return DecisionLogError(
        f"{entry.number}: {name} cannot be {_shown(value)}", hint=f"give {needed}"
    )


def _shown(value: object) -> str:
    """Return a value for a message, in short."""
    if value is None or value in ("", []):
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return repr(text if len(text) <= 80 else f"{text[:79]}…")


def _a(kind: EntryKind) -> str:
    return f"an {kind}" if kind is EntryKind.ACTION else f"a {kind}"
