"""What two texts have in common: content words by their stems, figures, names and negations.

This is how a claim is held against what was said. Stems come from Snowball (Porter, 2001), so
that "invoices" and "invoice" are one word in the fifteen languages named here. Scripts that write
no spaces (Chinese, Japanese, Thai, …) count each character as a word, and each two neighbouring
ones as a content word: overlapping bigrams compare such texts about as well as a dictionary of
words does (Kwok, SIGIR 1997).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from memo.extraction.cues import vocabulary_for
from memo.extraction.numbers import numbers_in

_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u109f\u1780-\u17d3"
    "\u3005-\u3007\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana and ideographs: letters and marks, without their digits."""
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7" + (
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    + "".join(
        f"{chr(block)}-{chr(block + 3)}{chr(block + 0x3A)}-{chr(block + 0x3C)}"
        f"{chr(block + 0x3E)}-{chr(block + 0x4D)}{chr(block + 0x62)}{chr(block + 0x63)}"
        for block in range(0x0900, 0x0D80, 0x80)
    )
)
"""Combining marks of European, Hebrew, Arabic and Indic scripts: parts of words, not letters."""
_LETTERS = rf"[^\W_{_UNSPACED}]++(?:[{_MARKS}]++[^\W_{_UNSPACED}]*+)*+"
_WORD = re.compile(rf"[{_UNSPACED}]|{_LETTERS}(?:['’]{_LETTERS})*+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]").fullmatch
_UNSPACED_LETTERS = re.compile(rf"[{_UNSPACED}]")
_INSIDE = re.compile(r"(?<=[\w,;:%)'’] )[^\W\d_][\w’'-]*")
_SUBJECT = re.compile(
    r"(?:^|[.?!…]\s)\W*([^\W\d_][\w-]*)"
    r"(?=['’]s\s| (?:will|would|should|shall|is|was|has|had|can|must"
    r"|does|did|to|and|wird|soll|kann|muss|hat|ist|und|va|debe|puede|tiene|ha|y)\s)"
)
_POSSESSIVE = re.compile(r"['’]s?$")
_SPEAKER = frozenset({"i", "i'm", "i'll", "i've", "i'd"})
_SNOWBALL = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


class Spoken(NamedTuple):
    """A normalised word, and the characters [start, end) of the text that it stands for."""

    word: str
    start: int
    end: int


def words_in(text: str) -> Iterator[Spoken]:
    """Return the words of a text in lower case, NFKC-normalised, each with its place."""
    for match in _WORD.finditer(text):
        for word in _normal(match.group()):
            yield Spoken(word, match.start(), match.end())


def normal_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation, NFKC-normalised."""
    return [word for match in _WORD.findall(text) for word in _normal(match)]


def length(text: str) -> int:
    """Return about how many words a text has; two characters without spaces count as one."""
    return len(text.split()) + len(_UNSPACED_LETTERS.findall(text)) // 2


def unspaced(character: str) -> bool:
    """Tell whether a character is of a script that writes no spaces between words."""
    return _IS_UNSPACED(character) is not None


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


@lru_cache(maxsize=65_536)
def _normal(piece: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKC", piece).casefold().replace("’", "'")
    return tuple(_WORD.findall(folded))


@lru_cache(maxsize=16_384)
def _content(text: str, language: str) -> tuple[str, ...]:
    stop = vocabulary_for(language).stop
    stem = _stemmer(language)
    found: list[str] = []
    for word in _joined(words_in(text)):
        parts = word.split("'")
        # "we'll" is "we", "l'avion" is "avion": what an apostrophe leaves alone says nothing.
        kept = [p for p in parts if p and (len(p) > 1 or len(parts) == 1)]
        found += [stem(part) for part in kept if word not in stop and part not in stop]
    return tuple(found)


def _joined(words: Iterable[Spoken]) -> Iterator[str]:
    """Return words, with runs of unspaced characters as their overlapping bigrams."""
    run: list[Spoken] = []
    for spoken in words:
        alone = not _IS_UNSPACED(spoken.word)
        if run and (alone or spoken.start != run[-1].end):
            yield from _bigrams(run)
            run = []
        if alone:
            yield spoken.word
        else:
            run.append(spoken)
    yield from _bigrams(run)


def _bigrams(run: list[Spoken]) -> Iterator[str]:
    if len(run) == 1:
        yield run[0].word
    for one, other in pairwise(run):
        yield one.word + other.word


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
