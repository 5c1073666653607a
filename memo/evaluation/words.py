"""What counts as the same words: stems of content words, as in ROUGE-1 with stop words removed.

Lin, "ROUGE: a package for automatic evaluation of summaries", 2004; stems by Snowball (Porter,
2001), in English by Porter's first algorithm (1980), as ROUGE has them. The stop words are this
package's own, so that the measure does not move with what it measures.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from memo.stems import normal_words, unspaced

_SNOWBALL = {
    "da": "danish", "de": "german", "en": "porter", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
_SAME = (
    (re.compile(r"\btelevisions?\b|\btvs\b"), "tv"),
    (re.compile(r"\binfra-red\b"), "infrared"),
    (re.compile(r"olour"), "olor"),
    (re.compile(r"\be-mail"), "email"),
)
"""Spellings that annotators mix."""


class Words:
    """Reads texts of one meeting as bags of content words.

    Args:
        language: ISO 639-1 code; a language without a list of stop words keeps all words.
        names: Names and roles that say who and not what; left out.
        boilerplate: Words that stand in every item of a corpus; left out.
    """

    def __init__(
        self, language: str, names: Iterable[str] = (), boilerplate: Iterable[str] = ()
    ) -> None:
        self._english = language == "en"
        self._stop = _stop_words(language) | frozenset(boilerplate)
        self._stem = _stemmer(language)
        longest_first = sorted({n.lower() for n in names if len(n) > 2}, key=lambda n: (-len(n), n))
        left_out = "|".join(map(re.escape, longest_first))
        self._names = re.compile(rf"\b(?:{left_out})s?\b") if left_out else None
        self._known: dict[str, tuple[str, ...]] = {}

    def content(self, text: str) -> tuple[str, ...]:
        """Return the stems of a text's content words; of all its words if none is content."""
        if text not in self._known:
            words = list(_joined(normal_words(self._plain(text))))
            kept = [word for word in words if word not in self._stop] or words
            self._known[text] = tuple(self._stem(word.split("'")[0]) for word in kept)
        return self._known[text]

    def likeness(self, one: str, other: str) -> float:
        """Return the F1 of two texts' content words, 0 to 1."""
        return bag_f1(self.content(one), self.content(other))

    def share_said(self, claim: str, said: Iterable[str]) -> float:
        """Return the share of a claim's content words that stand in what was said, 0 to 1."""
        stems = self.content(claim)
        spoken = {stem for text in said for stem in self.content(text)}
        return sum(stem in spoken for stem in stems) / len(stems) if stems else 0.0

    def _plain(self, text: str) -> str:
        lower = text.lower().replace("’", "'")
        if self._names:
            lower = self._names.sub(" ", lower)
        if self._english:
            for pattern, instead in _SAME:
                lower = pattern.sub(instead, lower)
        return lower


def bag_f1(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the F1 of two bags of words."""
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other)) if common else 0.0


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Return words; neighbouring characters of scripts without spaces as overlapping pairs."""
    single = [len(word) == 1 and unspaced(word) for word in words]
    paired: set[int] = set()
    for (i, one), (j, other) in pairwise(enumerate(words)):
        if single[i] and single[j]:
            paired |= {i, j}
            yield one + other
    yield from (word for i, word in enumerate(words) if i not in paired)


@lru_cache
def _stop_words(language: str) -> frozenset[str]:
    text = files("memo.evaluation").joinpath("stopwords.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text).get(language, "").split())


@lru_cache
def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer

    algorithm = _SNOWBALL.get(language)
    if algorithm is None:
        return lambda word: word
    stem: Callable[[str], str] = lru_cache(maxsize=20_000)(
        snowballstemmer.stemmer(algorithm).stemWord
    )
    return stem
