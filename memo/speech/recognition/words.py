"""Whisper's pieces of text become words: whole, in order, none overlapping another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from memo.speech.heard import HeardClip, HeardWord

# Whisper's tokenizer takes text in these languages apart by character (faster_whisper.tokenizer).
UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "my"})

_SHORTEST = 0.01  # s


class Spoken(NamedTuple):
    """A whole word and the clip it was recognised in.

    `spaced` says whether a space stands before it. Times are seconds of the recording.
    """

    text: str
    start: float
    end: float
    probability: float
    spaced: bool
    clip: HeardClip


def spoken_words(clips: Iterable[HeardClip], language: str) -> list[Spoken]:
    """Return the words of all clips in order of time, none overlapping another.

    Args:
        clips: Ordered and disjoint; Whisper's times may lie beside a clip, these never do.
        language: ISO 639-1 code, of what says nothing else.
    """
    return [
        word for clip in clips for word in _settled(_whole(clip, clip.language or language), clip)
    ]


def _whole(clip: HeardClip, language: str) -> list[HeardWord]:
    """Join what Whisper takes apart: "3" + ".5", "follow" + "-up"."""
    if language in UNSPACED:
        return [word for word in clip.words if word.text.strip()]
    whole: list[HeardWord] = []
    for word in clip.words:
        if whole and not word.text.startswith(" "):
            whole[-1] = _joined(whole[-1], word)
        elif word.text.strip():
            whole.append(word)
    return whole


def _joined(first: HeardWord, second: HeardWord) -> HeardWord:
    return HeardWord(
        start=min(first.start, second.start),
        end=max(first.end, second.end),
        text=first.text + second.text,
        probability=min(first.probability, second.probability),
    )


def _settled(words: Sequence[HeardWord], clip: HeardClip) -> Iterator[Spoken]:
    for word, (start, end) in zip(words, _times(words, clip), strict=True):
        text = word.text.strip()
        yield Spoken(text, start, end, word.probability, word.text.startswith(" "), clip)


def _times(words: Sequence[HeardWord], clip: HeardClip) -> list[tuple[float, float]]:
    """Return times in strict order within the clip, as close to Whisper's as that allows."""
    shortest = min(_SHORTEST, clip.duration / max(1, len(words)))
    times: list[tuple[float, float]] = []
    now = clip.start
    for place, word in enumerate(words):
        room = clip.end - shortest * (len(words) - place)  # for this word and those that follow
        start = min(max(word.start, now), max(room, now))
        end = min(max(word.end, start + shortest), max(room + shortest, start + shortest))
        now = min(end, clip.end)
        times.append((min(start, clip.end), now))
    return times
