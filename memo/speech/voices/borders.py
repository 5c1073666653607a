"""Where exactly one voice ends and the next begins.

Windows of 1.5 s tell voices apart, but blur where these change. So around each change the sound is
heard once more, in windows of 1 s every quarter of a second, and each of these is as alike to the
voices as it is; the most probable course through them (Viterbi 1967), in which a change of voice
has its price, says who speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from memo.model import Span
from memo.speech.voices.diarization import Window
from memo.speech.voices.embeddings import Embeddings

Labels: TypeAlias = npt.NDArray[np.intp]
Matrix: TypeAlias = npt.NDArray[np.float64]

LOOK = 1.0  # s
STEP = 0.25  # s
REACH = 0.9  # s on either side of a change
CHANGE = 0.2
"""What a change of voice costs, in cosines: 0.1 to 0.4 gave much the same on 17 recordings."""

_NEVER = -1e9
_ENOUGH = 3  # windows that a voice is known by


def looks(pieces: Sequence[Span], windows: Sequence[Window], voices: Sequence[int]) -> list[Window]:
    """Return the windows to hear once more, in order of time.

    Args:
        pieces: The speech, ordered and disjoint.
        windows: What it was heard in.
        voices: The voice of each.
    """
    found: dict[tuple[int, int], Window] = {}
    for (one, voice), (other, next_voice) in pairwise(zip(windows, voices, strict=True)):
        if one.piece == other.piece and voice != next_voice:
            for look in _around((one.middle + other.middle) / 2, one.piece, pieces[one.piece]):
                found[one.piece, round(look.start / STEP)] = look
    return [found[key] for key in sorted(found)]


def _around(change: float, place: int, piece: Span) -> Iterator[Window]:
    first = int(np.ceil(max(piece.start, change - REACH - LOOK / 2) / STEP))
    last = int(np.floor(min(piece.end - LOOK, change + REACH - LOOK / 2) / STEP))
    for number in range(first, last + 1):
        yield Window(place, number * STEP, number * STEP + LOOK)


def known_voices(
    embeddings: Embeddings, windows: Sequence[Window], voices: Sequence[int]
) -> Embeddings:
    """Return what each voice sounds like: its mean, without the windows next to a change.

    Args:
        embeddings: Shape (windows, n).
        windows: What they were made of.
        voices: The voice of each, counted from 0 without gaps.

    Returns:
        Shape (voices, n), each of length 1.
    """
    labels = np.asarray(voices)
    pieces = np.array([window.piece for window in windows])
    changes = (labels[1:] != labels[:-1]) & (pieces[1:] == pieces[:-1])
    clean = ~(np.append(changes, False) | np.insert(changes, 0, False))
    means = []
    for voice in range(labels.max() + 1):
        own = labels == voice
        best = own & clean
        means.append(embeddings[best if best.sum() >= _ENOUGH else own].mean(axis=0))
    known = np.stack(means)
    found: Embeddings = known / np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-9)
    return found


def follow(
    windows: Sequence[Window],
    voices: Sequence[int],
    looked: Sequence[Window],
    likeness: npt.NDArray[np.floating],
) -> tuple[list[Window], list[int]]:
    """Return whose each moment is, told by the windows and, near changes, by the looks instead.

    Args:
        windows: What the speech was heard in.
        voices: The voice of each.
        looked: The windows that were heard once more.
        likeness: How alike each of these is to each voice, shape (looks, voices).

    Returns:
        Windows in order of time, and the voice of each.
    """
    count = likeness.shape[1]
    fixed = np.where(np.eye(count, dtype=bool), 0.0, _NEVER)
    taken = {(look.piece, round(look.middle / STEP)) for look in looked}
    told = [
        (window, fixed[voice])
        for window, voice in zip(windows, voices, strict=True)
        if not _covered(window, taken)
    ]
    told += list(zip(looked, likeness.astype(np.float64), strict=True))
    told.sort(key=lambda pair: (pair[0].piece, pair[0].middle))
    course: list[int] = []
    for _, same in groupby(told, key=lambda pair: pair[0].piece):
        course.extend(_course(np.stack([scores for _, scores in same])))
    return [window for window, _ in told], course


def _covered(window: Window, taken: set[tuple[int, int]]) -> bool:
    """Return whether there are looks right at the middle of a window."""
    at = window.middle / STEP
    return {(window.piece, int(np.floor(at))), (window.piece, int(np.ceil(at)))} <= taken


def _course(scores: Matrix) -> list[int]:
    """Return the voices that score best in all, each change of voice paid for."""
    best = scores[0].copy()
    before = np.zeros(scores.shape, np.intp)
    for place in range(1, len(scores)):
        leader = int(best.argmax())
        stays = best >= best[leader] - CHANGE
        before[place] = np.where(stays, np.arange(best.size), leader)
        best = np.where(stays, best, best[leader] - CHANGE) + scores[place]
    course = [int(best.argmax())]
    for place in range(len(scores) - 1, 0, -1):
        course.append(int(before[place, course[-1]]))
    return course[::-1]
