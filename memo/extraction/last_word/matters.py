"""What a sentence is about, and the values in it that may change.

"Twelve percent off for Pacifica" is about Pacifica, its value is twelve of the unit "percent".
Two sentences are about the same matter if what they are about is the same *without* the values:
only so can a changed value be told from another matter.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from memo.extraction.dates import find_due, resolve_due
from memo.extraction.last_word.turns import stems_of, turns_for
from memo.extraction.words import content_stems, negated
from memo.numbers import numbers_in
from memo.stems import Spoken, words_in

_JOINS = re.compile(r"[\s,.:'’-]{1,2}")
_SIGN = re.compile(r"\s?%|\s?por ciento\b|\s(?:percent|prozent)\b", re.IGNORECASE)
_PERCENT = re.compile(r"por ciento", re.IGNORECASE)
_SOME_DAY = dt.datetime(2026, 1, 7, 12, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Quantity:
    """A number as it stands in a text: characters [start, end), up to `until` with its unit.

    `unit` is the stem of the word after it, "" where none follows.
    """

    number: frozenset[str]
    unit: str
    start: int
    end: int
    until: int


@dataclass(frozen=True)
class Matter:
    """What a sentence is about (`topic`, stems), and its values; `no` says that it denies it."""

    text: str
    topic: frozenset[str]
    dates: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    no: bool

    def undated(self) -> Matter:
        """Return it without its dates."""
        return replace(self, dates=())

    def values(self) -> tuple[str, ...]:
        """Return the values as they were said ("twelve percent")."""
        return (*self.dates, *(self.text[q.start : q.until] for q in self.quantities))


@lru_cache(maxsize=20_000)
def matter_of(text: str, language: str) -> Matter:
    """Return what a sentence is about."""
    turns = turns_for(language)
    dates = find_due(text, language)
    plain = text
    for due in dates:
        plain = plain.replace(due, "." * len(due))  # places stay what they are
    quantities, rest = _quantities(plain, language)
    undone = bool(turns and turns.cancel(text))
    stems = stems_of(" . ".join(w for w in rest if not _cancels(w, language)), language)
    return Matter(
        text=text,
        topic=stems - (turns.plain if turns else frozenset()),
        dates=dates,
        quantities=quantities,
        no=negated(text, language) != undone,
    )


def _cancels(word: str, language: str) -> bool:
    turns = turns_for(language)
    return bool(turns and turns.cancel(word))


def _quantities(text: str, language: str) -> tuple[tuple[Quantity, ...], list[str]]:
    """Return the quantities of a text, and its words that are no numbers."""
    found: list[Quantity] = []
    rest: list[str] = []
    run: list[Spoken] = []
    for spoken in words_in(text):
        apart = bool(run) and not _JOINS.fullmatch(text, run[-1].end, spoken.start)
        number = _is_number(spoken.word, language) and not _PERCENT.match(text, spoken.start - 4)
        if run and (apart or not number):
            found.append(_quantity(text, run, None if apart else spoken, language))
            run = []
        if number:
            run.append(spoken)
        else:
            rest.append(spoken.word)
    if run:
        found.append(_quantity(text, run, None, language))
    return tuple(found), rest


def _is_number(word: str, language: str) -> bool:
    mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    numbers, rest = numbers_in(word, language)
    return bool(numbers) and not rest and not mixed


def _quantity(text: str, run: Sequence[Spoken], after: Spoken | None, language: str) -> Quantity:
    start, end = run[0].start, run[-1].end
    sign = _SIGN.match(text, end)
    stems = content_stems(after.word, language) if after and not sign else []
    until = sign.end() if sign else after.end if after and stems else end
    return Quantity(
        number=frozenset(numbers_in(text[start:end], language)[0]),
        unit="%" if sign else stems[0] if stems else "",
        start=start,
        end=end,
        until=until,
    )


def changed(one: Matter, other: Matter, language: str) -> bool:
    """Tell whether a value of one kind is another one: all the numbers of a unit, or the date.

    A number without a unit is a time, a price or the hall: it counts only where it is the one
    number of both, and the other text is about nothing else.
    """
    return _other_number(one, other) or _other_date(one, other, language)


def agree(one: Matter, other: Matter, language: str) -> bool:
    """Tell whether no value of the one contradicts a value of the other."""
    mine, yours = _by_unit(one), _by_unit(other)
    numbers = all(mine[unit] == yours[unit] for unit in mine.keys() & yours.keys())
    within = all(_same_date(a, b, language) for a in one.dates for b in other.dates)
    return numbers and within


def _by_unit(matter: Matter) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for quantity in matter.quantities:
        found[quantity.unit] = found.get(quantity.unit, frozenset()) | quantity.number
    return found


def _other_number(one: Matter, other: Matter) -> bool:
    mine, yours = _by_unit(one), _by_unit(other)
    alone = len(one.quantities) == 1 == len(other.quantities) and other.topic <= one.topic
    units = (mine.keys() & yours.keys()) - (set() if alone else {""})
    return any(not mine[unit] & yours[unit] for unit in units)


def _other_date(one: Matter, other: Matter, language: str) -> bool:
    if not one.dates or not other.dates:
        return False
    return not any(_same_date(a, b, language) for a in one.dates for b in other.dates)


@lru_cache(maxsize=4096)
def _same_date(one: str, other: str, language: str) -> bool:
    """Tell whether two spoken dates may be the same: one says no more than the other."""
    mine, yours = _date_words(one, language), _date_words(other, language)
    if mine <= yours or yours <= mine:
        return True
    days = [resolve_due(due, _SOME_DAY, language=language) for due in (one, other)]
    return days[0] is None or days[0] == days[1]


def _date_words(due: str, language: str) -> frozenset[str]:
    numbers, rest = numbers_in(due, language)
    return frozenset(numbers) | frozenset(content_stems(" ".join(rest), language))


def with_value(statement: Matter, value: Matter) -> str | None:
    """Return a statement with its one number replaced by the one of a later word.

    "Twelve, then" after "ten percent off" is "Twelve percent off". None where it is not clear
    which number would take which one's place.
    """
    if len(statement.quantities) != 1 or len(value.quantities) != 1 or value.dates:
        return None
    old, new = statement.quantities[0], value.quantities[0]
    if not value.topic <= {new.unit}:
        return None
    if new.unit not in {"", old.unit}:
        return None
    said = value.text[new.start : new.end]
    said = said[:1].upper() + said[1:] if old.start == 0 else said[:1].lower() + said[1:]
    return statement.text[: old.start] + said + statement.text[old.end :]
