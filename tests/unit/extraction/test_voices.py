from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction.voices import MOST_NAMES, name_voices, probabilities
from memo.model import NameSource, Participant, Recording, Remark, Segment, Transcript

ATTENDEES = ("Priya", "Tom", "Marta", "Dan")


def transcript(*said: tuple[str, str]) -> Transcript:
    labels = dict.fromkeys(label for label, _ in said)
    return Transcript(
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        duration=3.0 * len(said),
        speech_seconds=2.5 * len(said),
        language="en",
        segments=tuple(
            Segment(id=i, start=3.0 * i, end=3.0 * i + 2.5, text=text, speaker=label)
            for i, (label, text) in enumerate(said)
        ),
        participants=tuple(Participant(name=label, label=label) for label in labels),
    )


def names(named: Transcript) -> dict[str | None, str]:
    return {p.label: p.name for p in named.participants}


def test_a_voice_that_answers_to_a_name_twice_gets_it() -> None:
    named = name_voices(
        transcript(
            ("Speaker 1", "Tom, can you get the flag in by Friday?"),
            ("Speaker 2", "By Friday, yep."),
            ("Speaker 1", "And what about the rest, Tom?"),
            ("Speaker 2", "That is done."),
        ),
        ATTENDEES,
    )

    assert names(named) == {"Speaker 1": "Speaker 1", "Speaker 2": "Tom"}
    assert named.warnings[-1].values == {"voices": "Speaker 2 = Tom"}


def test_one_answer_is_not_enough() -> None:
    said = transcript(("Speaker 1", "Tom, are you there?"), ("Speaker 2", "He is late."))

    assert names(name_voices(said, ATTENDEES))["Speaker 2"] == "Speaker 2"


def test_an_introduction_is_enough() -> None:
    named = name_voices(transcript(("Speaker 1", "Hi, this is Priya speaking.")), ATTENDEES)

    assert names(named) == {"Speaker 1": "Priya"}


def test_nobody_who_was_not_invited_is_named() -> None:
    named = name_voices(transcript(("Speaker 1", "Hi, this is Zoe from sales.")), ATTENDEES)

    assert names(named) == {"Speaker 1": "Speaker 1"}


def test_a_voice_does_not_call_itself() -> None:
    named = name_voices(
        transcript(
            ("Speaker 1", "Tom, can you hear me?"),
            ("Speaker 2", "Tom, it is your turn."),
            ("Speaker 1", "Shall we start, Tom?"),
            ("Speaker 2", "Yes."),
        ),
        ATTENDEES,
    )

    assert "Tom" not in names(named).values()


def test_two_voices_that_answer_to_one_name_keep_their_numbers() -> None:
    named = name_voices(
        transcript(
            ("Speaker 1", "What do you think, Tom?"),
            ("Speaker 2", "I like it."),
            ("Speaker 1", "And the price, Tom?"),
            ("Speaker 3", "Too high."),
            ("Speaker 1", "And when, Tom?"),
            ("Speaker 2", "In May."),
        ),
        ATTENDEES,
    )

    assert names(named)["Speaker 2"] == "Speaker 2"


def test_names_that_a_transcript_brings_stay() -> None:
    named = name_voices(
        transcript(
            ("Priya", "Tom, ready?"), ("Marta", "Yes."), ("Priya", "Tom?"), ("Marta", "Yes.")
        ),
        ATTENDEES,
    )

    assert names(named) == {"Priya": "Priya", "Marta": "Marta"}


def test_the_last_name_goes_to_the_last_voice() -> None:
    said = transcript(
        ("Speaker 1", "Tom, can you get the flag in by Friday?"),
        ("Speaker 2", "By Friday, yep."),
        ("Speaker 1", "And what about the rest, Tom?"),
        ("Speaker 2", "That is done."),
    )

    assert names(name_voices(said, ("Tom", "Priya"))) == {"Speaker 1": "Priya", "Speaker 2": "Tom"}
    assert names(name_voices(said, ("Tom", "Priya", "Dan")))["Speaker 1"] == "Speaker 1"


def test_who_is_surely_somebody_else_disputes_no_name() -> None:
    said = transcript(
        ("Speaker 1", "Dan, are we still good?"),
        ("Speaker 4", "No."),
        ("Speaker 1", "Tom, by Friday?"),
        ("Speaker 2", "Yep."),
        ("Speaker 1", "And Dan, you own the fix?"),
        ("Speaker 4", "I'll put it in the doc."),
        ("Speaker 1", "Great, next the on call rota, Marta."),
        ("Speaker 3", "So I looked at two months."),
        ("Speaker 1", "Marta, you'll change it?"),
        ("Speaker 3", "Today."),
    )

    assert names(name_voices(said, ATTENDEES)) == {
        "Speaker 1": "Priya", "Speaker 2": "Tom", "Speaker 3": "Marta", "Speaker 4": "Dan",
    }  # fmt: skip


def test_a_name_is_not_given_by_elimination_to_who_calls_it() -> None:
    said = transcript(
        ("Speaker 1", "Tom, ready?"),
        ("Speaker 2", "Yes."),
        ("Speaker 1", "Tom, and Priya said so?"),
        ("Speaker 2", "Yes."),
        ("Speaker 1", "Priya, are you there?"),
    )

    assert names(name_voices(said, ("Tom", "Priya")))["Speaker 1"] == "Speaker 1"


@pytest.mark.parametrize(
    "said",
    [
        "I'm Priya, I look after support.",
        "Hello everyone, Priya here.",
        "Hi all, this is Priya speaking.",
        "My name is Priya and I run support.",
        "Hallo zusammen, hier ist Priya.",
        "Ich bin die Priya, vom Support.",
        "Guten Morgen, Priya hier.",
        "Mein Name ist Priya.",
        "Hola, soy Priya, de soporte.",
        "Buenos días, me llamo Priya.",
    ],
)
def test_who_says_her_name_has_it(said: str) -> None:
    named = name_voices(transcript(("Speaker 1", said), ("Speaker 2", "Hi.")), ATTENDEES)

    assert names(named) == {"Speaker 1": "Priya", "Speaker 2": "Speaker 2"}


@pytest.mark.parametrize(
    "said",
    [
        "If I'm Priya, I say no.",
        "This is Priya's idea.",
        "Priya's here, she is eating.",
        "I am with Priya on this.",
        "It's Priya. She has the keys.",
        "Das hier ist Priyas Idee.",
        "Soy de la idea de Priya.",
    ],
)
def test_who_speaks_of_somebody_is_not_that_person(said: str) -> None:
    named = name_voices(transcript(("Speaker 1", said), ("Speaker 2", "Hm.")), ATTENDEES)

    assert names(named)["Speaker 1"] == "Speaker 1"


def test_the_voice_before_thanks_is_the_one_that_is_thanked() -> None:
    named = name_voices(
        transcript(
            ("Speaker 1", "The report is with the auditors since Monday."),
            ("Speaker 2", "Thank you, Marta. I saw it."),
            ("Speaker 3", "So did I."),
            ("Speaker 1", "And the invoice went out."),
            ("Speaker 3", "Thanks, Marta."),
        ),
        ATTENDEES,
    )

    assert names(named) == {
        "Speaker 1": "Marta", "Speaker 2": "Speaker 2", "Speaker 3": "Speaker 3",
    }  # fmt: skip


def test_who_speaks_of_a_name_is_somebody_else() -> None:
    said = (
        ("Speaker 1", "Over to you, Marta."),
        ("Speaker 2", "The alert fires every night."),
        ("Speaker 1", "And you, Marta?"),
        ("Speaker 2", "I would turn it off."),
    )
    spoken_of = ("Speaker 2", "Marta said she asked. Marta's on leave now. I'd ask Marta again.")

    assert names(name_voices(transcript(*said), ATTENDEES))["Speaker 2"] == "Marta"
    assert (
        names(name_voices(transcript(*said, spoken_of, spoken_of), ATTENDEES))["Speaker 2"]
        == "Speaker 2"
    )


def test_a_guess_says_how_sure_it_is_and_where_it_is_said() -> None:
    said = transcript(
        ("Speaker 1", "Tom, can you get the flag in by Friday?"),
        ("Speaker 2", "By Friday, yep."),
        ("Speaker 1", "And what about the rest, Tom?"),
        ("Speaker 2", "That is done."),
    )

    nobody, tom = name_voices(said, ATTENDEES).participants

    assert (tom.source, tom.named_at) == (NameSource.GUESS, (0.0, 6.0))
    assert 0.9 <= (tom.confidence or 0) < 1
    assert (nobody.source, nobody.confidence, nobody.named_at) == (NameSource.LABEL, None, ())


def test_what_the_user_said_is_neither_changed_nor_given_to_another() -> None:
    said = transcript(
        ("Speaker 1", "Tom, ready?"),
        ("Speaker 2", "Yes."),
        ("Speaker 1", "Tom, sure?"),
        ("Speaker 2", "Yes."),
    )
    told = Participant(name="Tom", label="Speaker 1", source=NameSource.TOLD)
    nobody = Participant(name="Speaker 2", label="Speaker 2", source=NameSource.TOLD)
    first = said.model_copy(update={"participants": (told, said.participants[1])})
    second = said.model_copy(update={"participants": (said.participants[0], nobody)})

    assert name_voices(first, ATTENDEES).participants == first.participants
    assert name_voices(second, ATTENDEES).participants[1] == nobody


def test_guessing_twice_is_guessing_once() -> None:
    said = transcript(("Speaker 1", "I'm Priya."), ("Speaker 2", "I'm Tom."))
    once = name_voices(said, ATTENDEES)

    assert name_voices(once, ATTENDEES) == once
    assert [p.name for p in name_voices(once, ("Priya", "Dan")).participants] == [
        "Priya", "Speaker 2",
    ]  # fmt: skip


# --- Nobody said who was there ------------------------------------------------------------------

CALLED = (
    ("Speaker 1", "What do you think, Marco?"),
    ("Speaker 2", "I like it."),
    ("Speaker 3", "So do I."),
    ("Speaker 1", "How much is it, Marco?"),
    ("Speaker 2", "Forty."),
    ("Speaker 3", "Fine. Thanks, Marco."),
)


def test_a_name_that_nobody_listed_needs_three_signs() -> None:
    more = ("Speaker 1", "And when will it be here, Marco?"), ("Speaker 2", "In May.")

    assert set(names(name_voices(transcript(*CALLED[:5]))).values()) == {
        "Speaker 1", "Speaker 2", "Speaker 3",
    }  # fmt: skip
    assert names(name_voices(transcript(*CALLED, *more)))["Speaker 2"] == "Marco"


def test_a_name_that_nobody_listed_needs_one_full_introduction() -> None:
    said = ("Speaker 1", "Good morning. My name is Ines and I run the depot.")

    assert names(name_voices(transcript(said, ("Speaker 2", "Hi."))))["Speaker 1"] == "Ines"


@pytest.mark.parametrize(
    "said",
    [
        "I'm German, I look after support.",
        "Exactly. This is Slack.",
        "Das ist der Punkt. Ich bin Chef hier.",
        "Right here. Same here.",
        "Strictly speaking, no.",
        "Mein Name ist Hase.",
    ],
)
def test_what_sounds_like_an_introduction_names_nobody_unlisted(said: str) -> None:
    other = "Der Hase war es. Hm, exactly, right, same, strictly."
    named = name_voices(transcript(("Speaker 1", said), ("Speaker 2", other)))

    assert set(names(named).values()) == {"Speaker 1", "Speaker 2"}


def test_an_introduction_that_others_bear_out_names_without_a_list() -> None:
    said = ("Speaker 1", "Hi, I'm Ines, from the depot."), ("Speaker 2", "Good to see you, Ines.")

    assert names(name_voices(transcript(*said)))["Speaker 1"] == "Ines"


@pytest.mark.parametrize("word", ["everyone", "Leute", "Monday", "Chef"])
def test_whom_nobody_is_called_by_is_no_name(word: str) -> None:
    said = [
        line
        for _ in range(4)
        for line in (("Speaker 1", f"What do you say, {word.title()}?"), ("Speaker 2", "Yes."))
    ]

    assert set(names(name_voices(transcript(*said))).values()) == {"Speaker 1", "Speaker 2"}


def test_a_talk_without_names_is_left_as_it_is() -> None:
    said = transcript(("Speaker 1", "So. What now?"), ("Speaker 2", "We wait."))

    assert name_voices(said) == name_voices(said, ("", " ")) == name_voices(said, ATTENDEES) == said


def test_remarks_of_others_stay() -> None:
    other = Remark(code="nobody_speaks")
    said = transcript(("Speaker 1", "I'm Priya.")).model_copy(update={"warnings": (other,)})

    assert [w.code for w in name_voices(said, ATTENDEES).warnings] == [
        "nobody_speaks", "voices_named",
    ]  # fmt: skip


# --- How probable ---------------------------------------------------------------------------------


@given(
    st.integers(1, 3).flatmap(
        lambda names: st.lists(
            st.lists(st.floats(-30, 30), min_size=names, max_size=names), min_size=1, max_size=4
        )
    ),
    st.sampled_from([0.05, 1.0]),
)
def test_probabilities_are_sums_over_all_ways_to_give_out_the_names(
    table: list[list[float]], absent: float
) -> None:
    people = "ABC"[: len(table[0])]
    scores = {f"v{i}": dict(zip(people, row, strict=True)) for i, row in enumerate(table)}
    ways = [
        way
        for way in itertools.product([*people, None], repeat=len(table))
        if all(way.count(name) <= 1 for name in people)
    ]
    worth = [
        math.prod(
            absent if n is None else math.exp(scores[v][n])
            for v, n in zip(scores, way, strict=True)
        )
        for way in ways
    ]

    found = probabilities(scores, absent)

    for place, voice in enumerate(scores):
        for name in people:
            part = sum(w for w, way in zip(worth, ways, strict=True) if way[place] == name)
            assert found[voice][name] == pytest.approx(part / sum(worth), abs=1e-6)


@pytest.mark.parametrize("voices", [1, 40])
def test_many_names_and_many_voices_are_weighed_all_the_same(voices: int) -> None:
    many = tuple(f"Name{chr(97 + i)}{chr(97 + i)}" for i in range(26))
    said = [
        (f"Speaker {i % voices + 1}", f"I'm {many[i % voices]}." if i % voices < 26 else "Yes.")
        for i in range(80)
    ]

    named = names(name_voices(transcript(*said), many))

    assert named["Speaker 1"] == many[0]
    assert sum(not name.startswith("Speaker") for name in named.values()) <= MOST_NAMES
