"""Which words of a transcript may well be wrong, and how well others were heard.

The speech model gives each word a probability. What it is worth was measured on calls of which it
is known what was said (`benchmarks/confidence.py`, Whisper base): of all words 3 % are wrong; of
those below `UNSURE` that are neither short nor the first of their segment, 40 %. Short words and
first ones are often below it and wrong far less often, so they are not called unsure.
Probabilities of other programs mean other things, and are not looked at.
"""

from __future__ import annotations

from memo.model import Segment, Transcript, Word

UNSURE = 0.6
"""Probability below which a word is unsure."""
POOR = 0.5
"""Mean probability of words below which all of them are."""
POOR_SCORE = -1.0
"""Mean log-probability of tokens below which a segment is (Whisper itself tries again there)."""
_FEW = 4
"""Words that say nothing yet by their mean; letters of a word that says nothing by itself."""


def is_measured(transcript: Transcript) -> bool:
    """Whether the probabilities of a transcript are those of memo's own speech model."""
    return transcript.asr_model is not None


def unsure_words(segment: Segment) -> tuple[bool, ...]:
    """Tell of each word of a segment whether something else may well have been said."""
    if _is_poor(segment):
        return (True,) * len(segment.words)
    return tuple(
        place > 0 and word.probability < UNSURE and not _is_short(word)
        for place, word in enumerate(segment.words)
    )


def mean_probability(words: list[Word]) -> float:
    """Return the mean probability of some words, 1 where there are none."""
    return sum(word.probability for word in words) / len(words) if words else 1.0


def _is_poor(segment: Segment) -> bool:
    """Whether a segment was poorly heard as a whole."""
    words = segment.words
    if len(words) < _FEW:
        return False
    score = segment.avg_logprob
    return mean_probability(list(words)) < POOR or (score is not None and score < POOR_SCORE)


def _is_short(word: Word) -> bool:
    """Whether a word has so few letters of an alphabet, and no digit, that many are like it."""
    letters = [character for character in word.text if character.isalnum()]
    if len(letters) >= _FEW or any(letter.isdigit() for letter in letters):
        return False
    return all(ord(letter) < _FIRST_OTHER for letter in letters)


_FIRST_OTHER = 0x0530
"""Where scripts other than Latin, Greek and Cyrillic begin, of which one letter may be a word."""
