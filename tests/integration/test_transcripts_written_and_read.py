"""What memo writes as captions, memo reads as the same meeting."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    at = 0.0
    segments: list[Segment] = []
    for place in range(draw(st.integers(1, 6))):
        speaker = draw(NAMES)
        others = SPOKEN | MARKED if speaker else SPOKEN  # without voices, `Bo:` may name one
        words = [draw(SPOKEN), *draw(st.lists(others, max_size=25))]
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
