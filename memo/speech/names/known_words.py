"""Words that are words: what a speech model has a spelling for was hardly a misheard name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "n", "en", "e", "em", "os", "as")
_SHORTEST_STEM = 4
_SHORTEST_LISTED = 3


def is_word(word: str) -> bool:
    """Return whether small letters are an ordinary word of some language, or a form of one."""
    known = _known()
    if word in known or len(word) < _SHORTEST_LISTED:
        return True
    return any(
        word.endswith(ending)
        and len(word) - len(ending) >= _SHORTEST_STEM
        and word[: -len(ending)] in known
        for ending in _ENDINGS
    )


def is_name(word: str) -> bool:
    """Return whether a word, whatever its case, is known to be written with a capital."""
    return word[:1].upper() + word[1:].lower() in _known()


@cache
def _known() -> frozenset[str]:
    text = (files("memo.speech.names") / "known_words.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
