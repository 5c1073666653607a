"""Names the stretches without speech that are as loud as the speech around them.

Hold music and noise are no speech, and are not transcribed; but a listener who finds that half a
minute of sound is missing wants to be told. It is also where a voice detector that erred would
have erred.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from memo.model import Span
from memo.speech.audio import SAMPLE_RATE, Sound

SHORTEST = 10.0  # s; shorter sound is a cough, a door, a laugh
_FRAME = 0.5  # s
_SAMPLES = round(_FRAME * SAMPLE_RATE)
_AS_LOUD = 10.0  # dB below speech, at most
_AROUND = 120.0  # s on either side within which speech is "around"
_BLIP = 1.0  # s
_LULL = 3.0  # s; music breathes, too
_AUDIBLE = -45.0  # dB of full scale; counts where nobody speaks
_SILENT = -120.0  # dB

Levels = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


class Loudness:
    """How loud a recording is, every half second: 0.3 MB for six hours."""

    def __init__(self) -> None:
        self._levels: list[Levels] = []
        self._rest: Sound = np.zeros(0, np.float32)

    def hear(self, sound: Sound) -> None:
        """Take the next stretch of the sound, shape (samples,) at 16 kHz."""
        sound = np.concatenate([self._rest, sound])
        whole = sound.size // _SAMPLES * _SAMPLES
        frames = sound[:whole].reshape(-1, _SAMPLES)
        power = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / _SAMPLES
        quiet = 10 ** (_SILENT / 10)
        self._levels.append((10 * np.log10(np.maximum(power, quiet))).astype(np.float32))
        self._rest = sound[whole:].copy()  # a view would hold all of the sound in memory

    def without_speech(self, speech: Sequence[Span]) -> list[Span]:
        """Return the stretches of ten seconds or more without speech that are as loud as speech.

        What is taken for speech amid music, for less than a second, parts no stretch.

        Args:
            speech: Where there is speech, ordered and disjoint.
        """
        levels = np.concatenate([*self._levels, np.zeros(0, np.float32)])
        spoken = _covered(speech, levels.size)
        talk = _covered([span for span in speech if span.duration >= _BLIP], levels.size)
        return [
            Span(start=(start + first) * _FRAME, end=(start + last) * _FRAME)
            for start, end in _runs(~talk)
            for first, last in _joined(
                (levels[start:end] >= _loud(levels, spoken, start, end)) & ~spoken[start:end]
            )
            if (last - first) * _FRAME >= SHORTEST
        ]


def _covered(spans: Sequence[Span], size: int) -> Flags:
    """Return which frames lie in one of the spans."""
    covered = np.zeros(size, bool)
    for span in spans:
        covered[int(span.start / _FRAME) : math.ceil(span.end / _FRAME)] = True
    return covered


def _loud(levels: Levels, spoken: Flags, start: int, end: int) -> float:
    """Return the level from which on the frames of a stretch are as loud as speech (dB)."""
    around = round(_AROUND / _FRAME)
    nearby = slice(max(0, start - around), end + around)
    for voices in (levels[nearby][spoken[nearby]], levels[spoken]):
        if voices.size:
            return max(_AUDIBLE, float(np.median(voices)) - _AS_LOUD)
    return _AUDIBLE


def _joined(loud: Flags) -> Iterator[tuple[int, int]]:
    """Yield the runs of loud frames, as one where only a lull parts them."""
    last: tuple[int, int] | None = None
    for start, end in _runs(loud):
        if last and (start - last[1]) * _FRAME <= _LULL:
            last = last[0], end
            continue
        if last:
            yield last
        last = start, end
    if last:
        yield last


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Yield the first place of each run of true flags, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
