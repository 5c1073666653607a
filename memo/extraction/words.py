"""What two texts have in common: content words by their stems, figures, names and negations.

This is how a claim is held against what was said. Stems come from Snowball (Porter, 2001), so
that "invoices" and "invoice" are one word in the sixteen languages it knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from memo.extraction.cues import vocabulary_for

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SNOWBALL = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


def normal_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation, NFKC-normalised."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _WORD.findall(folded)


def content_stems(text: str, language: str) -> list[str]:
    """Return the stems of a text's content words, in order, repetitions kept."""
    stop = vocabulary_for(language).stop
    stem = _stemmer(language)
    return [stem(word.split("'")[0]) for word in normal_words(text) if word not in stop]


def coverage(claim: str, said: Iterable[str], language: str) -> float:
    """Return the share of a claim's content words that were said, 0 to 1.

    A claim without content words ("Do it.") has none to prove: 0.
    """
    stems = content_stems(claim, language)
    spoken = {s for text in said for s in content_stems(text, language)}
    if not stems:
        return 0.0
    return sum(stem in spoken for stem in stems) / len(stems)


def figures(text: str, language: str) -> set[str]:
    """Return the figures in a text, in digits or in words."""
    spelt = vocabulary_for(language).figures
    return {w for w in normal_words(text) if w[0].isdigit() or w in spelt}


def negated(text: str, language: str) -> bool:
    """Tell whether a text says no to something."""
    return bool(vocabulary_for(language).negations.intersection(normal_words(text)))


def names(text: str) -> set[str]:
    """Return the words of a text that look like names: capitalised inside a sentence."""
    found = re.findall(r"(?<=[a-zà-ÿ,;:] )([A-ZÀ-Þ][\w’'-]+)", text)
    return {word.casefold() for word in found if word not in {"I", "I'm", "I'll", "I've", "I'd"}}


@lru_cache(maxsize=64)
def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer

    algorithm = _SNOWBALL.get(language)
    if algorithm is None:
        return lambda word: word
    stem: Callable[[str], str] = lru_cache(maxsize=20_000)(
        snowballstemmer.stemmer(algorithm).stemWord
    )
    return stem
