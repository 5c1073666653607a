from __future__ import annotations

import dataclasses
import datetime as dt
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.export.wording import ENGLISH, GERMAN, SPANISH, Wording, length, timestamp, wording_for
from memo.model import DecisionStatus

NOON = dt.datetime(2026, 7, 3, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (9.99, "0:09"), (754.9, "12:34"), (3723, "1:02:03"), (360000, "100:00:00")],
)
def test_timestamps_read_as_players_show_them(seconds: float, shown: str) -> None:
    assert timestamp(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (45.2, "45 s"),
        (178.469, "3 min"),
        (3540, "59 min"),
        (3599, "1 h"),
        (4320, "1 h 12 min"),
        (90000, "25 h"),
    ],
)
def test_lengths_read_as_one_says_them(seconds: float, shown: str) -> None:
    assert length(seconds) == shown


@pytest.mark.parametrize(
    ("timezone", "shown"),
    [
        ("Europe/Lisbon", "Friday 2026-07-03, 13:00 (Europe/Lisbon, UTC+01:00)"),
        ("America/St_Johns", "Friday 2026-07-03, 09:30 (America/St_Johns, UTC-02:30)"),
        ("Pacific/Kiritimati", "Saturday 2026-07-04, 02:00 (Pacific/Kiritimati, UTC+14:00)"),
        ("UTC", "Friday 2026-07-03, 12:00 (UTC)"),
        ("Nowhere/Land", "Friday 2026-07-03, 12:00 (UTC+00:00)"),
        ("../../etc/passwd", "Friday 2026-07-03, 12:00 (UTC+00:00)"),
        ("Europe", "Friday 2026-07-03, 12:00 (UTC+00:00)"),
        ("", "Friday 2026-07-03, 12:00 (UTC+00:00)"),
        ("a\x00b", "Friday 2026-07-03, 12:00 (UTC+00:00)"),
        ("\ud800", "Friday 2026-07-03, 12:00 (UTC+00:00)"),
        ("x" * 5000, "Friday 2026-07-03, 12:00 (UTC+00:00)"),
    ],
)
def test_a_moment_is_shown_with_its_zone_and_offset(timezone: str, shown: str) -> None:
    assert ENGLISH.moment(NOON, timezone) == shown


def test_a_moment_that_the_zone_cannot_express_is_shown_as_it_is() -> None:
    last = dt.datetime.max.replace(tzinfo=dt.UTC)
    assert ENGLISH.moment(last, "Asia/Tokyo").startswith("Friday 9999-12-31, 23:59 (UTC")


@pytest.mark.parametrize(
    ("language", "wording"),
    [("en", ENGLISH), ("de", GERMAN), ("DE_at", GERMAN), ("es-419", SPANISH), ("fr", ENGLISH)],
)
def test_the_wording_follows_the_language(language: str, wording: Wording) -> None:
    assert wording_for(language) is wording


@pytest.mark.parametrize("wording", [ENGLISH, GERMAN, SPANISH])
def test_every_language_fills_in_the_same_fields(wording: Wording) -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for field in dataclasses.fields(Wording):
        text, english = getattr(wording, field.name), getattr(ENGLISH, field.name)
        assert text
        if isinstance(text, str):
            assert fields(text) == fields(english), field.name
    assert set(wording.statuses) == set(DecisionStatus)
    assert len(wording.weekdays) == 7
    assert len({wording.short_day(NOON.date() + dt.timedelta(n))[:2] for n in range(7)}) == 7


def test_german_days_are_abbreviated_as_germans_do() -> None:
    assert GERMAN.short_day(NOON.date()) == "Fr 2026-07-03"


@given(seconds=st.floats(min_value=0, allow_infinity=False))
def test_any_moment_can_be_shown(seconds: float) -> None:
    assert timestamp(seconds).count(":") in {1, 2}
    assert length(seconds)
