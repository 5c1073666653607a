"""Dates of the past are understood as people type them, or not at all."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.moments import period_of

NOW = dt.datetime(2026, 11, 22, 14, 30, tzinfo=dt.UTC)  # a Sunday
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-01-31", "2026-01-31", "2026-02-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2025", "2025-01-01", "2026-01-01"),
        ("1.3.2026", "2026-03-01", "2026-03-02"),
        ("today", "2026-11-22", "2026-11-23"),
        ("Yesterday", "2026-11-21", "2026-11-22"),
        ("vorgestern", "2026-11-20", "2026-11-21"),
        ("ayer", "2026-11-21", "2026-11-22"),
        ("last monday", "2026-11-16", "2026-11-17"),
        ("sunday", "2026-11-15", "2026-11-16"),
        ("letzten Montag", "2026-11-16", "2026-11-17"),
        ("el lunes pasado", "2026-11-16", "2026-11-17"),
        ("last week", "2026-11-09", "2026-11-16"),
        ("el mes pasado", "2026-10-01", "2026-11-01"),
        ("letztes Jahr", "2025-01-01", "2026-01-01"),
        ("2 weeks ago", "2026-11-08", "2026-11-09"),
        ("a week ago", "2026-11-15", "2026-11-16"),
        ("a couple of days ago", "2026-11-20", "2026-11-21"),
        ("vor zwei Wochen", "2026-11-08", "2026-11-09"),
        ("hace 3 días", "2026-11-19", "2026-11-20"),
        ("9 months ago", "2026-02-22", "2026-02-23"),
        ("2d", "2026-11-20", "2026-11-21"),
        ("March", "2026-03-01", "2026-04-01"),
        ("December", "2025-12-01", "2026-01-01"),
        ("2 December 2025", "2025-12-02", "2025-12-03"),
        ("March 1st, 2026", "2026-03-01", "2026-03-02"),
        ("1. März 2026", "2026-03-01", "2026-03-02"),
        ("5 de marzo de 2026", "2026-03-05", "2026-03-06"),
    ],
)
def test_a_date_is_a_stretch_of_the_readers_calendar(text: str, first: str, after: str) -> None:
    period = period_of(text, now=NOW, timezone=BERLIN)
    assert period
    assert tuple(f"{instant:%Y-%m-%d %H:%M}" for instant in period) == (
        f"{first} 00:00",
        f"{after} 00:00",
    )


def test_days_are_those_of_the_time_zone() -> None:
    late = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)
    period = period_of("today", now=late, timezone="Asia/Tokyo")
    assert period
    assert period[0].isoformat() == "2026-11-23T00:00:00+09:00"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("3 hours ago", "2026-11-22T11:30:00+00:00"),
        ("2026-01-01T10:00", "2026-01-01T09:00:00+00:00"),
        ("2026-01-01 10:00Z", "2026-01-01T10:00:00+00:00"),
    ],
)
def test_an_instant_is_one(text: str, instant: str) -> None:
    period = period_of(text, now=NOW, timezone=BERLIN)
    assert period
    assert {one.astimezone(dt.UTC).isoformat() for one in period} == {instant}


def test_the_month_before_the_31st_has_its_own_last_day() -> None:
    now = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
    period = period_of("1 month ago", now=now, timezone="UTC")
    assert period
    assert f"{period[0]:%Y-%m-%d}" == "2026-02-28"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "3/4/2026", "31 February", "2026-13-01", "0000-00-00", "last", "0 days ago",
     "99999999999 years ago", "٣ days ago", "2026-01-01; DROP", "\0", "\ud800", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_date_or_may_be_two_is_not_understood(text: str) -> None:
    assert period_of(text, now=NOW, timezone=BERLIN) is None


@given(
    text=st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                [
                    "last",
                    "2",
                    "31",
                    "2026",
                    "monday",
                    "weeks",
                    "ago",
                    "vor",
                    "hace",
                    "feb",
                    "-",
                    ".",
                ]
            ),
            max_size=5,
        ).map(" ".join),
    )
)
def test_whatever_is_typed_a_period_has_an_order(text: str) -> None:
    period = period_of(text, now=NOW, timezone=BERLIN)
    assert period is None or period[0] <= period[1]
