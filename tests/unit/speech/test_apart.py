"""Each track is transcribed by itself, and whoever speaks on it has its name.

The sound is made here; the speech model and the diarizer are stand-ins that say what was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from memo.model import NameSource, Participant, Recording, Segment, Transcript, Turn
from memo.ports import Artifact, Checkpoints, Progress, silent
from memo.speech.tracks.apart import Apart
from memo.speech.tracks.finding import Track, Tracks
from memo.speech.tracks.levels import FRAME

RECORDING = Recording(filename="call.tracks", sha256="f" * 64)


class Nothing:
    """Checkpoints that keep nothing."""

    def load(self, _step: str, _key: str, _kind: type[Artifact]) -> None:
        pass

    def save(self, _step: str, _key: str, _artifact: BaseModel) -> None:
        pass


class Whisper:
    """Hears given sentences on each track: start, end and text."""

    name = "given"

    def __init__(self, *said: Sequence[tuple[float, float, str]], languages: str = "en") -> None:
        self.said = said
        self.languages = languages.split()
        self.asked: list[tuple[int | None, str | None, tuple[str, ...]]] = []

    def transcribe(
        self,
        path: Path,  # noqa: ARG002
        *,
        channel: int | None = None,
        language: str | None,
        hotwords: Sequence[str] = (),
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,
    ) -> Transcript:
        self.asked.append((channel, language, tuple(hotwords)))
        place = channel or 0
        progress("transcribing", 20.0, 20.0)
        return Transcript(
            recording=RECORDING,
            duration=20,
            speech_seconds=1,
            language=language or self.languages[place % len(self.languages)],
            segments=tuple(
                Segment(id=n, start=start, end=end, text=text)
                for n, (start, end, text) in enumerate(self.said[place])
            ),
        )


class Voices:
    """Finds given turns on each track; asked for a number, it finds so many."""

    name = "given"

    def __init__(self, turns: Mapping[int, Sequence[Turn]]) -> None:
        self.turns = turns
        self.asked: list[tuple[int | None, int | None]] = []

    def diarize(
        self,
        path: Path,  # noqa: ARG002
        *,
        channel: int | None = None,
        speakers: int | None,
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> tuple[Turn, ...]:
        self.asked.append((channel, speakers))
        found = tuple(self.turns.get(channel or 0, ()))
        if speakers is None:
            return found
        names = [f"Speaker {n % speakers + 1}" for n in range(len(found))]
        return tuple(
            turn.model_copy(update={"speaker": name})
            for turn, name in zip(found, names, strict=True)
        )


def tracks(*names: str | None, shared: bool = False) -> Tracks:
    """Tracks on which everybody is loud for 20 s, each the more the later it stands."""
    levels = np.full((len(names), round(20 / FRAME)), -20, np.float32)
    for place, row in enumerate(levels):
        row[: round((19 - place) / FRAME)] = -80
        row[:20] = -20
    made = tuple(
        Track(Path("call.wav"), RECORDING, channel=place, name=name)
        for place, name in enumerate(names)
    )
    return Tracks(made, levels, shared)


def turn(start: float, end: float, number: int) -> Turn:
    return Turn(start=start, end=end, speaker=f"Speaker {number}")


def spoken(found: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in found.segments]


def heard(
    whisper: Whisper,
    given: Tracks,
    voices: Voices | None = None,
    *,
    language: str | None = None,
    speakers: int | None = None,
    hotwords: Sequence[str] = (),
    progress: Progress = silent,
) -> Transcript:
    apart = Apart(whisper, voices, Nothing(), progress)
    return apart.transcribe(
        given, RECORDING, language=language, speakers=speakers, hotwords=hotwords
    )


CALL = (
    [(1.0, 2.0, "Hello, who is it?"), (5.0, 6.0, "What do you want?")],
    [(3.0, 4.0, "It is Bo."), (7.0, 8.0, "Just a word.")],
)


def test_who_speaks_on_a_named_track_has_its_name() -> None:
    found = heard(Whisper(*CALL), tracks("Ann", "Bo"))
    assert spoken(found) == [
        ("Ann", "Hello, who is it?"), ("Bo", "It is Bo."),
        ("Ann", "What do you want?"), ("Bo", "Just a word."),
    ]  # fmt: skip
    assert found.participants == tuple(
        Participant(name=name, label=name, source=NameSource.TRACK) for name in ("Ann", "Bo")
    )
    assert found.recording == RECORDING


def test_voices_without_names_are_numbered_by_first_appearance() -> None:
    found = heard(Whisper(*CALL[::-1]), tracks(None, None))
    assert [speaker for speaker, _ in spoken(found)] == [
        "Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"
    ]  # fmt: skip
    assert [(p.label, p.source) for p in found.participants] == [
        ("Speaker 1", NameSource.LABEL), ("Speaker 2", NameSource.LABEL)
    ]  # fmt: skip


def test_two_tracks_of_one_person_are_one_voice() -> None:
    found = heard(Whisper(*CALL), tracks("Ann", "Ann"))
    assert {speaker for speaker, _ in spoken(found)} == {"Ann"}
    assert len(found.participants) == 1


def test_who_says_nothing_is_no_participant() -> None:
    found = heard(Whisper(CALL[0], []), tracks("Ann", "Bo"))
    assert [p.name for p in found.participants] == ["Ann"]


def test_the_track_on_which_most_is_said_tells_the_language_of_all() -> None:
    whisper = Whisper(*CALL, languages="cy de")
    assert heard(whisper, tracks("Ann", "Bo")).language == "de"
    assert [(channel, language) for channel, language, _ in whisper.asked] == [
        (1, None), (0, "de")
    ]  # fmt: skip


def test_a_silent_track_tells_no_language() -> None:
    whisper = Whisper(CALL[0], [], languages="de und")
    assert heard(whisper, tracks("Ann", "Bo")).language == "de"
    assert [language for _, language, _ in whisper.asked] == [None, None]


def test_the_language_and_words_that_are_given_go_to_every_track() -> None:
    whisper = Whisper(*CALL)
    heard(whisper, tracks("Ann", "Bo"), language="fr", hotwords=["Priya"])
    assert {asked[1:] for asked in whisper.asked} == {("fr", ("Priya",))}


ROOM = (CALL[0], [(3.0, 4.0, "It is Bo."), (7.0, 8.0, "And Cy.")])
IN_ROOM = Voices({0: [turn(1, 6, 1)], 1: [turn(3, 4, 1), turn(7, 8, 2)]})


def test_voices_on_a_shared_channel_are_told_apart() -> None:
    found = heard(Whisper(*ROOM), tracks(None, None, shared=True), IN_ROOM)
    assert spoken(found) == [
        ("Speaker 1", "Hello, who is it?"), ("Speaker 2", "It is Bo."),
        ("Speaker 1", "What do you want?"), ("Speaker 3", "And Cy."),
    ]  # fmt: skip


def test_nobody_is_looked_for_on_a_file_that_is_one_persons() -> None:
    voices = Voices({})
    heard(Whisper(*CALL), tracks("Ann", "Bo"), voices, speakers=2)
    assert voices.asked == []


def test_if_more_people_speak_than_there_are_files_somebody_shares_one() -> None:
    found = heard(Whisper(*ROOM), tracks("Ann", "Room"), IN_ROOM, speakers=3)
    assert [speaker for speaker, _ in spoken(found)] == ["Ann", "Room (1)", "Ann", "Room (2)"]
    assert [p.name for p in found.participants] == ["Ann", "Room (1)", "Room (2)"]


@pytest.mark.parametrize(
    ("voices", "speakers", "asked"),
    [
        ((1, 2), 3, [(0, None), (1, None)]),
        ((1, 2), 4, [(0, None), (1, None), (0, 2)]),
        ((2, 2), 3, [(0, None), (1, None), (1, 1)]),
        ((2, 2), 2, []),
    ],
)
def test_as_many_voices_are_told_apart_as_the_user_says(
    voices: tuple[int, int], speakers: int, asked: list[tuple[int, int | None]]
) -> None:
    first, second = voices
    found = Voices({0: [turn(0, 5, 1), turn(5, 10, first)], 1: [turn(3, 4, 1), turn(7, 8, second)]})
    heard(Whisper(*ROOM), tracks(None, None, shared=True), found, speakers=speakers)
    assert found.asked == asked


def test_the_progress_of_all_tracks_is_one() -> None:
    told: list[tuple[float, float | None]] = []
    heard(
        Whisper(*CALL),
        tracks("Ann", "Bo"),
        progress=lambda _stage, done, total: told.append((done, total)),
    )
    assert told == [(20, 40), (40, 40)]
