"""JSON as speech recognisers write it, and JSON that is something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from memo.errors import RecordingError
from memo.model import Gap, Participant, Recording, Remark, RemarkCode, Segment, Transcript, Word

Read = Callable[[str | bytes, str], Transcript]

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"

WHISPERX = {
    "segments": [
        {
            "start": 0.5, "end": 2.0, "text": " We ship 26 of them.", "speaker": "SPEAKER_01",
            "words": [
                {"word": "We", "start": 0.5, "end": 0.7, "score": 0.91, "speaker": "SPEAKER_01"},
                {"word": "ship", "start": 0.7, "end": 1.0, "score": 0.8, "speaker": "SPEAKER_01"},
                {"word": "26"},
                {"word": "of", "start": 1.4, "end": 1.5, "score": 0.7, "speaker": "SPEAKER_00"},
                {"word": "them.", "start": 1.5, "end": 1.9, "score": 0.6},
            ],
        },
        {"start": 2.1, "end": 3.0, "text": " Good.", "words": [{"word": "Good.", "speaker": "X"}]},
    ],
    "word_segments": [],
    "language": "en",
}  # fmt: skip


def test_whisperx_has_speakers_and_words_with_scores(read: Read) -> None:
    transcript = read(json.dumps(WHISPERX), "call.json")
    first, second = transcript.segments
    assert (first.speaker, second.speaker) == ("SPEAKER_01", "X")
    assert first.text == "We ship 26 of them."
    assert [word.text for word in first.words] == ["We", "ship", "26", "of", "them."]
    assert [word.start for word in first.words] == [0.5, 0.7, 1.0, 1.4, 1.5]
    assert first.words[0].probability == 0.91
    assert first.words[2].probability == 0.5
    assert transcript.language == "en"
    assert transcript.warnings == ()


def test_openai_whisper_keeps_its_confidence_and_joins_broken_sentences(read: Read) -> None:
    segment = {"seek": 0, "tokens": [1, 2], "temperature": 0.0, "compression_ratio": 1.1}
    transcript = read(
        json.dumps(
            {
                "text": " So we wait for the tax fix. Fine.",
                "segments": [
                    {**segment, "id": 0, "start": 0.0, "end": 2.0, "text": " So we wait",
                     "avg_logprob": -0.2, "no_speech_prob": 0.01},
                    {**segment, "id": 1, "start": 2.0, "end": 3.5, "text": " for the tax fix.",
                     "avg_logprob": -0.4, "no_speech_prob": 0.2},
                    {**segment, "id": 2, "start": 3.5, "end": 4.0, "text": " Fine."},
                ],
                "language": "english",
                "duration": 9.5,
            }
        ),
        "call.json",
    )  # fmt: skip
    assert [segment.text for segment in transcript.segments] == [
        "So we wait for the tax fix.",
        "Fine.",
    ]
    assert transcript.segments[0].avg_logprob == -0.4
    assert transcript.segments[0].no_speech_prob == 0.2
    assert (transcript.language, transcript.duration) == ("en", 9.5)


def test_whisper_cpp_counts_in_milliseconds(read: Read) -> None:
    transcript = read(
        json.dumps(
            {
                "result": {"language": "de"},
                "transcription": [
                    {"timestamps": {"from": "00:00:01,500", "to": "00:00:03,000"},
                     "offsets": {"from": 1500, "to": 3000}, "text": " Guten Morgen."}
                ],
            }
        ),
        "call.json",
    )  # fmt: skip
    segment = transcript.segments[0]
    assert (segment.start, segment.end, transcript.language) == (1.5, 3.0, "de")


def test_times_in_milliseconds_are_noticed(read: Read) -> None:
    said = "We have said all of this before and we will say it again."
    transcript = read(
        json.dumps(
            {
                "utterances": [
                    {"speaker": "A", "start": 250, "end": 5250, "text": said},
                    {"speaker": "B", "start": 5250, "end": 9900, "text": said},
                ]
            }
        ),
        "call.json",
    )
    assert [s.start for s in transcript.segments] == pytest.approx([0.25, 5.25])
    assert Remark.of(RemarkCode.TIMES_IN_MILLISECONDS) in transcript.warnings


def test_teams_entries_have_clocks_for_times(read: Read) -> None:
    entry = {"speakerDisplayName": "Priya Shah", "text": "Hello.", "startOffset": "00:01:02.500",
             "endOffset": "00:01:03.000"}  # fmt: skip
    segment = read(json.dumps({"entries": [entry]}), "call.json").segments[0]
    assert (segment.start, segment.end, segment.speaker) == (62.5, 63.0, "Priya Shah")


def test_segments_without_times_get_estimated_ones(read: Read) -> None:
    transcript = read(
        json.dumps([{"text": "One two."}, {"text": "Three.", "speaker": 0}]), "c.json"
    )
    assert transcript.segments[1].start == pytest.approx(2 / 2.6)
    assert transcript.segments[1].speaker == "Speaker 0"
    assert Remark.of(RemarkCode.TIMES_ESTIMATED) in transcript.warnings


def test_the_reference_of_the_example_has_every_word_said(read: Read) -> None:
    content = (EXAMPLES / "weekly-call.reference.json").read_bytes()
    transcript = read(content, "weekly-call.reference.json")
    spoken = " ".join(segment["text"] for segment in json.loads(content)["segments"]).split()
    assert " ".join(segment.text for segment in transcript.segments).split() == spoken
    assert transcript.duration == pytest.approx(178.469)
    assert {p.label for p in transcript.participants} == {"Priya", "Tom", "Marta", "Dan"}


def test_memos_own_transcript_comes_back_as_it_was(read: Read) -> None:
    own = Transcript(
        recording=Recording(filename="call.json", sha256="0" * 64),
        duration=10.0,
        speech_seconds=3.0,
        language="en",
        segments=(
            Segment(id=0, start=0.5, end=1.5, text="and then", speaker="Voice 1",
                    words=(Word(start=0.5, end=1.0, text="and", probability=0.9),)),
            Segment(id=1, start=1.5, end=3.5, text="we stop", speaker="Voice 1"),
        ),
        participants=(Participant(name="Priya", label="Voice 1", role="lead"),),
        gaps=(Gap(start=4.0, end=5.0, reason="noise"),),
        warnings=("noisy",),
        asr_model="faster-whisper/base",
    )  # fmt: skip
    assert read(own.model_dump_json(), "call.json") == own


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not valid JSON"),
        ("3", "no transcript"),
        ("null", "no transcript"),
        ("[]", "no transcript"),
        ('{"name": "package", "dependencies": {}}', "no transcript"),
        ('{"segments": [1, 2, 3]}', "no transcript"),
        ('{"segments": [{"start": 1}]}', "no transcript"),
        ('{"segments": {"text": "x"}}', "no transcript"),
        ('{"speech_seconds": 3, "segments": []}', "no transcript of this version"),
        ('{"segments": [{"text": "  "}]}', "nothing is said"),
        ("[" * 200_000, "nested too deeply|not valid JSON"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply|not valid JSON"),
        ("[" + "0," * 3_000_001 + "0]", "more values"),
        ("[" + "1" * 5000 + "]", "not valid JSON"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_json_of_another_kind_is_refused(read: Read, content: str, reason: str) -> None:
    with pytest.raises(RecordingError, match=reason) as caught:
        read(content, "other.json")
    assert "other.json" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "time", ["NaN", "Infinity", "-1", "1e300", "9" * 4000, '"soon"', "true", "{}"]
)
def test_a_time_that_is_none_is_estimated(read: Read, time: str) -> None:
    transcript = read(
        f'{{"segments": [{{"text": "Hello.", "start": {time}, "end": {time}}}]}}', "c.json"
    )
    assert transcript.segments[0].start == 0.0
    assert 0 < transcript.segments[0].end < 1


def test_a_lone_surrogate_is_no_text(read: Read) -> None:
    transcript = read('{"segments": [{"text": "a\\ud800b", "start": 0, "end": 1}]}', "c.json")
    assert transcript.segments[0].text == "ab"
    transcript.model_dump_json().encode()
