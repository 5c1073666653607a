"""Words of running text, and their stems: what texts are compared and searched by.

Stems come from Snowball (Porter, 2001), so that "invoices" and "invoice" are one word in the
fifteen languages named here. Scripts that write no spaces (Chinese, Japanese, Thai, …) count each
character as a word, and each two neighbouring ones as a content word: overlapping bigrams compare
such texts about as well as a dictionary of words does (Kwok, SIGIR 1997).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

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


def terms(text: str) -> Iterator[str]:
    """Return the words of a text, with runs of unspaced characters as their overlapping bigrams."""
    return (spoken.word for spoken in terms_in(text))


def terms_in(text: str) -> Iterator[Spoken]:
    """Return what `terms` does, each with its place in the text."""
    return _joined(words_in(text))


@lru_cache(maxsize=64)
def stemmer(language: str) -> Callable[[str], str]:
    """Return what gives a word's stem in a language (ISO 639-1); the word itself if unknown."""
    import snowballstemmer

    algorithm = _SNOWBALL.get(language)
    if algorithm is None:
        return lambda word: word
    stem: Callable[[str], str] = lru_cache(maxsize=20_000)(
        snowballstemmer.stemmer(algorithm).stemWord
    )
    return stem


@lru_cache(maxsize=65_536)
def _normal(piece: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKC", piece).casefold().replace("’", "'")
    return tuple(_WORD.findall(folded))


def _joined(words: Iterable[Spoken]) -> Iterator[Spoken]:
    """Return words, with runs of unspaced characters as their overlapping bigrams."""
    run: list[Spoken] = []
    for spoken in words:
        alone = not _IS_UNSPACED(spoken.word)
        if run and (alone or spoken.start != run[-1].end):
            yield from _bigrams(run)
            run = []
        if alone:
            yield spoken
        else:
            run.append(spoken)
    yield from _bigrams(run)


def _bigrams(run: list[Spoken]) -> Iterator[Spoken]:
    if len(run) == 1:
        yield run[0]
    for one, other in pairwise(run):
        yield Spoken(one.word + other.word, one.start, other.end)
