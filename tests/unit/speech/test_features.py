"""Features are those of Kaldi, and do not depend on how loud somebody speaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.speech.audio import Sound
from memo.speech.voices.features import FILTERS, log_mel


def chirps() -> Sound:
    """An eighth of a second in which much changes, and nothing by chance."""
    n = np.arange(2000)
    rising = 0.3 * np.sin(2 * np.pi * 440 * n / 16000) * (n / 2000)
    beating = 0.1 * np.sin(2 * np.pi * 3000 * n / 16000) * np.cos(n / 500) ** 2
    return np.asarray(rising + beating + 0.02 * np.sin(0.37 * n * n / 2000), np.float32)


def noise(samples: int, seed: int = 0) -> Sound:
    random = np.random.default_rng(seed)
    return np.asarray(random.normal(0, 0.1, samples), np.float32)


def test_features_are_those_of_kaldi() -> None:
    """Made with kaldi-native-fbank 1.23: 80 bins, povey window, no dither; less the mean."""
    found = log_mel(chirps())
    assert found.shape == (11, FILTERS)
    kaldi = [
        [2.673, 4.493, -5.457, -2.426, 0.551, 0.0],
        [0.164, -1.148, 9.194, -2.426, -0.829, 0.0],
        [0.461, 0.028, -2.461, 11.767, 0.522, 0.0],
    ]
    assert found[[0, 5, 10]][:, [0, 7, 25, 40, 60, 79]] == pytest.approx(np.array(kaldi), abs=2e-3)


@given(st.integers(400, 5000))
def test_a_frame_begins_every_ten_milliseconds(samples: int) -> None:
    assert log_mel(noise(samples)).shape == (1 + (samples - 400) // 160, FILTERS)


def test_the_mean_of_each_filter_is_taken_out() -> None:
    assert np.abs(log_mel(noise(8000)).mean(axis=0)).max() < 1e-5


@given(st.floats(0.5, 4.0), st.floats(-0.2, 0.2))
def test_loudness_and_offset_change_nothing(gain: float, offset: float) -> None:
    sound = noise(4000)
    louder = (gain * sound + offset).astype(np.float32)
    assert np.abs(log_mel(louder) - log_mel(sound)).max() < 0.02


def test_features_of_a_part_are_a_part_of_the_features() -> None:
    sound = noise(8000)
    whole, part = log_mel(sound), log_mel(sound[1600:])
    assert np.ptp(whole[10:] - part, axis=0).max() < 1e-4


@pytest.mark.parametrize(("hertz", "filter_number"), [(700, 21), (1000, 27), (4000, 60)])
def test_a_tone_is_heard_in_the_filter_of_its_pitch(hertz: int, filter_number: int) -> None:
    """Filter centres: the mel scale from 20 Hz to 8 kHz in 81 equal steps."""
    tone = 0.3 * np.sin(2 * np.pi * hertz * np.arange(8000) / 16000)
    sound = np.concatenate([noise(8000) / 100, tone.astype(np.float32)])
    step = (1127 * np.log(1 + 8000 / 700) - 1127 * np.log(1 + 20 / 700)) / 81
    centre = (1127 * np.log(1 + hertz / 700) - 1127 * np.log(1 + 20 / 700)) / step - 1
    assert log_mel(sound)[-1].argmax() == round(centre) == filter_number


def test_digital_silence_is_flat() -> None:
    assert not log_mel(np.zeros(1600, np.float32)).any()
