# ruff: noqa: INP001, T201
"""Measure how long a search in a large log takes.

    python benchmarks/search.py [--entries 100000] [--url postgresql://user@host/empty]

A log is filled with entries in English, German and Spanish whose words are as frequent as words
are (Zipf's law) and stand in several forms; ten entries make a meeting, in which thirty sentences
were said besides. Each kind of query is asked many times over, each time with other words, of a
log that is opened once, as a server would have it. Told are the median and the 95th percentile in
milliseconds, by the clock and of this process's processor time (which others on the machine do
not lengthen; with PostgreSQL, the server's is not in it), and `LIKE` for the same words. By
default the log is a new SQLite file in a scratch folder. `--url` names an empty database; it is
left full.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from memo.decision_log.database import Database
from memo.decision_log.log import DecisionLog, Wanted
from memo.decision_log.schema import (
    ENTRY_FIELDS,
    ENTRY_TERMS,
    TALK_TERMS,
    entries,
    meetings,
    utterances,
)
from memo.decision_log.search.finding import candidates
from memo.decision_log.search.index import PLACES, entry_terms, put
from memo.decision_log.search.terms import forms_in
from memo.remembered import EntryKind, EntryState, Hits

LEMMAS = 20_000
A_MEETING = 10
SAID = 30
REPEATS = 40
START = dt.datetime(2021, 1, 4, 9, tzinfo=dt.UTC)
FUNCTION_WORDS = {
    "en": "the of and to in a is that it we for on with as this are be not have by",
    "de": "die der und in den von zu das mit sich des auf für ist im dem nicht ein eine als",
    "es": "de la que el en y los se del las un por con una para su lo como más no",
}
ENDINGS = {
    "en": ("", "s", "ing", "ed"),
    "de": ("", "en", "ung", "ungen"),
    "es": ("ar", "ación", "aciones", "ado"),
}
SYLLABLES = [
    a + b
    for a in ("b", "d", "f", "g", "l", "m", "p", "r", "s", "t", "v", "z", "st", "tr")
    for b in "aeiou"
]
PEOPLE = [f"{first} {last}" for first in ("Ana", "Marco", "Priya", "Jonas") for last in "ABCDEFGH"]


class Words:
    """The words of a language, the frequent ones more often."""

    def __init__(self, language: str, chance: random.Random) -> None:
        lemmas = set[str]()
        while len(lemmas) < LEMMAS:
            lemmas.add("".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 3, 3, 4)))) + "n")
        self.function = FUNCTION_WORDS[language].split()
        self.lemmas = sorted(lemmas)
        chance.shuffle(self.lemmas)
        self._every = [*self.function, *self.lemmas]
        self._upto = list(itertools.accumulate(1 / (n + 1) for n in range(len(self._every))))
        self._endings = ENDINGS[language]
        self._chance = chance

    def text(self, count: int) -> str:
        """Return a sentence of so many words."""
        drawn = self._chance.choices(self._every, cum_weights=self._upto, k=count)
        return " ".join(map(self.form, drawn)).capitalize() + "."

    def form(self, word: str) -> str:
        """Return a word in one of its forms."""
        return word if word in self.function else word + self._chance.choice(self._endings)


def fill(database: Database, count: int, chance: random.Random) -> dict[str, Words]:
    """Write so many entries, and what was said around them."""
    words = {language: Words(language, chance) for language in FUNCTION_WORDS}
    with database.writing() as connection:
        for first in range(0, count, 1000):
            held, made, told = [], [], []
            for meeting in range(first // A_MEETING, min(first + 1000, count) // A_MEETING):
                language = ("en", "de", "es")[meeting % 3]
                held.append(_meeting(meeting + 1, language, words[language]))
                made += [_entry(meeting, n, words[language], chance) for n in range(A_MEETING)]
                told += [_utterance(meeting + 1, n, words[language]) for n in range(SAID)]
            connection.execute(meetings.insert(), held)
            connection.execute(entries.insert(), made)
            connection.execute(utterances.insert(), told)
            _index(connection, held, made, told)
    return words


def _meeting(place: int, language: str, words: Words) -> dict[str, Any]:
    at = START + dt.timedelta(hours=4 * place)
    return {
        "id": place,
        "recording_sha256": f"{place:064x}",
        "recording_filename": f"{place}.m4a",
        "title": words.text(3),
        "started_at": at,
        "timezone": "UTC",
        "recorded_at": at,
        "language": language,
    }


def _entry(meeting: int, place: int, words: Words, chance: random.Random) -> dict[str, Any]:
    number = meeting * A_MEETING + place + 1
    people = chance.sample(PEOPLE, 2)
    at = START + dt.timedelta(hours=4 * meeting, minutes=place)
    quotes = [
        {"start": 60.0 * place, "end": 60.0 * place + 9, "speaker": people[0], "quote": quote,
         "score": 0.9}
        for quote in (words.text(14), words.text(12))
    ]  # fmt: skip
    finding = {
        "id": f"D{place}",
        "verdict": "supported",
        "confidence": 0.9,
        "evidence": quotes,
        "statement": words.text(11),
        "rationale": words.text(12) if place % 2 else None,
        "considered": [words.text(3)],
        "decided_by": people,
        "status": "accepted",
    }
    return {
        "id": number,
        "kind": "decision",
        "number": number,
        "meeting_id": meeting + 1,
        "state": chance.choice(["accepted"] * 8 + ["superseded", "proposed"]),
        "decided_at": at,
        "people": "\n" + "".join(f"{name.casefold()}\n" for name in people),
        "finding": finding,
        "edits": {},
        "logged_at": at,
        "changed_at": at,
    }


def _utterance(meeting: int, place: int, words: Words) -> dict[str, Any]:
    said = {"start": 10.0 * place, "end": 10.0 * place + 9, "speaker": PEOPLE[place % 9]}
    return {"meeting_id": meeting, "place": place, "text": words.text(12), **said}


def _index(
    connection: sa.Connection,
    held: list[dict[str, Any]],
    made: list[dict[str, Any]],
    told: list[dict[str, Any]],
) -> None:
    of = {meeting["id"]: meeting for meeting in held}
    names = ("kind", "number", "finding", "edits")
    rows = (
        (
            row["id"],
            entry_terms(
                **{name: row[name] for name in names},
                title=of[row["meeting_id"]]["title"],
                language=of[row["meeting_id"]]["language"],
            ),
        )
        for row in made
    )
    put(connection, ENTRY_TERMS, ENTRY_FIELDS, rows, anew=False)
    said = (
        (
            row["meeting_id"] * PLACES + row["place"],
            {"said": [w.word for w in forms_in(row["text"], of[row["meeting_id"]]["language"])]},
        )
        for row in told
    )
    put(connection, TALK_TERMS, ("said",), said, anew=False)


# --- Asking -------------------------------------------------------------------------------------


def queries(
    words: dict[str, Words], chance: random.Random
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield each kind of query, and what makes one of it."""

    def some(count: int, first: int, last: int) -> str:
        language = words[chance.choice(sorted(words))]
        return " ".join(map(language.form, chance.sample(language.lemmas[first:last], count)))

    def sentence() -> str:
        return words[chance.choice(sorted(words))].text(12)

    yield "one word (of the 5,000 most frequent)", lambda: some(1, 0, 5000)
    yield "one of the 20 most frequent words", lambda: some(1, 0, 20)
    yield "two words", lambda: some(2, 0, 500)
    yield "three frequent words", lambda: some(3, 0, 50)
    yield "three words, of which some are found", lambda: some(3, 500, 5000)
    yield "a phrase of two words", lambda: f'"{some(2, 0, 20)}"'
    yield "a frequent word without another", lambda: f"{some(1, 0, 20)} -{some(1, 0, 20)}"
    yield "a whole sentence", sentence
    yield "only words of grammar", lambda: " ".join(chance.sample(words["en"].function, 3))
    yield "nothing to be found", lambda: f"xqk{chance.randrange(10**6)}"


class Took(NamedTuple):
    """Milliseconds by the clock, and of the processor."""

    wall: float
    cpu: float


def timed(ask: Callable[[], Any]) -> tuple[Took, Any]:
    """Return how long something takes, and what it gives."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = ask()
    took = (time.perf_counter() - wall, time.process_time() - cpu)
    return Took(*(seconds * 1000 for seconds in took)), found


def measured(name: str, ask: Callable[[], tuple[Took, int]]) -> str:
    """Return a line of the table: medians and 95th percentiles, and how many are found."""
    runs = [ask() for _ in range(REPEATS)]
    figures = ""
    for clock in (0, 1):
        times = sorted(took[clock] for took, _ in runs)
        figures += f" {statistics.median(times):8.1f} {times[int(len(times) * 0.95)]:8.1f}"
    found = statistics.mean(count for _, count in runs)
    return f"{name:42}{figures} {found:8.1f}"


def like(database: Database, query: str) -> int:
    """Find the words as `LIKE` would, in the same texts."""
    words = [word.strip('"-').casefold() for word in query.split()]
    column = sa.func.lower(sa.cast(entries.c.finding, sa.Text))
    found = sa.select(entries.c.id).where(*(column.contains(word) for word in words))
    with database.reading() as connection:
        return len(connection.execute(found.order_by(entries.c.id.desc()).limit(20)).all())


def report(url: str, count: int, words: dict[str, Words], chance: random.Random) -> None:
    """Ask, and print what it took."""
    database = Database(url)
    filters = Wanted(
        states=[EntryState.ACCEPTED],
        owner="Marco",
        since=START + dt.timedelta(hours=2 * count // A_MEETING),  # the second half
    )
    print(f"{'ms':42} {'median':>8} {'p95':>8} {'cpu':>8} {'p95':>8} {'found':>8}")
    with DecisionLog(url) as log:
        kinds = list(queries(words, chance))
        log.search("warm")

        def asking(make: Callable[[], str], **how: Any) -> Callable[[], tuple[Took, int]]:  # noqa: ANN401
            def ask() -> tuple[Took, int]:
                query = make()
                took, hits = timed(lambda: log.search(query, **how))
                found: Hits = hits
                return took, len(found.hits)

            return ask

        for name, make in kinds:
            print(measured(name, asking(make)))
        for name, make in kinds[:3]:
            print(measured(f"{name}, filtered"[:42], asking(make, wanted=filters)))
        for name, make in kinds[:3]:
            print(measured(f"{name}, transcripts"[-42:], asking(make, transcripts=True)))

    def likened() -> tuple[Took, int]:
        text = kinds[7][1]()
        with database.reading() as connection:
            took, found = timed(lambda: candidates(connection, text, kinds=[EntryKind.DECISION]))
        return took, len(found)

    print(measured("entries like a sentence (for chains)", likened))
    print("\nLIKE, as a baseline")
    for name, make in [kinds[0], kinds[2], kinds[-1]]:
        print(measured(name, lambda make=make: timed(lambda: like(database, make()))))  # type: ignore[misc]
    database.close()


def main() -> None:
    """Fill a log and ask it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--url")
    given = parser.parse_args()
    chance = random.Random(1)  # noqa: S311 - the same log each time
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{Path(folder) / 'decisions.db'}"
        DecisionLog(url).close()
        database = Database(url)
        took, words = timed(lambda: fill(database, given.entries, chance))
        database.close()
        print(f"{given.entries:,} entries written and indexed in {took.wall / 1000:.0f} s")
        if not given.url:
            size = (Path(folder) / "decisions.db").stat().st_size
            print(f"{size / 1e6:,.0f} MB")
        sys.stdout.flush()
        report(url, given.entries, words, chance)


if __name__ == "__main__":
    main()
