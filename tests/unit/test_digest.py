"""When something is due, on the clocks of somebody who works elsewhere."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.digest import Due, DueWord, due_for

MONDAY = dt.date(2026, 3, 2)


def utc(day: int, hour: int, month: int = 3) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "word", "days"),
    [
        (utc(26, 9, month=2), DueWord.LATER, 4),
        (utc(1, 9), DueWord.TOMORROW, 1),
        (utc(2, 9), DueWord.TODAY, 0),
        (utc(2, 22), DueWord.TODAY, 0),  # the working day is over, the day is not
        (utc(3, 0), DueWord.OVERDUE, 1),
        (utc(4, 9), DueWord.OVERDUE, 2),
    ],
)
def test_at_home_a_date_is_a_day(now: dt.datetime, word: DueWord, days: int) -> None:
    told = due_for(MONDAY, of="Europe/Berlin", timezone="Europe/Berlin", now=now)
    assert told == Due(word=word, day=MONDAY, days=days)


def test_monday_in_tokyo_is_over_before_monday_begins_in_california() -> None:
    told = due_for(MONDAY, of="Asia/Tokyo", timezone="America/Los_Angeles", now=utc(1, 20))
    assert told == Due(word=DueWord.BEFORE_DAY, day=MONDAY, days=1)


def test_monday_in_california_ends_on_tuesday_in_tokyo() -> None:
    told = due_for(MONDAY, of="America/Los_Angeles", timezone="Asia/Tokyo", now=utc(2, 3))
    assert told == Due(word=DueWord.TOMORROW, day=dt.date(2026, 3, 3), days=1)


def test_a_day_is_over_where_it_was_said() -> None:
    # Tuesday has begun in Tokyo, while it is Monday morning in California.
    told = due_for(MONDAY, of="Asia/Tokyo", timezone="America/Los_Angeles", now=utc(2, 16))
    assert told == Due(word=DueWord.OVERDUE, day=MONDAY, days=1)
    # Friday in Amsterdam ended on Saturday in Tokyo; it was due on Friday.
    friday = dt.date(2026, 3, 6)
    told = due_for(friday, of="Europe/Amsterdam", timezone="Asia/Tokyo", now=utc(9, 9))
    assert told == Due(word=DueWord.OVERDUE, day=friday, days=3)


def test_nobody_is_told_of_something_before_saturday_starts() -> None:
    friday = dt.date(2026, 3, 6)
    for day, word in ((5, DueWord.TOMORROW), (6, DueWord.TODAY)):
        told = due_for(friday, of="Europe/Amsterdam", timezone="Asia/Tokyo", now=utc(day, 3))
        assert (told.word, told.day) == (word, friday)


def test_clocks_that_change_move_no_day() -> None:
    sunday = dt.date(2026, 3, 29)  # the clocks go forward in Berlin
    told = due_for(sunday, of="Europe/Berlin", timezone="Europe/Berlin", now=utc(28, 22))
    assert told == Due(word=DueWord.TOMORROW, day=sunday, days=1)


def test_without_a_date_nothing_is_due() -> None:
    assert due_for(None, of="UTC", timezone="UTC", now=utc(1, 1)) == Due(word=DueWord.NONE)


@given(
    st.dates(),
    st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Mars"]),
    st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "\0"]),
    st.datetimes(timezones=st.just(dt.UTC)),
)
def test_any_date_can_be_told_anywhere(day: dt.date, of: str, zone: str, now: dt.datetime) -> None:
    told = due_for(day, of=of, timezone=zone, now=now)
    assert told.days >= 0
    assert told.day is not None
    assert abs((told.day - day).days) <= 1
