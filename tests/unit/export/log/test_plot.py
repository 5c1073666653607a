"""The picture of what was counted: whole, small enough, and the same each time."""

from __future__ import annotations

import datetime as dt
import io
import xml.etree.ElementTree as ET

import matplotlib.image
import pytest

from memo.export.stats_plot import render_plot
from memo.tallies import Grouping, Stats, Tally

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def counted(by: Grouping, *tallies: Tally, people: tuple[str, ...] = ()) -> Stats:
    return Stats(
        by=by, timezone="UTC", since=None, at=NOW, people=people, tallies=tallies,
        total=Tally(name="all"), actions_open=0, actions_overdue=0, questions_open=0, waiting=(),
    )  # fmt: skip


def weeks(*starts: dt.date) -> list[Tally]:
    return [
        Tally(
            name="{:04}-W{:02}".format(*start.isocalendar()), starts_on=start, meetings=1,
            seconds=3600.0 * place, decisions=place, actions=2, done=1, days_to_done=1.5,
        )
        for place, start in enumerate(starts)
    ]  # fmt: skip


MONDAY = dt.date(2026, 1, 5)
STATS = {
    "nothing": counted(Grouping.WEEK),
    "one week": counted(Grouping.WEEK, *weeks(MONDAY)),
    "a year": counted(
        Grouping.WEEK, *weeks(*(MONDAY + dt.timedelta(weeks=week) for week in range(52)))
    ),
    "from the first day to the last": counted(
        Grouping.WEEK, *weeks(dt.date.min, MONDAY, dt.date(9999, 12, 27))
    ),
    "series of any name": counted(
        Grouping.SERIES,
        *(
            Tally(name=name, meetings=1, seconds=60.0)
            for name in (
                "$x$",
                "$\\frac{",
                "a\nb",
                "新しい倉庫",
                "",
                "x" * 500,
                "\u202eabc",
                "\x00",
            )
        ),
        people=("$\\undefined$", "_^&%#"),
    ),
    "many series": counted(
        Grouping.SERIES, *(Tally(name=f"s{number}", seconds=number) for number in range(100))
    ),
}


@pytest.mark.parametrize("what", STATS)
def test_a_picture_is_800_pixels_wide_whatever_was_counted(what: str) -> None:
    drawn = matplotlib.image.imread(io.BytesIO(render_plot(STATS[what], "png")), format="png")
    height, width, _ = drawn.shape
    assert width == 800
    assert 500 < height < 4000
    assert len({pixel.tobytes() for row in drawn[::7] for pixel in row[::7]}) > 1


def test_the_same_counts_give_the_same_bytes() -> None:
    svg = render_plot(STATS["one week"], "svg")
    assert svg == render_plot(STATS["one week"], "svg")
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 our own
