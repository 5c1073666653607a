from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.speech.heard import HeardClip
from memo.speech.recognition.loops import without_loops
from memo.speech.recognition.words import Spoken

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
        (
            "Now " + "I will show you a product. " * 3 + "Good.",
            "Now I will show you a product. Good.",
        ),
        ("Well " + "we ship on Friday, " * 5 + "we ship", "Well we ship on Friday,"),
        ("We ship. Ha" + "ha" * 20, "We ship."),
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
        "I will show you a product. I will show you a product. Good.",
        "Aaaaaaaaaaaah! Hahahahaha.",
        "one two three four five six seven eight nine ten",
        "",
    ],
)
def test_what_people_repeat_stays(said: str) -> None:
    assert kept(said) == said.strip()


def test_the_words_of_a_loop_are_kept_apart() -> None:
    words, loops = without_loops(spoken("See you. " + "Bye. " * 10 + "Wait!"))
    assert [(loop[0].start, loop[-1].end) for loop in loops] == [(3, 11.5)]
    assert [word.start for word in words] == [0, 1, 2, 12]


def test_who_listens_may_say_the_same_all_day() -> None:
    """No decoder loops over a pause, or into the next clip."""
    yeahs = [
        Spoken("Yeah.", at * 3.0, at * 3.0 + 0.5, 0.9, spaced=True, clip=CLIP) for at in range(20)
    ]
    assert without_loops(yeahs) == (yeahs, [])
    apart = [word._replace(clip=CLIP.model_copy()) for word in spoken("Yeah. " * 20)]
    assert without_loops(apart) == (apart, [])


@given(st.lists(st.sampled_from("abc"), max_size=200))
def test_every_word_stays_or_goes_and_keeps_its_place(letters: list[str]) -> None:
    words = spoken(" ".join(letters))

    stayed, loops = without_loops(words)

    gone = [word for loop in loops for word in loop]
    assert sorted([*stayed, *gone], key=lambda word: word.start) == words
    assert stayed == sorted(stayed, key=lambda word: word.start)
    assert gone == sorted(gone, key=lambda word: word.start)
