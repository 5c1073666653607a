"""How words are spelled and sound, so that a misheard name can be told from another word.

No language's rules are followed to the letter, for a name from one language is heard by ears of
another: what stands for the same sound somewhere is taken for the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}
)
_RESPELLED = (
    (r"chr", "kr"),
    (r"tsch|tch|cz", "C"),
    (r"sch|sh|sz", "S"),
    (r"ch", "C"),
    (r"ph", "f"),
    (r"([tgkdbrw])h", r"\1"),
    (r"ck", "k"),
    (r"dt", "t"),
    (r"t[sz]", "z"),
    (r"qu", "kv"),
    (r"x", "ks"),
    (r"c(?=[eiy])", "s"),
    (r"[cq]", "k"),
    (r"w", "v"),
    (r"^[yj](?=[aeiou])", "j"),
    (r"y|(?<!^)j", "i"),
    (r"ee|ie", "i"),
    (r"oo|ou|ue", "u"),
    (r"oe", "o"),
    (r"ae", "a"),
    (r"ai", "ei"),
    (r"(?<!^)h", ""),
    (r"(.)\1+", r"\1"),
)
_RULES = tuple((re.compile(pattern), put) for pattern, put in _RESPELLED)
_MUFFLED = str.maketrans({"C": "k", "g": "k", "S": "s", "z": "s", "v": "f", "d": "t", "b": "p"})
_VOWELS = re.compile(r"[aeiou]")


@lru_cache(maxsize=50_000)
def folded(word: str) -> str:
    """Return the letters and digits of a word, small and without marks."""
    plain = unicodedata.normalize("NFKD", word.casefold().translate(_UNDECOMPOSED))
    return "".join(c for c in plain if c.isalnum())


@lru_cache(maxsize=50_000)
def sound(letters: str) -> str:
    """Return how folded letters sound, roughly: the same for `philipp` and `filip`."""
    for pattern, put in _RULES:
        letters = pattern.sub(put, letters)
    return letters


@lru_cache(maxsize=50_000)
def muffled(sounding: str) -> str:
    """Return a sound as it is heard over a bad line: hard for soft, and hissing is hissing."""
    return sounding.translate(_MUFFLED)


def skeleton(sounding: str) -> str:
    """Return the consonants of a sound, and its vowel if it begins with one."""
    return sounding[:1] + _VOWELS.sub("", sounding[1:])


def ends_alike(one: str, other: str) -> bool:
    """Return whether two sounds end alike: Mario is not Maria, and Andrea not Andreas."""
    return one[-1:] == other[-1:]


def likeness(one: str, other: str) -> float:
    """Return how like two foldings are, from 0 to 1."""
    from rapidfuzz.distance import Indel

    return Indel.normalized_similarity(one, other)
