from __future__ import annotations

from memo.extraction.voices import name_voices
from memo.model import Participant, Recording, Segment, Transcript

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
    named = name_voices(
        transcript(("Speaker 1", "Tom, are you there?"), ("Speaker 2", "He is late.")), ATTENDEES
    )

    assert names(named)["Speaker 2"] == "Speaker 2"


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


def test_a_name_is_not_given_by_elimination_to_who_calls_it() -> None:
    said = transcript(
        ("Speaker 1", "Tom, ready?"),
        ("Speaker 2", "Yes."),
        ("Speaker 1", "Tom, and Priya said so?"),
        ("Speaker 2", "Yes."),
        ("Speaker 1", "Priya, are you there?"),
    )

    assert names(name_voices(said, ("Tom", "Priya")))["Speaker 1"] == "Speaker 1"
