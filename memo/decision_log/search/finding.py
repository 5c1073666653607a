"""Asks the index, ranks what it finds, and reads it.

A text that holds a word often, and a word that few texts hold, count for more: by Okapi BM25 in
SQLite, by cover density in PostgreSQL, and BM25's idea of rarity where some words will do. What
was decided counts for more than why, and that for more than the words it rests on. Of what is
equally good, the newer comes first.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from memo.decision_log.entries import meeting_from, named, read_entries_of
from memo.decision_log.schema import ENTRY_TERMS, TALK_TERMS, entries, meetings, utterances
from memo.decision_log.search.index import PLACES, place_of_talk
from memo.decision_log.search.marking import marked, share_of, snippets_of, texts_of
from memo.decision_log.search.query import Asked, read_likeness, read_query
from memo.decision_log.search.terms import language_of
from memo.remembered import EntryKind, EntryState, Hit, Hits, LogEntry, Matched, Utterance

_WEIGHTS = (8.0, 4.0, 2.0, 1.0)  # of `ENTRY_FIELDS`
_RANKED = 2_000
"""Of more finds than these the newest are ranked: nobody looks for what is everywhere."""
_BY_LENGTH = 1  # PostgreSQL divides by 1 + the logarithm of the length
_STANDING = (EntryState.ACCEPTED, EntryState.PROPOSED, EntryState.OPEN)


@dataclass(frozen=True)
class Wanted:
    """What a find must be; what is empty or None is open.

    Attributes:
        kinds: Only entries of these kinds.
        states: Only entries in one of these states.
        owner: Only what belongs to somebody of that name, or is said by them.
        since: Only what was decided or said at this instant or later.
        until: Only what was decided or said before this instant.
        meeting: Only of this meeting: the SHA-256 of its recording, or a part of its title or of
            the recording's name.
    """

    kinds: Collection[EntryKind] = ()
    states: Collection[EntryState] = ()
    owner: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    meeting: str | None = None


def search(
    connection: sa.Connection, text: str, wanted: Wanted, *, transcripts: bool, limit: int
) -> Hits:
    """Return the entries, and with `transcripts` the utterances, that a query finds.

    If nothing holds all that is asked for, what holds some of it is found.
    """
    asked = read_query(text, languages(connection))
    if not asked.wanted:
        return Hits(matched=Matched.NOT_ASKED)
    meetings_wanted = _meetings(connection, wanted.meeting)
    tries = (True, False) if len(asked.wanted) > 1 else (True,)
    for every in tries:
        search = _Search(connection, asked, every=every, limit=limit)
        hits = search.entries(_entry_conditions(wanted, meetings_wanted))
        if transcripts:
            hits += search.talk(_talk_conditions(wanted, meetings_wanted))
        if hits:
            return Hits(hits=tuple(hits), matched=Matched.ALL if every else Matched.SOME)
    return Hits(matched=Matched.NONE)


def candidates(
    connection: sa.Connection,
    text: str,
    *,
    kinds: Collection[EntryKind],
    limit: int = 20,
    states: Collection[EntryState] | None = None,
    not_in_meeting: int | None = None,
) -> tuple[int, ...]:
    """Return the standing entries whose words are most like a text's, the likest first.

    Args:
        connection: Of any transaction.
        text: A finding's, say.
        kinds: Only entries of these kinds.
        limit: At most so many.
        states: Only entries in one of these; by default those that somebody may still act on.
        not_in_meeting: Id of the row of a meeting whose entries are left out.

    Returns:
        The ids of the entries' rows.
    """
    asked = read_likeness(text, languages(connection))
    if not asked.wanted:
        return ()
    conditions = _entry_conditions(Wanted(kinds=kinds, states=states or _STANDING), None)
    if not_in_meeting is not None:
        conditions.append(entries.c.meeting_id != not_in_meeting)
    search = _Search(connection, asked, every=False, limit=limit, ranked=None)
    return tuple(row.id for row in search.rows(conditions))


def languages(connection: sa.Connection) -> tuple[str, ...]:
    """Return the languages of the meetings in the log."""
    tags = connection.execute(sa.select(meetings.c.language).distinct()).scalars()
    return tuple(sorted({language_of(tag) for tag in tags} - {""}))


class _Search:
    """One question to the index, asked of the entries or of what was said."""

    def __init__(
        self,
        connection: sa.Connection,
        asked: Asked,
        *,
        every: bool,
        limit: int,
        ranked: int | None = _RANKED,
    ) -> None:
        self._connection = connection
        self._asked = asked
        self._every = every
        self._limit = limit
        self._ranked = ranked
        self._is_postgresql = connection.dialect.name == "postgresql"
        self._query = asked.tsquery(every=every) if self._is_postgresql else asked.fts5(every=every)

    def entries(self, conditions: list[sa.ColumnElement[bool]]) -> list[Hit]:
        rows = self.rows(conditions)
        ids = [row.id for row in rows]
        found = read_entries_of(self._connection, ids)
        query = (
            sa.select(entries.c.id, meetings.c.language)
            .join(meetings)
            .where(entries.c.id.in_(_inline(ids)))
        )
        tags = {row.id: language_of(row.language) for row in self._connection.execute(query)}
        return [self._entry(found[row.id], row.score, tags[row.id]) for row in rows]

    def _entry(self, entry: LogEntry, score: float, language: str) -> Hit:
        share = 1.0 if self._every else share_of(texts_of(entry), self._asked, language)
        snippets = snippets_of(entry, self._asked, language)
        return Hit(entry=entry, score=score, share=share, snippets=snippets)

    def rows(self, conditions: list[sa.ColumnElement[bool]]) -> Sequence[sa.Row[Any]]:
        """Return the ids and scores of entries, the best first."""
        key, score, fits = self._index(ENTRY_TERMS, _WEIGHTS)
        found = _select(key.label("id"), score.label("score"), table=ENTRY_TERMS).where(fits)
        if conditions:
            found = found.join(entries, entries.c.id == key).where(*conditions)
        return self._best(found, key)

    def talk(self, conditions: list[sa.ColumnElement[bool]]) -> list[Hit]:
        key, score, fits = self._index(TALK_TERMS, _WEIGHTS[:1])
        found = _select(key.label("id"), score.label("score"), table=TALK_TERMS).where(fits)
        if conditions:  # the tables that they are about are read only then
            meeting_id = sa.literal_column(f"{key} / {PLACES}", sa.Integer)
            place = sa.literal_column(f"{key} % {PLACES}", sa.Integer)
            found = (
                found.join(meetings, meetings.c.id == meeting_id)
                .join(
                    utterances,
                    (utterances.c.meeting_id == meeting_id) & (utterances.c.place == place),
                )
                .where(*conditions)
            )
        return [self._utterance(row.id, row.score) for row in self._best(found, key)]

    def _index(
        self, table: str, weights: Sequence[float]
    ) -> tuple[sa.ColumnElement[int], sa.ColumnElement[float], sa.ColumnElement[bool]]:
        """Return a row's key, its score (high is good) and the condition that it is meant."""
        if self._is_postgresql:
            terms = sa.literal_column(f"{table}.terms", TSVECTOR)
            query = sa.cast(sa.bindparam("asked", self._query), TSQUERY)
            shares = [str(weight / _WEIGHTS[0]) for weight in reversed(_WEIGHTS)]  # D, C, B, A
            of_fields: sa.ColumnElement[Any] = sa.literal_column(
                f"CAST('{{{','.join(shares)}}}' AS float4[])"
            )
            score: sa.ColumnElement[float] = sa.func.ts_rank_cd(of_fields, terms, query, _BY_LENGTH)
            if not self._every:
                score = self._rarity(table, terms) * (1 + score)
            return sa.literal_column(f"{table}.id", sa.Integer), score, terms.op("@@")(query)
        parts = ", ".join(map(str, weights))
        score = sa.literal_column(f"-bm25({table}, {parts})", sa.Float)
        fits = sa.literal_column(table).op("MATCH")(sa.bindparam("asked", self._query))
        return sa.literal_column(f"{table}.rowid", sa.Integer), score, fits

    def _rarity(self, table: str, terms: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
        """Return how rare what stands in a row is, as BM25 reckons; PostgreSQL does not."""
        fits = [
            terms.op("@@")(sa.cast(Asked((part,)).tsquery(), TSQUERY))
            for part in self._asked.wanted
        ]
        counts = [sa.select(sa.func.count()).select_from(sa.table(table)).where(f) for f in fits]
        every = sa.select(sa.func.count()).select_from(sa.table(table))
        query = sa.select(every.scalar_subquery(), *(one.scalar_subquery() for one in counts))
        total, *held = self._connection.execute(query).one()
        weights = [math.log(1 + (total - count + 0.5) / (count + 0.5)) for count in held]
        told = (sa.case((fit, w), else_=0.0) for fit, w in zip(fits, weights, strict=True))
        return sum(told, start=sa.literal(0.0))

    def _best(self, found: sa.Select[Any], key: sa.ColumnElement[int]) -> Sequence[sa.Row[Any]]:
        newest = found.order_by(key.desc()).limit(self._ranked).subquery("newest")
        best = sa.select(newest).order_by(newest.c.score.desc(), newest.c.id.desc())
        return self._connection.execute(best.limit(self._limit)).all()

    def _utterance(self, talk_id: int, score: float) -> Hit:
        meeting_id, place = place_of_talk(talk_id)
        query = (
            sa.select(meetings, utterances.c.start, utterances.c.end, utterances.c.speaker)
            .add_columns(utterances.c.text)
            .join(utterances)
            .where(utterances.c.meeting_id == meeting_id, utterances.c.place == place)
        )
        row = self._connection.execute(query).one()
        said = Utterance(start=row.start, end=row.end, speaker=row.speaker, text=row.text)
        language = language_of(row.language)
        shown = marked(
            "said",
            said.text,
            self._asked,
            language,
            moment=said.start,
            speaker=said.speaker,
        )
        share = 1.0 if self._every else share_of([said.text], self._asked, language)
        meeting = meeting_from(row)
        return Hit(utterance=said, meeting=meeting, score=score, share=share, snippets=(shown,))


def _select(*columns: sa.ColumnElement[Any], table: str) -> sa.Select[Any]:
    return sa.select(*columns).select_from(sa.table(table))


def _entry_conditions(
    wanted: Wanted, meeting_ids: Collection[int] | None
) -> list[sa.ColumnElement[bool]]:
    at = sa.func.coalesce(entries.c.decided_at, entries.c.logged_at)
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.kinds:
        conditions.append(entries.c.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.states:
        conditions.append(entries.c.state.in_([state.value for state in wanted.states]))
    if wanted.owner:
        conditions.append(named(entries.c.people, wanted.owner))
    return conditions + _between(at, wanted) + _of(entries.c.meeting_id, meeting_ids)


def _talk_conditions(
    wanted: Wanted, meeting_ids: Collection[int] | None
) -> list[sa.ColumnElement[bool]]:
    at = sa.func.coalesce(meetings.c.started_at, meetings.c.recorded_at)
    conditions = _between(at, wanted) + _of(meetings.c.id, meeting_ids)
    if wanted.owner:
        speaker = sa.literal("\n") + sa.func.lower(utterances.c.speaker) + sa.literal("\n")
        conditions.append(named(speaker, wanted.owner))
    return conditions


def _between(at: sa.ColumnElement[Any], wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if wanted.since is not None:
        conditions.append(at >= wanted.since)
    if wanted.until is not None:
        conditions.append(at < wanted.until)
    return conditions


def _of(
    column: sa.ColumnElement[int], meeting_ids: Collection[int] | None
) -> list[sa.ColumnElement[bool]]:
    return [] if meeting_ids is None else [column.in_(_inline(meeting_ids))]


def _inline(ids: Collection[int]) -> sa.BindParameter[Any]:
    """Return ids written into the query: there may be more than SQLite takes parameters."""
    return sa.bindparam(None, list(ids), expanding=True, literal_execute=True, unique=True)


def _meetings(connection: sa.Connection, told: str | None) -> Collection[int] | None:
    """Return the meetings that are meant, None for any."""
    if not told:
        return None
    part = told.casefold()
    query = sa.select(
        meetings.c.id, meetings.c.title, meetings.c.recording_filename, meetings.c.recording_sha256
    )
    return [
        row.id
        for row in connection.execute(query)
        if row.recording_sha256 == told
        or part in row.title.casefold()
        or part in row.recording_filename.casefold()
    ]
