from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.heard import HeardClip, HeardWord
from memo.speech.recognition.missed import filled, missed


def clip(start: float, end: float, *words: tuple[float, float, str]) -> HeardClip:
    return HeardClip(
        start=start,
        end=end,
        words=tuple(HeardWord(start=a, end=b, text=text, probability=0.9) for a, b, text in words),
        avg_logprob=-0.1,
        no_speech_prob=0.1,
    )


def text_of(clips: list[HeardClip]) -> str:
    return "".join(word.text for clip in clips for word in clip.words)


def test_speech_after_the_last_word_was_missed() -> None:
    heard = clip(0, 20, (0, 2, " one"), (2, 4, " two"))
    speech = [Span(start=0, end=4.1), Span(start=12, end=14), Span(start=15, end=20)]
    assert list(missed([heard], speech)) == [Span(start=12, end=20)]


def test_speech_between_words_was_missed() -> None:
    heard = clip(0, 10, (0, 1, " one"), (8, 10, " two"))
    assert list(missed([heard], [Span(start=0, end=10)])) == [Span(start=1, end=8)]


def test_silence_was_not_missed_and_neither_was_a_breath() -> None:
    heard = clip(0, 20, (0, 2, " one"), (2.9, 4, " two"))
    assert list(missed([heard], [Span(start=0, end=4.2)])) == []


def test_a_clip_without_words_was_missed() -> None:
    assert list(missed([clip(3, 9)], [Span(start=3, end=9)])) == [Span(start=3, end=9)]


def test_speech_that_a_word_was_stretched_over_was_missed() -> None:
    heard = clip(0, 20, (0, 1, " one"), (1, 9, " two"), (9, 20, " three"))
    speech = [Span(start=0, end=5), Span(start=9, end=10.5)]
    assert list(missed([heard], speech)) == [Span(start=2, end=5)]


def test_a_word_that_was_said_slowly_was_not_missed() -> None:
    heard = clip(0, 4, (0, 1.9, " one"), (1.9, 3.8, " two"))
    assert list(missed([heard], [Span(start=0, end=4)])) == []


def test_what_is_heard_later_comes_where_it_belongs() -> None:
    first = [clip(0, 20, (0, 5, " one"), (12, 20, " three")), clip(21, 25, (21, 25, " four"))]
    assert text_of(filled(first, [clip(5, 12, (6, 11, " two"))])) == " one two three four"


def test_hearing_nothing_the_second_time_changes_no_word() -> None:
    first = [clip(0, 20, (0, 5, " one"), (12, 20, " three"))]
    assert text_of(filled(first, [clip(5, 12)])) == " one three"


@st.composite
def heard(draw: st.DrawFn) -> tuple[list[HeardClip], list[Span]]:
    """Clips with words at odd times, and the speech that they were made from."""
    edges = sorted(draw(st.lists(st.integers(0, 300), min_size=2, max_size=10, unique=True)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    clips = []
    for start, end in pairs:
        places = sorted(draw(st.lists(st.floats(start, end), max_size=8)))
        words = [(a, b, " w") for a, b in itertools.pairwise(places)][::2]
        clips.append(clip(start, end, *words))
    return clips, [Span(start=start, end=end) for start, end in pairs]


def filling(hole: Span) -> Iterator[tuple[float, float, str]]:
    """An x, and a dot for each second."""
    starts = np.arange(hole.start, hole.end, 1.0)
    for place, start in enumerate(starts.tolist()):
        yield start, min(start + 1.0, hole.end), " ." if place else " x"


@given(heard())
def test_filling_keeps_every_word_and_the_order_of_clips(
    given_: tuple[list[HeardClip], list[Span]],
) -> None:
    clips, speech = given_
    holes = list(missed(clips, speech))

    whole = filled(clips, [clip(hole.start, hole.end, *filling(hole)) for hole in holes])

    assert text_of(whole).count("w") == text_of(clips).count("w")
    assert text_of(whole).count("x") == len(holes)
    for before, after in itertools.pairwise(whole):
        assert before.end <= after.start
    assert list(missed(whole, speech)) == []
