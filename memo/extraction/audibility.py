"""How well the words that a finding rests on were heard.

What a finding says of its own, a figure, a name, a day, is doubted where it was heard with next to
no certainty. All other unsure words only lower the confidence of what rests on them, for most of
them are right (`benchmarks/confidence.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from memo.confidence import is_measured, mean_probability
from memo.extraction.cues import vocabulary_for
from memo.extraction.words import figures, names
from memo.model import Evidence, Remark, RemarkCode, Segment, Transcript, Word
from memo.stems import normal_words

POOR = 0.7
"""Mean probability of the words of some evidence below which it was poorly heard as a whole."""
DOUBTFUL = 0.3
"""Probability below which a figure, a name or a day is doubted. Above it most were right."""
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
        return mean_probability(
            [
                word
                for segment in self._segments(segment_ids)
                for word in segment.words
                if any(_is_within(word, span) for span in spans)
            ]
        )

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
        segments = [segment for segment in self._segments(segment_ids) if segment.words]
        language = self._transcript.language

        def figured(texts: Iterable[str]) -> set[str]:
            return set().union(*(figures(text, language) for text in texts))

        heard, heard_well = list(map(_heard, segments)), list(map(_heard_well, segments))
        days = set(normal_words(due)) - vocabulary_for(language).stop
        words = (_names(told, language) | days) - set(known)
        words &= _words(heard) - _words(heard_well)
        numbers = figures(told, language) & (figured(heard) - figured(heard_well))
        return (*_as_told(words, f"{told} {due}"), *sorted(numbers))

    def _segments(self, segment_ids: Iterable[int]) -> list[Segment]:
        if not is_measured(self._transcript):
            return []
        return [self._transcript.segments[i] for i in segment_ids]


def remark_on(heard: float, unsure: Sequence[str]) -> Remark | None:
    """Return the doubt about what was poorly heard: these words, or the whole of it."""
    if unsure:
        return Remark.of(RemarkCode.WORDS_POORLY_HEARD, words=", ".join(unsure[:3]))
    return Remark.of(RemarkCode.POORLY_HEARD) if heard < POOR else None


def _is_within(word: Word, span: Evidence) -> bool:
    return span.start - _BESIDE <= word.start and word.end <= span.end + _BESIDE


def _names(text: str, language: str) -> set[str]:
    """Return the words of the names in a text, where a language shows which they are."""
    if language in _CAPITAL_NOUNS:
        return set()
    return {word for name in names(text) for word in normal_words(name)}


def _words(texts: Iterable[str]) -> set[str]:
    return {word.removesuffix("'s") for text in texts for word in normal_words(text)}


def _heard(segment: Segment) -> str:
    return " ".join(word.text for word in segment.words)


def _heard_well(segment: Segment) -> str:
    """Return the words of a segment without those that may be doubted.

    The first one is not: how the model begins says little of what was said.
    """
    first, *others = segment.words
    said = (word.text if word.probability >= DOUBTFUL else "…" for word in others)
    return " ".join([first.text, *said])


def _as_told(words: Collection[str], told: str) -> list[str]:
    """Return normal words as a text spells them, in its order."""
    spelled = {
        normal: word.strip(".,;:?!") for word in told.split()[::-1] for normal in normal_words(word)
    }
    return [spelled[normal] for normal in reversed(spelled) if normal in words]
