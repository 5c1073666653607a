"""The index of what can be found, kept in step in the transactions that change it.

It holds terms, not texts: SQLite's FTS5 tables and PostgreSQL's `tsvector` columns are fed with
the same words (`terms`), so that neither's own idea of a word matters. An entry's row has its
id; what was said has the meeting's and its place, as one number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from memo.decision_log.schema import (
    ENTRY_FIELDS,
    ENTRY_TERMS,
    TALK_TERMS,
    entries,
    meetings,
    utterances,
)
from memo.decision_log.search.query import lexeme
from memo.decision_log.search.terms import forms_in, language_of

PLACES = 1 << 24
"""More than the utterances of any meeting: what one's id is counted in."""
_MOST_WORDS = 4000  # of a field: PostgreSQL counts positions up to 16383
_MOST_LETTERS = 50_000  # of a field: PostgreSQL takes 1 MB in all, of four bytes a letter at most
_POSITIONS = 200  # of a word in a field: PostgreSQL keeps 255
_APART = "\u00b6"  # stands between two texts, so that no phrase goes from one to the other
_AT_ONCE = 200
_PREFIXES = {"decision": "DEC", "action": "ACT", "question": "QUE"}

Terms = Mapping[str, list[str]]
"""The words of each field."""


def index_entry(connection: sa.Connection, entry_id: int) -> None:
    """Bring the index of an entry up to date with what it says now; a withdrawn one is in no index.

    Args:
        connection: Of a transaction that may write.
        entry_id: Of the entry's row.
    """
    query = (
        sa.select(
            entries.c.kind,
            entries.c.number,
            entries.c.finding,
            entries.c.edits,
            entries.c.withdrawn_at,
            meetings.c.title,
            meetings.c.language,
        )
        .join(meetings)
        .where(entries.c.id == entry_id)
    )
    row = dict(connection.execute(query).mappings().one())
    withdrawn = row.pop("withdrawn_at") is not None
    terms = {} if withdrawn else entry_terms(**row)
    put(connection, ENTRY_TERMS, ENTRY_FIELDS, [(entry_id, terms)])


def index_talk(connection: sa.Connection, meeting_id: int) -> None:
    """Bring the index of what was said in a meeting up to date.

    Args:
        connection: Of a transaction that may write.
        meeting_id: Of the meeting's row.
    """
    first, last = talk_ids(meeting_id)
    gone = f"DELETE FROM {TALK_TERMS} WHERE {_key(connection)} BETWEEN :first AND :last"  # noqa: S608 our own names
    connection.execute(sa.text(gone), {"first": first, "last": last})
    language = connection.execute(
        sa.select(meetings.c.language).where(meetings.c.id == meeting_id)
    ).scalar_one()
    query = sa.select(utterances.c.place, utterances.c.text).filter_by(meeting_id=meeting_id)
    rows = [
        (first + row.place, {"said": _words([row.text], language_of(language))})
        for row in connection.execute(query)
    ]
    put(connection, TALK_TERMS, ("said",), rows, anew=False)


def entry_terms(
    *,
    kind: str,
    number: int,
    finding: Mapping[str, Any],
    edits: Mapping[str, Any],
    title: str,
    language: str | None,
) -> Terms:
    """Return the words that an entry is found by, as people left it.

    Args:
        kind: `decision`, `action` or `question`.
        number: Its place among those.
        finding: What memo found, as JSON.
        edits: What people changed of it.
        title: Of its meeting.
        language: Of its meeting.
    """
    told = {**finding, **edits}
    said = [quote.get("quote") for quote in told.get("evidence") or ()]
    people = [told.get(name) for name in ("owner", "raised_by", "waiting_on")]
    tag = language_of(language)
    return {
        "statement": _words([told.get(n) for n in ("statement", "task", "question")], tag),
        "why": _words([told.get(name) for name in ("rationale", "supersedes", "answer")], tag),
        "around": _words(
            [
                *(told.get("considered") or ()),
                *(told.get("decided_by") or ()),
                *people,
                told.get("due_text"),
                title,
                f"{_PREFIXES[kind]}-{number:04d}",
            ],
            tag,
        ),
        "quotes": _words([told.get("untranslated"), *said], tag),
    }


def talk_ids(meeting_id: int) -> tuple[int, int]:
    """Return the first and the last id of what was said in a meeting."""
    first = meeting_id * PLACES
    return first, first + PLACES - 1


def place_of_talk(talk_id: int) -> tuple[int, int]:
    """Return the meeting's id and the place of what was said."""
    return divmod(talk_id, PLACES)


def put(
    connection: sa.Connection,
    table: str,
    fields: Sequence[str],
    rows: Iterable[tuple[int, Terms]],
    *,
    anew: bool = True,
) -> None:
    """Write rows of terms, but empty ones; with `anew`, in place of those of the same ids."""
    postgresql = connection.dialect.name == "postgresql"
    make, values = (_insert_tsvector, _tsvectors) if postgresql else (_insert_fts5, _texts)
    insert = sa.text(make(table, fields))
    delete = sa.text(f"DELETE FROM {table} WHERE {_key(connection)} = :id")  # noqa: S608 our own names
    for some in _batches(rows):
        if anew:
            connection.execute(delete, [{"id": row} for row, _ in some])
        full = [{"id": row, **values(fields, terms)} for row, terms in some if terms]
        if full:
            connection.execute(insert, full)


def _words(texts: Iterable[object], language: str) -> list[str]:
    """Return the words of the texts of a field, as far as they can be kept."""
    words: list[str] = []
    letters = 0
    for text in texts:
        for spoken in forms_in(text, language) if isinstance(text, str) else ():
            letters += len(spoken.word)
            if letters > _MOST_LETTERS or len(words) >= _MOST_WORDS:
                return words
            words.append(spoken.word)
        words.append(_APART)
    return words


def _key(connection: sa.Connection) -> str:
    return "id" if connection.dialect.name == "postgresql" else "rowid"


def _insert_fts5(table: str, fields: Sequence[str]) -> str:
    places = ", ".join(f":{field}" for field in fields)
    return f"INSERT INTO {table} (rowid, {', '.join(fields)}) VALUES (:id, {places})"  # noqa: S608 our own names


def _insert_tsvector(table: str, _fields: Sequence[str]) -> str:
    return f"INSERT INTO {table} (id, terms) VALUES (:id, CAST(:terms AS tsvector))"  # noqa: S608 our own names


def _texts(fields: Sequence[str], terms: Terms) -> dict[str, str]:
    return {field: " ".join(terms[field]) for field in fields}


def _tsvectors(fields: Sequence[str], terms: Terms) -> dict[str, str]:
    """Return terms as PostgreSQL reads a `tsvector`: 'word':1A,17D."""
    positions: dict[str, list[str]] = {}
    at = 0
    for field, weight in zip(fields, "ABCD", strict=False):
        for word in terms[field]:
            at += 1
            of_word = positions.setdefault(word, [])
            if word != _APART and len(of_word) < _POSITIONS:
                of_word.append(f"{at}{weight}")
        at += 1
    positions.pop(_APART, None)
    written = (f"{lexeme(word)}:{','.join(places)}" for word, places in positions.items())
    return {"terms": " ".join(written)}


def _batches(rows: Iterable[tuple[int, Terms]]) -> Iterator[list[tuple[int, Terms]]]:
    some: list[tuple[int, Terms]] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
