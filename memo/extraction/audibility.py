"""How well the words that a finding rests on were heard.

The speech model says how probable each word is. Of words below `UNSURE` about every third is wrong,
of the others one in thirty (`benchmarks/confidence.py`). What a finding says of its own, a figure, a
name, a date, must have been heard better than that at least once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from memo.extraction.cues import vocabulary_for
from memo.extraction.words import figures, names, normal_words
from memo.model import Evidence, Remark, RemarkCode, Segment, Transcript, Word

POOR = 0.6
"""Mean probability of words below which they were poorly heard as a whole."""
_CAPITAL_NOUNS = frozenset({"de", "lb"})
_BESIDE = 0.02  # seconds by which the times of a quote and of its words may differ


class Audibility:
    """Tells how well the words of one transcript were heard.

    What others transcribed counts as well heard: their probabilities mean other things.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def of(self, evidence: Iterable[Evidence], segment_ids: Iterable[int]) -> float:
        """Return the mean probability of the words of some evidence, 1 where nobody says.

        Args:
            evidence: The quotes.
            segment_ids: The segments that they are from.
        """
        spans = list(evidence)
        heard = [
            word.probability
            for segment in self._segments(segment_ids)
            for word in segment.words
            if any(_is_within(word, span) for span in spans)
        ]
        return sum(heard) / len(heard) if heard else 1.0

    def unsure(
        self, told: str, due: str, segment_ids: Iterable[int], known: Collection[str]
    ) -> tuple[str, ...]:
        """Return the figures, names and days that are told and were only heard poorly.

        Args:
            told: What a finding tells.
            due: The words of its date, if it has one.
            segment_ids: Where it was said, and around.
            known: Words that need not be heard well, such as names of those who were there.
        """
        segments = self._segments(segment_ids)
        if not any(word.is_unsure for segment in segments for word in segment.words):
            return ()
        language = self._transcript.language
        days = set(normal_words(due)) - vocabulary_for(language).stop
        wanted = (_weighty(told, language) | days) - set(known)
        heard, surely = (
            set().union(*(_spoken(segment, language, sure=sure) for segment in segments))
            for sure in (False, True)
        )
        return tuple(sorted(wanted & (heard - surely)))

    def _segments(self, segment_ids: Iterable[int]) -> list[Segment]:
        if not self._transcript.is_own:
            return []
        return [self._transcript.segments[i] for i in segment_ids]


def remark_on(heard: float, unsure: Sequence[str]) -> Remark | None:
    """Return the doubt about what was poorly heard: these words, or the whole of it."""
    if unsure:
        return Remark.of(RemarkCode.WORDS_POORLY_HEARD, words=", ".join(unsure[:3]))
    return Remark.of(RemarkCode.POORLY_HEARD) if heard < POOR else None


def _is_within(word: Word, span: Evidence) -> bool:
    return span.start - _BESIDE <= word.start and word.end <= span.end + _BESIDE


def _weighty(text: str, language: str) -> set[str]:
    """Return what of a text must be right: figures, and the words of names where they show."""
    if language in _CAPITAL_NOUNS:
        return figures(text, language)
    return figures(text, language) | {word for name in names(text) for word in normal_words(name)}


def _spoken(segment: Segment, language: str, *, sure: bool) -> set[str]:
    """Return the figures and words of a segment: all, or those that were heard well."""
    if not sure:
        text = segment.text
    else:
        text = " ".join("…" if word.is_unsure else word.text for word in segment.words)
    words = (word.removesuffix("'s") for word in normal_words(text))
    return figures(text, language) | set(words)
