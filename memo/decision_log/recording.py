"""Writes a memo's decisions down, and says what that changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from memo.decision_log.entries import (
    entry_from,
    local,
    number_of,
    place_of,
    read_rows,
    select_entries,
)
from memo.decision_log.matching import match
from memo.decision_log.schema import counters, decisions, events, meetings
from memo.model import Decision, LogEntry, Memo, Value, Verdict

_BELIEVED = (Verdict.SUPPORTED, Verdict.UNCERTAIN)


class Recorded(Value):
    """What recording a memo did.

    `entries` are the memo's decisions in its order; each one's `decision.id` is the one in the
    memo. The others are numbers: `withdrawn` were logged before and found no more.
    """

    entries: tuple[LogEntry, ...]
    new: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()


def record(
    connection: sa.Connection, memo: Memo, *, now: dt.datetime, memo_path: Path | None
) -> Recorded:
    """Write a memo's decisions down, in a transaction that may write."""
    return _Recording(connection, memo, now, memo_path).run()


class _Recording:
    """One memo being recorded."""

    def __init__(
        self, connection: sa.Connection, memo: Memo, now: dt.datetime, memo_path: Path | None
    ) -> None:
        self._connection = connection
        self._memo = memo
        self._now = now
        self._meeting = _meeting_values(memo, memo_path)
        self._last = 0
        self._did: dict[str, list[str]] = {
            what: [] for what in ("new", "updated", "unchanged", "withdrawn")
        }

    def run(self) -> Recorded:
        before = self._take_counter()
        standing = self._standing()
        meeting_id = self._write_meeting()
        found = [_clean(d) for d in self._memo.decisions if d.verdict in _BELIEVED]
        matched = match([entry.decision for entry in standing], found)
        entries = []
        for decision, place in zip(found, matched, strict=True):
            if place is None:
                entries.append(self._add(decision, meeting_id))
            else:
                entries.append(self._keep(standing[place], decision))
        self._withdraw([e for place, e in enumerate(standing) if place not in matched])
        if self._last != before:
            self._execute(counters.update().filter_by(name="decision").values(last=self._last))
        return Recorded(
            entries=tuple(entries), **{what: tuple(numbers) for what, numbers in self._did.items()}
        )

    def _take_counter(self) -> int:
        """Read the last number given; nobody else records until this transaction ends."""
        query = sa.select(counters.c.last).filter_by(name="decision").with_for_update()
        self._last = self._connection.execute(query).scalar_one()
        return self._last

    def _standing(self) -> list[LogEntry]:
        """Return what the log holds of this meeting, what was withdrawn last."""
        query = (
            select_entries()
            .where(meetings.c.recording_sha256 == self._memo.recording.sha256)
            .order_by(decisions.c.withdrawn_at.is_not(None), decisions.c.number)
        )
        return [entry_from(row) for row in read_rows(self._connection, query)]

    def _write_meeting(self) -> int:
        sha256 = self._memo.recording.sha256
        query = sa.select(meetings).filter_by(recording_sha256=sha256)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            values = {"recording_sha256": sha256, "recorded_at": self._now, **self._meeting}
            insert = meetings.insert().values(values).returning(meetings.c.id)
            return int(self._connection.execute(insert).scalar_one())
        changed = {name: value for name, value in self._meeting.items() if row[name] != value}
        self._meeting.setdefault("memo_path", row["memo_path"])
        if changed:
            self._execute(meetings.update().filter_by(id=row["id"]).values(changed))
        return int(row["id"])

    def _add(self, decision: Decision, meeting_id: int) -> LogEntry:
        self._last += 1
        entry = self._entry(number_of(self._last), decision, logged_at=self._now)
        values = {"number": self._last, "meeting_id": meeting_id, "logged_at": entry.logged_at}
        self._execute(decisions.insert().values(values | _decision_values(entry)))
        self._note("recorded", entry.number, None, entry)
        self._did["new"].append(entry.number)
        return entry

    def _keep(self, old: LogEntry, decision: Decision) -> LogEntry:
        """Bring a standing entry up to date; where it stands in the memo is not its content."""
        new = self._entry(old.number, decision, logged_at=old.logged_at)
        restored, changed = old.withdrawn_at is not None, _content(old) != _content(new)
        if restored or changed or old.decision.id != decision.id:
            self._update(old.number, _decision_values(new) | {"withdrawn_at": None})
        if restored or changed:
            self._note("restored" if restored else "updated", old.number, old, new)
        self._did["updated" if restored or changed else "unchanged"].append(old.number)
        return new

    def _withdraw(self, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            if entry.withdrawn_at is None and self._was_read_again(entry):
                self._update(entry.number, {"withdrawn_at": self._now})
                self._note("withdrawn", entry.number, entry, None)
                self._did["withdrawn"].append(entry.number)

    def _was_read_again(self, entry: LogEntry) -> bool:
        """Say whether the memo rests on the moments of an entry: a gap withdraws nothing."""
        return not any(
            gap.start < evidence.end and evidence.start < gap.end
            for gap in self._memo.coverage.gaps
            for evidence in entry.decision.evidence
        )

    def _entry(self, number: str, decision: Decision, *, logged_at: dt.datetime) -> LogEntry:
        values = self._meeting
        return LogEntry(
            number=number,
            decision=decision,
            meeting_title=values["title"],
            decided_at=local(_decided_at(self._memo, decision), values["timezone"]),
            timezone=values["timezone"],
            recording=self._memo.recording.model_copy(
                update={"filename": values["recording_filename"]}
            ),
            logged_at=logged_at.astimezone(dt.UTC),
            memo_path=values.get("memo_path"),
        )

    def _note(
        self, what: str, number: str, before: LogEntry | None, after: LogEntry | None
    ) -> None:
        values = {"number": place_of(number), "at": self._now, "what": what}
        self._execute(
            events.insert().values(
                **values,
                before=_content(before) if before else None,
                after=_content(after) if after else None,
            )
        )

    def _update(self, number: str, values: dict[str, Any]) -> None:
        self._execute(decisions.update().filter_by(number=place_of(number)).values(values))

    def _execute(self, statement: sa.Executable) -> None:
        self._connection.execute(statement)


def _meeting_values(memo: Memo, memo_path: Path | None) -> dict[str, Any]:
    started_at = memo.started_at and _in_utc(memo.started_at, 0)
    values = {
        "recording_filename": _clean_text(memo.recording.filename),
        "title": _clean_text(memo.title),
        "started_at": started_at,
        "timezone": _clean_text(memo.timezone),
    }
    # A memo that is not kept in a file leaves the pointer to the last one that was.
    return values if memo_path is None else values | {"memo_path": _clean_text(str(memo_path))}


def _decision_values(entry: LogEntry) -> dict[str, Any]:
    return {
        "status": entry.decision.status.value,
        "decided_at": entry.decided_at,
        "finding": entry.decision.model_dump(mode="json"),
    }


def _content(entry: LogEntry) -> dict[str, Any]:
    """Return what an entry says, as JSON; not where its memo lies, nor its id there."""
    said = {"decision", "meeting_title", "decided_at", "timezone"}
    content = entry.model_dump(mode="json", include=said)
    del content["decision"]["id"]
    return content


def _decided_at(memo: Memo, decision: Decision) -> dt.datetime | None:
    first = min((evidence.start for evidence in decision.evidence), default=0.0)
    return memo.started_at and _in_utc(memo.started_at, first)


def _in_utc(instant: dt.datetime, seconds: float) -> dt.datetime | None:
    """Return the instant some seconds later, counted in UTC so that no clock change shifts it."""
    try:
        return instant.astimezone(dt.UTC) + dt.timedelta(seconds=seconds)
    except OverflowError:  # before year 1 or after 9999
        return None


def _clean(decision: Decision) -> Decision:
    """Return a decision that every database can hold."""
    return Decision.model_validate(_cleaned(decision.model_dump()))


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
