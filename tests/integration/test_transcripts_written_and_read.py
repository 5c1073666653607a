"""What memo writes as a transcript, memo reads as the same meeting."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.export.srt import render_srt
from memo.export.transcript_json import render_transcript_json
from memo.export.txt import render_txt
from memo.export.vtt import render_vtt
from memo.model import Participant, Recording, Segment, Transcript, Word
from memo.speech.transcript_files import is_transcript, read_transcript

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RECORDING = Recording(filename="call.m4a", sha256="0" * 64)


def turns(transcript: Transcript) -> list[tuple[str | None, str]]:
    """Who said what, without regard to where captions or words begin."""
    runs = groupby(transcript.segments, key=lambda segment: transcript.name_of(segment.speaker))
    return [(name, re.sub(r"\s", "", "".join(s.text for s in run))) for name, run in runs]


def again(transcript: Transcript, folder: Path) -> Transcript:
    path = folder / "call.transcript.vtt"
    path.write_text(render_vtt(transcript, title="Language: it"), encoding="utf-8")
    assert is_transcript(path)
    return read_transcript(path, RECORDING)


@pytest.mark.parametrize("name", ["weekly-call.reference.json", "weekly-call.script.txt"])
def test_the_example_comes_back_from_its_captions(name: str, tmp_path: Path) -> None:
    transcript = read_transcript(EXAMPLES / name, RECORDING)
    back = again(transcript, tmp_path)
    assert turns(back) == turns(transcript)
    assert back.participants == transcript.participants
    assert back.language == transcript.language
    assert back.duration == pytest.approx(max(s.end for s in transcript.segments), abs=1e-3)
    assert [round(s.start, 3) for s in back.segments] == pytest.approx(
        [round(s.start, 3) for s in transcript.segments], abs=2e-3
    )


SPOKEN = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=14)
MARKED = st.sampled_from(
    ["<b>", "&amp;", "-->", "10:30,", "Note:", "NOTE", "no.", "26%", "«x»", "同意"]
)
NAMES = st.sampled_from([None, "Ana María", "O'Neil & Sons <Ltd>", "SPEAKER_00", "李明"])


SIMPLE = st.sampled_from([None, "Ana María", "Tom O'Neil", "Speaker 2", "李明"])


@st.composite
def transcripts(draw: st.DrawFn, names: st.SearchStrategy[str | None] = NAMES) -> Transcript:
    at = 0.0
    segments: list[Segment] = []
    for place in range(draw(st.integers(1, 6))):
        speaker = draw(names)
        others = SPOKEN | MARKED if speaker else SPOKEN  # without voices, `Bo:` may name one
        # Signs alone are no caption to a reader, so a word stands at either end.
        words = [draw(SPOKEN), *draw(st.lists(others, max_size=25)), draw(SPOKEN)]
        start = at + draw(st.integers(0, 5_000)) / 1000
        step = draw(st.integers(10, 900)) / 1000
        timed = tuple(
            Word(start=start + n * step, end=start + (n + 1) * step, text=text, probability=0.9)
            for n, text in enumerate(words)
        )
        at = timed[-1].end
        segments.append(
            Segment(id=place, start=start, end=at, text=" ".join(words), speaker=speaker,
                    words=timed if draw(st.booleans()) else ())
        )  # fmt: skip
    return Transcript(
        recording=RECORDING, duration=at, speech_seconds=at, language="pt",
        segments=tuple(segments),
        participants=(Participant(name="Voice of <Bo>", label="SPEAKER_00"),),
    )  # fmt: skip


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(transcript=transcripts())
def test_any_transcript_comes_back_from_its_captions(
    transcript: Transcript, tmp_path: Path
) -> None:
    back = again(transcript, tmp_path)
    assert turns(back) == turns(transcript)
    assert back.language == "pt"
    assert back.segments[0].start == pytest.approx(transcript.segments[0].start, abs=1e-3)
    assert back.segments[-1].end == pytest.approx(transcript.segments[-1].end, abs=2e-3)


@pytest.mark.parametrize("ending", ["vtt", "txt"])
def test_marks_of_what_was_poorly_heard_are_no_words(ending: str, tmp_path: Path) -> None:
    transcript = read_transcript(EXAMPLES / "weekly-call.reference.json", RECORDING)
    segments = tuple(
        s.model_copy(
            update={
                "words": tuple(
                    Word(start=s.start, end=s.end, text=word, probability=0.1 + 0.8 * (n % 3 == 0))
                    for n, word in enumerate(s.text.split())
                )
            }
        )
        for s in transcript.segments
    )
    poor = transcript.model_copy(update={"segments": segments, "asr_model": "faster-whisper/base"})
    written = {"vtt": render_vtt, "txt": render_txt}[ending](poor)
    path = tmp_path / f"call.transcript.{ending}"
    path.write_text(written, encoding="utf-8")
    assert {"vtt": "<c.unsure>", "txt": "(?)"}[ending] in written
    assert turns(read_transcript(path, RECORDING)) == turns(transcript)


def plainly(transcript: Transcript) -> list[tuple[str | None, str]]:
    """Who said what, full-width characters (SubRip's stand-ins for markup) as the usual ones."""
    return [(name, unicodedata.normalize("NFKC", text)) for name, text in turns(transcript)]


@pytest.mark.parametrize("name", ["weekly-call.reference.json", "weekly-call.script.txt"])
@pytest.mark.parametrize("ending", ["srt", "txt", "json"])
def test_the_example_comes_back_from_each_form(name: str, ending: str, tmp_path: Path) -> None:
    transcript = read_transcript(EXAMPLES / name, RECORDING)
    render = {"srt": render_srt, "txt": render_txt, "json": render_transcript_json}[ending]
    path = tmp_path / f"call.transcript.{ending}"
    path.write_text(render(transcript), encoding="utf-8")
    assert is_transcript(path)
    back = read_transcript(path, RECORDING)
    assert plainly(back) == plainly(transcript)
    assert {p.name for p in back.participants} == {p.name for p in transcript.participants}
    assert back.segments[0].start == pytest.approx(transcript.segments[0].start, abs=1)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(transcript=transcripts(SIMPLE))
def test_any_transcript_comes_back_from_subrip(transcript: Transcript, tmp_path: Path) -> None:
    path = tmp_path / "call.srt"
    path.write_text(render_srt(transcript), encoding="utf-8")
    back = read_transcript(path, RECORDING)
    assert plainly(back) == plainly(transcript)
    assert back.segments[0].start == pytest.approx(transcript.segments[0].start, abs=1e-3)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(transcript=transcripts())
def test_any_transcript_comes_back_from_its_json_with_every_word(
    transcript: Transcript, tmp_path: Path
) -> None:
    path = tmp_path / "call.transcript.json"
    path.write_text(render_transcript_json(transcript), encoding="utf-8")
    other = Recording(filename=path.name, sha256="1" * 64)
    back = read_transcript(path, other)
    assert back == transcript.model_copy(update={"recording": other})


def test_what_is_hostile_in_json_of_ours_is_cleaned_in_words_too(tmp_path: Path) -> None:
    word = Word(start=0, end=1, text="a\u202eb\x1b[31m", probability=1)
    nothing = Word(start=1, end=2, text="\u200b", probability=1)
    segment = Segment(id=0, start=0, end=2, text="a\u202eb\x1b[31m", words=(word, nothing))
    path = tmp_path / "call.transcript.json"
    hostile = Transcript(
        recording=RECORDING, duration=2, speech_seconds=2, language="en", segments=(segment,)
    )
    path.write_text(hostile.model_dump_json(), encoding="utf-8")
    (read,) = read_transcript(path, RECORDING).segments
    assert (read.text, [word.text for word in read.words]) == ("ab[31m", ["ab[31m"])
