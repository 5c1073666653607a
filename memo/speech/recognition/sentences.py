"""Words become sentences: the segments of a transcript.

A sentence ends at a full stop, question mark or exclamation mark (also those of Chinese, Japanese,
Arabic and Hindi), at a pause, or when it grows too long to be read at a glance. A full stop that
belongs to "Dr.", "p.m." or "3.5" ends none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memo.speech.recognition.words import Spoken

PAUSE = 0.6  # s
LONGEST = 40  # words
_LONGEST_UNSPACED = 80  # characters, where words are not set apart

_ENDS = frozenset(".?!…。？！｡؟۔।")
_STOPS = frozenset(".…")  # may stand inside a sentence too
_CLOSING = "\"'”’»)]}」』）】"
_CLAUSE_ENDS = frozenset(",;:，、；：،؛")
_TITLES = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "e.g", "i.e", "approx", "fig", "gen"}
    | {"sgt", "capt", "hon", "rev", "hr", "fr", "z.b", "bzw", "ca", "nr", "inkl", "mme", "mlle"}
)
_BEFORE_NUMBERS = frozenset({"no", "nos", "art", "p", "pp", "sec", "ch", "ver", "v", "ext"})


def sentences(words: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    """Yield the words sentence by sentence; every word once, in order.

    Args:
        words: The words of a recording, in order of time.
    """
    start = 0
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else None
        if following is None or _ends_sentence(word, following):
            yield from _readable(words[start : place + 1])
            start = place + 1


def text_of(words: Sequence[Spoken]) -> str:
    """Return words as text, with spaces where the language puts them."""
    return "".join(f" {word.text}" if word.spaced else word.text for word in words).strip()


def _ends_sentence(word: Spoken, following: Spoken) -> bool:
    if following.start - word.end >= PAUSE:
        return True
    bare = word.text.rstrip(_CLOSING)
    if not bare or bare[-1] not in _ENDS:
        return False
    return bare[-1] not in _STOPS or not _goes_on(bare, following.text)


def _goes_on(stopped: str, following: str) -> bool:
    """Return whether a sentence goes on after a word that ends in a full stop."""
    first = next((char for char in following if char.isalnum()), "")
    if first.islower():  # Whisper begins sentences with a capital letter
        return True
    bare = stopped.rstrip(".…").lstrip("\"'“‘«([{").casefold()
    if bare in _TITLES or (bare in _BEFORE_NUMBERS and first.isdigit()):
        return True
    is_initial = len(bare) == 1 and bare.isalpha() and bare != "i" and stopped[-2:-1].isupper()
    return is_initial and len(following.rstrip(".")) > 1 and first.isupper()


def _readable(sentence: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    """Cut a sentence that is too long where it breathes: after a comma, else at a pause."""
    limit = LONGEST if any(word.spaced for word in sentence) else _LONGEST_UNSPACED
    while len(sentence) > limit:
        cut = max(range(limit // 2, limit + 1), key=lambda at: _breath(sentence, at))
        yield sentence[:cut]
        sentence = sentence[cut:]
    yield sentence


def _breath(sentence: Sequence[Spoken], cut: int) -> tuple[bool, float, int]:
    before, after = sentence[cut - 1], sentence[cut]
    return before.text[-1] in _CLAUSE_ENDS, after.start - before.end, cut
