"""Who knows better has the last word on a name; and what one knows a voice by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from memo.errors import RecordingError
from memo.model import (
    NameSource,
    Participant,
    Recording,
    Remark,
    RemarkCode,
    Segment,
    Span,
    Transcript,
    Word,
)
from memo.pipeline.corrections import Told, Voice
from memo.pipeline.naming import voiced
from memo.pipeline.portraits import portraits, typical
from memo.speech.voices.voiceprints import Match, Voiceprints

CALL = Path("call.m4a")


class Known(Voiceprints):
    """Recognises whom it is told to; remembers whose voices it was asked for."""

    def __init__(self, *found: tuple[str, str], error: RecordingError | None = None) -> None:
        super().__init__(Path("nowhere"))
        self.found = found
        self.error = error
        self.asked: set[str] = set()

    def recognised(self, path: Path, voices: Mapping[str, Sequence[Span]]) -> dict[str, Match]:
        assert path == CALL
        self.asked = set(voices)
        if self.error is not None:
            raise self.error
        return {label: Match(name, 0.9) for label, name in self.found}


def talk(*said: tuple[str | None, str], seconds: float = 4.0) -> Transcript:
    """One sentence after the other, each as long as the others."""
    labels = dict.fromkeys(label for label, _ in said if label)
    return Transcript(
        recording=Recording(filename="call.m4a", sha256="a" * 64),
        duration=seconds * len(said),
        speech_seconds=seconds * len(said),
        language="en",
        segments=tuple(
            Segment(
                id=n, start=seconds * n, end=seconds * (n + 1), text=text, speaker=label,
                words=(Word(start=seconds * n, end=seconds * (n + 1), text=text, probability=0.9),),
            )
            for n, (label, text) in enumerate(said)
        ),
        participants=tuple(Participant(name=label, label=label) for label in labels),
    )  # fmt: skip


CHAT = talk(
    ("Speaker 1", "Hello, I'm Priya Raman."),
    ("Speaker 2", "Tom, can you tell the customers?"),
    ("Speaker 3", "Yes, I will tell them."),
)


def names(transcript: Transcript) -> dict[str | None, tuple[str, NameSource]]:
    return {p.label: (p.name, p.source) for p in transcript.participants}


def told(label: str, start: float, name: str) -> Told:
    return Told(voices=(Voice(label=label, spans=(Span(start=start, end=start + 4),), name=name),))


def named(said: Transcript, word: Told, enrolled: Voiceprints | None = None) -> Transcript:
    return voiced(said, word, CALL, attendees=("Priya Raman", "Tom", "Ann"), enrolled=enrolled)


def test_a_voice_that_is_enrolled_has_its_name_and_a_warning_says_so() -> None:
    found = named(CHAT, Told(), Known(("Speaker 2", "Zoe")))
    assert names(found)["Speaker 2"] == ("Zoe", NameSource.ENROLLED)
    assert next(p.confidence for p in found.participants if p.name == "Zoe") == 0.9
    assert Remark.of(RemarkCode.VOICES_RECOGNISED, voices="Speaker 2 = Zoe") in found.warnings


def test_what_the_user_says_stands_above_what_was_recognised() -> None:
    found = named(CHAT, told("Speaker 2", 4, "Ann"), Known(("Speaker 2", "Zoe")))
    assert names(found)["Speaker 2"] == ("Ann", NameSource.TOLD)


def test_no_guess_gives_a_name_away_twice() -> None:
    assert names(named(CHAT, Told()))["Speaker 1"] == ("Priya Raman", NameSource.GUESS)
    found = names(named(CHAT, told("Speaker 3", 8, "Priya Raman")))
    assert [name for name, _ in found.values()].count("Priya Raman") == 1
    assert found["Speaker 3"] == ("Priya Raman", NameSource.TOLD)


def test_who_is_nobody_as_the_user_says_is_not_guessed_at() -> None:
    found = named(CHAT, told("Speaker 1", 0, "Speaker 1"))
    assert names(found)["Speaker 1"] == ("Speaker 1", NameSource.TOLD)
    named_voices = [w for w in found.warnings if w.code == RemarkCode.VOICES_NAMED]
    assert all("Speaker 1" not in str(w.values) for w in named_voices)


def test_a_voice_with_a_track_of_its_own_is_not_listened_to_for_its_name() -> None:
    people = (
        Participant(name="Tom", label="Tom", source=NameSource.TRACK),
        Participant(name="Speaker 1", label="Speaker 1"),
    )
    said = talk(("Tom", "Hello."), ("Speaker 1", "Hi."))
    known = Known()
    named(said.model_copy(update={"participants": people}), Told(), known)
    assert known.asked == {"Speaker 1"}


def test_a_voice_model_that_fails_costs_the_names_and_not_the_memo() -> None:
    found = named(CHAT, Told(), Known(error=RecordingError("broken")))
    assert all(source is not NameSource.ENROLLED for _, source in names(found).values())


def test_nobody_is_looked_for_where_voices_were_not_told_apart() -> None:
    known = Known(("Speaker 1", "Zoe"))
    said = talk((None, "Hello, I'm Tom."))
    assert named(said, Told(), known).participants == ()
    assert known.asked == set()


# --- Portraits ------------------------------------------------------------------------------------


def test_a_portrait_tells_how_long_a_voice_speaks_and_of_all_parts_of_the_talk() -> None:
    words = "this is a sentence that one would know somebody by"
    said = talk(
        *(("Speaker 1", text) for text in ("Yeah.", words, "Ok.", "Mm.", f"{words} two", "Right.")),
        ("Speaker 2", "No."),
        ("Speaker 1", f"{words} three"),
        (None, "Noise."),
    )
    one, two = portraits(said)
    assert (one.label, one.seconds, one.share) == ("Speaker 1", 28, 0.875)
    assert [quote.text for quote in one.quotes] == [words, f"{words} two", f"{words} three"]
    assert [(quote.start, quote.text) for quote in two.quotes] == [(24, "No.")]
    assert one.sample == (Span(start=8, end=16),)


def test_there_are_as_many_quotes_as_a_voice_says_things() -> None:
    assert typical(()) == ()
    assert portraits(talk()) == ()
    assert len(typical(talk(("A", "One."), ("A", " "), ("A", "Two.")).segments)) == 2


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_a_talk_without_length_has_portraits_too(seconds: float) -> None:
    assert [p.label for p in portraits(talk(("A", "x"), ("B", "y"), seconds=seconds))] == ["A", "B"]
