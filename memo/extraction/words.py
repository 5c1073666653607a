"""What two texts have in common: content words by their stems, figures, names and negations.

This is how a claim is held against what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from memo.extraction.cues import vocabulary_for
from memo.numbers import numbers_in
from memo.stems import normal_words, stemmer, terms

_INSIDE = re.compile(r"(?<=[\w,;:%)'’] )[^\W\d_][\w’'-]*")
_SUBJECT = re.compile(
    r"(?:^|[.?!…]\s)\W*([^\W\d_][\w-]*)"
    r"(?=['’]s\s| (?:will|would|should|shall|is|was|has|had|can|must"
    r"|does|did|to|and|wird|soll|kann|muss|hat|ist|und|va|debe|puede|tiene|ha|y)\s)"
)
_POSSESSIVE = re.compile(r"['’]s?$")
_SPEAKER = frozenset({"i", "i'm", "i'll", "i've", "i'd"})


def content_stems(text: str, language: str) -> list[str]:
    """Return the stems of a text's content words, in order, repetitions kept."""
    return list(_content(text, language))


def coverage(claim: str, said: Iterable[str], language: str) -> float:
    """Return the share of a claim's content words that were said, 0 to 1.

    A claim without content words ("Do it.") has none to prove: 0.
    """
    stems = _content(claim, language)
    if not stems:
        return 0.0
    spoken = {stem for text in said for stem in _content(text, language)}
    return sum(stem in spoken for stem in stems) / len(stems)


def figures(text: str, language: str) -> set[str]:
    """Return the figures in a text: the same whether in digits or in words, as far as known."""
    numbers, rest = numbers_in(text, language)
    return numbers | vocabulary_for(language).figures.intersection(rest)


def negated(text: str, language: str) -> bool:
    """Tell whether a text says no to something."""
    negations = vocabulary_for(language).negations
    return any(
        word in negations or (language == "en" and word.endswith("n't"))
        for word in normal_words(text)
    )


def names(text: str) -> set[str]:
    """Return the words of a text that look like names: capitalised inside a sentence.

    Of those that open one, the ones that do something ("Bob will sign") or own something.
    """
    return {
        _POSSESSIVE.sub("", word.casefold())
        for word in (*_INSIDE.findall(text), *_SUBJECT.findall(text))
        if word[0].isupper() and word.casefold().replace("’", "'") not in _SPEAKER
    }


@lru_cache(maxsize=16_384)
def _content(text: str, language: str) -> tuple[str, ...]:
    stop = vocabulary_for(language).stop
    stem = stemmer(language)
    found: list[str] = []
    for word in terms(text):
        parts = word.split("'")
        # "we'll" is "we", "l'avion" is "avion": what an apostrophe leaves alone says nothing.
        kept = [p for p in parts if p and (len(p) > 1 or len(parts) == 1)]
        found += [stem(part) for part in kept if word not in stop and part not in stop]
    return tuple(found)
