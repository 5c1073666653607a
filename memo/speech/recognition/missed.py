"""Speech that Whisper passed over, and how what a second hearing finds there is put in place.

Whisper sometimes ends a clip early: everything said after that is gone, often in mid-meeting and
without a trace. The VAD knows that somebody spoke there, so such a stretch is heard once more by
itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from memo.model import Span
from memo.speech.heard import HeardClip, HeardWord

WORTH_HEARING = 1.0  # s of speech without a word
_EDGE = 0.1  # s; the VAD pads speech by as much
_WORD = 0.1  # s; Whisper gives some words no time at all
_LONG_WORD = 2.0  # s; longer ones were stretched over speech that was passed over
_SPOKEN_WORD = 1.0  # s; what is left of such a one


def missed(clips: Iterable[HeardClip], speech: Sequence[Span]) -> Iterator[Span]:
    """Yield the stretches of the clips in which there is speech but no word.

    Args:
        clips: What was recognised.
        speech: Where there is speech, ordered and disjoint; the clips hold all of it.
    """
    for clip in clips:
        for silence in _between_words(clip):
            spoken = [part for span in speech if (part := _common(silence, span)) is not None]
            if sum(part.duration for part in spoken) >= WORTH_HEARING:
                yield Span(start=round(spoken[0].start, 3), end=round(spoken[-1].end, 3))


def filled(clips: Iterable[HeardClip], second: Iterable[HeardClip]) -> list[HeardClip]:
    """Put what was heard the second time where the first time left a hole.

    Args:
        clips: What was recognised first, ordered and disjoint.
        second: What was recognised in the stretches that `missed` named.
    """
    whole = list(clips)
    for hole in second:
        whole = [part for clip in whole for part in _around(clip, hole)]
        whole.append(hole)
    return sorted(whole, key=lambda clip: clip.start)


def _between_words(clip: HeardClip) -> Iterator[Span]:
    now = clip.start
    for word in clip.words:
        silent_until = min(word.start, clip.end - _WORD)
        if silent_until > now:
            yield Span(start=now, end=silent_until)
        now = max(now, _end_of(word), silent_until + _WORD)
    if clip.end > now:
        yield Span(start=now, end=clip.end)


def _end_of(word: HeardWord) -> float:
    return word.end if word.duration <= _LONG_WORD else word.start + _SPOKEN_WORD


def _common(silence: Span, speech: Span) -> Span | None:
    """Return the part of a silence that the VAD calls speech, without the VAD's padding."""
    start, end = max(silence.start, speech.start), min(silence.end, speech.end)
    return Span(start=start, end=end) if end - start > 2 * _EDGE else None


def _around(clip: HeardClip, hole: Span) -> Iterator[HeardClip]:
    """Yield what is left of a clip on either side of a hole in it."""
    if hole.end <= clip.start or clip.end <= hole.start:
        yield clip
        return
    before = tuple(itertools.takewhile(lambda word: _is_before(word, hole), clip.words))
    after = clip.words[len(before) :]
    if before or clip.start < hole.start:
        yield clip.model_copy(update={"end": hole.start, "words": before})
    if after or hole.end < clip.end:
        yield clip.model_copy(update={"start": hole.end, "words": after})


def _is_before(word: HeardWord, hole: Span) -> bool:
    return word.start + word.end < hole.start + hole.end
