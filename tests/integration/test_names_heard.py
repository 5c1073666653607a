"""Real Whisper is told which names and terms may be said, and spells them so."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from memo.model import Transcript
from memo.ports import Checkpoints, silent
from memo.speech.audio import SAMPLE_RATE, decode
from memo.speech.recognition.asr import FasterWhisper
from memo.weights import Kind

pytestmark = pytest.mark.asr

Find = Callable[[str, Kind], Path]
NAMES = ("cut-over", "Tom", "Dan")


class Nothing:
    """Checkpoints that keep nothing."""

    def load(self, step: str, key: str, kind: type[object]) -> None:
        pass

    def save(self, step: str, key: str, artifact: object) -> None:
        pass


@pytest.fixture(scope="module")
def whisper(weights: Find) -> Iterator[FasterWhisper]:
    with FasterWhisper(weights("tiny.en", "asr"), "tiny.en") as whisper:
        yield whisper


@pytest.fixture(scope="module")
def migration(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds of the example call: "We drop the single cutover on the eighth"."""
    samples = np.concatenate(list(decode(examples / "weekly-call.m4a")))
    excerpt = samples[round(70.5 * SAMPLE_RATE) : round(91 * SAMPLE_RATE)]
    return written(tmp_path_factory.mktemp("call") / "migration.wav", excerpt)


def written(path: Path, samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def heard(whisper: FasterWhisper, path: Path, hotwords: Sequence[str]) -> str:
    kept: Checkpoints = Nothing()
    transcript: Transcript = whisper.transcribe(
        path, language="en", hotwords=hotwords, checkpoints=kept, progress=silent
    )
    return " ".join(segment.text for segment in transcript.segments)


def test_a_term_that_the_model_is_told_is_spelled_so(
    whisper: FasterWhisper, migration: Path
) -> None:
    untold = heard(whisper, migration, ())
    told = heard(whisper, migration, NAMES)
    assert "the single cutover on" in untold
    assert "the single cut-over on" in told
    assert abs(len(told.split()) - len(untold.split())) <= 2


def test_names_that_are_told_are_not_heard_in_noise(whisper: FasterWhisper, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 8 * SAMPLE_RATE).astype(np.float32)
    assert heard(whisper, written(tmp_path / "noise.wav", noise), NAMES) == ""
