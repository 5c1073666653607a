"""Who said what: the words of a transcript are given to the turns of a diarization.

Each word goes to the turn that it overlaps most, else to the nearest. Turns begin and end a little
beside the words, so a sentence then has one voice, the one that has most of it, unless several
words in a row are clearly another's: there the sentence is split.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from memo.model import Participant, Segment, Span, Transcript, Turn, Word

_LEAST_WORDS = 3
_LEAST_SECONDS = 1.0

Run = tuple[str, Sequence[Word]]


def attribute(
    transcript: Transcript, turns: Sequence[Turn], *, keep_labels: bool = False
) -> Transcript:
    """Say who said what.

    Args:
        transcript: What was said; who said it is overwritten.
        turns: Who speaks when, under any label; in any order.
        keep_labels: Whether voices are called as the turns call them.

    Returns:
        The same words in the same order, the voices called "Speaker 1", "Speaker 2" by first
        appearance; the transcript as it was if there are no turns.
    """
    if not turns:
        return transcript
    said = _Turns(turns)
    pieces = [piece for segment in transcript.segments for piece in _divided(segment, said)]
    names: dict[str, str] = {}
    for _, voice in pieces:
        names.setdefault(voice, voice if keep_labels else f"Speaker {len(names) + 1}")
    return transcript.model_copy(
        update={
            "segments": tuple(
                segment.model_copy(update={"id": place, "speaker": names[voice]})
                for place, (segment, voice) in enumerate(pieces)
            ),
            "participants": tuple(Participant(name=name, label=name) for name in names.values()),
        }
    )


class _Turns:
    """Finds the turn that a span belongs to, in the logarithm of their number."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: (turn.start, turn.end))
        self._starts = [turn.start for turn in self._turns]
        self._latest: list[Turn] = []  # of the turns up to each, the one that ends last
        for turn in self._turns:
            last = self._latest[-1] if self._latest else turn
            self._latest.append(turn if turn.end >= last.end else last)

    def voice_of(self, span: Span) -> str:
        """Return who speaks in a span, or next to it if nobody does."""
        after = bisect.bisect_left(self._starts, span.end)
        shares: Counter[str] = Counter()
        place = after - 1
        while place >= 0 and self._latest[place].end > span.start:
            turn = self._turns[place]
            shares[turn.speaker] += turn.overlap(span)  # type: ignore[assignment]
            place -= 1
        if shares and max(shares.values()) > 0:
            return max(reversed(shares), key=lambda voice: shares[voice])
        return self._beside(span, after)

    def _beside(self, span: Span, after: int) -> str:
        if after == 0:
            return self._turns[0].speaker
        before = self._latest[after - 1]
        if after == len(self._turns):
            return before.speaker
        following = self._turns[after]
        is_nearer = following.start - span.end < span.start - before.end
        return following.speaker if is_nearer else before.speaker


def _divided(segment: Segment, turns: _Turns) -> Iterator[tuple[Segment, str]]:
    """Yield a sentence with its voice, or its parts if several voices share it."""
    if not segment.words:
        yield segment, turns.voice_of(segment)
        return
    words = segment.words
    voices = _voted(words, [turns.voice_of(word) for word in words])
    runs = list(_runs(words, voices))
    if len(runs) == 1:
        yield segment, voices[0]
        return
    texts = _texts(segment.text, [run for _, run in runs])
    for (voice, run), text in zip(runs, texts, strict=True):
        changes = {"start": run[0].start, "end": run[-1].end, "text": text, "words": tuple(run)}
        yield segment.model_copy(update=changes), voice


def _voted(words: Sequence[Word], voices: Sequence[str]) -> list[str]:
    """Return a voice for each word: that of most of the sentence, or of many words in a row."""
    seconds: dict[str, float] = {}
    for word, voice in zip(words, voices, strict=True):
        seconds[voice] = seconds.get(voice, 0.0) + word.duration
    most = max(seconds, key=lambda voice: seconds[voice])
    voted: list[str] = []
    for voice, run in _runs(words, voices):
        voted.extend([voice if _is_clear(run) else most] * len(run))
    return voted


def _runs(words: Sequence[Word], voices: Sequence[str]) -> Iterator[Run]:
    start = 0
    for voice, same in groupby(voices):
        end = start + sum(1 for _ in same)
        yield voice, words[start:end]
        start = end


def _is_clear(run: Sequence[Word]) -> bool:
    return len(run) >= _LEAST_WORDS and run[-1].end - run[0].start >= _LEAST_SECONDS


def _texts(text: str, runs: Sequence[Sequence[Word]]) -> list[str]:
    """Cut a text where runs of its words begin: only it knows what stands between two words."""
    borders, reached = [0], 0
    for number, run in enumerate(runs):
        for place, word in enumerate(run):
            start = text.find(word.text, reached)
            if start < 0:  # the text is not made of these words
                return [" ".join(word.text for word in run) for run in runs]
            if number and not place:
                borders.append(start)
            reached = start + len(word.text)
    return [text[a:b].strip() for a, b in zip(borders, [*borders[1:], len(text)], strict=True)]
