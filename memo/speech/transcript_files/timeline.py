"""Times for what has none: between time marks, after the last one, or without any.

A mark is a time that a file gives for the start of a turn. Marks come to the second or to five
minutes, repeat, and now and then one is wrong; the turns stand in the order in which they were
said.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from memo.speech.transcript_files.cues import speaking_time, word_count

_SLOWEST = 2.0
"""How many times as long as usual a turn may take before the rest of it counts as silence."""


def place_turns(texts: Sequence[str], marks: Sequence[float | None]) -> list[tuple[float, float]]:
    """Return start and end of each turn, in seconds.

    Turns between two marks share the time between them by their number of words; after the last
    mark they follow each other at the pace of conversation. A turn ends where the next begins,
    or earlier when it is too short to last that long.

    Args:
        texts: What was said in each turn.
        marks: Where each turn starts, as far as the file says so.
    """
    if not texts:
        return []
    anchors = steady(marks)
    if anchors[0] is None:
        anchors[0] = _lead_in(texts, anchors)
    starts = _starts(texts, anchors)
    ends = [
        min(following, start + _SLOWEST * speaking_time(text) + 1.0)
        for text, (start, following) in zip(texts, pairwise(starts), strict=False)
    ]
    return list(zip(starts, [*ends, starts[-1] + speaking_time(texts[-1])], strict=True))


def steady(marks: Sequence[float | None]) -> list[float | None]:
    """Return the marks without those that do not fit a strictly rising line.

    Keeps as many as possible (a longest increasing subsequence, O(n log n)), so that one wrong
    mark costs itself and not all that follow it.
    """
    tails: list[float] = []
    owners: list[int] = []
    before: list[int | None] = [None] * len(marks)
    for place, mark in enumerate(marks):
        if mark is None:
            continue
        rank = bisect_left(tails, mark)
        if rank < len(tails) and tails[rank] == mark:
            continue  # said within the same second: the first keeps the mark
        before[place] = owners[rank - 1] if rank else None
        tails[rank : rank + 1] = [mark]
        owners[rank : rank + 1] = [place]
    kept: list[float | None] = [None] * len(marks)
    last = owners[-1] if owners else None
    while last is not None:
        kept[last] = marks[last]
        last = before[last]
    return kept


def _lead_in(texts: Sequence[str], anchors: Sequence[float | None]) -> float:
    """Return where the first turn starts when only a later one has a mark."""
    first = next((place for place, mark in enumerate(anchors) if mark is not None), None)
    if first is None:
        return 0.0
    spoken = sum(map(speaking_time, texts[:first]))
    return max((anchors[first] or 0.0) - spoken, 0.0)


def _starts(texts: Sequence[str], anchors: Sequence[float | None]) -> list[float]:
    places = [place for place, mark in enumerate(anchors) if mark is not None]
    starts: list[float] = []
    for place, stop in pairwise([*places, len(texts)]):
        at = anchors[place] or 0.0
        until = anchors[stop] if stop < len(texts) else None
        weights = [max(word_count(text), 0.5) for text in texts[place:stop]]
        spoken = sum(map(speaking_time, texts[place:stop]))
        scale = ((until - at) if until is not None else spoken) / sum(weights)
        for weight in weights:
            starts.append(at)
            at += weight * scale
    return starts
