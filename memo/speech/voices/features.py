"""What a voice model hears: log-mel filter banks, computed as Kaldi computes them.

The recipe is that of Kaldi's `compute-fbank-feats` (Povey et al. 2011, `feature-fbank.cc`,
`mel-computations.cc`) with 80 filters, frames of 25 ms every 10 ms, no dither, and the mean over
the window taken out: what CAM++ was trained on.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from memo.speech.audio import SAMPLE_RATE, Sound

FILTERS = 80
FRAME = 400  # samples: 25 ms
STEP = 160  # samples: 10 ms

_FFT = 512
_LOWEST = 20.0  # Hz
_PREEMPHASIS = 0.97
_POVEY_POWER = 0.85
_AT_ONCE = 12  # frames

Features: TypeAlias = npt.NDArray[np.float32]


def log_mel(sound: Sound) -> Features:
    """Return the features of a sound.

    Args:
        sound: 16 kHz in [-1, 1], shape (samples,), at least one frame long.

    Returns:
        Shape (1 + (samples - 400) // 160, 80); each column has the mean 0.
    """
    sound = sound.astype(np.float32, copy=False)
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::STEP]
    centred = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([centred[:, :1], centred[:, :-1]], axis=1)
    windowed = (centred - np.float32(_PREEMPHASIS) * before) * _povey_window()
    spectrum = np.fft.rfft(windowed, _FFT).astype(np.complex64, copy=False)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    logs = np.log(np.maximum(_filtered(power), np.finfo(np.float32).eps))
    centred_logs: Features = (logs - logs.mean(axis=0, dtype=np.float64)).astype(np.float32)
    return centred_logs


def _filtered(power: Features) -> Features:
    """Return what the filters let through, some frames at a time.

    OpenBLAS shares larger products among threads, which wait for one another longer than they work
    while windows are heard side by side: three times the processor's time.
    """
    missing = -len(power) % _AT_ONCE
    padded = np.pad(power, ((0, missing), (0, 0))).reshape(-1, _AT_ONCE, power.shape[1])
    energies: Features = (padded @ _mel_filters()).reshape(-1, FILTERS)[: len(power)]
    return energies


@cache
def _povey_window() -> npt.NDArray[np.float32]:
    """Return Kaldi's own window: a Hann window raised to 0.85, so that it ends in zeros."""
    phase = 2 * np.pi * np.arange(FRAME) / (FRAME - 1)
    return np.power(0.5 - 0.5 * np.cos(phase), _POVEY_POWER).astype(np.float32)


@cache
def _mel_filters() -> npt.NDArray[np.float32]:
    """Return triangles that are straight on the mel scale, shape (257, 80)."""
    highest = SAMPLE_RATE / 2
    edges = np.linspace(_mel(_LOWEST), _mel(highest), FILTERS + 2)
    bins = _mel(np.arange(_FFT // 2 + 1) * SAMPLE_RATE / _FFT)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(rising, falling))
    filters[-1] = 0.0  # Kaldi leaves out the highest bin
    return filters.astype(np.float32)


def _mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)
