"""Finds where a speech model got stuck and wrote the same words over and over.

Whisper does so on noise, music and silence, and everything else that was said in that clip is
then lost. One instance is kept, the rest is taken out and its place in time named. People repeat
themselves too ("no, no, no, no"), so that short phrases may come back more often than long ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from memo.model import Span
from memo.speech.words import Spoken

_LONGEST_PHRASE = 60  # words
_TOLERATED = {1: 8, 2: 6}  # words in the phrase: instances in a row from which it is a loop
_TOLERATED_LONGER = 4


def without_loops(words: Sequence[Spoken]) -> tuple[list[Spoken], list[Span]]:
    """Take out repetitions that nobody says.

    Args:
        words: The words of a recording, in order.

    Returns:
        The words that stay, and the stretch of each loop that was taken out (s).
    """
    keys = [_key(word) for word in words]
    kept: list[Spoken] = []
    loops: list[Span] = []
    place = 0
    while place < len(words):
        length, count = _loop_at(keys, place)
        kept.extend(words[place : place + length])
        end = place + length * count
        if count > 1:
            loops.append(Span(start=words[place + length].start, end=words[end - 1].end))
        place = end
    return kept, loops


def _loop_at(keys: Sequence[str], place: int) -> tuple[int, int]:
    """Return the length of the phrase that loops from here on and how often it comes, or (1, 1)."""
    for length in range(1, min(_LONGEST_PHRASE, (len(keys) - place) // _TOLERATED_LONGER) + 1):
        if keys[place] != keys[place + length]:
            continue
        repeated = itertools.takewhile(
            lambda at: keys[at] == keys[at + length],  # noqa: B023  used at once
            range(place, len(keys) - length),
        )
        count = sum(1 for _ in repeated) // length + 1
        if count >= _TOLERATED.get(length, _TOLERATED_LONGER):
            return length, count
    return 1, 1


def _key(word: Spoken) -> str:
    return "".join(char for char in word.text.casefold() if char.isalnum()) or word.text
