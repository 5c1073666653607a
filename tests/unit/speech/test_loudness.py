from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.audio import SAMPLE_RATE
from memo.speech.loudness import Loudness

Samples = npt.NDArray[np.float32]
ROAR = np.random.default_rng(0).normal(0, 1, 400 * SAMPLE_RATE).astype(np.float32)


def noise(seconds: float, level: float) -> Samples:
    """Noise of a level in dB of full scale."""
    return ROAR[: round(seconds * SAMPLE_RATE)] * np.float32(10 ** (level / 20))


def named(
    *parts: tuple[float, float], speech: list[tuple[float, float]], block: float = 7.3
) -> list[tuple[float, float]]:
    """The stretches named in a sound of parts of (seconds, level), heard block by block."""
    sound = np.concatenate([noise(*part) for part in parts])
    loudness = Loudness()
    size = round(block * SAMPLE_RATE)
    for first in range(0, sound.size, size):
        loudness.hear(sound[first : first + size])
    spans = [Span(start=start, end=end) for start, end in speech]
    return [(span.start, span.end) for span in loudness.without_speech(spans)]


def test_what_is_as_loud_as_speech_is_named() -> None:
    parts = [(30, -25), (20, -28), (30, -25)]
    assert named(*parts, speech=[(0, 30), (50, 80)]) == [(30, 50)]


def test_what_is_softer_or_short_is_not() -> None:
    assert named((30, -25), (40, -50), (30, -25), speech=[(0, 30), (70, 100)]) == []
    assert named((30, -25), (9, -25), (30, -25), speech=[(0, 30), (39, 69)]) == []


def test_soft_speech_makes_soft_sound_worth_naming() -> None:
    assert named((30, -43), (20, -40), speech=[(0, 30)]) == [(30, 50)]


def test_speech_far_away_says_nothing_of_how_loud_it_is_here() -> None:
    loud = [(60, -10.0), (300, -70.0), (30, -40.0), (20, -40.0)]
    assert named(*loud, speech=[(0, 60), (360, 390)]) == [(390, 410)]


def test_a_lull_parts_nothing_and_silence_does() -> None:
    assert named((8, -25), (2, -80), (8, -25), (10, -25), speech=[(18, 28)]) == [(0, 18)]
    assert named((8, -25), (5, -80), (8, -25), (10, -25), speech=[(21, 31)]) == []


def test_a_beat_that_is_taken_for_speech_parts_no_music() -> None:
    beats = [(at, at + 0.6) for at in range(33, 60, 4)]
    parts = [(30, -25), (30, -25), (30, -25)]
    assert named(*parts, speech=[(0, 30), *beats, (60, 90)]) == [(30, 60)]


def test_short_words_with_pauses_between_are_no_noise() -> None:
    words = [(at, at + 0.9) for at in range(0, 30, 2)]
    parts = [part for _ in words for part in ((1.0, -25.0), (1.0, -70.0))]
    assert named(*parts, speech=[(float(a), b) for a, b in words]) == []


def test_where_nobody_speaks_audible_sound_is_named() -> None:
    assert named((20, -40), (20, -60), speech=[]) == [(0, 20)]
    assert named((5, -120), speech=[]) == []


def test_no_sound_has_no_loud_stretch() -> None:
    assert Loudness().without_speech([Span(start=0, end=4)]) == []


@settings(max_examples=20)
@given(st.floats(0.5, 60), st.sampled_from([[], [(3.0, 9.0)], [(0.0, 30.0), (50.0, 80.0)]]))
def test_it_does_not_matter_how_the_sound_is_cut_up(
    block: float, speech: list[tuple[float, float]]
) -> None:
    parts = [(30, -25.0), (20, -28.0), (30, -25.0)]
    whole = named(*parts, speech=speech, block=100)
    assert named(*parts, speech=speech, block=block) == whole


@pytest.mark.parametrize("seconds", [0.3, 12.3])
def test_stretches_lie_within_the_sound(seconds: float) -> None:
    assert all(end <= seconds for _, end in named((seconds, -20), speech=[]))
