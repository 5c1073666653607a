# ruff: noqa: INP001
"""Measure how often a voice that is enrolled is recognised, and how often wrongly.

    python benchmarks/enrolled.py RECORDING... [--same NAME,NAME]...

A recording is of one person, called after its file, or of several with their turns beside it
(`call.m4a`, `call.rttm`). Each voice is heard as it is, with noise (15 dB) and as over a bad
telephone line (300 to 3400 Hz, mu-law), in two halves; each is enrolled alone and held against
every other: the other half, other recordings of the same person, and all other people. `--same`
says which names are one person's.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import tempfile
import wave
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from memo.model import Recording, Span
from memo.speech import vad
from memo.speech.audio import SAMPLE_RATE, Sound, decode
from memo.speech.voices.samples import alone
from memo.speech.voices.voiceprints import (
    LEAST_SPEECH,
    MODEL,
    Enrolled,
    Take,
    Voiceprint,
    Voiceprints,
    match,
)

NOISE = 15  # dB under the voice
NEVER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class Heard(NamedTuple):
    """A voice: whose, in which file, how it came, which half, and what it is like."""

    person: str
    file: str
    line: str
    part: str
    voice: Voiceprint


def noisy(sound: Sound) -> Sound:
    """Return a sound with white noise."""
    level = float(np.sqrt(np.square(sound).mean())) * 10 ** (-NOISE / 20)
    noise = np.random.default_rng(1).standard_normal(sound.size) * level
    return np.asarray(sound + noise, np.float32)


def telephone(sound: Sound) -> Sound:
    """Return a sound as it comes over a bad telephone line."""
    hertz = np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE)
    passed = np.where((hertz > 300) & (hertz < 3400), np.fft.rfft(sound), 0)
    line = np.fft.irfft(passed, sound.size)
    line /= max(1e-6, float(np.abs(line).max()))
    coded = np.round(np.sign(line) * np.log1p(255 * np.abs(line)) / np.log(256) * 127) / 127
    heard = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255
    return np.asarray(heard, np.float32)


LINES: Mapping[str, Callable[[Sound], Sound]] = {
    "as it is": lambda sound: sound,
    "noise": noisy,
    "telephone": telephone,
}


def turns(path: Path) -> dict[str, tuple[Span, ...]]:
    """Return where each voice of a recording speaks, by name."""
    voices: dict[str, list[Span]] = defaultdict(list)
    rttm = path.with_suffix(".rttm")
    if not rttm.is_file():
        speech = [s for passage in vad.listen(decode(path)) for s in passage.speech]
        return {path.stem: tuple(vad.union(speech))}
    for line in rttm.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        start = float(fields[3])
        voices[" ".join(fields[7:-2])].append(Span(start=start, end=start + float(fields[4])))
    return alone(voices)


def halves(voices: Mapping[str, Sequence[Span]]) -> dict[str, tuple[Span, ...]]:
    """Return the halves of what each voice says, those that are long enough, by half and name."""
    found = {}
    for name, spans in voices.items():
        middle = len(spans) // 2
        for part, some in (("a", spans[:middle]), ("b", spans[middle:])):
            if sum(span.duration for span in some) >= LEAST_SPEECH:
                found[f"{part}{name}"] = tuple(some)
    return found


def hear(path: Path, same: Mapping[str, str]) -> Iterator[Heard]:
    """Yield the voices of a recording, on each kind of line."""
    voices, sound = halves(turns(path)), np.concatenate(list(decode(path)))
    prints = Voiceprints(Path("nowhere"))
    for line, change in LINES.items():
        with tempfile.TemporaryDirectory() as folder:
            changed = Path(folder) / "sound.wav"
            with wave.open(str(changed), "wb") as file:
                file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
                samples = np.clip(change(sound), -1, 1) * 32767
                file.writeframes(samples.astype("<i2").tobytes())
            for label, voice in prints.prints(changed, voices).items():
                part, name = label[0], label[1:]
                yield Heard(same.get(name, name), path.stem, line, part, voice)


def enrolled(heard: Heard) -> Enrolled:
    """Return a person who is remembered by this voice alone."""
    recording = Recording(filename=heard.file, sha256="0" * 64)
    embedding = tuple(heard.voice.embedding.tolist())
    take = Take(
        recording=recording, label="", seconds=0, enrolled_at=NEVER, model=MODEL,
        narrow=heard.voice.narrow, embedding=embedding,
    )  # fmt: skip
    return Enrolled(name=heard.person, takes=(take,))


def main() -> None:
    """Measure the folders that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recordings", nargs="+", type=Path)
    parser.add_argument("--same", action="append", default=[])
    given = parser.parse_args()
    same = {n: group.split(",")[0] for group in given.same for n in group.split(",")}
    heard = [voice for path in given.recordings for voice in hear(path, same)]
    counted: Counter[tuple[str, bool, bool]] = Counter()
    for one, other in itertools.combinations(heard, 2):
        is_same = one.person == other.person
        if (is_same, one.file, one.part) == (True, other.file, other.part):
            continue  # the same words
        found = bool(match({"": other.voice}, [enrolled(one)]))
        counted[" / ".join(sorted({one.line, other.line})), is_same, found] += 1
    people = len({voice.person for voice in heard})
    print(f"{people} people")  # noqa: T201
    for line in sorted({line for line, _, _ in counted}):
        right, wrong = counted[line, True, True], counted[line, False, True]
        alike, unlike = right + counted[line, True, False], wrong + counted[line, False, False]
        print(f"{line}: {right} of {alike} recognised, {wrong} of {unlike} wrongly")  # noqa: T201


if __name__ == "__main__":
    main()
