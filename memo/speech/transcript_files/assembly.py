"""Cues become a transcript: in order, ends known, sentences whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from memo.errors import RecordingError
from memo.model import Participant, Recording, Remark, RemarkCode, Segment, Transcript
from memo.speech.transcript_files.cues import (
    Cue,
    Reading,
    clean,
    cut,
    joined,
    label,
    speaking_time,
    word_count,
)
from memo.speech.transcript_files.language import FALLBACK, detect_language, language_code

MOST_CUES = 200_000
MOST_CHARACTERS = 12_000_000
"""A hundred hours of talk have about half as many of each."""

_SENTENCE_END = re.compile(r"[.?!\u2026\u3002\uff1f\uff01\u061f\u0964][\"'\u201d\u2019\u00bb)\]]*$")
# White space after a sentence, but not after `Dr.` or an initial; an ideographic stop needs none.
_BREAK = re.compile(
    r"(?:(?<=[.?!\u2026])|(?<=[.?!\u2026][\"'\u201d\u2019\u00bb)\]]))"
    r"(?<!\b[A-Z]\.)(?<!\b(?:Dr|Mr|Ms|St|vs|Nr|ca)\.)(?<!\b(?:Mrs|Sra|bzw|Abs)\.)\s+"
    r"|(?<=[\u3002\uff1f\uff01])"
)
_LONGEST_PAUSE = 1.5
_LONGEST_SENTENCE = 20.0
_MOST_WORDS = 40
_FEW_WORDS = 10


def assemble(reading: Reading, recording: Recording) -> Transcript:
    """Return the transcript that was read.

    Args:
        reading: The cues of a file, in any order.
        recording: What it is a transcript of.

    Raises:
        RecordingError: Nothing is said in it, or more than in a hundred hours.
    """
    said = sum(len(cue.text) for cue in reading.cues)
    if len(reading.cues) > MOST_CUES or said > MOST_CHARACTERS:
        raise RecordingError(
            f"{recording.filename} is longer than a hundred hours of talk",
            hint="Give a file with one call.",
        )
    cues = _closed(_tidied(reading.cues))
    if not cues:
        raise RecordingError(
            f"{recording.filename} is a transcript in which nothing is said",
            hint="Check that the export finished; open the file to see what is in it.",
        )
    cues = list(_whole_sentences([part for cue in cues for part in _sentences(cue)]))
    language, unsure = _language(reading.language, cues)
    warnings = [*reading.warnings, *unsure]
    if all(cue.speaker is None for cue in cues):
        warnings.append(Remark.of(RemarkCode.NO_NAMES))
    return Transcript(
        recording=recording,
        duration=max(reading.duration, *(cue.end or cue.start for cue in cues)),
        speech_seconds=_covered(cues),
        language=language,
        segments=tuple(_segment(place, cue) for place, cue in enumerate(cues)),
        participants=tuple(
            Participant(name=name, label=name)
            for name in dict.fromkeys(cue.speaker for cue in cues)
            if name
        ),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _tidied(cues: Iterable[Cue]) -> list[Cue]:
    """Return the cues that say something, with a letter or digit, cleaned, in order of time."""
    tidy = (replace(cue, speaker=label(cue.speaker), text=clean(cue.text)) for cue in cues)
    said = (cue for cue in tidy if any(map(str.isalnum, cue.text)))
    return sorted(said, key=lambda cue: (cue.start, cue.end or 0.0))


def _closed(cues: Sequence[Cue]) -> list[Cue]:
    """Return the cues with an end each: its own, or the next start, or how long saying it takes."""
    closed: list[Cue] = []
    for cue, following in pairwise([*cues, None]):
        if cue is None:
            continue
        end = cue.end
        if end is None or end <= cue.start:
            end = cue.start + speaking_time(cue.text)
            if following and following.start > cue.start:
                end = min(end, following.start)
        closed.append(replace(cue, end=end))
    return closed


# --- Sentences --------------------------------------------------------------------------------


def _sentences(cue: Cue) -> Iterator[Cue]:
    """Split a long turn, best after sentences, its time shared by their number of words.

    Cues with words of their own stay whole: their times are better than ours.
    """
    if cue.words or cue.end is None or word_count(cue.text) <= _MOST_WORDS:
        yield cue
        return
    parts = list(_parts(cue.text))
    weights = [max(word_count(part), 0.5) for part in parts]
    pace = (cue.end - cue.start) / sum(weights)
    at = cue.start
    for part, weight in zip(parts, weights, strict=True):
        until = min(at + weight * pace, cue.end)
        yield replace(cue, start=at, end=until, text=part)
        at = until


def _parts(text: str) -> Iterator[str]:
    """Yield pieces of a text, each of whole sentences and at least ten words if it can be.

    What goes on without a full stop is cut at forty words: some recognisers write none.
    """
    piece = ""
    for sentence in filter(None, map(str.strip, _BREAK.split(text))):
        piece = joined(piece, sentence)
        if word_count(piece) >= _FEW_WORDS:
            yield from cut(piece, _MOST_WORDS)
            piece = ""
    if piece:
        yield piece


def _whole_sentences(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Join what one voice says on in the next caption before the sentence is over."""
    open_cue: Cue | None = None
    for cue in cues:
        if open_cue and _goes_on(open_cue, cue):
            open_cue = _joined(open_cue, cue)
            continue
        if open_cue:
            yield open_cue
        open_cue = cue
    if open_cue:
        yield open_cue


def _goes_on(first: Cue, second: Cue) -> bool:
    end = first.end if first.end is not None else first.start
    until = second.end if second.end is not None else second.start
    return (
        first.speaker == second.speaker
        and not _SENTENCE_END.search(first.text[-8:])
        and second.start - end <= _LONGEST_PAUSE
        and until - first.start <= _LONGEST_SENTENCE
        and word_count(first.text) + word_count(second.text) <= _MOST_WORDS
    )


def _joined(first: Cue, second: Cue) -> Cue:
    return replace(
        first,
        end=max(first.end or first.start, second.end or second.start),
        text=joined(first.text, second.text),
        words=first.words + second.words,
        avg_logprob=_known(min, first.avg_logprob, second.avg_logprob),
        no_speech_prob=_known(max, first.no_speech_prob, second.no_speech_prob),
    )


def _known(
    worse: Callable[[float, float], float], first: float | None, second: float | None
) -> float | None:
    if first is None or second is None:
        return None
    return worse(first, second)


# --- The whole --------------------------------------------------------------------------------


def _segment(place: int, cue: Cue) -> Segment:
    return Segment(
        id=place,
        start=cue.start,
        end=cue.start if cue.end is None else cue.end,
        text=cue.text,
        speaker=cue.speaker,
        words=cue.words,
        avg_logprob=cue.avg_logprob,
        no_speech_prob=cue.no_speech_prob,
    )


def _covered(cues: Sequence[Cue]) -> float:
    """Return the seconds in which somebody speaks, counted once where voices overlap."""
    covered, until = 0.0, 0.0
    for cue in cues:
        end = cue.start if cue.end is None else cue.end
        covered += max(end - max(cue.start, until), 0.0)
        until = max(until, end)
    return covered


def _language(stated: str | None, cues: Sequence[Cue]) -> tuple[str, list[Remark]]:
    language = language_code(stated) or detect_language(cue.text for cue in cues)
    if language:
        return language, []
    return FALLBACK, [Remark.of(RemarkCode.LANGUAGE_ASSUMED, language=FALLBACK)]
