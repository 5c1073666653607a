"""An entry of the log as a small form in TOML, to be filled in with an editor, and read back."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Mapping
from typing import Any

from memo.decision_log.editing import FIELDS, fields_in
from memo.errors import DecisionLogError
from memo.export.untrusted import one_line
from memo.remembered import EntryKind, EntryState, LogEntry

_WRONG = "#! "
_NOTE = "note"
_DEL = "\x7f"


def render_form(entry: LogEntry, *, note: str = "") -> str:
    """Return the form: a line for each field that may be changed, with its value now."""
    states = [s.value for s in entry.kind.states if s is not EntryState.SUPERSEDED]
    lines = [
        f"# {entry.number} of “{one_line(entry.meeting_title)}”",
        "# Change what is wrong, and leave the rest. An empty value says that there is none.",
        "# To change nothing, leave everything as it is, or empty the file.",
        "",
    ]
    held = fields_in(entry)
    for name in FIELDS[entry.kind]:
        if name == "state":
            lines.append(f"# one of: {', '.join(states)}")
        elif name == "due":
            lines.append('# like 2026-03-31, or ""')
        lines.append(f"{name} = {_written(name, held[name])}")
    lines += ["", "# why you change it, for the history", f"{_NOTE} = {_written(_NOTE, note)}", ""]
    return "\n".join(lines)


def read_form(text: str, entry: LogEntry) -> tuple[dict[str, Any], str]:
    """Return what was changed in the form, by field, and the note.

    Args:
        text: The form as somebody left it; an empty one changes nothing.
        entry: As it was when the form was written.

    Raises:
        DecisionLogError: It is no TOML, or has fields that an entry of this kind has not.
    """
    if not text.strip():
        return {}, ""
    try:
        given = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DecisionLogError(
            f"the form cannot be read: {error}",
            hint='write each value between quotation marks ("), and \\" for one within',
        ) from error
    held, note = fields_in(entry), given.pop(_NOTE, "")
    known = FIELDS[entry.kind]
    for name in given:
        if name not in known:
            raise DecisionLogError(
                f"the form has a field {name[:40]!r} that {entry.number} has not",
                hint=f"fill in these: {', '.join(known)}",
            )
    changes = {name: _read(name, value) for name, value in given.items()}
    return {name: value for name, value in changes.items() if not _same(value, held[name])}, str(
        note
    )


def with_complaint(text: str, complaint: str) -> str:
    """Return a form with what is wrong with it at its top, in the place of an older complaint."""
    lines = [line for line in text.splitlines() if not line.startswith(_WRONG)]
    return "\n".join([f"{_WRONG}{one_line(complaint)}", *lines]) + "\n"


def changes_given(
    kind: EntryKind, given: Mapping[str, str | None], assigned: tuple[str, ...]
) -> dict[str, Any]:
    """Return the changes that options say.

    Args:
        kind: Of the entry: `considered` and `decided_by` of a decision are lists.
        given: Values by the name that an option has for a field; None where it is not given.
        assigned: `FIELD=VALUE`; a list's field may stand there several times.

    Raises:
        DecisionLogError: One is no assignment, or a field is given twice.
    """
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for one in assigned:
        name, sign, value = one.partition("=")
        name = name.strip()
        if not sign or not name:
            raise DecisionLogError(
                f"{one[:60]!r} does not say what is to be changed to what",
                hint="write it like --set owner=Marco",
            )
        if kind is EntryKind.DECISION and name in ("considered", "decided_by"):
            changes.setdefault(name, []).extend([value] if value else [])
        elif name in changes:
            raise DecisionLogError(f"{name} is to be changed twice", hint="say it once")
        else:
            changes[name] = value
    return changes


def _written(name: str, value: object) -> str:
    """Return a value as TOML writes it; strings as JSON does, which TOML reads alike."""
    if name == "due" and value:
        return str(value)
    text = json.dumps("" if value is None else value, ensure_ascii=False)
    return text.replace(_DEL, "\\u007f")


def _read(name: str, value: object) -> object:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.datetime | dt.time):
        raise DecisionLogError(f"{name} has a time of day", hint="give a day like 2026-03-31")
    return value


def _same(value: object, held: object) -> bool:
    return value == held or (held is None and value == "")
