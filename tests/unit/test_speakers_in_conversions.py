"""A recording's words are given to voices; if these cannot be told apart, the words are kept.

Everything is real but the two models: what was heard, and who speaks when, is given.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from memo.errors import MemoError, MissingDependencyError, TranscriptionError
from memo.model import NameSource, Segment, Transcript, Turn, Word
from memo.pipeline import Job, Outcome, Tools, convert
from memo.ports import Checkpoints, Progress, silent
from memo.speech.names.glossary import Term
from memo.speech.recording import identify

SENTENCES = ("Who tells the customers?", "I'll tell the customers by Friday.", "Thank you.")


class Whisper:
    """Hears three sentences of four seconds each in any file."""

    name = "given"
    sentences: Sequence[str] = SENTENCES
    expected: tuple[str, ...] = ()

    def transcribe(
        self,
        path: Path,
        *,
        channel: int | None = None,  # noqa: ARG002
        language: str | None,  # noqa: ARG002
        hotwords: Sequence[str] = (),
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> Transcript:
        self.expected = tuple(hotwords)
        return Transcript(
            recording=identify(path),
            duration=12,
            speech_seconds=4.0 * len(self.sentences),
            language="en",
            segments=tuple(self._segment(n, text) for n, text in enumerate(self.sentences)),
        )

    def _segment(self, number: int, text: str) -> Segment:
        words = text.split()
        step = 4 / len(words)
        start = 4.0 * number
        return Segment(
            id=number,
            start=start,
            end=start + 4,
            text=text,
            words=tuple(
                Word(start=start + step * n, end=start + step * (n + 1), text=word, probability=1)
                for n, word in enumerate(words)
            ),
        )


class Voices:
    """Says who speaks when, or fails; remembers what it was asked."""

    name = "given"

    def __init__(self, *turns: Turn, error: MemoError | None = None) -> None:
        self.turns = turns
        self.error = error
        self.asked: list[int | None] = []

    def diarize(
        self,
        path: Path,  # noqa: ARG002
        *,
        channel: int | None = None,  # noqa: ARG002
        speakers: int | None,
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> tuple[Turn, ...]:
        self.asked.append(speakers)
        if self.error is not None:
            raise self.error
        return self.turns


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


TWO = (turn(0, 4, "x"), turn(4, 8, "y"), turn(8, 12, "x"))


@pytest.fixture
def whisper() -> Whisper:
    return Whisper()


@pytest.fixture
def tools(rule_tools: Tools, whisper: Whisper) -> Tools:
    return replace(rule_tools, transcriber=lambda: nullcontext(whisper))


@pytest.fixture
def call(tmp_path: Path, examples: Path) -> Path:
    path = tmp_path / "call.m4a"
    shutil.copy(examples / "weekly-call.tracks" / "Tom.m4a", path)
    return path


def run(tools: Tools, voices: Voices | None, path: Path, speakers: int | None = None) -> Outcome:
    job = Job(path=path, timezone="UTC", started_at=tools.now(), speakers=speakers)
    made = None if voices is None else (lambda: voices)
    return convert(job, replace(tools, diarizer=made), silent)


def captions(outcome: Outcome) -> str:
    return outcome.files["vtt"].read_text(encoding="utf-8")


def test_the_transcript_says_who_speaks(tools: Tools, call: Path) -> None:
    found = captions(run(tools, Voices(*TWO), call))
    assert "<v Speaker 1>Who tells the customers?" in found
    assert "<v Speaker 2>I'll tell the customers by Friday." in found
    assert "<v Speaker 1>Thank you." in found


def test_the_memo_names_voices_as_participants_and_owners(tools: Tools, call: Path) -> None:
    outcome = run(tools, Voices(*TWO), call)
    assert [(p.name, p.label) for p in outcome.memo.participants] == [
        ("Speaker 1", "Speaker 1"), ("Speaker 2", "Speaker 2")
    ]  # fmt: skip
    assert [action.owner for action in outcome.memo.action_items] == ["Speaker 2"]
    assert json.loads(outcome.files["json"].read_bytes())["participants"][1]["name"] == "Speaker 2"


def test_the_speech_model_is_told_who_was_there_and_what_may_be_spoken_of(
    tools: Tools, call: Path, whisper: Whisper
) -> None:
    glossary = (Term(written="Teravault", heard_as=("terra vault",)),)
    people = ("Dr. Priya Shah", "Tom Baker")
    convert(Job(path=call, timezone="UTC", attendees=people, glossary=glossary), tools, silent)
    assert whisper.expected == ("Priya", "Tom", "Teravault")


def test_without_diarization_nobody_is_named(tools: Tools, call: Path) -> None:
    outcome = run(tools, None, call)
    assert "<v " not in captions(outcome)
    assert outcome.memo.participants == ()


@pytest.mark.parametrize(
    "error",
    [
        TranscriptionError("the voices could not be told apart: RuntimeError"),
        MissingDependencyError("the voice model cannot be loaded: NoSuchFile"),
    ],
)
def test_a_failing_diarizer_costs_the_names_and_not_the_words(
    tools: Tools, call: Path, error: MemoError
) -> None:
    outcome = run(tools, Voices(error=error), call)
    assert "I'll tell the customers by Friday." in captions(outcome)
    assert f"Nobody is named in the transcript: {error}." in outcome.memo.warnings
    assert outcome.memo.participants == ()


def test_a_diarizer_that_failed_is_tried_again_by_the_same_command(
    tools: Tools, call: Path
) -> None:
    run(tools, Voices(error=TranscriptionError("no memory")), call)
    again = run(tools, Voices(*TWO), call)
    assert not again.was_done
    assert "<v Speaker 2>" in captions(again)
    assert again.memo.warnings == ()
    assert run(tools, Voices(*TWO), call).was_done


def test_the_number_of_speakers_is_passed_on_and_another_is_another_conversion(
    tools: Tools, call: Path
) -> None:
    voices = Voices(*TWO)
    for speakers, was_done in ((None, False), (2, False), (2, True), (3, False)):
        assert run(tools, voices, call, speakers).was_done is was_done
    assert run(tools, None, call).was_done is False
    assert voices.asked == [None, 2, 3]


def test_where_nobody_speaks_nobody_is_looked_for(
    tools: Tools, call: Path, whisper: Whisper
) -> None:
    whisper.sentences = ()
    voices = Voices(*TWO)
    assert run(tools, voices, call).memo.participants == ()
    assert voices.asked == []


def test_a_transcript_keeps_the_names_that_it_has(tools: Tools, tmp_path: Path) -> None:
    path = tmp_path / "call.vtt"
    path.write_text(
        "WEBVTT\n\n00:01.000 --> 00:05.000\n<v Ann>I'll tell the customers by Friday.\n"
    )
    voices = Voices(*TWO)
    outcome = run(tools, voices, path, speakers=2)
    assert [p.name for p in outcome.memo.participants] == ["Ann"]
    assert voices.asked == []


def test_numbered_voices_of_a_transcript_are_named_from_the_talk(
    tools: Tools, tmp_path: Path
) -> None:
    path = tmp_path / "call.txt"
    path.write_text(
        "SPEAKER_00: Tom, can you tell the customers by Friday?\n\nSPEAKER_01: I'll do that.\n\n"
        "SPEAKER_00: Tom, are you sure?\n\nSPEAKER_01: Yes.\n"
    )
    job = Job(path=path, timezone="UTC", started_at=tools.now(), attendees=("Tom", "Ann", "Bo"))
    memo = convert(job, tools, silent).memo
    assert [(p.name, p.source) for p in memo.participants if p.label] == [
        ("SPEAKER_00", NameSource.LABEL), ("Tom", NameSource.GUESS),
    ]  # fmt: skip
