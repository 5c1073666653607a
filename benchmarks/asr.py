# ruff: noqa: INP001
"""Measure how well and how fast memo hears, beside others that run the same Whisper model.

    pip install whisper-normalizer whisper-ctranslate2
    python benchmarks/asr.py MODEL_FOLDER [--recordings FOLDER] [--only NAME ...] [--runs N]

memo's own transcriber as `memo convert` uses it, faster-whisper one clip after the other and in
batches, and the command whisper-ctranslate2, all three with their defaults, hear the same English
recordings with the same model folder (`base` as `memo models pull` leaves it, say). Each has a
process of its own that is given all recordings, loads the model once, and finds out the language.

`WER` is the word error rate in per cent over all recordings, by Whisper's own normaliser for
English (package whisper-normalizer, MIT); `RTF` seconds of work for a second of sound, the start of
the process included; `ratio` how many times longer it takes than whisper-ctranslate2; `CPU` the
processor seconds for a second of sound, the figure to compare where other work is going on; `MB`
the peak of the process. With `--runs` the systems take turns, and the fastest run of each counts.

Recordings are `examples/weekly-call` and, where it is there, those of `../shared/audio` whose
manifest names an English transcript made by people. whisper-ctranslate2 may be installed anywhere:
`--whisper-ctranslate2` says where; without it, its row is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from memo.ports import Artifact, silent

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "audio"
OTHER = "whisper-ctranslate2"


class Nothing:
    """Checkpoints that keep nothing: everything is measured."""

    def load(self, _step: str, _key: str, _kind: type[Artifact]) -> None:
        """Find nothing."""

    def save(self, _step: str, _key: str, _artifact: object) -> None:
        """Keep nothing."""


class Recorded(NamedTuple):
    """A recording, what is said in it, and its length (s)."""

    sound: Path
    text: str
    seconds: float


class Run(NamedTuple):
    """What a system heard, by recording, and what it took: seconds, processor seconds, MB."""

    texts: list[str]
    wall: float
    cpu: float
    peak: int


def say(text: str) -> None:
    """Write one line of the table."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# --- What is heard -------------------------------------------------------------------------------


def recordings(folder: Path, only: Sequence[str]) -> list[Recorded]:
    """Return the recordings to measure on; each has a stem of its own."""
    found = [*_example(), *_listed(folder)]
    chosen = [each for each in found if not only or any(name in str(each.sound) for name in only)]
    return list({each.sound.stem: each for each in chosen}.values())


def _example() -> Iterator[Recorded]:
    sound = ROOT / "examples" / "weekly-call.m4a"
    reference = json.loads(sound.with_suffix(".reference.json").read_text(encoding="utf-8"))
    text = " ".join(segment["text"] for segment in reference["segments"])
    yield Recorded(sound, text, reference["duration"])


def _listed(folder: Path) -> Iterator[Recorded]:
    manifest = folder / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else []
    for entry in entries:
        if entry["language"] == "en" and str(entry["transcript_quality"]).startswith("human"):
            text = (folder / entry["transcript"]).read_text(encoding="utf-8")
            spoken = re.sub(r"^\d+$", "", text, flags=re.MULTILINE)  # numbers of poems
            yield Recorded(folder / entry["file"], spoken, entry["duration_s"])


# --- Who hears it --------------------------------------------------------------------------------


def memo_hears(model: Path, sounds: Iterable[Path]) -> Iterator[str]:
    """Transcribe as `memo convert` does."""
    from memo.speech.recognition.asr import FasterWhisper

    with FasterWhisper(model, model.name) as whisper:
        for sound in sounds:
            heard = whisper.transcribe(sound, language=None, checkpoints=Nothing(), progress=silent)
            yield " ".join(segment.text for segment in heard.segments)


def sequential_hears(model: Path, sounds: Iterable[Path]) -> Iterator[str]:
    """Transcribe with plain faster-whisper."""
    from faster_whisper import WhisperModel

    whisper = WhisperModel(str(model), device="cpu", compute_type="int8")
    for sound in sounds:
        segments, _ = whisper.transcribe(str(sound))
        yield " ".join(segment.text for segment in segments)


def batched_hears(model: Path, sounds: Iterable[Path]) -> Iterator[str]:
    """Transcribe with faster-whisper in batches, as it cuts the recording itself."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper = BatchedInferencePipeline(WhisperModel(str(model), device="cpu", compute_type="int8"))
    for sound in sounds:
        segments, _ = whisper.transcribe(str(sound))
        yield " ".join(segment.text for segment in segments)


HEARERS: dict[str, Callable[[Path, Iterable[Path]], Iterator[str]]] = {
    "memo": memo_hears,
    "faster-whisper": sequential_hears,
    "faster-whisper batched": batched_hears,
}


def run(name: str, command: Path, model: Path, sounds: Sequence[Path]) -> Run:
    """Let a system hear all recordings in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        line: list[str | Path] = [sys.executable, __file__, model, "--as", name, "--texts", out]
        if name == OTHER:
            line = [command, "--model_directory", model, "--output_dir", out]
            line += ["--output_format", "txt", "--verbose", "False"]
        else:
            line.append("--sounds")
        wall, cpu, peak = measured([*line, *sounds])
        texts = [(out / f"{sound.stem}.txt").read_text(encoding="utf-8") for sound in sounds]
    return Run(texts, wall, cpu, peak)


def measured(line: Sequence[str | Path]) -> tuple[float, float, int]:
    """Run a command; return its seconds, its processor seconds and its most memory in MB."""
    started = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603 - what is to be measured
        [str(word) for word in line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    errors = child.stderr.read() if child.stderr else ""
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{line[0]} failed:\n{errors}")
    wall = time.perf_counter() - started
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


# --- What it is worth ----------------------------------------------------------------------------


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Return how many words are wrong, missing or too many, and how many there should be."""
    from rapidfuzz.distance import Levenshtein
    from whisper_normalizer.english import EnglishTextNormalizer

    plain = EnglishTextNormalizer()
    wanted, found = plain(reference).split(), plain(heard).split()
    return Levenshtein.distance(wanted, found), len(wanted)


def error_rate(found: Run, recorded: Sequence[Recorded]) -> float:
    """Return the word error rate over all recordings, in per cent."""
    counts = [
        word_errors(each.text, text) for each, text in zip(recorded, found.texts, strict=True)
    ]
    return 100 * sum(wrong for wrong, _ in counts) / sum(words for _, words in counts)


def show(runs: dict[str, list[Run]], recorded: Sequence[Recorded], *, each: bool) -> None:
    """Write the table: a row for each system and, if asked for, each recording's errors."""
    seconds = sum(one.seconds for one in recorded)
    best = {name: min(several, key=lambda one: one.wall) for name, several in runs.items()}
    base = best[OTHER].wall if OTHER in best else None
    say(f"{len(recorded)} recordings, {seconds / 60:.1f} minutes")
    say(f"{'':24}  WER %    RTF  ratio    CPU    MB")
    for name, one in best.items():
        ratio = f"{one.wall / base:5.2f}" if base else "    -"
        rates = f"{one.wall / seconds:5.3f}  {ratio}  {one.cpu / seconds:5.3f}"
        say(f"{name:24}  {error_rate(one, recorded):5.1f}  {rates}  {one.peak:4}")
    if each:
        say("\nwords wrong, missing or too many of those said")
        for place, of in enumerate(recorded):
            counts = [word_errors(of.text, one.texts[place]) for one in best.values()]
            wrong = "  ".join(f"{count:5}" for count, _ in counts)
            say(f"{of.sound.stem:36.36}  {wrong}  of {counts[0][1]:4}")


def main() -> None:
    """Measure what the command line names, or be one of the systems."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of a Whisper model for CTranslate2")
    parser.add_argument("--recordings", type=Path, default=SHARED, help="folder with a manifest")
    parser.add_argument("--only", action="append", default=[], help="part of a recording's path")
    parser.add_argument("--system", action="append", help="part of a system's name")
    parser.add_argument("--runs", type=int, default=1, help="how often each hears everything")
    parser.add_argument("--each", action="store_true", help="show the errors of each recording")
    parser.add_argument(f"--{OTHER}", dest="command", type=Path, help="where that command is")
    parser.add_argument("--as", dest="hearer", choices=HEARERS, help=argparse.SUPPRESS)
    parser.add_argument("--texts", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sounds", nargs="*", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hearer:
        for sound, text in zip(
            given.sounds, HEARERS[given.hearer](given.model, given.sounds), strict=True
        ):
            (given.texts / f"{sound.stem}.txt").write_text(text, encoding="utf-8")
        return
    command = given.command or shutil.which(OTHER)
    names = [*HEARERS, *([OTHER] if command else [])]
    names = [n for n in names if not given.system or any(part in n for part in given.system)]
    recorded = recordings(given.recordings, given.only)
    sounds = [each.sound for each in recorded]
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(given.runs):
        for name in names:
            runs[name].append(run(name, Path(command or OTHER), given.model, sounds))
    show(runs, recorded, each=given.each)


if __name__ == "__main__":
    main()
