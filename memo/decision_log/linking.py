"""What entries do to each other, and the states that follow from it.

A state is never guessed from history: it is worked out anew from what memo found, what people
said and the sure links that point at the entry, whenever one of these changes.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import sqlalchemy as sa

from memo.decision_log.entries import (
    MEETING,
    content_of,
    entries_from,
    id_of,
    link_from,
    read_entries_of,
    read_rows,
    select_entries,
    select_links,
)
from memo.decision_log.schema import entries, events, links
from memo.decision_log.search.index import index_entry
from memo.errors import DecisionLogError
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, Relation

# What a person says of an entry stands whatever is linked to it; the other states yield.
_LAST_WORDS = {EntryState.REJECTED, EntryState.DONE, EntryState.DROPPED, EntryState.ANSWERED}
_IN_FORCE = {EntryState.ACCEPTED, EntryState.SUPERSEDED}


def put_link(connection: sa.Connection, link: Link, *, note: str = "") -> bool:
    """Make a link, or change the one between the same entries, and settle what follows.

    Args:
        connection: Of a transaction that may write.
        link: What the newer entry does to the older one.
        note: What is said about it, for the history.

    Returns:
        Whether anything changed. What differs only in who made it and when does not.

    Raises:
        DecisionLogError: There is no such entry, or both are one.
    """
    if link.source == link.target:
        raise DecisionLogError(
            f"{link.source} cannot be linked to itself", hint="name two different entries"
        )
    ends = _ends(connection, link.source, link.target)
    row = connection.execute(
        select_links().where(*(links.c[name] == value for name, value in ends.items()))
    ).one_or_none()
    if row is not None and _same(link_from(row), link):
        return False
    values = link.model_dump(mode="json", exclude={"source", "target", "meeting", "made_at"})
    values["made_at"] = link.made_at
    if row is None:
        connection.execute(links.insert().values(ends | values))
    else:
        connection.execute(links.update().filter_by(id=row.id).values(values))
    what = "unlinked" if link.standing is LinkStanding.REFUSED else "linked"
    said = f"{link.source} {link.relation} {link.target}"
    if link.standing is LinkStanding.PROPOSED:
        said += " (proposed)"
    words = f"{said}: {note}" if note else said
    for end in filter(None, (ends["target_id"], ends["source_id"])):
        settle(connection, end, now=link.made_at, who=link.made_by, what=what, note=words)
    return True


def remove_link(
    connection: sa.Connection, source: str, target: str, *, now: dt.datetime, who: str, note: str
) -> None:
    """Take a link out that nobody has judged, and settle what follows."""
    ends = _ends(connection, source, target)
    gone = links.delete().filter_by(**ends)
    if not connection.execute(gone).rowcount:
        return
    for end in filter(None, (ends["source_id"], ends["target_id"])):
        settle(connection, end, now=now, who=who, what="unlinked", note=note)


def settle(
    connection: sa.Connection,
    entry_id: int,
    *,
    now: dt.datetime,
    who: str,
    what: str = "updated",
    note: str = "",
    before: dict[str, Any] | None = None,
) -> bool:
    """Work the state of an entry out anew, and of those that it is linked to.

    Args:
        connection: Of a transaction that may write.
        entry_id: Of the entry's row.
        now: The present instant.
        who: Who or what caused it.
        what: What happened to the entry, for its history; an `updated` one is told only if it
            says something else than before.
        note: What is said about it.
        before: What the entry said, if it was changed since; by default what it says now.

    Returns:
        Whether the entry's history goes on.
    """
    waiting, seen, told = [entry_id], set[int](), False
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        row = read_rows(connection, select_entries().where(entries.c.id == here))[0]
        state, is_first = _state_of(connection, row), here == entry_id
        was = (is_first and before) or content_of(entries_from(connection, [row])[0])
        if state != row.entries_state:
            connection.execute(entries.update().filter_by(id=here).values(state=state.value))
        after = content_of(read_entries_of(connection, [here])[here])
        happened = what if is_first else "updated"
        if happened != "updated" or after != was:
            add_event(
                connection,
                here,
                now=now,
                who=who,
                what=happened,
                note=note,
                before=was,
                after=after,
            )
            told = told or is_first
        if is_first or after != was:
            waiting += _targets_of(connection, here)
    return told


def read_links(
    connection: sa.Connection, *, standing: LinkStanding | None = None
) -> tuple[Link, ...]:
    """Return links, oldest first."""
    query = select_links()
    if standing is not None:
        query = query.where(links.c.standing == standing.value)
    return tuple(map(link_from, read_rows(connection, query)))


def add_event(
    connection: sa.Connection,
    entry_id: int,
    *,
    now: dt.datetime,
    who: str,
    what: str,
    note: str = "",
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Append to an entry's history, and let what it says now be found."""
    values = {"entry_id": entry_id, "at": now, "who": who, "what": what, "note": note}
    connection.execute(events.insert().values(values | {"before": before, "after": after}))
    connection.execute(entries.update().filter_by(id=entry_id).values(changed_at=now))
    index_entry(connection, entry_id)


def _state_of(connection: sa.Connection, row: sa.Row[Any]) -> EntryState:
    """Return the state that follows from a finding, its edits and the sure links to it."""
    kind = EntryKind(row.entries_kind)
    said = row.entries_edits.get("state")
    if said in _LAST_WORDS:
        return EntryState(said)
    pointing = links.c.target_id == row.entries_id
    query = select_links().add_columns(
        sa.literal_column("source.state").label("source_state"),
        sa.literal_column("source.withdrawn_at").label("source_withdrawn_at"),
    )
    for link in connection.execute(
        query.where(pointing, links.c.standing == LinkStanding.SURE.value)
    ):
        counts = link.source_kind != EntryKind.DECISION or link.source_state in _IN_FORCE
        left = Relation(link.relation).leaves
        if left in kind.states and counts and link.source_withdrawn_at is None:
            return EntryState(left)
    if said:
        return EntryState(said)
    if kind is EntryKind.DECISION:
        return EntryState(row.entries_finding.get("status", EntryState.ACCEPTED))
    return EntryState.OPEN


def _targets_of(connection: sa.Connection, entry_id: int) -> list[int]:
    query = sa.select(links.c.target_id).where(links.c.source_id == entry_id)
    return [int(target) for target in connection.execute(query).scalars()]


def _ends(connection: sa.Connection, source: str, target: str) -> dict[str, int | None]:
    """Return what a link's row says of its ends; a source that is a meeting is no entry."""
    said = re.fullmatch(rf"{MEETING}-(\d+)", source)
    return {
        "source_id": None if said else id_of(connection, source),
        "meeting_id": int(said[1]) if said else None,
        "target_id": id_of(connection, target),
    }


def _same(one: Link, other: Link) -> bool:
    told = {"made_by", "made_at", "meeting"}
    return one.model_dump(exclude=told) == other.model_dump(exclude=told)
