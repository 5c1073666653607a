"""What lies beside a recording and says more of the meeting: `call.toml`, `call.ics`.

What the user types wins over what lies beside the recording, and that over the settings; of the
two files, the first. Only the terms of all glossaries are taken together.

    call.m4a
    call.toml       title, started_at, timezone, attendees, glossary, language; all optional
    call.ics        the calendar's invitation: title, start, who was invited

`call.m4a.toml` and `call.m4a.ics` do as well, for where there is a `call.mp4` beside it; and
`recording.toml` and `recording.ics` in a folder that holds no other recording, or nothing but the
tracks of one.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

from memo.errors import ConfigError, SidecarError, is_away
from memo.model import Remark, RemarkCode
from memo.pipeline.invitation import MOST_PEOPLE, is_zone, read_invitation, shown
from memo.pipeline.outputs import base_names
from memo.pipeline.sources import homes
from memo.speech.names.glossary import Term, is_file_name, listed, merged, read_entries

if TYPE_CHECKING:
    from memo.pipeline.conversion import Job

LARGEST_FILE = 200_000
"""Bytes of a `call.toml`."""

ENDINGS = (".toml", ".ics")
ANY_NAME = "recording"
"""What the files are called that speak of the only recording in a folder."""

_OTHERS = frozenset({"memo.toml", "pyproject.toml"})
"""Names of files that say something else."""


@dataclass(frozen=True)
class Sidecar:
    """What is known of one meeting; None and () where nothing is said.

    `started_at` is meant in the meeting's time zone if it has none.
    """

    title: str | None = None
    started_at: dt.datetime | None = None
    timezone: str | None = None
    attendees: tuple[str, ...] = ()
    glossary: tuple[Term, ...] = ()
    language: str | None = None
    remarks: tuple[Remark, ...] = ()


def with_sidecar(job: Job) -> tuple[Job, tuple[Remark, ...]]:
    """Return a job with what lies beside its recording, and what a reader should know of that.

    Raises:
        SidecarError: A file beside the recording cannot be read, or says what cannot be.
    """
    beside = read_sidecars(job.path, job.tracks)
    typed = job.typed

    def chosen(name: str) -> Any:  # noqa: ANN401 - of the field's type
        own, other = getattr(job, name), getattr(beside, name)
        return own if name in typed or not other else other

    timezone = chosen("timezone")
    started_at = job.started_at or beside.started_at
    if started_at and started_at.tzinfo is None:
        started_at = started_at.replace(tzinfo=ZoneInfo(timezone))
    told = replace(
        job,
        title=job.title or beside.title,
        started_at=started_at,
        timezone=timezone,
        attendees=chosen("attendees"),
        language=chosen("language"),
        glossary=merged(job.glossary, beside.glossary),
    )
    is_used = job.started_at is None and beside.started_at is not None
    return told, beside.remarks if is_used else ()


def read_sidecars(path: Path, tracks: Sequence[Path] = ()) -> Sidecar:
    """Return what lies beside a recording, or its tracks.

    Raises:
        SidecarError: A file cannot be read, or says what cannot be.
        ConfigError: Its disk does not answer.
    """
    files = sidecar_files(path, tracks)
    try:
        told = _from_toml(files[".toml"]) if ".toml" in files else Sidecar()
        invited = _from_invitation(files[".ics"]) if ".ics" in files else Sidecar()
    except ConfigError as error:
        if error.__cause__ is not None and is_away(error.__cause__):
            raise
        raise SidecarError(str(error), hint=error.hint) from error
    return Sidecar(
        title=told.title or invited.title,
        started_at=told.started_at or invited.started_at,
        timezone=told.timezone or invited.timezone,
        attendees=told.attendees or invited.attendees,
        glossary=told.glossary,
        language=told.language,
        remarks=() if told.started_at else invited.remarks,
    )


def sidecar_files(path: Path, tracks: Sequence[Path] = ()) -> dict[str, Path]:
    """Return the files beside a recording that say more of it, by their endings.

    The one for just this recording comes first, then that of its name, then that of its folder.
    """
    found = {ending: _beside(path, tracks, ending) for ending in ENDINGS}
    return {ending: file for ending, file in found.items() if file is not None}


def _beside(path: Path, tracks: Sequence[Path], ending: str) -> Path | None:
    named = (path.with_name(f"{base}{ending}") for base in reversed(base_names(path)))
    for file in named:
        if _is_file(file) and file.name not in _OTHERS and file != path:
            return file
    home = (tracks[0] if tracks else path).parent
    anybodys = [
        folder / f"{ANY_NAME}{ending}" for folder in (home, home.parent)[: 1 + bool(tracks)]
    ]
    if not any(map(_is_file, anybodys)):  # looking at all of a folder takes longer
        return None
    files = (folder / f"{ANY_NAME}{ending}" for folder in homes(path, tracks))
    return next(filter(_is_file, files), None)


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - `Path.is_file` raises for long names


def _from_invitation(path: Path) -> Sidecar:
    said = read_invitation(path)
    remarks: tuple[Remark, ...] = ()
    if said.unknown_zone:
        remarks = (Remark.of(RemarkCode.INVITATION_ZONE, zone=said.unknown_zone),)
    return Sidecar(
        title=said.title,
        started_at=said.started_at,
        timezone=said.timezone,
        attendees=said.attendees,
        remarks=remarks,
    )


# --- call.toml ----------------------------------------------------------------------------------


def _from_toml(path: Path) -> Sidecar:
    text = _text(path)
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "nested too deeply"
        raise ConfigError(f"{path.name} is not TOML: {why}", hint="Correct that line.") from error
    return Sidecar(**_Reader(path, text).fields(values))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path.name} cannot be read: {error}", hint="Save it as UTF-8 text that you may read."
        ) from error
    if len(content) > LARGEST_FILE:
        raise ConfigError(
            f"{path.name} is larger than {LARGEST_FILE // 1000} kB",
            hint="Keep title, started_at, timezone, attendees, glossary and language in it.",
        )
    return text


class _Reader:
    """Reads the values of one file; whatever is wrong is told with its line."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._fields: dict[str, Callable[[str, Any], Any]] = {
            "title": self._title,
            "started_at": self._instant,
            "timezone": self._zone,
            "attendees": self._people,
            "glossary": self._terms,
            "language": self._language,
        }

    def fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        for name in values:
            if name not in self._fields:
                known = ", ".join(self._fields)
                self._refuse(name, f"there is no {name} here", f"What may be said: {known}.")
        return {name: self._fields[name](name, value) for name, value in values.items()}

    def _refuse(self, name: str, why: str, hint: str) -> NoReturn:
        raise ConfigError(f"{self._path.name}, line {self._line(name)}: {why}", hint=hint)

    def _line(self, name: str) -> int:
        pattern = re.compile(rf"""^\s*\[*\s*["']?{re.escape(name)}["']?\s*[]=.]""")
        numbered = enumerate(self._text.splitlines(), 1)
        return next((number for number, line in numbered if pattern.match(line)), 1)

    def _title(self, name: str, value: object) -> str | None:
        if not isinstance(value, str):
            self._refuse(name, "title is no text", 'Write: title = "Weekly call"')
        return shown(value)

    def _instant(self, name: str, value: object) -> dt.datetime:
        hint = "Write: started_at = 2026-03-04T10:30:00"
        if isinstance(value, str):
            try:
                value = dt.datetime.fromisoformat(value.strip()) if "T" in value.strip() else None
            except ValueError:
                value = None
        if not isinstance(value, dt.datetime):
            self._refuse(name, "started_at is no date with a time", hint)
        return value

    def _zone(self, name: str, value: object) -> str:
        if not isinstance(value, str) or not is_zone(value):
            self._refuse(name, "timezone is no time zone", "Write one like Europe/Berlin or UTC.")
        return value

    def _people(self, name: str, value: object) -> tuple[str, ...]:
        people = value.split(",") if isinstance(value, str) else value
        if not isinstance(people, list) or not all(isinstance(one, str) for one in people):
            self._refuse(name, "attendees is no list of names", 'Write: attendees = ["Ann", "Bo"]')
        names = [shown(one) for one in people]
        if len(names) > MOST_PEOPLE:
            self._refuse(name, "attendees is too long", f"Name {MOST_PEOPLE} people at most.")
        return tuple(dict.fromkeys(filter(None, names)))

    def _terms(self, name: str, value: object) -> tuple[Term, ...]:
        entries = listed(value) if isinstance(value, str) else value
        if not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
            self._refuse(
                name, "glossary is no list of terms", 'Write: glossary = ["Teravault: terra vault"]'
            )
        if any(is_file_name(one) and Path(one).name != one.strip() for one in entries):
            self._refuse(name, "a glossary stands in this folder", "Write its name alone.")
        here = self._path.parent
        found = [str(here / one.strip()) if is_file_name(one) else one for one in entries]
        return read_entries(found, said_by=f"{self._path.name}, line {self._line(name)}: glossary")

    def _language(self, name: str, value: object) -> str | None:
        code = re.split(r"[-_]", value.strip().lower())[0] if isinstance(value, str) else ""
        if not re.fullmatch(r"[a-z]{2,4}", code):
            self._refuse(name, "language is no language", "Write a code like en or de.")
        return None if code == "auto" else code
