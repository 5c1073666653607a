"""Puts names in place of what was heard, and back.

A correction changes the text of a segment and its words, never its times. It says where it stands
and what was heard, so that it can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from memo.model import Correction, CorrectionReason, Segment, Transcript, Word


@dataclass(frozen=True)
class Misheard:
    """Characters [begin, end) of a segment's text that stand for a name or term."""

    segment_id: int
    begin: int
    end: int
    written: str
    reason: CorrectionReason
    likeness: float


def respell(transcript: Transcript, misheard: Iterable[Misheard]) -> Transcript:
    """Return the transcript with each misheard stretch written as it should be.

    Args:
        transcript: What was heard. What was corrected in it before stays listed.
        misheard: In order of segments and places; they do not overlap.
    """
    segments = list(transcript.segments)
    corrections = list(transcript.corrections)
    for segment_id, found in groupby(misheard, key=lambda one: one.segment_id):
        changed = _Respelled(segments[segment_id])
        corrections.extend(changed.put(one) for one in found if changed.can_put(one))
        segments[segment_id] = changed.segment()
    changes = {"segments": tuple(segments), "corrections": tuple(corrections)}
    return transcript.model_copy(update=changes)


def undo(transcript: Transcript) -> Transcript:
    """Return the transcript as it was heard, without corrections.

    One that stands nowhere is passed over: a transcript may come from anybody.
    """
    segments = list(transcript.segments)
    for correction in reversed(transcript.corrections):
        place = correction.segment_id
        if 0 <= place < len(segments) and _stands(correction, segments[place]):
            segments[place] = _undone(segments[place], correction)
    return transcript.model_copy(update={"segments": tuple(segments), "corrections": ()})


def places(segment: Segment) -> list[tuple[int, int]]:
    """Return where in the text each word of a segment stands; nothing if it is not made of them."""
    found, reached = [], 0
    for word in segment.words:
        start = segment.text.find(word.text, reached)
        if start < 0 or not word.text:
            return []
        reached = start + len(word.text)
        found.append((start, reached))
    return found


class _Respelled:
    """A segment while stretches of it are written anew, from its beginning to its end."""

    def __init__(self, segment: Segment) -> None:
        self._heard = segment
        self._places = places(segment)
        self._text = ""
        self._words: list[Word] = []
        self._read = 0  # characters of what was heard
        self._taken = 0  # words of it

    def can_put(self, misheard: Misheard) -> bool:
        """Return whether a stretch has its words to itself: half a word cannot be written twice."""
        reached = self._places[self._taken - 1][1] if self._places and self._taken else self._read
        return misheard.begin >= max(self._read, reached)

    def put(self, misheard: Misheard) -> Correction:
        """Write a stretch anew, and say so."""
        text, begin, end = self._heard.text, misheard.begin, misheard.end
        self._text += text[self._read : begin]
        offset = len(self._text)
        self._text += misheard.written
        self._read = end
        first, last = self._touched(begin, end)
        heard = self._heard.words[first:last]
        self._words += self._heard.words[self._taken : first]
        first_word = len(self._words)
        if heard:
            opening = text[self._places[first][0] : begin]
            closing = text[end : self._places[last - 1][1]]
            written = misheard.written.split()
            written[0] = opening + written[0]
            written[-1] += closing
            self._words += _spread(written, heard)
        self._taken = max(self._taken, last)
        span = heard or (self._heard,)
        return Correction(
            start=span[0].start,
            end=max(span[0].start, span[-1].end),
            segment_id=self._heard.id,
            offset=offset,
            heard=text[begin:end],
            written=misheard.written,
            reason=misheard.reason,
            likeness=min(1.0, max(0.0, misheard.likeness)),
            first_word=first_word,
            words=heard,
        )

    def segment(self) -> Segment:
        """Return the segment as it is written now."""
        text = self._text + self._heard.text[self._read :]
        words = (*self._words, *self._heard.words[self._taken :])
        return self._heard.model_copy(update={"text": text, "words": words})

    def _touched(self, begin: int, end: int) -> tuple[int, int]:
        """Return the words [first, last) that have characters of a stretch."""
        inside = [n for n, (a, b) in enumerate(self._places) if a < end and b > begin]
        return (inside[0], inside[-1] + 1) if inside else (self._taken, self._taken)


def _spread(written: Sequence[str], heard: Sequence[Word]) -> Iterator[Word]:
    """Yield written words in the time of those that were heard: one for one, else by letters."""
    if len(written) == len(heard):
        for word, old in zip(written, heard, strict=True):
            yield old.model_copy(update={"text": word})
        return
    start, end = heard[0].start, max(heard[0].start, heard[-1].end)
    probability = min(word.probability for word in heard)
    letters, reached, begins = sum(map(len, written)), 0, start
    for number, word in enumerate(written, 1):
        reached += len(word)
        share = round(start + (end - start) * reached / letters, 3)
        ends = end if number == len(written) else min(max(begins, share), end)
        yield Word(start=begins, end=ends, text=word, probability=probability)
        begins = ends


def _stands(correction: Correction, segment: Segment) -> bool:
    return segment.text.startswith(correction.written, correction.offset)


def _undone(segment: Segment, correction: Correction) -> Segment:
    offset, written = correction.offset, correction.written
    text = segment.text[:offset] + correction.heard + segment.text[offset + len(written) :]
    words = segment.words
    if correction.words:
        first = correction.first_word
        last = first + len(written.split())
        words = (*words[:first], *correction.words, *words[last:])
    return segment.model_copy(update={"text": text, "words": words})
