"""What a voice sounds like, as a vector: CAM++ on onnxruntime, the only module that knows it.

CAM++ (Wang et al. 2023, 3D-Speaker) gives vectors that point the same way for the same voice.
Its weights come with memo (`campplus.int8.onnx`, see `campplus.NOTICE`). Such vectors identify
people: they are biometric data, stay in memory, and are never written anywhere.

Much of such a vector is not the voice: all share a direction, and a telephone or a room adds its
own. `distinctive` takes both out.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime

from memo.errors import MissingDependencyError
from memo.speech.audio import Sound
from memo.speech.voices.features import log_mel

MODEL = Path(__file__).with_name("campplus.int8.onnx")
COMMON = Path(__file__).with_name("campplus.common.npy")
"""What the vectors of all voices have in common, as `benchmarks/common_voice.py` measures it: their
mean, and after it the direction in which a telephone moves them."""

_AHEAD = 8  # windows per thread that are in memory at once

Embeddings: TypeAlias = npt.NDArray[np.float32]


class VoiceModel:
    """Turns windows of sound into embeddings, on several cores.

    Args:
        path: The model.
        threads: Threads of the CPU; None for all that this process may use.

    Raises:
        MissingDependencyError: The model is missing or broken.
    """

    def __init__(self, path: Path = MODEL, *, threads: int | None = None) -> None:
        self._threads = threads or _usable_cores()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # whole windows side by side share the cores better
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no base of their own
            raise MissingDependencyError(
                f"the voice model cannot be loaded: {type(error).__name__}",
                hint="Install memo again: pip install --force-reinstall callmemo",
            ) from error

    def embed(self, windows: Iterable[Sound]) -> Iterator[Embeddings]:
        """Yield the embedding of each window, shape (192,) and of length 1, in order.

        Each depends on its own window alone: the model computes with numbers that are rounded
        by the loudest of a batch, so there are no batches.

        Args:
            windows: 16 kHz in [-1, 1], shape (samples,), at least 0.2 s each.
        """
        with ThreadPoolExecutor(self._threads, thread_name_prefix="voices") as pool:
            rest = iter(windows)
            while some := list(itertools.islice(rest, _AHEAD * self._threads)):
                yield from pool.map(self._embed, some)

    def _embed(self, window: Sound) -> Embeddings:
        (found,) = self._session.run(None, {"x": log_mel(window)[None]})
        embedding: Embeddings = found[0]
        return embedding / max(float(np.linalg.norm(embedding)), 1e-9)


def distinctive(embeddings: Embeddings) -> Embeddings:
    """Return embeddings without what says nothing about who speaks.

    The mean of many voices is taken from them, as is usual for such vectors, and the direction in
    which a telephone moves them is taken out (nuisance attribute projection, Solomonoff et al.
    2005). Two voices then have a cosine of about 0.1 instead of 0.5 to 0.8.

    Args:
        embeddings: As `VoiceModel.embed` gives them, shape (windows, 192).

    Returns:
        The same shape, each of length 1.
    """
    mean, *nuisances = _common()
    left = embeddings - mean
    for nuisance in nuisances:
        left = left - np.outer(left @ nuisance, nuisance)
    found: Embeddings = left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)
    return found


@cache
def _common() -> Embeddings:
    try:
        common: Embeddings = np.load(COMMON, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MissingDependencyError(
            f"{COMMON.name}, a part of memo, cannot be read: {type(error).__name__}",
            hint="Install memo again: pip install --force-reinstall callmemo",
        ) from error
    return common


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
