"""Follows the links from an entry: what led to it, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from memo.decision_log.entries import (
    id_of,
    link_from,
    meeting_from,
    number_of_meeting,
    read_entries_of,
    read_rows,
    select_links,
)
from memo.decision_log.schema import links, meetings
from memo.remembered import LinkStanding, LogEntry, LoggedMeeting, Relation, Story

MOST = 1000
"""Entries of a story at most."""
_CHAIN = {Relation.REVERSES, Relation.AMENDS, Relation.REAFFIRMS, Relation.SLIPS}
"""Relations that a story follows on and on; what the others lead to is told, but not followed."""
_AT_ONCE = 500  # ids in one query


def read_story(connection: sa.Connection, number: str) -> Story:
    """Return the chain of an entry.

    Args:
        connection: Of a transaction.
        number: As people write it.

    Raises:
        DecisionLogError: There is no such entry, or that is no number.
    """
    start = id_of(connection, number)
    chain, beside, found = _chain(connection, start)
    cut = len(chain) > MOST
    ids = [*chain[:MOST], *(one for one in beside if one not in chain)][:MOST]
    entries = read_entries_of(connection, ids)
    there = {entry.number for entry in entries.values()}
    told = tuple(
        link
        for link in (link_from(row) for _, row in sorted(found.items()))
        if link.target in there and (link.source in there or link.meeting is not None)
    )
    return Story(
        number=entries[start].number,
        entries=tuple(sorted(entries.values(), key=_when)),
        links=told,
        meetings=_meetings(connection, found.values()),
        cut=cut,
    )


def _chain(
    connection: sa.Connection, start: int
) -> tuple[list[int], dict[int, None], dict[int, sa.Row[Any]]]:
    """Return the ids of a chain in the order of their finding, those beside it, and the links."""
    chain, seen, frontier = [start], {start}, [start]
    beside: dict[int, None] = {}
    found: dict[int, sa.Row[Any]] = {}
    while frontier and len(chain) <= MOST:
        following: list[int] = []
        for row in _touching(connection, frontier):
            found[row.id] = row
            for end in (row.source_id, row.target_id):
                if end is None or end in seen:
                    continue
                if Relation(row.relation) in _CHAIN:
                    seen.add(end)
                    following.append(end)
                else:
                    beside[end] = None
        chain += following
        frontier = following
    return chain, beside, found


def _touching(connection: sa.Connection, ids: Collection[int]) -> list[sa.Row[Any]]:
    every, rows = list(ids), list[sa.Row[Any]]()
    for at in range(0, len(every), _AT_ONCE):
        some = every[at : at + _AT_ONCE]
        which = links.c.source_id.in_(some) | links.c.target_id.in_(some)
        believed = links.c.standing != LinkStanding.REFUSED.value
        rows += read_rows(connection, select_links().where(which, believed))
    return rows


def _meetings(connection: sa.Connection, rows: Collection[sa.Row[Any]]) -> dict[str, LoggedMeeting]:
    ids = {row.meeting_id for row in rows if row.source_id is None}
    if not ids:
        return {}
    query = sa.select(meetings).where(meetings.c.id.in_(sorted(ids)[:_AT_ONCE]))
    return {number_of_meeting(row.id): meeting_from(row) for row in read_rows(connection, query)}


def _when(entry: LogEntry) -> tuple[dt.datetime, str]:
    return (entry.decided_at or entry.logged_at, entry.number)
