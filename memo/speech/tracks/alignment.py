"""When each of several files of one meeting begins.

Recorders that write a file for each participant let all files begin and end together. Where the
lengths say that they do not, the sound itself may tell, if one microphone hears what is said into
another; else what the files say of when they were recorded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memo.speech.tracks.levels import FRAME, SILENT, Levels

_TOGETHER = 2.0  # s: lengths that differ by no more are equal
_LONGEST = 12 * 3600.0  # s between the starts of files of one meeting
_LEAST_COMMON = 20.0  # s that two tracks must run side by side to be compared
_ALIKE = 0.25  # correlation of the levels from which one hears the other
_CLEARER = 1.6  # ... and how much higher than anywhere else
_RANGE = 40.0  # dB below the loudest that count


class Known(StrEnum):
    """How it is known when tracks begin."""

    BY_LENGTH = "by length"
    BY_SOUND = "by sound"
    BY_CLOCK = "by clock"
    ASSUMED = "assumed"


class Alignment(NamedTuple):
    """When each track begins, in seconds of the meeting, and how that is known."""

    starts: tuple[float, ...]
    known: Known


def align(
    levels: Sequence[Levels],
    durations: Sequence[float],
    recorded_at: Sequence[dt.datetime | None],
) -> Alignment:
    """Find when each track begins.

    Args:
        levels: The level of each frame of each track, from its own start.
        durations: The length of each, in seconds.
        recorded_at: When each says that it was recorded; aware.

    Returns:
        The earliest begins at 0. If nothing tells, all do.
    """
    together = tuple(0.0 for _ in durations)
    if max(durations) - min(durations) <= _TOGETHER:
        return Alignment(together, Known.BY_LENGTH)
    if (heard := _by_sound(levels)) is not None:
        return Alignment(heard, Known.BY_SOUND)
    if (told := _by_clock(recorded_at)) is not None:
        return Alignment(told, Known.BY_CLOCK)
    return Alignment(together, Known.ASSUMED)


def _by_clock(recorded_at: Sequence[dt.datetime | None]) -> tuple[float, ...] | None:
    known = [instant for instant in recorded_at if instant is not None]
    if len(known) < len(recorded_at):
        return None
    starts = tuple((instant - min(known)).total_seconds() for instant in known)
    return starts if max(starts) <= _LONGEST else None


def _by_sound(levels: Sequence[Levels]) -> tuple[float, ...] | None:
    """Place each track against the longest one, where one hears the other."""
    longest = max(range(len(levels)), key=lambda place: levels[place].size)
    starts = [0.0] * len(levels)
    for place, track in enumerate(levels):
        if place != longest:
            if (start := _place_in(levels[longest], track)) is None:
                return None
            starts[place] = start
    return tuple(round(start - min(starts), 3) for start in starts)


def _place_in(long: Levels, short: Levels) -> float | None:
    """Return the second of the long track at which the short one begins, if it is clear."""
    likeness = _likeness(_shape(long), _shape(short))
    best = int(likeness.argmax())
    around = slice(max(0, best - round(1 / FRAME)), best + round(1 / FRAME) + 1)
    height = float(likeness[best])
    likeness[around] = 0.0
    if height < _ALIKE or height < _CLEARER * float(likeness.max()):
        return None
    return (best - (short.size - 1)) * FRAME


def _likeness(
    long: npt.NDArray[np.float64], short: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the correlation of two tracks for each lag, from the short one's end on.

    Where they have too little in common it is 0.
    """
    size = long.size + short.size - 1
    turned = np.fft.rfft(short[::-1], size)

    def against(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(np.fft.irfft(np.fft.rfft(values, size) * turned, size))

    products = against(long)
    squares = _running_sum(np.square(long), short.size) if long.size else products
    power = np.sqrt(np.maximum(squares, 1e-9) * max(float(np.square(short).sum()), 1e-9))
    common = np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1))
    common = np.minimum(common, min(long.size, short.size))
    return np.where(common * FRAME >= _LEAST_COMMON, products / power, 0.0)


def _shape(levels: Levels) -> npt.NDArray[np.float64]:
    """Return the rise and fall of a track around its mean, in decibels."""
    if not levels.size:
        return np.zeros(0)
    floor = max(SILENT, float(levels.max()) - _RANGE)
    shown = np.maximum(levels, floor).astype(np.float64)
    return np.asarray(shown - shown.mean())


def _running_sum(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    """Return the sum of each `width` values, from where the first is the last of them on."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, values.size + width)
    return np.asarray(total[np.minimum(ends, values.size)] - total[np.maximum(ends - width, 0)])
