"""Brings a recorded meeting's findings together with older ones, and writes the links down.

What people said of a link stands: a refused one stays refused, a confirmed one sure. A link that
only memo made, and that is found no more, is taken back, and the history says so.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from memo.decision_log.chains.relating import relate
from memo.decision_log.chains.told import AROUND, Relationship, Told
from memo.decision_log.entries import (
    batches,
    entries_from,
    id_of,
    link_from,
    newest_first,
    number_of_meeting,
    people_column,
    read_links_of,
    read_rows,
    read_utterances,
    select_entries,
    select_links,
)
from memo.decision_log.linking import put_link, remove_link
from memo.decision_log.schema import entries, links, meetings, utterances
from memo.decision_log.search.finding import candidates
from memo.model import Decision, DecisionStatus
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, LogEntry, Relation, Utterance

BEFORE, AFTER = 30, 10
"""Meetings right before and after one whose entries it is compared with, whatever they say."""
ALIKE = 15
"""Entries that it is compared with for each of its own, because they share the rarest words."""
OWNED = 150
"""Open actions and questions of the people who were there that it is compared with."""
_MACHINE = "memo "
_FOREVER = 1e9  # seconds
_ON_DECISIONS = {Relation.REVERSES, Relation.AMENDS, Relation.REAFFIRMS}
_TEXTS = ("statement", "rationale", "supersedes", "task", "question")
_COMPARED = tuple(state for state in EntryState if state is not EntryState.REJECTED)
_KINDS = {
    EntryKind.DECISION: (EntryKind.DECISION, EntryKind.QUESTION),
    EntryKind.ACTION: (EntryKind.ACTION,),
    EntryKind.QUESTION: (EntryKind.DECISION,),
}
"""Kinds of entries that one of a kind may do something to, or they to it."""
_WINDOWS_AT_ONCE = 100  # each is one of the conditions, of which SQLite takes a thousand


def weave(
    connection: sa.Connection, meeting_id: int, *, now: dt.datetime, who: str
) -> tuple[Link, ...]:
    """Link the entries of a meeting with those of others.

    Args:
        connection: Of a transaction that may write.
        meeting_id: The row of the meeting, whose entries are recorded.
        now: The present instant.
        who: Who links: `memo` and its version.

    Returns:
        The links that are new or stand otherwise than before.
    """
    ours = read_rows(connection, _standing(entries.c.meeting_id == meeting_id))
    if not ours:
        return ()
    theirs = _others(connection, meeting_id, ours)
    talk = read_utterances(connection, meeting_id, 0, _FOREVER)
    new = _told(connection, ours, {meeting_id: talk})
    old = _told(connection, theirs, _talk_of(connection, theirs))
    source, title = number_of_meeting(meeting_id), str(ours[0].meetings_title)
    found = {(one.source or source, one.target): one for one in relate(new, old, talk)}
    compared = {one.number for one in (*new, *old)} | {source}
    before = _links_between(connection, meeting_id, compared)
    for ends, link in before.items():
        if ends not in found and link.made_by.startswith(_MACHINE):
            note = f"{link.source} {link.relation} {link.target}: no longer found"
            remove_link(connection, *ends, now=now, who=who, note=note)
    made = []
    for ends, one in found.items():
        link = _link(one, ends, now=now, who=who)
        if _is_news(link, before.get(ends)):
            put_link(connection, link, note=one.reason)
            made.append(link.model_copy(update={"meeting": title}) if one.source is None else link)
    numbers = {one.number for one in new}
    for link in made:
        if link.relation in _ON_DECISIONS and link.source not in numbers:
            _forget_rivals(connection, link, found.keys(), now=now, who=who)
    return tuple(made)


def _standing(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return newest_first(select_entries()).where(which, entries.c.withdrawn_at.is_(None))


def _forget_rivals(
    connection: sa.Connection,
    link: Link,
    found: Collection[tuple[str, str]],
    *,
    now: dt.datetime,
    who: str,
) -> None:
    """Take back what memo thought a decision did, before the one that it is really about came."""
    source = id_of(connection, link.source)
    for other in read_links_of(connection, [source])[source]:
        ours = other.source == link.source and other.relation in _ON_DECISIONS
        by_memo = other.made_by.startswith(_MACHINE) and other.standing is not LinkStanding.REFUSED
        if ours and by_memo and (other.source, other.target) not in found:
            note = f"{link.source} {link.relation} {link.target}, and not {other.target}"
            remove_link(connection, other.source, other.target, now=now, who=who, note=note)


def _others(
    connection: sa.Connection, meeting_id: int, ours: Sequence[sa.Row[Any]]
) -> Sequence[sa.Row[Any]]:
    """Return the entries that may have to do with a meeting's: some hundreds in the largest log."""
    began = ours[0].meetings_started_at or ours[0].meetings_recorded_at
    near = _meetings_near(connection, meeting_id, began)
    ids = set(connection.execute(sa.select(entries.c.id).where(near)).scalars())
    ids |= set(connection.execute(_open_ones_of(ours[0].meetings_participants or ())).scalars())
    ids |= _linked_with(connection, meeting_id)
    for row in ours:
        kinds = _KINDS[EntryKind(row.entries_kind)]
        text = " ".join(map(str, (row.entries_finding.get(name, "") for name in _TEXTS)))
        ids |= set(
            candidates(
                connection,
                text,
                kinds=kinds,
                limit=ALIKE,
                states=_COMPARED,
                not_in_meeting=meeting_id,
            )
        )
    return [
        row
        for some in batches(sorted(ids))
        for row in read_rows(
            connection,
            _standing(entries.c.meeting_id != meeting_id).where(entries.c.id.in_(some)),
        )
    ]


def _meetings_near(
    connection: sa.Connection, meeting_id: int, began: dt.datetime
) -> sa.ColumnElement[bool]:
    """Return the condition that an entry is of a meeting held right before or after another."""
    at = sa.func.coalesce(meetings.c.started_at, meetings.c.recorded_at)
    others = sa.select(meetings.c.id).where(meetings.c.id != meeting_id)
    before = others.where(at <= began).order_by(at.desc(), meetings.c.id.desc()).limit(BEFORE)
    after = others.where(at > began).order_by(at, meetings.c.id).limit(AFTER)
    ids = [*connection.execute(before).scalars(), *connection.execute(after).scalars()]
    return entries.c.meeting_id.in_(ids)


def _open_ones_of(people: Sequence[str]) -> sa.Select[Any]:
    named = [entries.c.people.contains(people_column([name]), autoescape=True) for name in people]
    return (
        sa.select(entries.c.id)
        .where(entries.c.state == EntryState.OPEN.value, sa.or_(sa.false(), *named))
        .order_by(entries.c.id.desc())
        .limit(OWNED)
    )


def _linked_with(connection: sa.Connection, meeting_id: int) -> set[int]:
    """Return the entries at the other ends of the links that a meeting has."""
    rows = connection.execute(
        sa.select(links.c.source_id, links.c.target_id).where(_touches(meeting_id))
    )
    return {end for row in rows for end in row if end is not None}


def _touches(meeting_id: int) -> sa.ColumnElement[bool]:
    mine = sa.select(entries.c.id).where(entries.c.meeting_id == meeting_id)
    ends = (links.c.source_id.in_(mine), links.c.target_id.in_(mine))
    return sa.or_(*ends, links.c.meeting_id == meeting_id)


def _is_news(link: Link, before: Link | None) -> bool:
    """Tell whether a link says something that the log does not hold, and nobody spoke against."""
    if before is None:
        return True
    if not before.made_by.startswith(_MACHINE) or before.standing is LinkStanding.REFUSED:
        return False
    surer = link.standing is LinkStanding.SURE and before.standing is not LinkStanding.SURE
    return link.relation is not before.relation or surer


def _link(one: Relationship, ends: tuple[str, str], *, now: dt.datetime, who: str) -> Link:
    return Link(
        source=ends[0],
        target=ends[1],
        relation=one.relation,
        standing=one.standing,
        confidence=one.confidence,
        reason=one.reason,
        later=one.later,
        earlier=one.earlier,
        made_by=who,
        made_at=now,
    )


def _links_between(
    connection: sa.Connection, meeting_id: int, compared: set[str]
) -> dict[tuple[str, str], Link]:
    """Return the links at one end of which is the meeting, if both ends were compared."""
    every = map(link_from, read_rows(connection, select_links().where(_touches(meeting_id))))
    return {
        (link.source, link.target): link
        for link in every
        if link.source in compared and link.target in compared
    }


def _talk_of(
    connection: sa.Connection, rows: Iterable[sa.Row[Any]]
) -> dict[int, tuple[Utterance, ...]]:
    """Return what was said around the evidence of entries, by the meeting's row.

    No more than is looked at, in a few queries: whole transcripts of so many meetings are long,
    and nobody else can record meanwhile.
    """
    windows = sorted({(int(row.entries_meeting_id), *_window(_spans_of(row))) for row in rows})
    found: dict[int, dict[int, Utterance]] = defaultdict(dict)
    for at in range(0, len(windows), _WINDOWS_AT_ONCE):
        around = [
            sa.and_(
                utterances.c.meeting_id == meeting_id,
                utterances.c.start < end,
                utterances.c.end > start,
            )
            for meeting_id, start, end in windows[at : at + _WINDOWS_AT_ONCE]
        ]
        for row in connection.execute(sa.select(utterances).where(sa.or_(*around))):
            said = Utterance(start=row.start, end=row.end, speaker=row.speaker, text=row.text)
            found[row.meeting_id][row.place] = said
    return {
        meeting_id: tuple(said[place] for place in sorted(said))
        for meeting_id, said in found.items()
    }


def _spans_of(row: sa.Row[Any]) -> list[tuple[float, float]]:
    return [(span["start"], span["end"]) for span in row.entries_finding["evidence"]]


def _window(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return from when to when the talk around some spans is looked at."""
    start = min((start for start, _ in spans), default=0.0)
    end = max((end for _, end in spans), default=0.0)
    return start - AROUND, end + AROUND


def _told(
    connection: sa.Connection,
    rows: Sequence[sa.Row[Any]],
    talk: Mapping[int, tuple[Utterance, ...]],
) -> list[Told]:
    """Return entries as they are compared: as they were before links changed their state."""
    ended = _ended(connection, rows)
    return [
        _told_of(entry, row, talk.get(row.entries_meeting_id, ()), ended.get(row.entries_id, {}))
        for entry, row in zip(entries_from(connection, rows), rows, strict=True)
    ]


def _told_of(
    entry: LogEntry,
    row: sa.Row[Any],
    talk: Sequence[Utterance],
    ended: Mapping[str, dt.datetime],
) -> Told:
    finding, by_people = entry.finding, row.entries_edits.get("state")
    state = EntryState(by_people) if by_people else None
    if isinstance(finding, Decision):
        told = DecisionStatus(by_people or row.entries_finding["status"])
        finding = finding.model_copy(update={"status": told})
        state = EntryState(told.value)
    start, end = _window(_spans_of(row))
    return Told(
        number=entry.number,
        finding=finding,
        meeting=number_of_meeting(row.entries_meeting_id),
        held_at=row.meetings_started_at or row.meetings_recorded_at,
        language=row.meetings_language or "en",
        title=row.meetings_title,
        participants=tuple(row.meetings_participants or ()),
        talk=tuple(said for said in talk if said.end > start and said.start < end),
        standing=state in (None, EntryState.ACCEPTED, EntryState.OPEN),
        ended_at=min(ended.values(), default=None),
        ended_by=frozenset(ended),
        reaffirms=frozenset(
            link.target
            for link in entry.links
            if link.source == entry.number
            and link.relation is Relation.REAFFIRMS
            and link.standing is LinkStanding.SURE
        ),
    )


def _ended(
    connection: sa.Connection, rows: Sequence[sa.Row[Any]]
) -> dict[int, dict[str, dt.datetime]]:
    """Return which meetings ended entries, and when they were held, by the ids of the rows."""
    source = entries.alias("source")
    held_in = sa.func.coalesce(source.c.meeting_id, links.c.meeting_id)
    query = (
        sa.select(links.c.target_id, meetings.c.id, meetings.c.started_at, meetings.c.recorded_at)
        .outerjoin(source, source.c.id == links.c.source_id)
        .join(meetings, meetings.c.id == held_in)
        .where(
            links.c.standing == LinkStanding.SURE.value,
            links.c.relation.in_([one.value for one in Relation if one.leaves is not None]),
            source.c.withdrawn_at.is_(None),
        )
    )
    found: dict[int, dict[str, dt.datetime]] = defaultdict(dict)
    ids = [row.entries_id for row in rows]
    for some in batches(ids):
        for row in read_rows(connection, query.where(links.c.target_id.in_(some))):
            found[row.target_id][number_of_meeting(row.id)] = row.started_at or row.recorded_at
    return found
