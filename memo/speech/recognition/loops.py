"""Finds where a speech model got stuck and wrote the same words over and over.

Whisper does so on noise, music and silence, and everything else that was said in that clip is
then lost. One instance is kept, the rest is taken out and its place in time named. People repeat
themselves too ("no, no, no, no"), so that short phrases may come back more often than long ones,
and what comes back after a pause or in another clip is none: who listens says "yeah" all day.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from memo.speech.recognition.words import Spoken

_LONGEST_PHRASE = 60  # words
_TOLERATED = {1: 8, 2: 6}  # words in the phrase: instances in a row from which it is a loop
_TOLERATED_LONGER = 4
_SENTENCE = 6  # words
_TOLERATED_SENTENCE = 3  # hardly anybody says one three times to the word
_PAUSE = 2.0  # s
_STUTTER = re.compile(r"(.{1,6}?)\1{4,}.{0,6}")  # "hahahahahahahahahaha…"
_LONG_WORD = 30  # letters

Taken = tuple[Spoken, ...]


def without_loops(words: Sequence[Spoken]) -> tuple[list[Spoken], list[Taken]]:
    """Take out repetitions that nobody says.

    Args:
        words: The words of a recording, in order.

    Returns:
        The words that stay, and those of each loop that were taken out; both in order.
    """
    kept: list[Spoken] = []
    loops: list[Taken] = []
    for run in _runs(words):
        _sift(run, kept, loops)
    return kept, loops


def _runs(words: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    """Yield the words that were written in one go."""
    start = 0
    for place in range(1, len(words) + 1):
        if place == len(words) or not _goes_on(words[place - 1], words[place]):
            yield words[start:place]
            start = place


def _goes_on(word: Spoken, following: Spoken) -> bool:
    return following.clip is word.clip and following.start - word.end < _PAUSE


def _sift(words: Sequence[Spoken], kept: list[Spoken], loops: list[Taken]) -> None:
    keys = [_key(word) for word in words]
    place = 0
    while place < len(words):
        length, count = _loop_at(words, keys, place)
        end = place + length * count
        if count > 1:
            end += _broken_off(keys, end, length)
            kept.extend(words[place : place + length])
            loops.append(tuple(words[place + length : end]))
        elif len(keys[place]) >= _LONG_WORD and _STUTTER.fullmatch(keys[place]):
            loops.append((words[place],))
        else:
            kept.append(words[place])
        place = end


def _loop_at(words: Sequence[Spoken], keys: Sequence[str], place: int) -> tuple[int, int]:
    """Return the length of the phrase that loops from here on and how often it comes, or (1, 1)."""
    left = len(keys) - place
    for length in range(1, min(_LONGEST_PHRASE, left // _TOLERATED_SENTENCE) + 1):
        if keys[place] != keys[place + length]:
            continue
        repeated = itertools.takewhile(
            lambda at: keys[at] == keys[at + length],  # noqa: B023  used at once
            range(place, len(keys) - length),
        )
        count = sum(1 for _ in repeated) // length + 1
        if count >= _tolerated(length, words[place]):
            return length, count
    return 1, 1


def _tolerated(length: int, word: Spoken) -> int:
    if length >= _SENTENCE and word.spaced:  # else a word is a character
        return _TOLERATED_SENTENCE
    return _TOLERATED.get(length, _TOLERATED_LONGER)


def _broken_off(keys: Sequence[str], end: int, length: int) -> int:
    """Return how many words follow of a last instance that the end of the clip cuts off."""
    rest = keys[end:]
    return len(rest) if rest == keys[end - length : end - length + len(rest)] else 0


def _key(word: Spoken) -> str:
    return "".join(char for char in word.text.casefold() if char.isalnum()) or word.text
