from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.speech.heard import HeardClip
from memo.speech.recognition.sentences import LONGEST, PAUSE, sentences, text_of
from memo.speech.recognition.words import Spoken

CLIP = HeardClip(start=0, end=30, words=(), avg_logprob=-0.1, no_speech_prob=0.0)


def spoken(text: str, *, spaced: bool = True, pause: float = 0.1) -> list[Spoken]:
    """Each word takes 0.2 s; a `|` before one makes the pause long."""
    words, now = [], 0.0
    for piece in text.split() if spaced else text:
        now += PAUSE + 0.1 if piece.startswith("|") else pause
        words.append(Spoken(piece.removeprefix("|"), now, now + 0.2, 0.9, spaced, CLIP))
        now += 0.2
    return words


def cut(text: str, *, spaced: bool = True) -> list[str]:
    return [text_of(sentence) for sentence in sentences(spoken(text, spaced=spaced))]


@pytest.mark.parametrize(
    "expected",
    [
        ["We ship on Friday.", "Who tells them?", "I do!"],
        ["Ask Dr. Lee about it.", "She knows."],
        ["We had 3.5 percent.", "It rose."],
        ["The call is at 4 p.m. on Tuesday.", "Join us."],
        ["Ticket No. 5 is done.", "No.", "Five are left."],
        ["J. Smith signs it.", "So do I.", "Then we ship."],
        ["Well… maybe not.", "Fine."],
        ['He said "go."', "So we went."],
        ["Wir treffen uns ca. um drei.", "Gut."],
        ["¿Quién llama?", "Yo."],
        ["क्या हम तैयार हैं?", "हम तैयार हैं।", "चलो।"],
        ["هل نحن جاهزون؟", "نعم."],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(expected: list[str]) -> None:
    assert cut(" ".join(expected)) == expected


def test_chinese_and_japanese_sentences_end_at_their_own_marks() -> None:
    assert cut("我们周五发布。谁负责？我！", spaced=False) == ["我们周五发布。", "谁负责？", "我！"]
    assert cut("はい、そうです。次は？", spaced=False) == ["はい、そうです。", "次は？"]


def test_a_pause_ends_a_sentence() -> None:
    assert cut("we ship on Friday |yes") == ["we ship on Friday", "yes"]


def test_a_sentence_without_end_is_cut_after_a_comma() -> None:
    words = [f"w{place}" for place in range(60)]
    words[29] = "w29,"
    first, second = cut(" ".join(words))
    assert first.endswith("w29,")
    assert second.startswith("w30")


texts = st.text(alphabet="abI.?!…。,5 “”", min_size=1, max_size=8).filter(str.strip)


@st.composite
def talks(draw: st.DrawFn) -> list[Spoken]:
    words, now = [], 0.0
    for text, pause, spaced in draw(
        st.lists(st.tuples(texts, st.floats(0, 2), st.booleans()), max_size=120)
    ):
        now += pause
        words.append(Spoken(text.strip(), now, now + 0.2, 0.9, spaced, CLIP))
        now += 0.2
    return words


@given(talks())
def test_every_word_is_in_one_sentence_and_in_order(words: list[Spoken]) -> None:
    assert list(itertools.chain(*sentences(words))) == words


@given(talks())
def test_no_sentence_is_empty_or_too_long(words: list[Spoken]) -> None:
    for sentence in sentences(words):
        assert 0 < len(sentence) <= 2 * LONGEST
