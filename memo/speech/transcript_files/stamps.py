"""Time marks in plain text: `0:03`, `01:02:33`, `[00:01.500]`, `10:02 AM`.

A mark may count from the start of the recording or be the time of day; which, the file does not
say. It is the time of day where Zoom writes it, with AM or PM, when most are six hours or more,
and when `10:30` read as minutes and seconds would have everybody speak faster than people can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from memo.model import Remark, RemarkCode
from memo.speech.transcript_files.timeline import steady

STAMP = r"(?:\d{1,4}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?(?:\s?[AaPp]\.?[Mm]\b\.?)?(?!\d|:\d)"
"""Pattern of a time mark, without groups."""

_PARTS = re.compile(r"(?:(\d+):)?(\d+):(\d\d)(?:[.,](\d+))?(?:\s?([AaPp])\.?[Mm]\.?)?")
_FASTEST = 12.0
"""Words per second that nobody reaches."""
_LATE = 6 * 3600
_FEWEST = 3
_DAY = 24 * 3600


class Stamp(NamedTuple):
    """A time mark in seconds; `short` if it was `10:30`, `clock` if it is surely a time of day."""

    seconds: float
    short: bool = False
    clock: bool = False


def parse_stamp(text: str) -> Stamp | None:
    """Return the time mark that a text matching `STAMP` stands for."""
    match = _PARTS.fullmatch(text)
    if not match:
        return None
    first, middle, last, fraction, half = match.groups()
    if half:
        hour, minute, second = (first, middle, last) if first else (middle, last, "0")
        hour_of_day = int(hour) % 12 + (12 if half in "pP" else 0)
        return Stamp(hour_of_day * 3600.0 + int(minute) * 60 + int(second), clock=True)
    seconds = int(first or 0) * 3600 + int(middle) * 60 + int(last)
    return Stamp(seconds + (float("0." + fraction) if fraction else 0.0), short=first is None)


def marks_of(
    stamps: Sequence[Stamp | None], words: float
) -> tuple[list[float | None], tuple[Remark, ...]]:
    """Return the marks as seconds from the start of the recording, and warnings about them.

    Args:
        stamps: The mark of each turn, None where it has none.
        words: How many words all turns have together.
    """
    known = [stamp for stamp in stamps if stamp]
    if not known:
        return [None] * len(stamps), (Remark.of(RemarkCode.TIMES_ESTIMATED),)
    warnings: tuple[Remark, ...] = ()
    if len(known) < len(stamps):
        warnings = (Remark.of(RemarkCode.TIMES_BETWEEN_ESTIMATED),)
    unit = 60 if _hours_and_minutes(known, words) else 1
    middle = sorted(stamp.seconds for stamp in known)[len(known) // 2]
    if unit == 1 and middle < _LATE and not any(stamp.clock for stamp in known):
        return [stamp and stamp.seconds for stamp in stamps], warnings
    marks = _since_first([stamp and stamp.seconds * unit for stamp in stamps])
    return marks, (*warnings, Remark.of(RemarkCode.TIMES_OF_DAY))


def _hours_and_minutes(known: Sequence[Stamp], words: float) -> bool:
    span = known[-1].seconds - known[0].seconds
    return (
        len(known) >= _FEWEST
        and all(stamp.short for stamp in known)
        and 0 < span < words / _FASTEST
    )


def _since_first(times: Sequence[float | None]) -> list[float | None]:
    """Return times of day as seconds since the first one that fits the others, over midnight."""
    first = next(time for time in times if time is not None)
    apart = [
        None if time is None else (time - first + _DAY / 2) % _DAY - _DAY / 2 for time in times
    ]
    start = next(time for time in steady(apart) if time is not None)
    return [None if time is None or time < start else time - start for time in apart]
