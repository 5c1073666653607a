"""Progress where nobody watches: lines now and then, in the unit of the stage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.cli.output import clock, printable, size
from memo.cli.progress import Lines, amount


class Written:
    """What was written, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


def test_a_line_is_written_at_the_start_every_tenth_and_at_the_end() -> None:
    seen = Written()
    tell = Lines(seen.lines.append, seen.now)
    for done in range(0, 3601, 36):
        tell("transcribing", float(done), 3600.0)
    assert seen.lines[0] == "transcribing: 0:00 of 1:00:00 (0%)"
    assert seen.lines[1] == "transcribing: 6:00 of 1:00:00 (10%)"
    assert seen.lines[-1] == "transcribing: 1:00:00 of 1:00:00 (100%)"
    assert len(seen.lines) == 11


def test_a_slow_stage_is_told_of_every_half_minute() -> None:
    seen = Written()
    tell = Lines(seen.lines.append, seen.now)
    for minute in range(5):
        seen.seconds = minute * 60.0
        tell("reading", float(minute), 1000.0)
    assert len(seen.lines) == 5


def test_standing_still_is_not_told_of() -> None:
    seen = Written()
    tell = Lines(seen.lines.append, seen.now)
    for minute in range(5):
        seen.seconds = minute * 60.0
        tell("reading", 0.0, 10.0)
    assert seen.lines == ["reading: 0 of 10 (0%)"]


def test_a_stage_that_begins_again_is_told_of_again() -> None:
    seen = Written()
    tell = Lines(seen.lines.append, seen.now)
    for _ in range(2):
        tell("listening", 0.0, 10.0)
        tell("listening", 10.0, 10.0)
    assert seen.lines == ["listening: 0:00 of 0:10 (0%)", "listening: 0:10 of 0:10 (100%)"] * 2


@given(st.lists(st.floats(0, 100), max_size=50), st.one_of(st.none(), st.just(100.0)))
def test_any_progress_is_taken_without_complaint(reports: list[float], total: float | None) -> None:
    seen = Written()
    tell = Lines(seen.lines.append, seen.now)
    for done in reports:
        tell("x\x1b[31m\n", done, total)
    assert len(seen.lines) <= len(reports)
    assert all(line.isprintable() for line in seen.lines)


@pytest.mark.parametrize(
    ("stage", "done", "total", "text"),
    [
        ("transcribing", 754.0, 3720.0, "12:34 of 1:02:00"),
        ("fetching base", 1.5e6, 1.5e8, "2 MB of 150 MB"),
        ("reading", 3.0, 12.0, "3 of 12"),
        ("listening", 61.0, None, "1:01"),
        ("waiting for another memo of this recording", 61.0, None, "1:01"),
        ("waiting for another memo to fetch base", 0.0, None, ""),
    ],
)
def test_each_stage_counts_in_its_own_unit(
    stage: str, done: float, total: float | None, text: str
) -> None:
    assert amount(stage, done, total) == text


def test_sizes_and_clocks_are_written_as_people_do() -> None:
    assert [size(n) for n in (0, 999, 1000, 1_117_320_768)] == ["0 B", "999 B", "1 kB", "1.1 GB"]
    assert [clock(s) for s in (0, 59.9, 60, 3600)] == ["0:00", "0:59", "1:00", "1:00:00"]


@given(st.text())
def test_whatever_is_printed_is_one_harmless_line(text: str) -> None:
    assert len(printable(text).splitlines()) <= 1
    assert "\x1b" not in printable(text)
