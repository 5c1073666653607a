"""Whose sound is whose is heard from how loud tracks are side by side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.speech.tracks.levels import (
    FRAME,
    SILENT,
    Comparison,
    activity,
    levels_of,
    mixtures,
    side_by_side,
    turns_of,
)

RATE = 16_000
Sounds = npt.NDArray[np.float32]


def talk(*spans: tuple[float, float], seconds: float = 12.0, seed: int = 1) -> Sounds:
    """Noise that is as loud as speech in some spans (s), and otherwise hardly audible."""
    random = np.random.default_rng(seed)
    sound = random.normal(size=round(seconds * RATE)) * 1e-4
    for start, end in spans:
        size = round(end * RATE) - round(start * RATE)
        sound[round(start * RATE) :][:size] += random.normal(size=size) * 0.1
    return sound.astype(np.float32)


def compared(*sounds: Sounds) -> Comparison:
    comparison = Comparison()
    blocks = [np.split(sound, [RATE * 5, RATE * 10]) for sound in sounds]
    assert list(comparison.listen(blocks))[-1] == pytest.approx(max(s.size for s in sounds) / RATE)
    return comparison


def spoken(*sounds: Sounds) -> list[list[tuple[float, float]]]:
    comparison = compared(*sounds)
    active = activity(side_by_side(comparison.levels, [0.0] * len(sounds)))
    return [[(turn.start, turn.end) for turn in turns_of(row, "x")] for row in active]


ANN = talk((1, 3), (6, 8), seed=1)
BO = talk((3.5, 5.5), (9, 11), seed=2)


def test_each_track_has_its_own_turns() -> None:
    assert spoken(ANN, BO) == [[(1, 3), (6, 8)], [(3.5, 5.5), (9, 11)]]


def test_a_voice_that_another_microphone_hears_too_is_no_turn_there() -> None:
    softer = 10 ** (-8 / 20)
    assert spoken(ANN + softer * BO, BO + softer * ANN) == spoken(ANN, BO)


def test_two_who_speak_at_once_both_have_a_turn() -> None:
    assert spoken(ANN, talk((2, 4), seed=3)) == [[(1, 3), (6, 8)], [(2, 4)]]


def test_who_says_little_in_a_long_meeting_is_found() -> None:
    long, short = talk((1, 590), seconds=600), talk((595, 597), seconds=600, seed=2)
    assert spoken(long, short)[1] == [(595, 597)]


def test_a_track_that_is_gated_has_turns_too() -> None:
    gated = np.where(np.abs(ANN) < 1e-3, 0, ANN).astype(np.float32)
    assert spoken(gated, np.zeros_like(ANN)) == [[(1, 3), (6, 8)], []]


def test_a_short_pause_ends_no_turn_and_a_click_is_none() -> None:
    assert spoken(talk((1, 2), (2.3, 3), (6, 6.05)), BO)[0] == [(1, 3)]


def test_what_is_the_sum_of_the_others_is_their_mix_however_loud() -> None:
    third = talk((11.2, 11.8), seed=3)
    assert compared(ANN, 0.3 * (ANN + BO + third), BO, third).mixtures() == [1]
    assert compared(ANN, BO, third).mixtures() == []
    assert compared(ANN, BO).mixtures() == []


def test_a_mix_that_was_processed_is_known_by_when_it_sounds() -> None:
    ann, bo = talk((1, 5), seed=1), talk((6, 11), seed=2)
    pressed = np.sign(ann + bo) * np.abs(ann + bo) ** 0.9
    levels = side_by_side([levels_of(s) for s in (ann, pressed, bo)], [0.0] * 3)
    assert mixtures(activity(levels)) == [1]
    assert mixtures(activity(levels[[0, 2]])) == []


def test_sounds_are_the_same_as_far_as_they_correlate() -> None:
    found = compared(ANN, 0.5 * ANN, BO, np.zeros_like(ANN)).correlations()
    assert found[0] == pytest.approx([1, 1, 0, 0], abs=0.02)
    assert found[3].tolist() == [0, 0, 0, 0]


def test_tracks_stand_on_one_clock() -> None:
    placed = side_by_side([levels_of(ANN[: RATE * 2]), levels_of(BO[:RATE])], [0.0, 1.5])
    assert placed.shape == (2, round(2.5 / FRAME))
    assert (placed[1, : round(1.5 / FRAME)] == SILENT).all()


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=4))
def test_sounds_of_any_length_can_be_compared(sizes: list[int]) -> None:
    comparison = Comparison()
    list(comparison.listen([[np.ones(size, np.float32)] for size in sizes]))
    assert comparison.durations == [size / RATE for size in sizes]
    levels = side_by_side(comparison.levels, [0.0] * len(sizes))
    assert activity(levels).shape == levels.shape
    assert comparison.mixtures() == [] or len(sizes) > 2
