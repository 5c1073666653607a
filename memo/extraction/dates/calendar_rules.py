"""From mentions to a day: what "Friday" or "end of next week" means, said on a given day.

Each mention is read into a `Reading`: the days that it allows and the one that it means if
nothing else is said. Readings of one phrase must agree, or there is no day.

Weeks begin on Monday (ISO 8601) and are worked until Friday.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from memo.extraction.dates.grammar import Mention, Use
from memo.extraction.dates.lexicon import Lexicon

_DAY = dt.timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_NEAR = 3
_END_SLACK = {"week": 3, "month": 6, "quarter": 10, "year": 16}


class Rank(IntEnum):
    """How closely a reading pins a day down; the closest names it, the others must agree."""

    REMARK = 0
    PERIOD = 1
    WEEKDAY = 2
    DAY_OF_MONTH = 3
    DAY = 4


@dataclass(frozen=True)
class Reading:
    """What a mention says of the day: the one it means by itself, and which ones it allows."""

    rank: Rank
    day: dt.date | None = None
    allows: Callable[[dt.date], bool] = lambda _day: True
    first: dt.date = dt.date.min
    last: dt.date = dt.date.max
    dated: bool = False


@dataclass(frozen=True)
class Moment:
    """When something was said: the instant, in the zone that its days are counted in."""

    at: dt.datetime
    lexicon: Lexicon

    @property
    def today(self) -> dt.date:
        """The day on which it was said."""
        return self.at.date()


def agreed_day(found: Sequence[Mention], moment: Moment) -> dt.date | None:
    """Return the day that all mentions agree on, None if they do not or cannot tell.

    Raises:
        ValueError, OverflowError: A mention names a day that does not exist.
    """
    if not found or any(mention.use is not Use.DUE for mention in found):
        return None
    readings = [_READERS[mention.kind](mention, moment) for mention in found]
    day = _closest_day(readings)
    if day is None or not all(r.allows(day) and r.first <= day <= r.last for r in readings):
        return None
    return day if day >= moment.today or any(r.dated for r in readings) else None


def _closest_day(readings: Sequence[Reading]) -> dt.date | None:
    rank = max(reading.rank for reading in readings)
    closest = [reading for reading in readings if reading.rank is rank]
    periods = [reading for reading in readings if reading.rank is Rank.PERIOD]
    if periods and rank in (Rank.WEEKDAY, Rank.DAY_OF_MONTH):
        return _only_day_within(periods, closest)
    days = {reading.day for reading in closest if reading.day or rank is not Rank.REMARK}
    return days.pop() if len(days) == 1 else None


def _only_day_within(periods: Sequence[Reading], closest: Sequence[Reading]) -> dt.date | None:
    first, last = max(p.first for p in periods), min(p.last for p in periods)
    days = [first + n * _DAY for n in range(max(0, (last - first).days + 1))]
    fitting = [day for day in days if all(reading.allows(day) for reading in closest)]
    return fitting[0] if len(fitting) == 1 else None


# --- Days ---------------------------------------------------------------------------------------


def _exactly(day: dt.date | None, *, dated: bool = False) -> Reading:
    return Reading(Rank.DAY, day, lambda other: other == day, dated=dated)


def _date(mention: Mention, moment: Moment) -> Reading:
    year, month, day = (mention.number(part) for part in ("y", "m", "d"))
    return _exactly(
        _month_day(month or 0, day or 0, year, moment.today), dated="y" in mention.parts
    )


def _month_day(month: int, day: int, year: int | None, today: dt.date) -> dt.date:
    """Return the day of that name: in that year, or the next one from today on."""
    if year is not None:
        return dt.date(year, month, day)
    leap_years_in_sight = range(today.year, today.year + (8 if (month, day) == (2, 29) else 1))
    for candidate in leap_years_in_sight:
        if day <= monthrange(candidate, month)[1] and dt.date(candidate, month, day) >= today:
            return dt.date(candidate, month, day)
    return dt.date(today.year + 1, month, day)


def _offset(mention: Mention, moment: Moment) -> Reading:
    return _exactly(moment.today + (mention.number("day") or 0) * _DAY)


def _ordinal(mention: Mention, moment: Moment) -> Reading:
    number, weekday = mention.number("d") or 0, mention.number("wd")
    return Reading(
        Rank.DAY_OF_MONTH,
        _next_day_of_month(number, moment.today),
        lambda day: day.day == number and weekday in (None, day.weekday()),
    )


def _next_day_of_month(number: int, today: dt.date) -> dt.date | None:
    """Return the next such day; None where the month at hand lacks it ("the 31st" in June)."""
    month = today.replace(day=1)
    if number < today.day:
        month = _month_later(month, 1)
    return month.replace(day=number) if 1 <= number <= _length(month) else None


def _nth(mention: Mention, moment: Moment) -> Reading:
    month = moment.today.replace(day=1)
    if mention.number("m"):
        month = _month_of(mention.number("m") or 0, None, moment.today)
    elif {"next", "coming"} & {mention.parts.get("rel"), mention.parts.get("post")}:
        month = _month_later(month, 1)
    days = [month + n * _DAY for n in range(_length(month))]
    fitting = [day for day in days if day.weekday() == mention.number("wd")]
    place = mention.number("nth")
    if place is not None and place > len(fitting):
        return _exactly(None)
    return _exactly(fitting[-1] if place is None else fitting[place - 1])


# --- Weekdays -----------------------------------------------------------------------------------


def _weekday(mention: Mention, moment: Moment) -> Reading:
    number = mention.number("wd") or 0
    which = mention.parts.get("post") or mention.parts.get("rel") or "coming"
    day = _which_weekday(number, which, moment)
    return Reading(Rank.WEEKDAY, day, lambda other: other.weekday() == number)


def _which_weekday(number: int, which: str, moment: Moment) -> dt.date | None:
    """Return the weekday that is meant: "Friday" said on a Friday is in a week.

    "Next Friday" is a day in the next week for one half of mankind and the nearest Friday for
    the other: it is resolved where both come to the same, and where the nearest is so near that
    nobody would call it "next".
    """
    today = moment.today
    nearest = _coming(number, today)
    in_next_week = _monday(today) + (7 + number) * _DAY
    if which == "coming":
        return nearest
    if which == "this":
        return None if today.weekday() == number else nearest
    sure = nearest == in_next_week and nearest - today > _DAY
    if which == "afternext":
        return nearest + 7 * _DAY if sure else None
    if sure:
        return nearest
    near = nearest != in_next_week and (nearest - today).days <= _NEAR
    return in_next_week if near and moment.lexicon.next_skips_near else None


def _coming(number: int, today: dt.date) -> dt.date:
    return today + ((number - today.weekday()) % 7 or 7) * _DAY


def _monday(day: dt.date) -> dt.date:
    return day - day.weekday() * _DAY


# --- Spans of time ------------------------------------------------------------------------------


def _span(mention: Mention, moment: Moment) -> Reading:
    count, unit = mention.number("n") or 0, mention.parts["unit"]
    if not count or (unit == "day" and count in moment.lexicon.loose_days):
        return _exactly(None)
    if unit in {"hour", "minute"}:
        return _exactly(_hours_later(moment.at, count, unit))
    return _exactly(_later(moment.today, count, unit))


def _hours_later(instant: dt.datetime, count: int, unit: str) -> dt.date:
    """Add real time, across changes of the clock."""
    delta = dt.timedelta(hours=count) if unit == "hour" else dt.timedelta(minutes=count)
    return (instant.astimezone(dt.UTC) + delta).astimezone(instant.tzinfo).date()


def _later(day: dt.date, count: int, unit: str) -> dt.date:
    match unit:
        case "day":
            return day + count * _DAY
        case "bday":
            return _working_days_later(day, count)
        case "week":
            return day + 7 * count * _DAY
        case "fortnight":
            return day + 14 * count * _DAY
        case _:
            months = count * {"month": 1, "quarter": 3, "year": 12}[unit]
            return _same_day_in(day, _month_later(day.replace(day=1), months))


def _same_day_in(day: dt.date, month: dt.date) -> dt.date:
    return month.replace(day=min(day.day, _length(month)))


def _working_days_later(day: dt.date, count: int) -> dt.date:
    """Skip Saturdays and Sundays; holidays are not known."""
    for _ in range(count):
        day += _DAY
        while day.weekday() >= _SATURDAY:
            day += _DAY
    return day


def _shift(mention: Mention, moment: Moment) -> Reading:
    """Read "two weeks from Monday", "a week on Tuesday", "two days before the third"."""
    count, unit, way = mention.number("n") or 1, mention.parts["unit"], mention.parts["way"]
    anchor = _anchor(mention, moment)
    if anchor is None or unit in {"hour", "minute"}:
        return _exactly(None)
    if way == "before":
        steps = {"day": 1, "week": 7, "fortnight": 14}.get(unit)
        return _exactly(anchor - count * steps * _DAY if steps else None)
    if way == "on" and unit not in {"week", "fortnight"}:
        return _exactly(None)
    return _exactly(_later(anchor, count, unit))


def _anchor(mention: Mention, moment: Moment) -> dt.date | None:
    if "m" in mention.parts:
        return _date(mention, moment).day
    if "d" in mention.parts:
        return _ordinal(mention, moment).day
    if "wd" in mention.parts:
        return _weekday(mention, moment).day
    return moment.today + (mention.number("day") or 0) * _DAY


def _shift_in(mention: Mention, moment: Moment) -> Reading:
    """Read "Montag in acht Tagen", "Tuesday week", "Friday in two weeks".

    From two weeks on it is unclear whether the weeks are counted from today or from that
    weekday: there is a day only where both come to the same.
    """
    weeks = _whole_weeks(mention, moment)
    if weeks is None:
        return _exactly(None)
    if "day" in mention.parts:
        return _exactly(moment.today + ((mention.number("day") or 0) + 7 * weeks) * _DAY)
    number = mention.number("wd") or 0
    counted = _coming(number, moment.today) + 7 * weeks * _DAY
    in_that_week = _monday(moment.today) + (7 * weeks + number) * _DAY
    return _exactly(counted if weeks == 1 or counted == in_that_week else None)


def _whole_weeks(mention: Mention, moment: Moment) -> int | None:
    count, unit = mention.number("n") or 1, mention.parts["unit"].removeprefix("u_")
    if unit == "week":
        return count
    if unit == "fortnight":
        return 2 * count
    if unit == "day" and count in moment.lexicon.loose_days:
        return count // 7
    return count // 7 if unit == "day" and count % 7 == 0 else None


# --- Periods ------------------------------------------------------------------------------------


def _within(first: dt.date, last: dt.date, day: dt.date | None) -> Reading:
    return Reading(Rank.PERIOD, day, first=first, last=last)


def _period(mention: Mention, moment: Moment) -> Reading:
    """Read "this week", "next month", "Q4": due by their end. "By next week" is unclear."""
    first, last, due = _bounds(mention, moment)
    present = first <= moment.today <= last
    ahead = "lead" in mention.parts and not present
    far = mention.parts.get("unit") == "year" and not present
    return _within(first, last, None if ahead or far else due)


def _end(mention: Mention, moment: Moment) -> Reading:
    _, last, due = _bounds(mention, moment)
    unit = mention.parts.get("unit") or (
        "quarter" if "q" in mention.parts else "week" if "kw" in mention.parts else "month"
    )
    first = last - _END_SLACK[unit] * _DAY
    if "kw" in mention.parts:
        first = _monday(last)
    return _within(first, last, due)


def _vague(mention: Mention, moment: Moment) -> Reading:
    first, last, _ = _bounds(mention, moment)
    return _within(first, last, None)


def _bounds(mention: Mention, moment: Moment) -> tuple[dt.date, dt.date, dt.date | None]:
    """Return the first and the last day of a period, and the day it is due by."""
    today = moment.today
    if "kw" in mention.parts:
        return _calendar_week(mention.number("kw") or 0, today)
    if "m" in mention.parts:
        month = _month_of(mention.number("m") or 0, mention.number("y"), today)
        return _months(month, 1)
    if "q" in mention.parts:
        return _quarter(mention.number("q") or 0, mention.number("y"), today)
    which = mention.parts.get("post") or mention.parts.get("rel") or "this"
    steps = {"this": 0, "next": 1, "coming": 1, "afternext": 2}[which]
    return _period_from_now(mention.parts["unit"], steps, today)


def _period_from_now(
    unit: str, steps: int, today: dt.date
) -> tuple[dt.date, dt.date, dt.date | None]:
    if unit == "week":
        return _week(_monday(today) + 7 * steps * _DAY, today)
    size = {"month": 1, "quarter": 3, "year": 12}[unit]
    start = today.replace(month=(today.month - 1) // size * size + 1, day=1)
    return _months(_month_later(start, steps * size), size)


def _week(monday: dt.date, today: dt.date) -> tuple[dt.date, dt.date, dt.date | None]:
    """Return a week and its Friday; once that has passed nobody knows which week is meant."""
    friday = monday + _FRIDAY * _DAY
    return monday, monday + _SUNDAY * _DAY, friday if friday >= today else None


def _calendar_week(number: int, today: dt.date) -> tuple[dt.date, dt.date, dt.date | None]:
    for year in (today.isocalendar().year, today.isocalendar().year + 1):
        monday = dt.date.fromisocalendar(year, number, 1)
        if monday + _FRIDAY * _DAY >= today:
            return _week(monday, today)
    raise ValueError(f"no calendar week {number} from {today} on")


def _quarter(
    number: int, year: int | None, today: dt.date
) -> tuple[dt.date, dt.date, dt.date | None]:
    current = (today.month - 1) // 3 + 1
    if year is None:
        year = today.year + (number < current)
    return _months(dt.date(year, 3 * number - 2, 1), 3)


def _months(first: dt.date, count: int) -> tuple[dt.date, dt.date, dt.date | None]:
    last = _month_later(first, count) - _DAY
    return first, last, last


def _month_of(number: int, year: int | None, today: dt.date) -> dt.date:
    """Return the first day of that month: in that year, or the next one that is not over."""
    return dt.date(year or today.year + (number < today.month), number, 1)


def _month_later(first: dt.date, count: int) -> dt.date:
    months = first.year * 12 + first.month - 1 + count
    return dt.date(months // 12, months % 12 + 1, 1)


def _length(month: dt.date) -> int:
    return monthrange(month.year, month.month)[1]


def _weekend(mention: Mention, moment: Moment) -> Reading:
    """Read "over the weekend" as its Sunday, "before the weekend" as the Friday."""
    lead, monday = mention.parts.get("lead"), _monday(moment.today)
    saturday, sunday = monday + _SATURDAY * _DAY, monday + _SUNDAY * _DAY
    which = {mention.parts.get("rel"), mention.parts.get("post")} - {None, "this"}
    friday = monday + _FRIDAY * _DAY
    if which:
        return Reading(Rank.WEEKDAY, None, lambda day: day.weekday() >= _SATURDAY)
    if lead == "before":
        return _within(monday, friday, friday)
    return _within(saturday, sunday, None if lead else sunday)


# --- Times of the day ---------------------------------------------------------------------------


def _hour(mention: Mention, moment: Moment) -> Reading:
    """Read "by noon" as today while noon is ahead; beside a day it adds nothing."""
    hour, half = mention.number("h") or 0, mention.parts.get("half")
    if half == "pm" and hour < 12:
        hour += 12
    later_half = half not in {"am", "pm"} and hour <= 12 and hour + 12 > moment.at.hour
    ahead = moment.at.hour < hour or (later_half and half is not None)
    return Reading(Rank.REMARK, moment.today if ahead and hour <= 24 else None)


def _end_of_day(_mention: Mention, moment: Moment) -> Reading:
    return Reading(Rank.REMARK, moment.today)


def _blank(_mention: Mention, _moment: Moment) -> Reading:
    return Reading(Rank.REMARK)


_READERS: dict[str, Callable[[Mention, Moment], Reading]] = {
    "date": _date,
    "day": _offset,
    "ordinal": _ordinal,
    "cardinal": _ordinal,
    "nth": _nth,
    "weekday": _weekday,
    "span": _span,
    "shift": _shift,
    "shift_in": _shift_in,
    "period": _period,
    "end": _end,
    "vague": _vague,
    "weekend": _weekend,
    "hour": _hour,
    "end_of_day": _end_of_day,
    "blank": _blank,
}
