"""When tracks of different lengths begin is heard, or read, or said to be unknown."""

from __future__ import annotations

import datetime as dt

import numpy as np

from memo.speech.tracks.alignment import Known, align
from memo.speech.tracks.levels import FRAME, Levels

START = dt.datetime(2026, 3, 4, 10, tzinfo=dt.UTC)


def voice(seed: int, seconds: float = 120) -> Levels:
    """Levels of somebody who speaks and pauses."""
    random = np.random.default_rng(seed)
    frames = round(seconds / FRAME)
    speaks = np.repeat(random.random(frames // 20 + 1) < 0.4, 20)[:frames]
    return np.where(speaks, random.normal(-22, 5, frames), -75).astype(np.float32)


def both(one: Levels, other: Levels, softer: float) -> Levels:
    power = 10 ** (one / 10) + 10 ** ((other - softer) / 10)
    return np.asarray(10 * np.log10(power), dtype=np.float32)


def seconds(*levels: Levels) -> list[float]:
    return [found.size * FRAME for found in levels]


def test_tracks_that_are_equally_long_begin_together() -> None:
    ann, bo = voice(1), voice(2, 119)
    found = align([ann, bo], seconds(ann, bo), [START, START + dt.timedelta(minutes=3)])
    assert found == ((0.0, 0.0), Known.BY_LENGTH)


def test_where_one_microphone_hears_the_other_the_sound_tells() -> None:
    ann, bo = voice(1), voice(2)
    heard = both(bo, ann, 10)[round(12.35 / FRAME) :]
    found = align([both(ann, bo, 10), heard], seconds(ann, heard), [None, None])
    assert found == ((0.0, 12.35), Known.BY_SOUND)


def test_the_longest_track_may_begin_later() -> None:
    ann, bo = voice(1), voice(2)
    late, early = both(ann, bo, 8)[round(5 / FRAME) :], both(bo, ann, 8)[: round(100 / FRAME)]
    found = align([late, early], seconds(late, early), [None, None])
    assert found == ((5.0, 0.0), Known.BY_SOUND)


def test_else_the_clocks_of_the_files_tell() -> None:
    ann, bo = voice(1), voice(2, 90)
    clocks = [START + dt.timedelta(seconds=2), START + dt.timedelta(seconds=32)]
    assert align([ann, bo], seconds(ann, bo), clocks) == ((0.0, 30.0), Known.BY_CLOCK)


def test_clocks_that_are_a_day_apart_tell_nothing() -> None:
    ann, bo = voice(1), voice(2, 90)
    clocks = [START, START + dt.timedelta(days=1)]
    assert align([ann, bo], seconds(ann, bo), clocks) == ((0.0, 0.0), Known.ASSUMED)


def test_where_nothing_tells_they_are_assumed_to_begin_together() -> None:
    ann, bo = voice(1), voice(2, 90)
    assert align([ann, bo], seconds(ann, bo), [START, None]) == ((0.0, 0.0), Known.ASSUMED)


def test_silence_is_placed_nowhere() -> None:
    ann, none = voice(1), np.full(100, -100, np.float32)
    assert align([ann, none], seconds(ann, none), [None, None]).known is Known.ASSUMED
    nothing = np.zeros(0, np.float32)
    assert align([ann, nothing], seconds(ann, nothing), [None, None]).known is Known.ASSUMED
