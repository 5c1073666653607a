"""Which words are unsure: those of which a low probability says something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.confidence import POOR, UNSURE, unsure_words
from memo.model import Segment, Word

HEARD = st.lists(
    st.tuples(st.text(st.characters(categories=["L", "N", "P"]), min_size=1), st.floats(0, 1)),
    max_size=30,
)


def segment(*heard: tuple[str, float], score: float | None = None) -> Segment:
    words = tuple(
        Word(start=n, end=n + 1, text=text, probability=probability)
        for n, (text, probability) in enumerate(heard)
    )
    text = " ".join(word.text for word in words)
    return Segment(id=0, start=0, end=len(words), text=text, words=words, avg_logprob=score)


WELL = (("Next", 0.9), ("week", 0.9), ("maybe", 0.9))


@pytest.mark.parametrize("word", ["Rotor,", "40", "14.", "Müll", "田中", "はい", "نعم"])
def test_a_word_that_was_poorly_heard_is_unsure(word: str) -> None:
    assert unsure_words(segment(*WELL, (word, 0.5))) == (False, False, False, True)
    assert not any(unsure_words(segment(*WELL, (word, UNSURE))))


@pytest.mark.parametrize("word", ["the", "Yes.", "und", "y", "he's", "да", "…"])
def test_a_short_word_is_not(word: str) -> None:
    assert not any(unsure_words(segment(*WELL, (word, 0.4))))


def test_the_first_word_of_a_segment_is_not() -> None:
    assert not any(unsure_words(segment(("Monday", 0.1), *WELL)))


def test_a_segment_that_was_poorly_heard_is_unsure_as_a_whole() -> None:
    poor = [("so", 0.4), ("the", 0.5), ("rotor", 0.4), ("is", 0.5)]
    assert all(unsure_words(segment(*poor)))
    assert all(unsure_words(segment(*WELL, ("then", 0.9), score=-1.2)))
    assert not any(unsure_words(segment(*poor[:2])))


@given(HEARD, st.none() | st.floats(-3, 0))
def test_each_word_is_judged_and_what_was_surely_heard_is_never_unsure(
    heard: list[tuple[str, float]], score: float | None
) -> None:
    judged = unsure_words(segment(*heard, score=score))
    assert len(judged) == len(heard)
    if score is None or score > -1:
        mean = sum(probability for _, probability in heard) / max(1, len(heard))
        assert mean < POOR or not any(
            unsure for unsure, (_, p) in zip(judged, heard, strict=True) if p >= UNSURE
        )
