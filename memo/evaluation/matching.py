"""Who is meant by whom: findings and labels, paired one to one so that the likeness is highest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memo.evaluation.words import Words
from memo.model import Span

TOLERANCE = 15.0
"""Seconds by which two stretches may miss each other and still be the same place."""
MATCH = 0.40
"""Likeness from which a finding and a label are the same."""
BY_WORDS, BY_PLACE = 0.7, 0.3
"""Weights of the words and of the place in the likeness, as the scorer of AMI and ICSI has them."""


@dataclass(frozen=True)
class Item:
    """A finding or a label: what it says, and the stretches that it rests on."""

    text: str
    spans: tuple[Span, ...]


def matched(
    found: Sequence[Item], labels: Sequence[Item], words: Words
) -> list[tuple[int, int, float]]:
    """Return the pairs (finding, label, likeness) with the highest total likeness.

    Every finding or every label is in one, whichever are fewer; a pair counts as a match from
    `MATCH` on.
    """
    scores = [[likeness(item, label, words) for label in labels] for item in found]
    return [(i, j, scores[i][j]) for i, j in assigned(scores)]


def likeness(found: Item, label: Item, words: Words) -> float:
    """Return how alike a finding and a label are, 0 to 1: words alone if the label has no place."""
    by_words = words.likeness(found.text, label.text)
    if not label.spans:
        return by_words
    return BY_WORDS * by_words + BY_PLACE * _near_f1(found.spans, label.spans)


def near(one: Span, other: Span) -> bool:
    """Tell whether two stretches are at most `TOLERANCE` seconds apart."""
    return one.start <= other.end + TOLERANCE and other.start <= one.end + TOLERANCE


def hits(some: Sequence[Span], others: Sequence[Span]) -> int:
    """Return how many stretches have one of the others nearby."""
    return sum(any(near(one, other) for other in others) for one in some)


def _near_f1(one: Sequence[Span], other: Sequence[Span]) -> float:
    if not one or not other:
        return 0.0
    precision, recall = hits(one, other) / len(one), hits(other, one) / len(other)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def assigned(scores: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return the pairs (row, column) with the highest total score, each row and column once.

    The Hungarian method (Kuhn 1955) with potentials, O(n³).

    Args:
        scores: A row for each of one side, all of one length; at least 0.
    """
    size = max(len(scores), len(scores[0]) if scores else 0)
    cost = [[0.0] * size for _ in range(size)]
    for i, row in enumerate(scores):
        for j, score in enumerate(row):
            cost[i][j] = -score
    u, v, owner = [0.0] * (size + 1), [0.0] * (size + 1), [size] * (size + 1)
    for i in range(size):
        owner[size] = i
        _augment(cost, u, v, owner, size)
    pairs = ((owner[j], j) for j in range(size))
    return sorted((i, j) for i, j in pairs if i < len(scores) and j < len(scores[i]))


def _augment(
    cost: list[list[float]], u: list[float], v: list[float], owner: list[int], size: int
) -> None:
    """Find a place for the row that waits in column `size`, moving others if that is cheaper."""
    column, least = size, [float("inf")] * size
    came, used = [size] * size, [False] * (size + 1)
    while owner[column] != size or column == size:
        used[column], row = True, owner[column]
        delta, following = float("inf"), size
        for j in range(size):
            if used[j]:
                continue
            reduced = cost[row][j] - u[row] - v[j]
            if reduced < least[j]:
                least[j], came[j] = reduced, column
            if least[j] < delta:
                delta, following = least[j], j
        for j in range(size + 1):
            if used[j]:
                u[owner[j]] += delta
                v[j] -= delta
            elif j < size:
                least[j] -= delta
        column = following
    while column != size:
        owner[column], column = owner[came[column]], came[column]
