"""Finds what a speech model wrote though nobody said it, and takes it out of the transcript.

Whisper writes something for every sound. On silence, music and noise that is a stock phrase of
its training, the names it was told to expect, or a loop. Its own measures give most of it away:
it believes that nobody speaks, it does not believe its first word, or it writes more than anybody
says in that time. A sentence that people say, too, goes only where several signs are against it.
Nothing goes without a trace: what is taken out is returned with the reason, in order.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from memo.model import RemarkCode, Span
from memo.speech.heard import HeardClip
from memo.speech.recognition.loops import without_loops
from memo.speech.recognition.sentences import sentences, text_of
from memo.speech.recognition.stock_phrases import Stock, normalised, stock
from memo.speech.recognition.words import Spoken

# Whisper's own criterion of silence (Radford et al. 2022, section 4.5).
_NO_SPEECH_PROB = 0.6
_NO_SPEECH_LOGPROB = -1.0

_FIRST_WORD = 0.2  # probability; on noise, silence and tones 0.01 to 0.16 was measured
_UNSURE_WORDS = 0.4  # mean probability
_UNSURE_LOGPROB = -0.8
_FASTEST = 50.0  # letters a second of a clip; people reach 30
_WIDE = 2.5  # letters that a Chinese, Japanese or Korean character counts for
_LEAST_LETTERS = 20  # fewer say nothing of the pace
_SLOWEST = 1.5  # s a word; the word was stretched over silence
_ALONE = 5.0  # s without another word on either side
_RECURRENCES = 3  # clips of which each is this very text
_SIGNS = 2  # against what people say, too; one of them in how it was heard
_DESCRIPTION = 4  # words
_NAMES = 3  # of those expected, and nothing else: an echo


class TakenOut(NamedTuple):
    """Words that a speech model wrote and nobody is believed to have said, where, and why.

    `place` is the whole clip if nothing in it is believed.
    """

    words: tuple[Spoken, ...]
    why: RemarkCode
    place: Span

    @classmethod
    def of(cls, words: Sequence[Spoken], why: RemarkCode) -> Self:
        """Return words that are taken out of a clip."""
        return cls(tuple(words), why, Span(start=words[0].start, end=words[-1].end))

    @property
    def text(self) -> str:
        """The words as text."""
        return text_of(self.words)


def sift(
    words: Sequence[Spoken],
    *,
    speech: Sequence[Span] = (),
    noise: Sequence[Span] = (),
    language: str = "en",
    hotwords: Iterable[str] = (),
) -> tuple[list[Spoken], list[TakenOut]]:
    """Take out what nobody said.

    Args:
        words: The words of a recording, in order.
        speech: Where there is speech, ordered and disjoint.
        noise: The long stretches of music or noise.
        language: ISO 639-1 code of what is spoken where a clip does not say otherwise.
        hotwords: Names and terms that the model was told to expect, as it was told them.

    Returns:
        The words that stay, and those that go; both in order. Every word is in one of them. What
        is left around a loop may go, too: then it begins before the loop and ends after it.
    """
    stay, gone = _sift_clips(words)
    stay, loops = without_loops(stay)
    gone.extend(TakenOut.of(loop, RemarkCode.REPEATED) for loop in loops)
    judge = _Judge(_Signs(stay, speech, noise), language, hotwords)
    stay, invented = _sift_sentences(stay, judge)
    gone.extend(invented)
    return stay, sorted(gone, key=lambda taken: taken.words[0].start)


# --- Whole clips ----------------------------------------------------------------------------------


def _sift_clips(words: Sequence[Spoken]) -> tuple[list[Spoken], list[TakenOut]]:
    stay: list[Spoken] = []
    gone: list[TakenOut] = []
    for of_clip in _by_clip(words):
        why = _against_clip(of_clip)
        if why is None:
            stay.extend(of_clip)
        else:
            gone.append(TakenOut(of_clip, why, of_clip[0].clip))
    return stay, gone


def _by_clip(words: Iterable[Spoken]) -> Iterator[tuple[Spoken, ...]]:
    for _, of_clip in itertools.groupby(words, key=lambda word: id(word.clip)):
        yield tuple(of_clip)


def _against_clip(words: Sequence[Spoken]) -> RemarkCode | None:
    """Return why nothing in a clip was said, or None if something may have been."""
    letters = sum(map(_letters, words))
    if not letters or _hears_nobody(words):
        return RemarkCode.NO_WORDS
    if letters >= _LEAST_LETTERS and letters / max(words[0].clip.duration, 0.1) > _FASTEST:
        return RemarkCode.TOO_FAST
    return None


def _hears_nobody(words: Sequence[Spoken]) -> bool:
    """Return whether the speech model itself believes that nobody speaks in a clip.

    A loop makes it sure of all that it repeats, but not of the word that it began with.
    """
    clip = words[0].clip
    if not _is_perhaps_silent(clip):
        return False
    began = next(word for word in words if _letters(word))
    return _logprob(clip) < _NO_SPEECH_LOGPROB or began.probability < _FIRST_WORD


def _is_perhaps_silent(clip: HeardClip) -> bool:
    return (clip.no_speech_prob or 0.0) > _NO_SPEECH_PROB


def _logprob(clip: HeardClip) -> float:
    return 0.0 if clip.avg_logprob is None else clip.avg_logprob


def _letters(word: Spoken) -> float:
    wide = sum(char.isalnum() and unicodedata.east_asian_width(char) in "WF" for char in word.text)
    return wide * _WIDE + sum(map(str.isalnum, word.text)) - wide


# --- Sentences ------------------------------------------------------------------------------------


def _sift_sentences(words: Sequence[Spoken], judge: _Judge) -> tuple[list[Spoken], list[TakenOut]]:
    stay: list[Spoken] = []
    gone: list[TakenOut] = []
    for of_clip in _by_clip(words):
        for sentence in judge.candidates(of_clip):
            why = judge.against(sentence)
            if why is None:
                stay.extend(sentence)
            else:
                gone.append(TakenOut.of(sentence, why))
    return stay, gone


class _Judge:
    """Says which sentences nobody said.

    Args:
        signs: What speaks against a sentence.
        language: ISO 639-1 code of what is spoken.
        hotwords: Names and terms that the model was told to expect.
    """

    def __init__(self, signs: _Signs, language: str, hotwords: Iterable[str]) -> None:
        self._signs = signs
        self._language = language
        parts = (normalised(part) for name in hotwords for part in name.split())
        self._names = {part for part in parts if part}

    def candidates(self, of_clip: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
        """Yield a clip as a whole if it is in the catalogue, else sentence by sentence."""
        if self._stock(of_clip):
            yield of_clip
        else:
            yield from sentences(of_clip)

    def against(self, sentence: Sequence[Spoken]) -> RemarkCode | None:
        """Return why a sentence is taken for invented, or None."""
        if _is_description(text_of(sentence)):
            return RemarkCode.NO_WORDS
        kind = self._stock(sentence)
        is_echo = _is_echo(sentence, self._names)
        if not (kind or is_echo or self._signs.recurs(sentence)):
            return None
        heard, placed = self._signs.of(sentence)
        if kind is Stock.CREDIT and heard + placed:
            return RemarkCode.INVENTED
        if not heard or heard + placed < _SIGNS:
            return None
        return RemarkCode.ECHOED if is_echo and not kind else RemarkCode.INVENTED

    def _stock(self, words: Sequence[Spoken]) -> Stock | None:
        return stock(text_of(words), words[0].clip.language or self._language)


def _is_description(text: str) -> bool:
    """Return whether a text tells of a sound, as captions do: "[Music]", "*sighs*", "♪♪"."""
    bare = text.strip(" .,!?…♪♫")
    closed = any(bare.startswith(a) and bare.endswith(b) for a, b in ("[]", "**", "()"))
    sung = text[0] in "♪♫" and text[-1] in "♪♫"
    return sung or (closed and 0 < len(bare.split()) <= _DESCRIPTION)


def _is_echo(sentence: Sequence[Spoken], names: set[str]) -> bool:
    """Return whether a sentence is nothing but names that the model was told to expect."""
    plain = [text for word in sentence if (text := normalised(word.text))]
    return len(set(plain)) >= _NAMES and set(plain) <= names


class _Signs:
    """What speaks against a sentence: how it was heard, and where it stands.

    Args:
        words: All words that are left.
        speech: Where there is speech.
        noise: The long stretches of music or noise.
    """

    def __init__(
        self, words: Sequence[Spoken], speech: Sequence[Span], noise: Sequence[Span]
    ) -> None:
        self._speech = speech
        self._noise = noise
        self._before: dict[int, float] = {}
        self._after: dict[int, float] = {}
        for word, following in itertools.pairwise(words):
            self._after[id(word)] = following.start
            self._before[id(following)] = word.end
        clips = [normalised(text_of(of_clip)) for of_clip in _by_clip(words)]
        self._clips = Counter(clips)

    def of(self, sentence: Sequence[Spoken]) -> tuple[int, int]:
        """Return how many signs are in how a sentence was heard, and in where it stands."""
        clip = sentence[0].clip
        mean = sum(word.probability for word in sentence) / len(sentence)
        unsure = mean < _UNSURE_WORDS or sentence[0].probability < _FIRST_WORD
        heard = [_is_perhaps_silent(clip), _logprob(clip) < _UNSURE_LOGPROB, unsure]
        amid_noise = any(span.start <= clip.start and clip.end <= span.end for span in self._noise)
        placed = [self._is_alone(sentence), self._is_stretched(sentence), amid_noise]
        return sum(heard), sum(placed)

    def recurs(self, sentence: Sequence[Spoken]) -> bool:
        """Return whether a sentence is the whole text of several clips."""
        return len(sentence) > 1 and self._clips[normalised(text_of(sentence))] >= _RECURRENCES

    def _is_alone(self, sentence: Sequence[Spoken]) -> bool:
        before = self._before.get(id(sentence[0]), -_ALONE)
        after = self._after.get(id(sentence[-1]), float("inf"))
        return sentence[0].start - before >= _ALONE and after - sentence[-1].end >= _ALONE

    def _is_stretched(self, sentence: Sequence[Spoken]) -> bool:
        """Return whether a sentence lies mostly where there is no speech, or is too long."""
        start, end = sentence[0].start, sentence[-1].end
        spoken = sum(max(0.0, min(end, s.end) - max(start, s.start)) for s in self._speech)
        beside = bool(self._speech) and spoken < (end - start) / 2
        return beside or (end - start) / len(sentence) > _SLOWEST
