from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.heard import HeardClip
from memo.speech.loops import without_loops
from memo.speech.words import Spoken

CLIP = HeardClip(start=0, end=1000, words=(), avg_logprob=-0.1, no_speech_prob=0.0)


def spoken(text: str) -> list[Spoken]:
    """One word a second."""
    return [
        Spoken(word, float(at), at + 0.5, 0.9, spaced=True, clip=CLIP)
        for at, word in enumerate(text.split())
    ]


def kept(text: str) -> str:
    return " ".join(word.text for word in without_loops(spoken(text))[0])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("See you. " + "Bye. " * 40 + "Wait!", "See you. Bye. Wait!"),
        ("So " + "thank you, " * 6 + "all", "So thank you, all"),
        ("Well " + "we ship on Friday. " * 4 + "Good.", "Well we ship on Friday. Good."),
        ("we Ship on friday, We ship on Friday. " * 3, "we Ship on friday,"),
    ],
)
def test_a_loop_is_said_once(said: str, expected: str) -> None:
    assert kept(said) == expected


@pytest.mark.parametrize(
    "said",
    [
        "no, no, no, no, that is not what I meant",
        "yes yes yes yes yes yes yes",
        "bye bye bye bye bye everyone",
        "we ship on Friday. we ship on Friday? we ship on Friday!",
        "one two three four five six seven eight nine ten",
        "",
    ],
)
def test_what_people_repeat_stays(said: str) -> None:
    assert kept(said) == said.strip()


def test_the_place_of_a_loop_is_known() -> None:
    words, loops = without_loops(spoken("See you. " + "Bye. " * 10 + "Wait!"))
    assert loops == [Span(start=3, end=11.5)]
    assert [word.start for word in words] == [0, 1, 2, 12]


@given(st.lists(st.sampled_from("abc"), max_size=200))
def test_what_stays_is_in_order_and_what_goes_lies_in_a_named_loop(letters: list[str]) -> None:
    words = spoken(" ".join(letters))

    stayed, loops = without_loops(words)

    assert stayed == sorted(set(stayed), key=words.index)
    for word in words:
        in_loop = any(loop.start <= word.start and word.end <= loop.end for loop in loops)
        assert (word in stayed) != in_loop
