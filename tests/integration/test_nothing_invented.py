"""Real Whisper is made to hear what is no speech: whatever it writes, none of it is believed."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import BaseModel

from memo.model import Span, Transcript
from memo.ports import Artifact, silent
from memo.speech import vad
from memo.speech.audio import SAMPLE_RATE, decode
from memo.speech.recognition.asr import FasterWhisper
from memo.weights import Kind

pytestmark = pytest.mark.asr

Samples = npt.NDArray[np.float32]
SECONDS = 9
TIME = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
RNG = np.random.default_rng(0)
CHORD = np.asarray(sum(np.sin(2 * np.pi * pitch * TIME) for pitch in (262, 330, 392)))
SOUNDS = {
    "white noise": RNG.normal(0, 0.05, TIME.size),
    "faint noise": RNG.normal(0, 0.003, TIME.size),
    "hold music": 0.1 * CHORD * (np.sin(np.pi * TIME) > 0),
    "tone": 0.2 * np.sin(2 * np.pi * 440 * TIME),
    "hum": 0.05 * np.sin(2 * np.pi * 50 * TIME),
    "silence": np.zeros(TIME.size),
}


class Nothing:
    """Checkpoints that keep nothing."""

    def load(self, _step: str, _key: str, _kind: type[Artifact]) -> None:
        pass

    def save(self, _step: str, _key: str, _artifact: BaseModel) -> None:
        pass


@pytest.fixture(scope="module")
def tiny(weights: Callable[[str, Kind], Path]) -> Iterator[FasterWhisper]:
    with FasterWhisper(weights("tiny.en", "asr"), "tiny.en") as whisper:
        yield whisper


def hear(whisper: FasterWhisper, sound: Samples, path: Path) -> Transcript:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return whisper.transcribe(path, language="en", checkpoints=Nothing(), progress=silent)


def test_no_speech_is_found_in_sound_without_any(tiny: FasterWhisper, tmp_path: Path) -> None:
    sound = np.concatenate(list(SOUNDS.values())).astype(np.float32)
    transcript = hear(tiny, sound, tmp_path / "hold.wav")
    assert transcript.segments == ()
    assert transcript.decoded_seconds == 0
    assert "noise" in [gap.remarks[0].code for gap in transcript.gaps]


def test_nothing_is_believed_of_what_is_heard_where_nobody_speaks(
    tiny: FasterWhisper, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A detector that takes every sound for speech, three seconds at a time and nine."""
    speech = np.concatenate(list(decode(examples / "weekly-call.m4a")))[: 12 * SAMPLE_RATE]
    sound = np.concatenate([speech, *SOUNDS.values()]).astype(np.float32)
    starts = [12 + place * SECONDS for place in range(len(SOUNDS))]
    spans = [(0.5, 11.5), *((at + 0.1, at + 3.1) for at in starts)]
    spans += [(at + 3.5, at + 8.9) for at in starts]
    found = [Span(start=start, end=end) for start, end in sorted(spans)]
    monkeypatch.setattr(vad, "_speech", lambda *_: found)

    transcript = hear(tiny, sound, tmp_path / "call.wav")

    words = [word for segment in transcript.segments for word in segment.words]
    assert len(words) > 20
    assert [word.text for word in words if word.start > 12] == []
    taken = [gap for gap in transcript.gaps if gap.taken_out]
    assert taken
    assert transcript.warnings[0].code == "taken_out"
    assert int(transcript.warnings[0].values["count"]) >= len(taken)
