"""How many voices there are, and which window is whose: spectral clustering of embeddings.

Spectral clustering (Ng, Jordan & Weiss 2002; von Luxburg 2007) on the cosines between embeddings,
of which each window keeps only its nearest (Park et al. 2020). The number of voices is read off the
largest gap between the eigenvalues, which errs towards too many: clusters whose centroids are as
alike as two takes of one voice are merged.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from memo.speech.embeddings import Embeddings

SAME_VOICE = 0.82
"""Cosine of centroids above which two clusters are one voice: one voice split in two gave 0.80 to
0.94 on 23 recordings, two voices at most 0.77 (0.87 for two alike ones on a telephone)."""

OTHER_VOICE = 0.5
"""Cosine of the halves of a cluster below which they are two voices: the gap between eigenvalues
says little when there are few windows. The halves of one voice gave at least 0.72."""

MOST_VOICES = 16
_SAMPLED = 2000  # windows; the time that eigenvectors take grows with the third power
_FEWEST = 4  # windows of a voice, on average
_FEWEST_OF_HALF = 2
_SHARE_KEPT = 0.1  # of the other windows, as neighbours
_LEAST_KEPT = 8
_MOST_KEPT = 30  # more tie those who speak little in a long recording to others
_STARTS = 8
_ROUNDS = 100

Labels: TypeAlias = npt.NDArray[np.intp]
Matrix: TypeAlias = npt.NDArray[np.float64]


def cluster(embeddings: Embeddings, count: int | None = None) -> Labels:
    """Tell voices apart.

    Args:
        embeddings: Shape (windows, n), each of length 1, in order of time.
        count: How many voices there are; None to find out.

    Returns:
        Shape (windows,): the voice of each window, counted from 0. With a count there are that
        many voices, unless there are fewer windows.
    """
    windows = len(embeddings)
    if windows <= 1 or count == 1:
        return np.zeros(windows, np.intp)
    chosen = np.unique(np.linspace(0, windows - 1, min(windows, _SAMPLED)).round().astype(np.intp))
    sample = embeddings[chosen]
    labels = _spectral(sample, count)
    if count is None:
        labels = _merged(sample, _split(sample, labels))
    centroids = _centroids(sample, labels)
    nearest: Labels = np.argmax(embeddings @ centroids.T, axis=1)
    return np.unique(nearest, return_inverse=True)[1]


def _spectral(embeddings: Embeddings, count: int | None) -> Labels:
    values, vectors = _spectrum(_affinity(embeddings))
    if count is None:
        count = _gap(values, most=min(MOST_VOICES, max(1, len(embeddings) // _FEWEST)))
    count = min(count, len(embeddings))
    if count == 1:
        return np.zeros(len(embeddings), np.intp)
    places = vectors[:, :count]
    places = places / np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-12)
    return _k_means(places, count)


def _affinity(embeddings: Embeddings) -> Matrix:
    """Return how alike windows are, as far as one is among the other's nearest."""
    alike = np.maximum(0.0, (embeddings @ embeddings.T).astype(np.float64))
    np.fill_diagonal(alike, 0.0)
    size = len(alike)
    kept = min(size - 1, max(_LEAST_KEPT, min(_MOST_KEPT, round(size * _SHARE_KEPT))))
    least = np.partition(alike, size - kept, axis=1)[:, size - kept, None]
    alike[alike < least] = 0.0
    return (alike + alike.T) / 2


def _spectrum(affinity: Matrix) -> tuple[Matrix, Matrix]:
    """Return the eigenvalues of the normalised Laplacian, smallest first, and the vectors."""
    scale = 1 / np.sqrt(np.maximum(affinity.sum(axis=1), 1e-12))
    laplacian = np.eye(len(affinity)) - affinity * scale[:, None] * scale
    values, vectors = np.linalg.eigh(laplacian)
    return values, vectors


def _gap(values: Matrix, most: int) -> int:
    gaps = np.diff(values[: most + 1])
    return int(np.argmax(gaps)) + 1 if gaps.size else 1


def _k_means(points: Matrix, count: int) -> Labels:
    random = np.random.default_rng(0)
    runs = [_lloyd(points, _seeds(points, count, random)) for _ in range(_STARTS)]
    return min(runs, key=lambda run: run[1])[0]


def _seeds(points: Matrix, count: int, random: np.random.Generator) -> Matrix:
    """Choose points far from one another (k-means++, Arthur & Vassilvitskii 2007)."""
    seeds = [points[random.integers(len(points))]]
    for _ in range(count - 1):
        far = np.min([np.square(points - seed).sum(axis=1) for seed in seeds], axis=0)
        total = far.sum()
        chosen = random.choice(len(points), p=far / total) if total > 0 else 0
        seeds.append(points[chosen])
    return np.stack(seeds)


def _lloyd(points: Matrix, centres: Matrix) -> tuple[Labels, float]:
    labels = np.full(len(points), -1, np.intp)
    distances = np.zeros((len(points), len(centres)))
    for _ in range(_ROUNDS):
        distances = np.square(points[:, None] - centres).sum(axis=2)
        nearest = distances.argmin(axis=1)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
        for place in range(len(centres)):
            if (own := labels == place).any():
                centres[place] = points[own].mean(axis=0)
    return labels, float(distances.min(axis=1).sum())


def _centroids(embeddings: Embeddings, labels: Labels) -> Embeddings:
    sums = np.stack([embeddings[labels == label].sum(axis=0) for label in np.unique(labels)])
    centroids: Embeddings = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return centroids


def _split(embeddings: Embeddings, labels: Labels) -> Labels:
    """Divide clusters that hold more than one voice."""
    labels = labels.copy()
    waiting = list(np.unique(labels))
    while waiting:
        own = np.flatnonzero(labels == waiting.pop())
        if own.size < 2 * _FEWEST_OF_HALF:
            continue
        halves = _spectral(embeddings[own], 2)
        one, other = _centroids(embeddings[own], halves)
        smaller = np.bincount(halves, minlength=2).min()
        if smaller >= _FEWEST_OF_HALF and one @ other < OTHER_VOICE:
            new = labels.max() + 1
            labels[own[halves == 1]] = new
            waiting.extend([labels[own[halves == 0][0]], new])
    return labels


def _merged(embeddings: Embeddings, labels: Labels) -> Labels:
    """Make the most alike clusters one, as long as they are one voice."""
    labels = labels.copy()
    while True:
        names = np.unique(labels)
        centroids = _centroids(embeddings, labels)
        alike = np.triu(centroids @ centroids.T, 1)
        one, other = np.unravel_index(alike.argmax(), alike.shape)
        if alike[one, other] <= SAME_VOICE:
            return labels
        labels[labels == names[other]] = names[one]
