"""How loud each track of a meeting is, every 50 ms: enough to say whose sound is whose.

A track is active where it is above its own floor and no other track is clearly louder: a voice
that another microphone picks up too is weaker there. No model is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from memo.model import Turn
from memo.speech.audio import SAMPLE_RATE, Sound

FRAME = 0.05
"""Seconds of a frame."""
SILENT = -100.0
"""Decibels of digital silence."""

LOUDEST_BY = 6.0
"""Decibels: where another track is louder by more, it is the other's sound."""

Levels: TypeAlias = npt.NDArray[np.float32]
Activity: TypeAlias = npt.NDArray[np.bool_]

_SAMPLES = round(FRAME * SAMPLE_RATE)
_BELOW_SPEECH = 25.0  # dB: what is softer than a track's loudest sound by more is no speech
_ABOVE_NOISE = 6.0  # dB
_LEAST_RANGE = 12.0  # dB between loud speech and the floor: a gated track has no noise to measure
_LOWEST = -70.0  # dBFS
_LOUD_SHARE = 0.05
_LOUD_SECONDS = 20.0  # in a long track of somebody who says little, 5 % of it is not speech
_NOISE_PERCENTILE = 20
_PAUSE = 0.4  # s; a shorter one does not end a turn
_TALKS = 3.0  # s; of somebody who says less nothing can be told
_CLICK = 0.1  # s; nobody says anything in less


class Comparison:
    """Compares sounds that run side by side, in one stream and in bounded memory.

    Attributes:
        products: Sums of the products of each two sounds, shape (sounds, sounds).
    """

    def __init__(self) -> None:
        self.products: npt.NDArray[np.float64] = np.zeros((0, 0))
        self._levels: list[list[Levels]] = []
        self._samples: list[int] = []

    def listen(self, sounds: Sequence[Iterable[Sound]]) -> Iterator[float]:
        """Take in the sounds, and yield the seconds done.

        Args:
            sounds: The blocks of each, shape (samples,); those of the same number begin together.
        """
        count = len(sounds)
        self.products = np.zeros((count, count))
        self._levels = [[] for _ in sounds]
        self._samples = [0] * count
        nothing = np.zeros(0, np.float32)
        for blocks in zip_longest(*sounds, fillvalue=nothing):
            longest = max(block.size for block in blocks)
            side_by_side = np.zeros((count, longest))
            for place, block in enumerate(blocks):
                side_by_side[place, : block.size] = block
                self._samples[place] += block.size
                if block.size:
                    self._levels[place].append(levels_of(block))
            self.products += side_by_side @ side_by_side.T
            yield max(self._samples) / SAMPLE_RATE

    @property
    def levels(self) -> list[Levels]:
        """The level (dB) of each frame of each sound, from its own start."""
        return [np.concatenate(found) if found else _silence(0) for found in self._levels]

    @property
    def durations(self) -> list[float]:
        """The length of each sound, in seconds."""
        return [samples / SAMPLE_RATE for samples in self._samples]

    def correlations(self) -> npt.NDArray[np.float64]:
        """Return how far each two sounds are the same, from -1 to 1; 0 where one is silent."""
        power = np.sqrt(np.diag(self.products))
        scale = np.outer(power, power)
        return np.asarray(self.products / np.where(scale > 0, scale, np.inf))

    def mixtures(self) -> list[int]:
        """Return which sounds are the others added up: nothing is said there alone."""
        found: list[int] = []
        for place in range(len(self.products)):
            others = [n for n in range(len(self.products)) if n != place and n not in found]
            if len(others) > 1 and self._is_sum(place, others):
                found.append(place)
        return found

    def _is_sum(self, place: int, others: Sequence[int]) -> bool:
        power = self.products[place, place]
        shared = self.products[others, place]
        parts, *_ = np.linalg.lstsq(self.products[np.ix_(others, others)], shared, rcond=None)
        heard = [part > 0.2 for part, n in zip(parts, others, strict=True) if self.products[n, n]]
        return bool(power > 0 and sum(heard) > 1 and all(heard) and parts @ shared > 0.9 * power)


def levels_of(sound: Sound) -> Levels:
    """Return the level (dBFS) of each frame of a sound; the last may be cut short."""
    missing = -sound.size % _SAMPLES
    frames = np.pad(sound, (0, missing)).reshape(-1, _SAMPLES)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    return np.asarray(10 * np.log10(power + 10 ** (SILENT / 10)), dtype=np.float32)


def side_by_side(levels: Sequence[Levels], starts: Sequence[float]) -> Levels:
    """Return the levels of tracks on one clock, shape (tracks, frames).

    Args:
        levels: Those of each track from its own start.
        starts: The second at which each begins.
    """
    first = [round(start / FRAME) for start in starts]
    ends = [begin + found.size for begin, found in zip(first, levels, strict=True)]
    placed = np.full((len(levels), max(ends, default=0)), SILENT, np.float32)
    for row, begin, found in zip(placed, first, levels, strict=True):
        row[begin : begin + found.size] = found
    return placed


def activity(levels: Levels) -> Activity:
    """Return in which frames each track has a sound of its own, shape (tracks, frames)."""
    if not levels.size:
        return np.zeros(levels.shape, bool)
    floors = np.array([_floor(track) for track in levels])[:, None]
    return np.asarray((levels >= floors) & (levels >= levels.max(axis=0) - LOUDEST_BY))


def mixtures(active: Activity) -> list[int]:
    """Return which tracks are mixes of the others: they sound with each of them, never alone."""
    seconds = active.sum(axis=1) * FRAME
    found: list[int] = []
    for place in range(len(active)):
        others = [n for n in range(len(active)) if n != place and seconds[n] > _TALKS]
        with_all = all((active[n] & active[place]).sum() > 0.8 * active[n].sum() for n in others)
        alone = (active[place] & ~np.delete(active, place, axis=0).any(axis=0)).sum() * FRAME
        if len(others) > 1 and with_all and alone < 0.1 * seconds[place]:
            found.append(place)
    return found


def turns_of(active: npt.NDArray[np.bool_], speaker: str) -> Iterator[Turn]:
    """Yield the stretches in which one track is active, without short pauses and clicks."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    runs: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if runs and (start - runs[-1][1]) * FRAME < _PAUSE:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    for start, end in runs:
        if (end - start) * FRAME > _CLICK:
            yield Turn(start=round(start * FRAME, 3), end=round(end * FRAME, 3), speaker=speaker)


def _floor(levels: Levels) -> float:
    """Return the level under which a track holds no speech."""
    sounding = np.sort(levels[levels > SILENT + 10])
    if not sounding.size:
        return 0.0
    loud = max(1, round(min(_LOUD_SHARE * levels.size, _LOUD_SECONDS / FRAME)))
    speech = float(sounding[-min(loud, sounding.size)])
    noise = float(np.percentile(sounding, _NOISE_PERCENTILE))
    above_noise = min(noise + _ABOVE_NOISE, speech - _LEAST_RANGE)
    return max(_LOWEST, speech - _BELOW_SPEECH, above_noise)


def _silence(frames: int) -> Levels:
    return np.full(frames, SILENT, np.float32)
