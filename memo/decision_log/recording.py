"""Writes what a memo found down, and says what that changed."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from memo.decision_log.chains.weaving import weave
from memo.decision_log.entries import (
    FINDINGS,
    content_of,
    entries_from,
    fields_of,
    number_of,
    people_column,
    read_entries_of,
    read_rows,
    select_entries,
)
from memo.decision_log.linking import add_event, settle
from memo.decision_log.matching import match
from memo.decision_log.schema import counters, entries, meetings, utterances
from memo.decision_log.search.index import index_talk
from memo.model import Decision, Found, Memo, Transcript, Value, Verdict
from memo.remembered import EntryKind, EntryState, Link, LogEntry, kind_of, people_of

_BELIEVED = (Verdict.SUPPORTED, Verdict.UNCERTAIN)
_AT_ONCE = 200  # rows in one statement


class Recorded(Value):
    """What recording a memo did.

    `entries` are the memo's decisions, actions and questions in its order; the id of each one's
    finding is the one in the memo. The others are numbers: `withdrawn` were logged before and
    found no more, `kept` say what people made of them although the memo says something new. `links`
    are those to other meetings' entries, and between these, that are new or surer than before.
    """

    entries: tuple[LogEntry, ...]
    new: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def decisions(self) -> tuple[LogEntry, ...]:
        """The memo's decisions in its order."""
        return tuple(entry for entry in self.entries if entry.kind is EntryKind.DECISION)


def record(
    connection: sa.Connection,
    memo: Memo,
    *,
    now: dt.datetime,
    memo_path: Path | None,
    transcript: Transcript | None = None,
) -> Recorded:
    """Write what a memo found down, in a transaction that may write."""
    return _Recording(connection, memo, now, memo_path).run(transcript)


@dataclass(frozen=True)
class _Standing:
    """What the log holds of the meeting: an entry, its row's id and what memo found then."""

    id: int
    entry: LogEntry
    finding: Found
    edits: Mapping[str, Any]


class _Recording:
    """One memo being recorded."""

    def __init__(
        self, connection: sa.Connection, memo: Memo, now: dt.datetime, memo_path: Path | None
    ) -> None:
        self._connection = connection
        self._memo = memo
        self._now = now
        self._who = f"memo {memo.provenance.memo_version}"
        self._meeting = _meeting_values(memo, memo_path)
        self._last: dict[str, int] = {}
        self._did: dict[str, list[str]] = {
            what: [] for what in ("new", "updated", "unchanged", "withdrawn", "kept")
        }

    def run(self, transcript: Transcript | None) -> Recorded:
        before = self._take_counters()
        standing = self._standing()
        meeting_id = self._write_meeting()
        if transcript is not None:
            self._write_utterances(meeting_id, transcript)
        ids = [row for kind in EntryKind for row in self._record_kind(kind, standing, meeting_id)]
        for name, last in self._last.items():
            if last != before[name]:
                self._execute(counters.update().filter_by(name=name).values(last=last))
        made = weave(self._connection, meeting_id, now=self._now, who=self._who)
        written = read_entries_of(self._connection, ids)
        return Recorded(
            entries=tuple(written[row] for row in ids),
            links=made,
            **{what: tuple(numbers) for what, numbers in self._did.items()},
        )

    def _take_counters(self) -> dict[str, int]:
        """Read the last numbers given; nobody else records until this transaction ends."""
        query = sa.select(counters.c.name, counters.c.last).order_by(counters.c.name)
        rows = self._connection.execute(query.with_for_update())
        self._last = {row.name: row.last for row in rows}
        return dict(self._last)

    def _standing(self) -> list[_Standing]:
        """Return what the log holds of this meeting, what was withdrawn last."""
        query = (
            select_entries()
            .where(meetings.c.recording_sha256 == self._memo.recording.sha256)
            .order_by(entries.c.withdrawn_at.is_not(None), entries.c.number)
        )
        rows = read_rows(self._connection, query)
        return [
            _Standing(
                row.entries_id,
                entry,
                FINDINGS[row.entries_kind].model_validate_json(json.dumps(row.entries_finding)),
                row.entries_edits,
            )
            for row, entry in zip(rows, entries_from(self._connection, rows), strict=True)
        ]

    def _write_meeting(self) -> int:
        sha256 = self._memo.recording.sha256
        query = sa.select(meetings).filter_by(recording_sha256=sha256)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            values = {"recording_sha256": sha256, "recorded_at": self._now, **self._meeting}
            insert = meetings.insert().values(values).returning(meetings.c.id)
            return int(self._connection.execute(insert).scalar_one())
        changed = {name: value for name, value in self._meeting.items() if row[name] != value}
        if changed:
            self._execute(meetings.update().filter_by(id=row["id"]).values(changed))
        return int(row["id"])

    def _write_utterances(self, meeting_id: int, transcript: Transcript) -> None:
        names = {p.label: p.name for p in transcript.participants if p.label}
        said = [
            {
                "meeting_id": meeting_id,
                "place": place,
                "start": segment.start,
                "end": segment.end,
                "speaker": _clean_text(names.get(segment.speaker, segment.speaker))
                if segment.speaker
                else None,
                "text": _clean_text(segment.text),
            }
            for place, segment in enumerate(transcript.segments)
        ]
        query = sa.select(utterances).filter_by(meeting_id=meeting_id).order_by("place")
        if [dict(row) for row in self._connection.execute(query).mappings()] == said:
            return
        self._execute(utterances.delete().filter_by(meeting_id=meeting_id))
        for at in range(0, len(said), _AT_ONCE):
            self._connection.execute(utterances.insert(), said[at : at + _AT_ONCE])
        index_talk(self._connection, meeting_id)

    def _record_kind(
        self, kind: EntryKind, standing: Sequence[_Standing], meeting_id: int
    ) -> list[int]:
        """Record the findings of one kind; return the ids of their rows, in the memo's order."""
        old = [one for one in standing if one.entry.kind is kind]
        found = [
            _clean(finding)
            for finding in self._memo.findings()
            if kind_of(finding) is kind and finding.verdict in _BELIEVED
        ]
        matched = match([one.finding for one in old], found)
        ids = [
            self._add(kind, finding, meeting_id)
            if place is None
            else self._keep(old[place], finding)
            for finding, place in zip(found, matched, strict=True)
        ]
        self._withdraw([one for place, one in enumerate(old) if place not in matched])
        return ids

    def _add(self, kind: EntryKind, finding: Found, meeting_id: int) -> int:
        self._last[kind] += 1
        values = self._values(finding, {}) | {
            "kind": kind.value,
            "number": self._last[kind],
            "meeting_id": meeting_id,
            "state": _first_state(finding),
            "edits": {},
            "logged_at": self._now,
            "changed_at": self._now,
        }
        insert = entries.insert().values(values).returning(entries.c.id)
        entry_id = int(self._connection.execute(insert).scalar_one())
        after = content_of(read_entries_of(self._connection, [entry_id])[entry_id])
        add_event(
            self._connection,
            entry_id,
            now=self._now,
            who=self._who,
            what="recorded",
            before=None,
            after=after,
        )
        self._did["new"].append(number_of(kind, self._last[kind]))
        return entry_id

    def _keep(self, old: _Standing, finding: Found) -> int:
        """Bring a standing entry up to date; where it stands in the memo is not its content."""
        before = content_of(old.entry)
        values = self._values(finding, old.edits)
        if old.entry.withdrawn_at is not None or old.finding != finding or self._moved(old, values):
            self._execute(
                entries.update().filter_by(id=old.id).values(values | {"withdrawn_at": None})
            )
        restored = old.entry.withdrawn_at is not None
        changed = settle(
            self._connection,
            old.id,
            now=self._now,
            who=self._who,
            what="restored" if restored else "updated",
            before=before,
        )
        if not changed and _said(old.finding) != _said(finding):
            self._did["kept"].append(old.entry.number)
        self._did["updated" if changed else "unchanged"].append(old.entry.number)
        return old.id

    def _withdraw(self, gone: Sequence[_Standing]) -> None:
        for one in gone:
            if one.entry.withdrawn_at is None and self._was_read_again(one.entry):
                self._execute(entries.update().filter_by(id=one.id).values(withdrawn_at=self._now))
                add_event(
                    self._connection,
                    one.id,
                    now=self._now,
                    who=self._who,
                    what="withdrawn",
                    before=content_of(one.entry),
                    after=None,
                )
                settle(self._connection, one.id, now=self._now, who=self._who)
                self._did["withdrawn"].append(one.entry.number)

    def _was_read_again(self, entry: LogEntry) -> bool:
        """Say whether the memo rests on the moments of an entry: a gap withdraws nothing."""
        return not any(
            gap.start < evidence.end and evidence.start < gap.end
            for gap in self._memo.coverage.gaps
            for evidence in entry.finding.evidence
        )

    def _values(self, finding: Found, edits: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the columns of an entry hold, people's edits applied."""
        content = finding.model_dump(mode="json")
        seen = type(finding).model_validate_json(json.dumps(content | fields_of(edits)))
        return {
            "decided_at": _decided_at(self._memo, finding),
            "people": people_column(people_of(seen)),
            "due": getattr(seen, "due", None),
            "finding": content,
        }

    def _moved(self, old: _Standing, values: Mapping[str, Any]) -> bool:
        return bool(old.entry.decided_at != values["decided_at"])

    def _execute(self, statement: sa.Executable) -> None:
        self._connection.execute(statement)


def _meeting_values(memo: Memo, memo_path: Path | None) -> dict[str, Any]:
    values = {
        "recording_filename": _clean_text(memo.recording.filename),
        "title": _clean_text(memo.title),
        "started_at": memo.started_at and _in_utc(memo.started_at, 0),
        "timezone": _clean_text(memo.timezone),
        "duration": memo.duration,
        "language": _clean_text(memo.language),
        "participants": [_clean_text(person.name) for person in memo.participants],
        "summary": _clean_text(memo.summary),
    }
    # A memo that is not kept in a file leaves the pointer to the last one that was.
    return values if memo_path is None else values | {"memo_path": _clean_text(str(memo_path))}


def _first_state(finding: Found) -> str:
    return finding.status.value if isinstance(finding, Decision) else EntryState.OPEN.value


def _said(finding: Found) -> dict[str, Any]:
    """Return what a finding says, but for its place in the memo."""
    said: dict[str, Any] = finding.model_dump(exclude={"id"})
    return said


def _decided_at(memo: Memo, finding: Found) -> dt.datetime | None:
    first = min((evidence.start for evidence in finding.evidence), default=0.0)
    return memo.started_at and _in_utc(memo.started_at, first)


def _in_utc(instant: dt.datetime, seconds: float) -> dt.datetime | None:
    """Return the instant some seconds later, counted in UTC so that no clock change shifts it."""
    try:
        return instant.astimezone(dt.UTC) + dt.timedelta(seconds=seconds)
    except OverflowError:  # before year 1 or after 9999
        return None


def _clean(finding: Found) -> Found:
    """Return a finding that every database can hold."""
    return type(finding).model_validate(_cleaned(finding.model_dump()))


def _cleaned(value: Any) -> Any:  # noqa: ANN401 (any part of a value's dump)
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(part) for part in value]
    return value


def _clean_text(text: str) -> str:
    """Replace what text in a database cannot hold, by U+FFFD: NUL and halves of characters.

    PostgreSQL's `text` refuses NUL (https://www.postgresql.org/docs/current/datatype-character.html),
    UTF-8 has no lone surrogates. All else is kept as it is; who shows it escapes it.
    """
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text)
