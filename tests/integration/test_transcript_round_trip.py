"""Captions that memo writes are read by memo as what they were written from."""

from __future__ import annotations

import json
from pathlib import Path

from memo.export.vtt import render_vtt
from memo.model import Recording, Segment, Transcript, Word
from memo.speech.transcript_files import read_transcript

RECORDING = Recording(filename="weekly-call.m4a", sha256="0" * 64)


def _reference(examples: Path) -> Transcript:
    """The example call as it was scripted, its words spread evenly over each turn."""
    reference = json.loads((examples / "weekly-call.reference.json").read_bytes())
    segments = tuple(
        Segment(
            id=number,
            start=turn["start"],
            end=turn["end"],
            text=turn["text"],
            speaker=turn["speaker"],
            words=_spread(turn["text"].split(), turn["start"], turn["end"]),
        )
        for number, turn in enumerate(reference["segments"])
    )
    return Transcript(
        recording=RECORDING,
        duration=reference["duration"],
        speech_seconds=reference["duration"],
        language="en",
        segments=segments,
    )


def _spread(texts: list[str], start: float, end: float) -> tuple[Word, ...]:
    step = (end - start) / len(texts)
    return tuple(
        Word(start=start + n * step, end=start + (n + 1) * step, text=text, probability=1)
        for n, text in enumerate(texts)
    )


def _said(transcript: Transcript) -> dict[str | None, list[str]]:
    """The words of each voice, in order."""
    said: dict[str | None, list[str]] = {}
    for segment in transcript.segments:
        said.setdefault(transcript.name_of(segment.speaker), []).extend(segment.text.split())
    return said


def test_captions_are_read_back_word_for_word(examples: Path, tmp_path: Path) -> None:
    written = _reference(examples)
    path = tmp_path / "weekly-call.transcript.vtt"
    path.write_text(render_vtt(written, title="R&D <weekly> --> call"), encoding="utf-8")

    read = read_transcript(path, RECORDING)

    assert _said(read) == _said(written)
    assert read.segments[0].start == 0.951
    assert abs(read.segments[-1].end - written.segments[-1].end) < 0.001


def test_names_and_words_with_markup_in_them_come_back(tmp_path: Path) -> None:
    segment = Segment(
        id=0, start=1, end=2, text="a < b && c > d --> <b>e</b> &amp;", speaker="Tom & <Jerry>"
    )
    written = _reference_of(segment)
    path = tmp_path / "odd.vtt"
    path.write_text(render_vtt(written), encoding="utf-8")
    assert _said(read_transcript(path, RECORDING)) == _said(written)


def _reference_of(segment: Segment) -> Transcript:
    return Transcript(
        recording=RECORDING, duration=3, speech_seconds=1, language="en", segments=(segment,)
    )
