"""Spoken due dates, resolved by code: "by the end of next week", said on a day, in a zone.

Two doors: `find_due` takes the words out of a sentence, `resolve_due` turns them into a day.
Words become symbols (`lexicon`, one module of data per language), symbols become mentions of
days (`grammar`, one for all languages), mentions become one day or none (`calendar_rules`).

The conventions: a bare weekday is the next one, never today; a period ("this week", "end of the
month") is due on its last day, a week on its Friday; the day named is the day, "before Friday"
as well as "by Friday"; a day and month without a year are the next from today on. Several
mentions in one phrase must agree ("Monday the twenty-seventh"). A wrong date is worse than none:
what people understand in two ways is None. Holidays are not known.

Why no library. Phrases of `tests/data/due` (601, ours) and of the 57 labelled due dates of
`memo/evaluation/meetings` (not written for this), as right / wrong / no date:

    dateparser 1.5.0    247 /  47 / 307     20 /  0 / 37     BSD, alive, 0.2 s to import
     - search_dates     274 / 195 / 132     30 /  9 / 18
    parsedatetime 2.6   248 / 214 / 139     33 / 11 / 13     Apache-2.0, last release 2020
    recurrent 0.4.1     235 / 138 / 228     30 / 12 / 15     BSD, last release 2021, English
    timefhuman 0.1.5    244 /  76 / 281     24 /  5 / 28     Apache-2.0, alive, English
    ctparse 0.3.6       232 / 201 / 168     33 /  9 / 15     MIT, last release 2022
    these rules         601 /   0 /   0     51 /  0 /  6     no dependency

The 601 were made along with the rules. Two batches of them were written before the rules had
seen them: of 292 phrases 274 were right at first, 14 got a date that was not
expected. As a fallback,
dateparser would add wrong dates only: whatever it reads of what is left open here is wrong.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from zoneinfo import ZoneInfo

from memo.errors import ConfigError
from memo.extraction.dates.calendar_rules import Moment, agreed_day
from memo.extraction.dates.english import english
from memo.extraction.dates.german import german
from memo.extraction.dates.grammar import due_spans, mentions
from memo.extraction.dates.lexicon import Lexicon, read
from memo.extraction.dates.spanish import spanish

__all__ = ["days_and_months", "find_due", "resolve_due"]

_LANGUAGES = {"en": english, "de": german, "es": spanish}
_LONGEST_PHRASE = 300
_DAY_OR_MONTH = re.compile(r"(?:wd|mon)\d+")
_EVERY = re.compile(
    r"\b((?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag"
    r"|mittwoch|sonnabend|sábado|domingo)(?:s|en?)\b",
    re.IGNORECASE,
)
"""Mondays, montags, domingos: of every week."""
_ISO = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")


def resolve_due(
    due_text: str, said_at: dt.datetime, *, language: str, timezone: str | None = None
) -> dt.date | None:
    """Return the day that spoken words mean, None where they leave it open.

    Args:
        due_text: The words, e.g. "two weeks from Monday"; case and punctuation do not matter.
        said_at: The instant at which they were said, timezone-aware.
        language: ISO 639-1 code, with or without a region. English, German and Spanish are
            understood; of others only an ISO 8601 date.
        timezone: IANA name of the zone to count days in; by default that of `said_at`.

    Raises:
        ValueError: `said_at` has no time zone.
        ConfigError: There is no such time zone.
    """
    if said_at.tzinfo is None:
        raise ValueError("said_at must be timezone-aware")
    zone = _zone(timezone) if timezone is not None else said_at.tzinfo
    lexicon = _lexicon(language)
    if len(due_text) > _LONGEST_PHRASE:
        return None
    try:
        if lexicon is None:
            return _iso_day(due_text)
        found = mentions(read(due_text, lexicon), lexicon)
        return agreed_day(found, Moment(said_at.astimezone(zone), lexicon))
    except (ValueError, OverflowError):  # a day that does not exist, such as 31 June
        return None


def find_due(text: str, language: str) -> tuple[str, ...]:
    """Return the parts of a sentence that say when something is due, as they stand in it.

    Each is as long as it can be ("bis Ende nächster Woche, Freitag der Zwanzigste"). A due
    phrase need not name a day ("in a few days"): `resolve_due` tells.

    Args:
        text: What was said, of any length.
        language: As for `resolve_due`.
    """
    lexicon = _lexicon(language)
    if lexicon is None:
        return tuple(_ISO.findall(text))
    tokens = read(text, lexicon)
    spans = due_spans(tokens, lexicon)
    return tuple(text[tokens[start].start : tokens[end - 1].end] for start, end in spans)


def days_and_months(text: str, language: str) -> frozenset[str]:
    """Return the weekdays and months that a text names, alike in every language: `wd0`, `mon10`.

    Args:
        text: What was said, of any length.
        language: As for `resolve_due`; of others nothing is known.
    """
    lexicon = _lexicon(language)
    tokens = read(_EVERY.sub(r"\1", text), lexicon) if lexicon else []
    always_capital = lexicon is _speaker_of("en")  # "may" and "march" are verbs
    return frozenset(
        token.symbol
        for token in tokens
        if _DAY_OR_MONTH.fullmatch(token.symbol) and (token.capital or not always_capital)
    )


@cache
def _speaker_of(code: str) -> Lexicon | None:
    build = _LANGUAGES.get(code)
    return build() if build else None


def _lexicon(language: str) -> Lexicon | None:
    return _speaker_of(re.split(r"[-_]", language.lower(), maxsplit=1)[0])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ConfigError(
            f"there is no time zone {name[:80]!r}", hint="Give an IANA name: Europe/Berlin."
        ) from error


def _iso_day(text: str) -> dt.date | None:
    days = {dt.date.fromisoformat(day) for day in _ISO.findall(text)}
    return days.pop() if len(days) == 1 else None
