"""How many voices there are, and which window is whose: spectral clustering of embeddings.

Spectral clustering (Ng, Jordan & Weiss 2002; von Luxburg 2007) on the cosines between embeddings,
of which each window keeps only its nearest (Park et al. 2020). The number of voices is read off the
largest gap between the eigenvalues; then clusters that are as unlike as two voices are divided, and
those that are as alike as two takes of one voice are merged. How alike two clusters are is measured
against how alike the windows within each are: on a bad line, all are less alike.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from memo.speech.voices.embeddings import Embeddings

SAME_VOICE = 0.7
"""Likeness above which two clusters are one voice: one voice split in two gave at least 0.75 (0.68
for a man with and without a cold), two voices at most 0.67, telephones included."""

OTHER_VOICE = 0.5
"""Likeness of the halves of a cluster below which they are two voices: the gap between eigenvalues
says little when there are few windows. The halves of one voice gave at least 0.63."""

MOST_VOICES = 16
_SAMPLED = 2000  # windows; the time that eigenvectors take grows with the third power
_FEWEST = 4  # windows of a voice, on average
_FEWEST_OF_HALF = 2
_APART = 2  # windows nearer than that share sound
_USUAL = 0.45  # cosine of two windows of one voice
_LEAST_WITHIN = 0.2
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
        embeddings: Shape (windows, n), each of length 1, in order of time; `distinctive`.
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
        smaller = np.bincount(halves, minlength=2).min()
        if (
            smaller >= _FEWEST_OF_HALF
            and _likeness(embeddings[own], own, halves)[0, 1] < OTHER_VOICE
        ):
            new = labels.max() + 1
            labels[own[halves == 1]] = new
            waiting.extend([labels[own[halves == 0][0]], new])
    return labels


def _merged(embeddings: Embeddings, labels: Labels) -> Labels:
    """Make the most alike clusters one, as long as they are one voice."""
    labels = labels.copy()
    places = np.arange(len(labels))
    while (names := np.unique(labels)).size > 1:
        alike = _likeness(embeddings, places, labels)
        alike[np.tril_indices(names.size)] = -np.inf
        one, other = np.unravel_index(alike.argmax(), alike.shape)
        if alike[one, other] <= SAME_VOICE:
            break
        labels[labels == names[other]] = names[one]
    return labels


def _likeness(embeddings: Embeddings, places: Labels, labels: Labels) -> Matrix:
    """Return how alike clusters are: the mean cosine of their windows, for that within each.

    It is 1 on average for two random parts of one voice, however few their windows are and however
    much these vary (the correction for attenuation, Spearman 1904). Windows that share sound do not
    count.

    Args:
        embeddings: Shape (windows, n).
        places: Which window of the recording each is.
        labels: Its cluster.

    Returns:
        Shape (clusters, clusters), in order of the labels.
    """
    apart = np.abs(places[:, None] - places) >= _APART
    members = (labels[:, None] == np.unique(labels)).astype(np.float64)
    pairs = members.T @ apart @ members
    sums = members.T @ np.where(apart, embeddings @ embeddings.T, 0.0) @ members
    means = sums / np.maximum(pairs, 1)
    within = np.where(np.diag(pairs) > 0, np.maximum(np.diag(means), _LEAST_WITHIN), _USUAL)
    alike: Matrix = np.where(pairs > 0, means / np.sqrt(np.outer(within, within)), 1.0)
    return alike
