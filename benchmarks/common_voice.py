# ruff: noqa: INP001
"""Measure what embeddings have in common: `memo/speech/voices/campplus.common.npy`.

    python benchmarks/common_voice.py FOLDER OUT.npy

The folder holds recordings of one person each, and recordings of several with their turns beside
them (`call.m4a`, `call.rttm`), of which what somebody says alone is taken. Up to 16 s of each voice
are heard twice, as they are and as over a telephone (300 to 3400 Hz, mu-law, noise). The first row
of the result is the mean over all voices and both, the second the direction in which the telephone
moves them. Single voices do not show in it: at most a 25th of the mean is anybody's.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from memo.speech import vad
from memo.speech.audio import SAMPLE_RATE, Sound, decode
from memo.speech.voices.embeddings import Embeddings, VoiceModel

SOUND = {".m4a", ".wav", ".flac", ".mp3", ".opus", ".wma"}
HEARD = 16  # s of a voice
LEAST = 9  # s
WINDOW = 1.5  # s
NOISE = 25  # dB under the voice


def alone(path: Path, sound: Sound) -> Iterator[tuple[str, Sound]]:
    """Yield what each voice of a recording says while nobody else speaks."""
    fields = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line]
    turns = [(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in fields]
    for place, (start, end, voice) in enumerate(turns):
        others = turns[:place] + turns[place + 1 :]
        if all(other[1] <= start or other[0] >= end for other in others):
            yield voice, sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]


def voices(folder: Path) -> dict[str, Sound]:
    """Return the sound of each voice that says enough."""
    found: dict[str, list[Sound]] = defaultdict(list)
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SOUND):
        sound = np.concatenate(list(decode(path)))
        turns = path.with_suffix(".rttm")
        if turns.exists():
            for voice, said in alone(turns, sound):
                found[voice].append(said)
            continue
        for passage in vad.listen(iter([sound])):
            found[path.stem].extend(passage.cut(span) for span in passage.speech)
    whole = {voice: np.concatenate(said)[: HEARD * SAMPLE_RATE] for voice, said in found.items()}
    return {voice: sound for voice, sound in whole.items() if sound.size >= LEAST * SAMPLE_RATE}


def telephone(sound: Sound) -> Sound:
    """Return a sound as it comes over a telephone line."""
    hertz = np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE)
    passed = 1 / (1 + (250 / np.maximum(hertz, 1)) ** 8) / (1 + (hertz / 3500) ** 16)
    line = np.fft.irfft(np.fft.rfft(sound) * passed, sound.size)
    line *= 0.7 / max(1e-6, float(np.abs(line).max()))
    noise = np.random.default_rng(0).standard_normal(sound.size)
    line += noise * np.sqrt(np.square(line).mean()) * 10 ** (-NOISE / 20)
    coded = np.round(
        np.sign(line) * np.log1p(255 * np.minimum(np.abs(line), 1)) / np.log(256) * 127
    )
    heard = np.sign(coded) * np.expm1(np.abs(coded / 127) * np.log(256)) / 255
    narrow = np.fft.rfft(heard) / (1 + (hertz / 3700) ** 24)
    return np.fft.irfft(narrow, sound.size).astype(np.float32)


def mean(model: VoiceModel, sound: Sound) -> Embeddings:
    """Return the mean embedding of a voice."""
    size = round(WINDOW * SAMPLE_RATE)
    starts = range(0, sound.size - size + 1, SAMPLE_RATE)
    found = np.stack(list(model.embed(sound[at : at + size] for at in starts)))
    average: Embeddings = found.mean(axis=0)
    return average


def main() -> None:
    """Measure the folder that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    model = VoiceModel()
    heard = voices(given.folder)
    means = np.array([[mean(model, s), mean(model, telephone(s))] for s in heard.values()])
    moved = (means - means.mean(axis=1, keepdims=True)).reshape(-1, means.shape[-1])
    nuisance = np.linalg.svd(moved, full_matrices=False)[2][0]
    common = np.stack([means.mean(axis=(0, 1)), nuisance]).astype(np.float32)
    np.save(given.out, common)


if __name__ == "__main__":
    main()
