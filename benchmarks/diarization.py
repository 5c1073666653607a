# ruff: noqa: INP001
"""Measure how well memo tells voices apart: diarization error rate, count of voices, speed.

    python benchmarks/diarization.py [FOLDER ...] [--count-given] [--telephone] [--words MODEL]

Every recording that has its speaker turns beside it (`call.m4a`, `call.rttm`) is measured; by
default those of `examples/` and, where it is there, of `../shared/audio`. `DER` is missed, false
and confused speech in per cent of all speech, as pyannote.metrics counts it: 0.25 s on either side
of a reference's border are left out, overlapping speech counts once for each who speaks, and voices
are matched as favourably as can be. `found` is how many voices were found, `true` how many there
are, and after the mean stands by how many the count is wrong. `RTF` is seconds of work (finding
speech included) for a second of sound on this machine; `MB` the peak of the process so far. A file
of nothing but zeros is named and left out.

`--telephone` has each recording come over a telephone line (300 to 3400 Hz, mu-law, noise): there
voices are more alike. `--words` transcribes those that have a transcript beside them, too
(`call.reference.json`), and counts the rightly recognised words that the wrong voice got.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import resource
import sys
import tempfile
import time
import wave
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from common_voice import telephone

from memo.model import Transcript, Turn
from memo.ports import Artifact, silent
from memo.speech.audio import SAMPLE_RATE, decode, probe
from memo.speech.voices.attribution import attribute
from memo.speech.voices.diarization import SpectralDiarizer

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "examples", ROOT.parent / "shared" / "audio")
SOUND = (".m4a", ".wav", ".flac", ".mp3", ".opus", ".wma", ".mp4")
COLLAR = 0.25  # s
STEP = 0.01  # s

Activity = npt.NDArray[np.bool_]


class Nothing:
    """Checkpoints that keep nothing: everything is measured."""

    def load(self, _step: str, _key: str, _kind: type[Artifact]) -> None:
        """Find nothing."""

    def save(self, _step: str, _key: str, _artifact: object) -> None:
        """Keep nothing."""


class Errors(NamedTuple):
    """Parts of the error rate, in per cent of the speech that should have been found."""

    total: float
    missed: float
    false: float
    confused: float


def say(text: str) -> None:
    """Write one line of the table."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def read_rttm(path: Path) -> list[Turn]:
    """Read speaker turns in NIST's Rich Transcription Time Marked format."""
    fields = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return [
        Turn(start=float(f[3]), end=float(f[3]) + float(f[4]), speaker=f[7])
        for f in fields
        if f and f[0] == "SPEAKER"
    ]


def error_rate(reference: Sequence[Turn], found: Sequence[Turn], collar: float = COLLAR) -> Errors:
    """Return the diarization error rate, overlap included, by frames of 10 ms.

    Args:
        reference: Who speaks when.
        found: Who was found to speak when, under any names.
        collar: Seconds left out on either side of each border of the reference.
    """
    frames = round(max(turn.end for turn in (*reference, *found)) / STEP) + 1
    counted = np.ones(frames, bool)
    for border in (at for turn in reference for at in (turn.start, turn.end)):
        counted[max(0, round((border - collar) / STEP)) : round((border + collar) / STEP)] = False
    wanted, heard = (_activity(turns, frames)[:, counted] for turns in (reference, found))
    common = wanted.astype(np.int64) @ heard.T.astype(np.int64)
    speaking, named = wanted.sum(axis=0), heard.sum(axis=0)
    missed = int(np.maximum(0, speaking - named).sum())
    false = int(np.maximum(0, named - speaking).sum())
    confused = int(np.minimum(speaking, named).sum()) - best_match(common)
    parts = (missed + false + confused, missed, false, confused)
    return Errors(*(100 * part / max(1, int(speaking.sum())) for part in parts))


def _activity(turns: Iterable[Turn], frames: int) -> Activity:
    turns = list(turns)
    voices = sorted({turn.speaker for turn in turns})
    active = np.zeros((len(voices), frames), bool)
    for turn in turns:
        row = voices.index(turn.speaker)
        active[row, round(turn.start / STEP) : round(turn.end / STEP)] = True
    return active


def best_match(common: npt.NDArray[np.int64]) -> int:
    """Return the most frames that pairs of one row and one column can have in common."""
    table = common if common.shape[0] >= common.shape[1] else common.T

    @cache
    def best(row: int, free: int) -> int:  # `free` has a bit for each column not yet taken
        if row == len(table):
            return 0
        columns = [column for column in range(table.shape[1]) if free >> column & 1]
        taken = [int(table[row, c]) + best(row + 1, free & ~(1 << c)) for c in columns]
        return max([best(row + 1, free), *taken])

    return best(0, (1 << table.shape[1]) - 1)


def recordings(folders: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield recordings that have their turns beside them; each content of a name once."""
    seen = set()
    for folder in folders:
        for rttm in sorted(folder.rglob("*.rttm")):
            sounds = [rttm.with_suffix(suffix) for suffix in SOUND]
            for sound in (path for path in sounds if path.is_file() and path.name not in seen):
                seen.add(sound.name)
                yield sound, rttm


def over_telephone(sound: Path, folder: Path) -> Path:
    """Write a recording as it comes over a telephone line; return the file."""
    line = telephone(np.concatenate(list(decode(sound))))
    path = folder / f"{sound.stem}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(line, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def measure(sound: Path, rttm: Path, *, count_given: bool) -> tuple[Errors, int] | None:
    """Measure one recording, and write its line of the table.

    Returns:
        Its errors, and by how many voices the count is wrong; None if it holds no sound.
    """
    if not any(block.any() for block in decode(sound)):
        say(f"{sound.stem:28.28}  holds nothing but zeros")
        return None
    reference = read_rttm(rttm)
    true = len({turn.speaker for turn in reference})
    duration = probe(sound).duration or 0.0
    started = time.perf_counter()
    found = diarized(sound, true if count_given else None)
    seconds = time.perf_counter() - started
    errors = error_rate(reference, found)
    voices = len({turn.speaker for turn in found})
    parts = "  ".join(f"{part:6.1f}" for part in errors)
    speed = f"{seconds / max(duration, 1e-9):6.3f}"
    say(f"{sound.stem:28.28}  {parts}  {voices:5}  {true:4}  {duration:8.0f}  {speed}  {peak():4}")
    return errors, abs(voices - true)


def diarized(sound: Path, speakers: int | None) -> tuple[Turn, ...]:
    """Tell the voices of a recording apart, from the start."""
    return SpectralDiarizer().diarize(
        sound, speakers=speakers, checkpoints=Nothing(), progress=silent
    )


def peak() -> int:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def wrong_words(reference: Path, transcript: Transcript) -> tuple[int, int]:
    """Return how many rightly recognised words the wrong voice got, and how many there are."""
    segments = json.loads(reference.read_text(encoding="utf-8"))["segments"]
    wanted = [(word, s["speaker"]) for s in segments for word in plain(s["text"])]
    heard = [(word, s.speaker or "") for s in transcript.segments for word in plain(s.text)]
    matcher = difflib.SequenceMatcher(
        None, [w for w, _ in wanted], [w for w, _ in heard], autojunk=False
    )
    pairs = Counter(
        (wanted[block.a + n][1], heard[block.b + n][1])
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    )
    true, found = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
    table = np.array([[pairs[a, b] for b in found] for a in true], np.int64)
    return int(table.sum()) - best_match(table), int(table.sum())


def plain(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower().replace("’", "'"))


def measure_words(sounds: Iterable[Path], model: Path) -> None:
    """Measure who is said to have said what, with real transcripts."""
    from memo.speech.recognition.asr import FasterWhisper

    with FasterWhisper(model, model.name) as whisper:
        for sound in sounds:
            reference = sound.with_suffix(".reference.json")
            if not reference.exists():
                continue
            heard = whisper.transcribe(sound, language="en", checkpoints=Nothing(), progress=silent)
            for name, turns in (
                ("found turns", diarized(sound, None)),
                ("true turns", read_rttm(sound.with_suffix(".rttm"))),
            ):
                wrong, words = wrong_words(reference, attribute(heard, turns))
                share = f"{100 * wrong / words:.1f} %"
                say(f"{sound.stem}, {name}: {wrong} of {words} words ({share}) by the wrong voice")


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--count-given", action="store_true", help="tell how many voices there are")
    parser.add_argument("--telephone", action="store_true", help="as over a telephone line")
    parser.add_argument("--words", type=Path, metavar="MODEL", help="folder of a speech model")
    given = parser.parse_args()
    say(f"{'':28}     DER  missed   false  confus  found  true   seconds     RTF    MB")
    pairs = list(recordings(given.folders or FOLDERS))
    with tempfile.TemporaryDirectory() as folder:
        measured = []
        for sound, rttm in pairs:
            heard = over_telephone(sound, Path(folder)) if given.telephone else sound
            measured.append(measure(heard, rttm, count_given=given.count_given))
    if done := [found for found in measured if found is not None]:
        means = "  ".join(f"{part:6.1f}" for part in np.mean([e for e, _ in done], axis=0))
        counts = float(np.mean([wrong for _, wrong in done]))
        say(f"{f'mean of {len(done)}':28}  {means}  {counts:5.2f}")
    if given.words:
        measure_words((sound for sound, _ in pairs), given.words)


if __name__ == "__main__":
    main()
