"""Where voices change, the sound is heard once more, and the change falls where it was heard."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.voices.borders import LOOK, REACH, follow, known_voices, looks
from memo.speech.voices.diarization import Window, plan, turns_of

PIECES = [Span(start=1.03, end=13.0), Span(start=14.0, end=14.6), Span(start=20.0, end=29.0)]


def halves(windows: list[Window], change: float) -> list[int]:
    """One voice before an instant, another after it, as windows that blur it show them."""
    return [int(window.middle > change) for window in windows]


def heard(looked: list[Window], change: float) -> np.ndarray:
    """How alike looks are to two voices of which the second begins at an instant."""
    second = np.array([min(1.0, max(0.0, look.end - change)) / LOOK for look in looked])
    return np.stack([1 - second, second], axis=1) * 0.7


def test_only_around_changes_the_sound_is_heard_once_more() -> None:
    windows = list(plan(PIECES))
    looked = looks(PIECES, windows, halves(windows, 6.2))
    assert looked
    assert all(look.piece == 0 and abs(look.middle - 6.2) <= REACH + 0.5 for look in looked)
    assert all(look.start >= 1.03 and look.end <= 13.0 for look in looked)
    assert looked == sorted(set(looked))
    assert looks(PIECES, windows, [0] * len(windows)) == []
    between = [0 if window.piece == 0 else 1 for window in windows]
    assert looks(PIECES, windows, between) == []  # a pause says where one voice ends


@pytest.mark.parametrize("change", [5.4, 5.9, 6.2, 6.6])
def test_a_change_falls_where_it_was_heard(change: float) -> None:
    windows = list(plan(PIECES[:1]))
    blurred = halves(windows, 6.0)
    looked = looks(PIECES[:1], windows, blurred)
    told, voices = follow(windows, blurred, looked, heard(looked, change))
    turns = turns_of(PIECES[:1], told, voices)
    assert [turn.speaker for turn in turns] == ["Speaker 1", "Speaker 2"]
    assert turns[1].start == pytest.approx(change, abs=0.2)


def test_a_likeness_that_wavers_is_no_change() -> None:
    windows = list(plan(PIECES[:1]))
    blurred = halves(windows, 6.0)
    looked = looks(PIECES[:1], windows, blurred)
    unsure = heard(looked, 6.0) * 0.2
    unsure[1] = [0.0, 0.1]
    told, voices = follow(windows, blurred, looked, unsure)
    assert [turn.speaker for turn in turns_of(PIECES[:1], told, voices)] == [
        "Speaker 1",
        "Speaker 2",
    ]


def test_a_short_answer_between_anothers_words_is_heard() -> None:
    windows = list(plan(PIECES))
    blurred = [int(window.piece == 2 and 23.5 < window.middle < 24.5) for window in windows]
    looked = looks(PIECES, windows, blurred)
    answer = np.array([23.6 <= look.middle <= 24.4 for look in looked], float)
    told, voices = follow(windows, blurred, looked, np.stack([1 - answer, answer], axis=1) * 0.6)
    turns = turns_of(PIECES, told, voices)
    (short,) = [turn for turn in turns if turn.speaker == "Speaker 2"]
    assert (short.start, short.end) == pytest.approx((23.5, 24.5), abs=0.2)


def test_a_voice_is_known_by_what_it_says_away_from_changes() -> None:
    windows = list(plan([Span(start=0, end=9.0)]))
    voices = [0] * 5 + [1] * (len(windows) - 5)
    embeddings = np.eye(4, dtype=np.float32)[[0, 0, 0, 0, 2, 2, *[1] * (len(windows) - 6)]]
    known = known_voices(embeddings, windows, voices)
    assert np.allclose(known, np.eye(4)[:2])


def test_a_voice_that_is_only_heard_next_to_changes_is_known_all_the_same() -> None:
    windows = list(plan([Span(start=0, end=9.0)]))
    voices = [0] * 5 + [1] + [0] * (len(windows) - 6)
    embeddings = np.eye(4, dtype=np.float32)[voices]
    assert np.allclose(known_voices(embeddings, windows, voices), np.eye(4)[:2])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.05, 12.0)), min_size=1, max_size=5),
    st.integers(0, 10_000),
)
def test_any_speech_is_told_whole_and_in_order(gaps: list[tuple[float, float]], seed: int) -> None:
    at, pieces = 0.0, []
    for gap, length in gaps:
        pieces.append(Span(start=at + gap, end=at + gap + length))
        at += gap + length + 0.01
    windows = list(plan(pieces))
    random = np.random.default_rng(seed)
    voices = random.integers(0, 3, len(windows)).tolist()
    looked = looks(pieces, windows, voices)
    told, course = follow(windows, voices, looked, random.normal(size=(len(looked), 3)))
    assert len(told) == len(course)
    assert all(
        (one.piece, one.middle) <= (other.piece, other.middle) for one, other in pairwise(told)
    )
    assert {window.piece for window in told} == {window.piece for window in windows}
    if told:
        turns = turns_of(pieces, told, course)
        assert turns[0].start == pytest.approx(pieces[0].start, abs=1e-3)
        assert turns[-1].end == pytest.approx(pieces[-1].end, abs=1e-3)
