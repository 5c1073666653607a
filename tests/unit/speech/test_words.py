from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from memo.speech.heard import HeardClip, HeardWord
from memo.speech.recognition.words import Spoken, spoken_words


def clip_of(*texts: str, start: float = 10, end: float = 20) -> HeardClip:
    step = (end - start) / max(1, len(texts))
    return HeardClip(
        start=start,
        end=end,
        words=tuple(
            HeardWord(
                start=start + place * step, end=start + (place + 1) * step, text=text,
                probability=0.5 + place / 100,
            )
            for place, text in enumerate(texts)
        ),
        avg_logprob=-0.2,
        no_speech_prob=0.1,
    )  # fmt: skip


def texts(clip: HeardClip, language: str = "en") -> list[str]:
    return [word.text for word in spoken_words([clip], language)]


def test_what_whisper_takes_apart_is_put_together() -> None:
    clip = clip_of(" It", " rose", " 3", ".5", " percent", " after", " the", " follow", "-up", ".")
    assert texts(clip) == ["It", "rose", "3.5", "percent", "after", "the", "follow-up."]


def test_a_joined_word_lasts_as_long_as_its_parts_and_is_as_sure_as_the_least() -> None:
    word = spoken_words([clip_of(" 3", ".5")], "en")[0]
    assert (word.start, word.end, word.probability) == (10, 20, 0.5)


def test_chinese_stays_in_characters() -> None:
    clip = clip_of("周", "五", "发", "布", "。")
    assert texts(clip, "zh") == ["周", "五", "发", "布", "。"]


def test_empty_pieces_are_no_words() -> None:
    assert texts(clip_of("", " ", " yes", "")) == ["yes"]


times = st.floats(min_value=0, max_value=100)
pieces = st.builds(
    lambda a, b, text: HeardWord(start=min(a, b), end=max(a, b), text=text, probability=0.5),
    times, times, st.sampled_from([" yes", " no", "-up", ".5", " ", ""]),
)  # fmt: skip


@st.composite
def clip_lists(draw: st.DrawFn) -> list[HeardClip]:
    """Clips in order; the words in them at any time whatever."""
    edges = sorted(draw(st.lists(times, min_size=2, max_size=8, unique=True)))
    return [
        HeardClip(
            start=start, end=end, words=tuple(draw(st.lists(pieces, max_size=60))),
            avg_logprob=None, no_speech_prob=None,
        )
        for start, end in itertools.pairwise(edges)
        if end - start > 0.02
    ]  # fmt: skip


@given(clip_lists(), st.sampled_from(["en", "ja"]))
def test_words_are_in_order_apart_and_inside_their_clips(
    clips: list[HeardClip], language: str
) -> None:
    words = spoken_words(clips, language)

    for word in words:
        assert word.clip.start <= word.start < word.end <= word.clip.end
        assert word.text == word.text.strip() != ""
    for word, following in itertools.pairwise(words):
        assert word.end <= following.start


@given(clip_lists(), st.sampled_from(["en", "ja"]))
def test_no_letter_is_lost(clips: list[HeardClip], language: str) -> None:
    heard = "".join(piece.text for clip in clips for piece in clip.words)
    kept = "".join(word.text for word in spoken_words(clips, language))
    assert kept.replace(" ", "") == heard.replace(" ", "")


def test_times_that_whisper_got_right_are_kept() -> None:
    words = spoken_words([clip_of(" one", " two", " three", start=0, end=3)], "en")
    assert [(word.start, word.end) for word in words] == [(0, 1), (1, 2), (2, 3)]
    assert isinstance(words[0], Spoken)
