"""Stretches of a recording that are in another language than the rest of it.

Whisper writes everything in the language that it is told: German told to be English becomes a poor
translation. It says what language it takes a clip for at little cost, since the encoder has done
its work by then. Only where that is another one, or is not sure, a clip is looked at closer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from memo.model import Span
from memo.speech.heard import HeardClip, SpokenLanguage
from memo.speech.recognition.windows import plan_clips

_UNSURE = 0.6  # share of the recording's language under which a clip is looked at closer
_SURE = 0.8  # share from which a piece is in another language
_ENOUGH = 8.0  # s in it, without a pause in the recording's: less is a name or a quotation
_PIECE_SECONDS = 10.0  # languages change between sentences

Tell = Callable[[Sequence[Span]], Sequence[SpokenLanguage]]
Hear = Callable[[Sequence[Span], str], Sequence[HeardClip]]


def in_their_languages(
    clips: Sequence[HeardClip], speech: Sequence[Span], language: str, *, tell: Tell, hear: Hear
) -> list[HeardClip]:
    """Return clips with those heard anew that are in another language, or in part.

    Args:
        clips: What was recognised in the recording's language, ordered and disjoint.
        speech: Where there is speech, ordered and disjoint.
        language: The recording's language (ISO 639-1).
        tell: Says which language stretches of speech are in.
        hear: Recognises stretches of speech in a language.
    """
    suspects = [place for place, clip in enumerate(clips) if _is_suspect(clip, language)]
    pieces = [(place, piece) for place in suspects for piece in _pieces(clips[place], speech)]
    spoken = _settled(pieces, tell([piece for _, piece in pieces]), language) if pieces else []
    again: list[tuple[Span, str]] = []
    replaced: set[int] = set()
    for place, of_clip in itertools.groupby(zip(pieces, spoken, strict=True), _place_of):
        parts = list(_parts([(piece, code) for (_, piece), code in of_clip]))
        if any(code != language for _, code in parts):
            again.extend(parts)
            replaced.add(place)
    kept = [clip for place, clip in enumerate(clips) if place not in replaced]
    return sorted([*kept, *heard_in(again, language, hear)], key=lambda clip: clip.start)


def heard_in(parts: Sequence[tuple[Span, str]], language: str, hear: Hear) -> list[HeardClip]:
    """Recognise stretches, each in its language.

    Args:
        parts: The stretches, and the language of each.
        language: The recording's.
        hear: Recognises stretches in a language.

    Returns:
        What was heard, ordered.
    """
    heard: list[HeardClip] = []
    for code in sorted({code for _, code in parts}):
        for clip in hear([span for span, of in parts if of == code], code):
            other = None if code == language else code
            heard.append(clip.model_copy(update={"language": other}))
    return sorted(heard, key=lambda clip: clip.start)


def language_at(span: Span, clips: Iterable[HeardClip]) -> str | None:
    """Return the other language in which the clip that holds a stretch was recognised, if any."""
    return next((c.language for c in clips if c.start <= span.start < c.end), None)


def others(clips: Iterable[HeardClip]) -> Iterator[tuple[Span, str]]:
    """Yield the stretches that were recognised in another language, and which."""
    for code, group in itertools.groupby(clips, lambda clip: clip.language):
        if code is not None:
            stretch = list(group)
            yield Span(start=stretch[0].start, end=stretch[-1].end), code


def _is_suspect(clip: HeardClip, language: str) -> bool:
    likeliest = clip.sounds_like
    if likeliest is None:
        return False
    return likeliest.code != language or likeliest.share < _UNSURE


def _pieces(clip: Span, speech: Sequence[Span]) -> list[Span]:
    within = [
        Span(start=max(clip.start, span.start), end=min(clip.end, span.end))
        for span in speech
        if span.end > clip.start and clip.end > span.start
    ]
    return plan_clips(within, limit=_PIECE_SECONDS)


def _settled(
    pieces: Sequence[tuple[int, Span]], told: Sequence[SpokenLanguage], language: str
) -> list[str]:
    """Return the language of each piece: that of the one before where it is uncertain."""
    settled: list[str] = []
    for place, spoken in enumerate(told):
        before = settled[-1] if settled and _follows(pieces, place) else language
        settled.append(spoken.code if spoken.share >= _SURE else before)
    start = 0
    for end in range(1, len(settled) + 1):
        if end < len(settled) and settled[end] == settled[start] and _follows(pieces, end):
            continue
        if sum(span.duration for _, span in pieces[start:end]) < _ENOUGH:
            settled[start:end] = [language] * (end - start)
        start = end
    return settled


def _follows(pieces: Sequence[tuple[int, Span]], place: int) -> bool:
    """Return whether no clip in the recording's language lies before a piece."""
    return place > 0 and pieces[place][0] - pieces[place - 1][0] <= 1


def _parts(pieces: Iterable[tuple[Span, str]]) -> Iterator[tuple[Span, str]]:
    for code, group in itertools.groupby(pieces, lambda each: each[1]):
        spans = [span for span, _ in group]
        yield Span(start=spans[0].start, end=spans[-1].end), code


def _place_of(each: tuple[tuple[int, Span], str]) -> int:
    return each[0][0]
