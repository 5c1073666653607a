# ruff: noqa: INP001
"""Measure who speaks when, and who said what, where everybody has a sound of his own.

    python benchmarks/tracks.py [--words MODEL_FOLDER]

`examples/weekly-call.tracks` holds a file for each of four people, `weekly-call.stereo.m4a` two of
them on either channel; where it is there, a call of `../shared/audio` has a side on each channel.
`DER` is as `benchmarks/diarization.py` has it, but without any model: from how loud the tracks are.
"with bleed" adds everybody else to each track, 8 dB softer. `--words` transcribes, and counts the
rightly recognised words that the wrong voice got, and the errors in what was heard (`WER`, in per
cent).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from diarization import ROOT, Nothing, error_rate, plain, read_rttm, say, wrong_words

from memo.model import Recording, Transcript
from memo.ports import silent
from memo.speech.audio import SAMPLE_RATE, decode
from memo.speech.recognition.asr import FasterWhisper
from memo.speech.tracks.apart import Apart
from memo.speech.tracks.finding import Tracks, channels_of, files_of
from memo.speech.tracks.levels import activity, turns_of
from memo.speech.voices.diarization import SpectralDiarizer

EXAMPLES = ROOT / "examples"
CALL = ROOT.parent / "shared" / "audio" / "calls" / "autorepairs40_stereo.m4a"
BLEEDS = 10 ** (-8 / 20)


def bleeding(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Write the same tracks as microphones in one room would have recorded them."""
    sounds = [np.concatenate(list(decode(path))) for path in paths]
    everybody = np.sum(sounds, axis=0)
    return [
        write(folder / f"{path.stem}.wav", sound + BLEEDS * (everybody - sound))
        for path, sound in zip(paths, sounds, strict=True)
    ]


def write(path: Path, sound: npt.NDArray[np.float32]) -> Path:
    """Write a sound file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())
    return path


def measure(name: str, tracks: Tracks | None, rttm: Path) -> None:
    """Measure who speaks when, and write a line of the table."""
    if tracks is None:
        say(f"{name:28.28}  not people")
        return
    rows = activity(tracks.levels)
    turns = [turn for place, row in enumerate(rows) for turn in turns_of(row, str(place))]
    errors = error_rate(read_rttm(rttm), turns)
    say(f"{name:28.28}  {'  '.join(f'{part:6.2f}' for part in errors)}")


def measure_words(name: str, tracks: Tracks, model: Path, speakers: int | None) -> None:
    """Measure who is said to have said what, and write a line of the table."""
    recording = Recording(filename=name, sha256="0" * 64)
    began = time.perf_counter()
    with FasterWhisper(model, model.name) as whisper:
        apart = Apart(whisper, SpectralDiarizer(), Nothing(), silent)
        heard = apart.transcribe(tracks, recording, language="en", speakers=speakers)
    seconds = time.perf_counter() - began
    reference = EXAMPLES / "weekly-call.reference.json"
    wrong, words = wrong_words(reference, heard)
    share = f"{100 * wrong / words:.1f} %"
    errors = word_errors(reference, heard)
    people = len(heard.participants)
    say(
        f"{name:28.28}  {wrong} of {words} words ({share}) by the wrong voice, {people} voices, "
        f"WER {errors:.1f}, {seconds:.0f} s"
    )


def word_errors(reference: Path, heard: Transcript) -> float:
    """Return the word error rate, in per cent."""
    segments = json.loads(reference.read_text(encoding="utf-8"))["segments"]
    wanted = [word for segment in segments for word in plain(segment["text"])]
    found = [word for segment in heard.segments for word in plain(segment.text)]
    row = list(range(len(found) + 1))
    for place, word in enumerate(wanted, 1):
        before, row[0] = row[:], place
        for n, other in enumerate(found, 1):
            row[n] = min(before[n] + 1, row[n - 1] + 1, before[n - 1] + (word != other))
    return 100 * row[-1] / len(wanted)


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--words", type=Path, metavar="MODEL", help="folder of a speech model")
    given = parser.parse_args()
    paths = sorted((EXAMPLES / "weekly-call.tracks").glob("*.m4a"))
    rttm = EXAMPLES / "weekly-call.rttm"
    with tempfile.TemporaryDirectory() as folder:
        alone = files_of(paths, silent)
        room = files_of(bleeding(paths, Path(folder)), silent)
        say(f"{'':28}     DER  missed   false  confus")
        measure("weekly-call.tracks", alone, rttm)
        measure("... with bleed", room, rttm)
        if CALL.is_file():
            measure(CALL.stem, channels_of(CALL, silent), CALL.with_name("autorepairs40.rttm"))
        if given.words:
            measure_words("weekly-call.tracks", alone, given.words, None)
            measure_words("... with bleed", room, given.words, None)
            sides = channels_of(EXAMPLES / "weekly-call.stereo.m4a", silent)
            if sides:
                measure_words("weekly-call.stereo", sides, given.words, None)
                measure_words("... count given", sides, given.words, 4)


if __name__ == "__main__":
    main()
