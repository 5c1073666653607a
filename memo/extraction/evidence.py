"""Where in the transcript a claim's words are: exact, then normalised, then fuzzy.

Nothing of what a model says about times or speakers is used: `start`, `end` and `speaker` are
those of the transcript's own words, and the quote is a copy of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memo.extraction.words import normal_words
from memo.model import Evidence, Segment, Transcript

FUZZY_FLOOR = 80.0
"""Lowest rapidfuzz partial ratio at which two texts count as the same words."""
NEIGHBOURS = 3
"""How many segments around the cited ones are searched before the whole transcript."""


@dataclass(frozen=True)
class _Match:
    segment: Segment
    start_word: int
    end_word: int
    score: float


def find_quote(quote: str, transcript: Transcript, near: Sequence[int] = ()) -> Evidence | None:
    """Return the words of the transcript that a quote copies, or None if nobody said them.

    Args:
        quote: The words a claim rests on.
        transcript: What was said.
        near: Ids of the segments where they should be; searched first.
    """
    wanted = normal_words(quote)
    if not wanted:
        return None
    around = sorted(
        {i for n in near for i in range(n - NEIGHBOURS, n + NEIGHBOURS + 1)}
        & set(range(len(transcript.segments)))
    )
    for ids in (around, range(len(transcript.segments))):
        segments = [transcript.segments[i] for i in ids]
        found = _exact(wanted, segments) or _fuzzy(wanted, segments)
        if found:
            return _as_evidence(found, transcript)
    return None


def whole_segment(segment: Segment, transcript: Transcript, score: float) -> Evidence:
    """Return a whole segment as evidence."""
    return Evidence(
        start=segment.start,
        end=segment.end,
        speaker=transcript.name_of(segment.speaker),
        quote=segment.text.strip(),
        score=score,
    )


def _exact(wanted: list[str], segments: Sequence[Segment]) -> _Match | None:
    """Find a run of words inside one segment, or the longest part of it if it spans several."""
    best: _Match | None = None
    for segment in segments:
        spoken = normal_words(segment.text)
        place = _find(wanted, spoken)
        if place is not None:
            return _Match(segment, place, place + len(wanted), 1.0)
        # A quote over several segments: the segment that it holds whole and that says most.
        if len(spoken) >= 4 and _find(spoken, wanted) is not None:
            share = len(spoken) / len(wanted)
            if best is None or share > best.score:
                best = _Match(segment, 0, len(spoken), min(1.0, share))
    return best if best and best.score >= 0.4 else None


def _find(needle: list[str], hay: list[str]) -> int | None:
    for place in range(len(hay) - len(needle) + 1):
        if hay[place : place + len(needle)] == needle:
            return place
    return None


def _fuzzy(wanted: list[str], segments: Sequence[Segment]) -> _Match | None:
    """Find the segment that nearly says it; short quotes must be exact."""
    from rapidfuzz import fuzz

    if len(wanted) < 3:
        return None
    text = " ".join(wanted)
    best: _Match | None = None
    for segment in segments:
        spoken = normal_words(segment.text)
        if len(spoken) * 2 < len(wanted):
            continue
        alignment = fuzz.partial_ratio_alignment(text, " ".join(spoken), score_cutoff=FUZZY_FLOOR)
        if alignment and (best is None or alignment.score / 100 > best.score):
            joined = " ".join(spoken)
            first = len(joined[: alignment.dest_start].split())
            last = len(joined[: alignment.dest_end].split())
            best = _Match(segment, first, max(last, first + 1), alignment.score / 100)
    return best


def _as_evidence(match: _Match, transcript: Transcript) -> Evidence:
    """Cut the matched words out of the segment, with their own times where it has them."""
    segment = match.segment
    tokens = segment.text.split()
    counts = [len(normal_words(token)) for token in tokens]
    first = _token_at(counts, match.start_word)
    last = _token_at(counts, match.end_word - 1)
    start, end = segment.start, segment.end
    if len(segment.words) == len(tokens):
        start, end = segment.words[first].start, segment.words[last].end
    return Evidence(
        start=start,
        end=max(start, end),
        speaker=transcript.name_of(segment.speaker),
        quote=" ".join(tokens[first : last + 1]),
        score=match.score,
    )


def _token_at(counts: Sequence[int], word: int) -> int:
    """Return which of the written tokens holds the n-th normalised word."""
    seen = 0
    for place, count in enumerate(counts):
        seen += count
        if word < seen:
            return place
    return len(counts) - 1
