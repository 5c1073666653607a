"""Dates of the past as people type them: "2026-01-01", "last monday", "vor 2 Wochen", "ayer".

A date is a stretch of time, from its first instant to the first one after it: a day, a week, a
month or a year, as clocks in the reader's time zone count them. What can be read in two ways
("3/4/2026") is not understood.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

Period = tuple[dt.datetime, dt.datetime]
"""The first instant, and the first one after it."""

_DAYS = (
    ("monday", "mon", "montag", "lunes"),
    ("tuesday", "tue", "dienstag", "martes"),
    ("wednesday", "wed", "mittwoch", "miercoles"),
    ("thursday", "thu", "donnerstag", "jueves"),
    ("friday", "fri", "freitag", "viernes"),
    ("saturday", "sat", "samstag", "sonnabend", "sabado"),
    ("sunday", "sun", "sonntag", "domingo"),
)
_MONTHS = (
    ("january", "jan", "januar", "enero"),
    ("february", "feb", "februar", "febrero"),
    ("march", "mar", "marz", "marzo"),
    ("april", "apr", "abril"),
    ("may", "mai", "mayo"),
    ("june", "jun", "juni", "junio"),
    ("july", "jul", "juli", "julio"),
    ("august", "aug", "agosto"),
    ("september", "sep", "sept", "septiembre"),
    ("october", "oct", "oktober", "octubre"),
    ("november", "nov", "noviembre"),
    ("december", "dec", "dezember", "diciembre"),
)
_UNITS = {
    "minute": ("minute", "minutes", "min", "minuten", "minuto", "minutos"),
    "hour": ("hour", "hours", "h", "stunde", "stunden", "hora", "horas"),
    "day": ("day", "days", "d", "tag", "tage", "tagen", "dia", "dias"),
    "week": ("week", "weeks", "w", "woche", "wochen", "semana", "semanas"),
    "month": ("month", "months", "monat", "monate", "monaten", "mes", "meses"),
    "year": ("year", "years", "y", "jahr", "jahre", "jahren", "ano", "anos"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_DAY_OF = {word: place for place, words in enumerate(_DAYS) for word in words}
_MONTH_OF = {word: place for place, words in enumerate(_MONTHS, start=1) for word in words}
_COUNTS = {
    word: place
    for place, words in enumerate(
        (
            ("a", "an", "one", "ein", "eine", "einem", "einer", "un", "una"),
            ("two", "zwei", "dos", "couple"),
            ("three", "drei", "tres"),
            ("four", "vier", "cuatro"),
            ("five", "funf", "cinco"),
            ("six", "sechs", "seis"),
        ),
        start=1,
    )
    for word in words
}
_TODAY = {"today": 0, "heute": 0, "hoy": 0, "yesterday": 1, "gestern": 1, "ayer": 1}
_TODAY |= {"vorgestern": 2, "anteayer": 2}
_LAST = r"(?:last|past|letzte[nrsm]?|vergangene[nrsm]?|el|la)"
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{2}):(\d{2})(?::(\d{2}))?(z|[+-]\d\d:?\d\d)?)?"
)
_ACCENTS = str.maketrans("áéíóúüäöñ", "aeiouuaon")
_LONGEST = 60


def period_of(text: str, *, now: dt.datetime, timezone: str) -> Period | None:
    """Return the stretch of time that a date of the past means, None if it is not understood.

    Args:
        text: As people type it, in English, German or Spanish.
        now: The present instant, aware.
        timezone: IANA name of the zone whose clocks count.

    Returns:
        Its first instant and the first one after it, aware; of what names an instant ("3 hours
        ago") both are that.
    """
    told = " ".join(text[:_LONGEST].casefold().translate(_ACCENTS).replace(",", " ").split())
    zone = ZoneInfo(timezone)
    here = now.astimezone(zone)
    try:
        return next(_readings(told, here), None)
    except (ValueError, OverflowError):  # the 31st of February, the year 0
        return None


def _readings(told: str, now: dt.datetime) -> Iterator[Period]:
    yield from _written(told, now)
    if told in _TODAY:
        yield _days(now.date() - dt.timedelta(days=_TODAY[told]), now)
    if told == "now":
        yield now, now
    if day := re.fullmatch(rf"(?:{_LAST} )?(\w+)(?: pasad[oa])?", told):
        if day[1] in _DAY_OF:
            back = (now.weekday() - _DAY_OF[day[1]]) % 7 or 7
            yield _days(now.date() - dt.timedelta(days=back), now)
        if told != day[1] and day[1] in _UNIT_OF:
            yield _last(_UNIT_OF[day[1]], now)
    if ago := re.fullmatch(r"(?:vor |hace |a (?=couple))?(\w+?)(?: of)? ?([a-z]+)(?: ago)?", told):
        count = _COUNTS.get(ago[1]) or (int(ago[1]) if ago[1].isascii() and ago[1].isdigit() else 0)
        if count and ago[2] in _UNIT_OF:
            yield _ago(count, _UNIT_OF[ago[2]], now)
    yield from _named(told, now)


def _written(told: str, now: dt.datetime) -> Iterator[Period]:
    """Read dates in digits: ISO 8601, parts of it, and with points as in German."""
    if iso := _ISO.fullmatch(told):
        if iso[4] is None:
            yield _days(dt.date(int(iso[1]), int(iso[2]), int(iso[3])), now)
        else:
            at = dt.datetime.fromisoformat(told.upper().replace(" ", "T"))
            at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
            yield at, at
    if month := re.fullmatch(r"(\d{4})-(\d{2})", told):
        yield _month(int(month[1]), int(month[2]), now)
    if re.fullmatch(r"(?:19|20)\d\d", told):
        yield _of(dt.date(int(told), 1, 1), dt.date(int(told) + 1, 1, 1), now)
    if points := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", told):
        yield _days(dt.date(int(points[3]), int(points[2]), int(points[1])), now)


def _named(told: str, now: dt.datetime) -> Iterator[Period]:
    """Read dates with the name of a month; without a year the last such one."""
    words = re.sub(r"\b(?:of|de|del|the|el|in|en)\b|\.(?=\s|$)", " ", told).split()
    months = [word for word in words if word in _MONTH_OF]
    if len(months) != 1 or len(words) > 3:
        return
    month = _MONTH_OF[months[0]]
    rest = [re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word) for word in words if word != months[0]]
    if not all(word.isascii() and word.isdigit() for word in rest):
        return
    years = [int(word) for word in rest if len(word) == 4]
    days = [int(word) for word in rest if len(word) <= 2]
    if len(years) + len(days) != len(rest) or len(years) > 1 or len(days) > 1:
        return
    year = (
        years[0] if years else now.year - ((month, *days) > (now.month, now.day)[: 1 + len(days)])
    )
    yield _days(dt.date(year, month, days[0]), now) if days else _month(year, month, now)


def _ago(count: int, unit: str, now: dt.datetime) -> Period:
    if unit in {"minute", "hour"}:
        at = now.astimezone(dt.UTC) - dt.timedelta(**{f"{unit}s": count})
        return at, at
    if unit in {"day", "week"}:
        return _days(now.date() - dt.timedelta(days=count * (7 if unit == "week" else 1)), now)
    years, month = divmod(now.year * 12 + now.month - 1 - count * (12 if unit == "year" else 1), 12)
    last = calendar.monthrange(years, month + 1)[1]
    return _days(dt.date(years, month + 1, min(now.day, last)), now)


def _last(unit: str, now: dt.datetime) -> Period:
    """Return the week, month or year before this one."""
    today = now.date()
    if unit == "week":
        monday = today - dt.timedelta(days=today.weekday())
        return _of(monday - dt.timedelta(days=7), monday, now)
    if unit == "month":
        before = today.replace(day=1) - dt.timedelta(days=1)
        return _month(before.year, before.month, now)
    if unit == "year":
        return _of(dt.date(today.year - 1, 1, 1), dt.date(today.year, 1, 1), now)
    return _ago(1, unit, now)


def _month(year: int, month: int, now: dt.datetime) -> Period:
    after = dt.date(year + month // 12, month % 12 + 1, 1)
    return _of(dt.date(year, month, 1), after, now)


def _days(day: dt.date, now: dt.datetime) -> Period:
    return _of(day, day + dt.timedelta(days=1), now)


def _of(first: dt.date, after: dt.date, now: dt.datetime) -> Period:
    start, end = (dt.datetime.combine(day, dt.time(), now.tzinfo) for day in (first, after))
    return start, end
