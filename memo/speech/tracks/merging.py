"""Transcripts of tracks that run side by side become the one transcript of a meeting.

What a microphone picks up of somebody else is in two transcripts: it is kept where it is loud.
That a voice is softer than another's is not enough to let its words go: they must be in the other
track's transcript too, so that nothing said is lost.
"""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import numpy as np

from memo.model import Gap, Recording, Remark, RemarkCode, Segment, Span, Transcript, Turn
from memo.speech.clock import clock
from memo.speech.recognition.windows import plan_clips
from memo.speech.tracks.levels import FRAME, LOUDEST_BY, Activity, Levels, activity
from memo.speech.vad import union
from memo.speech.voices.attribution import attribute

_COVERED = 0.5  # share of the time of words in which the louder track has words, too
_BESIDE = 0.5  # s that the same word may be apart in two tracks
_SAME_WORDS = 0.7  # likeness of two texts that are the same words
_LEAST_WORDS = 3  # two may well say "okay" at the same time
_UNSPACED = "\u0e00"  # Thai, and from there on Chinese and Japanese
_LONG_SILENCE = 30.0  # s
_LITTLE_SPEECH = 0.4  # share of the meeting
_SHORT = 60.0  # s; in a shorter one the share says little

_OF_ONE_TRACK = frozenset(
    {
        RemarkCode.NOBODY_SPEAKS,
        RemarkCode.LITTLE_SPEECH,
        RemarkCode.SOUND_TRACKS,
        RemarkCode.TAKEN_OUT,
    }
)
"""What is true of a track and not of the meeting."""
_OF_THE_FILE = frozenset({RemarkCode.DAMAGED, RemarkCode.ENDS_EARLY})

Moved = TypeVar("Moved", bound=Span)
Said = tuple[int, Segment]
"""A sentence, or part of one, and the place of its track."""


def shifted(transcript: Transcript, seconds: float) -> Transcript:
    """Return a transcript that begins later, on the clock of the meeting."""
    if not seconds:
        return transcript
    return transcript.model_copy(
        update={
            "duration": transcript.duration + seconds,
            "segments": tuple(
                _moved(segment, seconds).model_copy(
                    update={"words": tuple(_moved(word, seconds) for word in segment.words)}
                )
                for segment in transcript.segments
            ),
            "gaps": tuple(_moved(gap, seconds) for gap in transcript.gaps),
        }
    )


def said_once(transcripts: Sequence[Transcript], levels: Levels) -> list[Transcript]:
    """Return the transcripts of tracks, each without what another track has louder.

    Args:
        transcripts: What was said on each track, on the clock of the meeting.
        levels: How loud each track is, shape (tracks, frames).
    """
    kept = _without_echo(_own(transcripts, levels), levels)
    return [
        transcript.model_copy(
            update={
                "segments": tuple(
                    segment.model_copy(update={"id": number, "speaker": None})
                    for number, (_, segment) in enumerate(said for said in kept if said[0] == place)
                )
            }
        )
        for place, transcript in enumerate(transcripts)
    ]


def merged(
    transcripts: Sequence[Transcript],
    speech: Iterable[Span],
    *,
    recording: Recording,
    lead: int,
    warnings: Iterable[Remark] = (),
) -> Transcript:
    """Return one transcript of what was said on several tracks.

    Args:
        transcripts: What was said on each track, on the clock of the meeting.
        speech: Where there is speech on any of them.
        recording: The identity of all together.
        lead: The place of the track whose language is that of the meeting.
        warnings: What else a reader should know.
    """
    spans = union(speech)
    duration = max(transcript.duration for transcript in transcripts)
    everything = sorted(
        (segment for transcript in transcripts for segment in transcript.segments),
        key=lambda segment: (segment.start, segment.end),
    )
    people = {p.label: p for t in transcripts for p in t.participants}
    heard = dict.fromkeys(segment.speaker for segment in everything)
    gaps = list(_gaps(transcripts, everything))
    gaps.extend(_quiet([*spans, *everything, *gaps], duration))
    return transcripts[lead].model_copy(
        update={
            "recording": recording,
            "duration": duration,
            "speech_seconds": round(sum(span.duration for span in spans), 3),
            "decoded_seconds": round(sum(clip.duration for clip in plan_clips(spans)), 3),
            "segments": tuple(
                segment.model_copy(update={"id": place}) for place, segment in enumerate(everything)
            ),
            "participants": tuple(people[label] for label in heard if label in people),
            "gaps": tuple(sorted(gaps, key=lambda gap: (gap.start, gap.end))),
            "warnings": (*_warnings(transcripts, lead, spans, duration), *warnings),
        }
    )


# --- Whose words ----------------------------------------------------------------------------------


def _own(transcripts: Sequence[Transcript], levels: Levels) -> list[Said]:
    """Return what is said on each track, without what another track has louder."""
    active = activity(levels)
    divided = [
        list(_divided(transcript, place, list(_owners(place, levels, active))))
        for place, transcript in enumerate(transcripts)
    ]
    said = [
        union(
            Span(start=max(0.0, word.start - _BESIDE), end=word.end + _BESIDE)
            for segment, owner in pieces
            if owner == place
            for word in segment.words or (segment,)
        )
        for place, pieces in enumerate(divided)
    ]
    return [
        (place, segment)
        for place, pieces in enumerate(divided)
        for segment, owner in pieces
        if owner == place or _share_within(segment, said[owner]) < _COVERED
    ]


def _divided(
    transcript: Transcript, track: int, turns: Sequence[Turn]
) -> Iterator[tuple[Segment, int]]:
    """Yield the sentences of a track, cut where the voices change, and whose each is."""
    for segment in attribute(transcript, turns, keep_labels=True).segments:
        yield segment, int(segment.speaker) if turns and segment.speaker else track


def _owners(track: int, levels: Levels, active: Activity) -> Iterator[Turn]:
    """Yield whose sound is on a track from when to when; nobody's where all are soft."""
    loudest = np.where(active.any(axis=0), levels.argmax(axis=0), -1)
    owner = np.where(levels[track] >= levels.max(axis=0) - LOUDEST_BY, track, loudest)
    start = 0
    for place, run in groupby(owner.tolist()):
        end = start + sum(1 for _ in run)
        if place >= 0:
            yield Turn(start=start * FRAME, end=end * FRAME, speaker=str(place))
        start = end


def _share_within(segment: Segment, spans: Sequence[Span]) -> float:
    """Return the share of a sentence's words that lie within some spans, ordered and disjoint."""
    words = segment.words or (segment,)
    starts = [span.start for span in spans]
    within = 0
    for word in words:
        middle = (word.start + word.end) / 2
        place = bisect.bisect_right(starts, middle) - 1
        within += place >= 0 and middle < spans[place].end
    return within / len(words)


def _without_echo(said: Sequence[Said], levels: Levels) -> list[Said]:
    """Leave out sentences that another track has, too, at the same time and not softer."""
    ordered = sorted(said, key=lambda piece: (piece[1].start, piece[1].end, piece[0]))
    echoes: set[int] = set()
    for place, (track, segment) in enumerate(ordered):
        for other in range(place + 1, len(ordered)):
            rival, later = ordered[other]
            if later.start >= segment.end:
                break
            if track != rival and not {place, other} & echoes and _are_same(segment, later):
                louder = _loudness(levels[track], segment) >= _loudness(levels[rival], later)
                echoes.add(other if louder else place)
    return [piece for place, piece in enumerate(ordered) if place not in echoes]


def _are_same(one: Segment, other: Segment) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    if common < _COVERED * max(one.duration, other.duration):
        return False
    first, second = _plain(one.text), _plain(other.text)
    if min(len(first), len(second)) < _LEAST_WORDS:
        return False
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= _SAME_WORDS


def _plain(text: str) -> list[str]:
    """Return the words of a text; its characters in writing that puts no blanks."""
    letters = "".join(char if char.isalnum() else " " for char in text.casefold())
    unspaced = any(char >= _UNSPACED for char in letters)
    return list(letters.replace(" ", "")) if unspaced else letters.split()


def _loudness(levels: np.typing.NDArray[np.float32], span: Span) -> float:
    first = round(span.start / FRAME)
    heard = levels[first : max(first + 1, round(span.end / FRAME))]
    return float(np.mean(10.0 ** (heard / 10))) if heard.size else 0.0


# --- What a reader should know --------------------------------------------------------------------


def _gaps(transcripts: Sequence[Transcript], said: Sequence[Segment]) -> Iterator[Gap]:
    """Yield the gaps of each track, except those in which somebody speaks on another.

    What was taken out of a transcript is kept in its gap, so that nothing goes without a trace.
    """
    words = union(said)
    for transcript in transcripts:
        for gap in transcript.gaps:
            codes = {remark.code for remark in gap.remarks}
            if codes & _OF_THE_FILE or gap.taken_out:
                yield gap
            elif RemarkCode.NO_SPEECH in codes:
                continue
            elif _common(gap, words) < _COVERED * gap.duration:
                yield gap


def _quiet(known: Iterable[Span], duration: float) -> Iterator[Gap]:
    """Yield the long stretches in which nobody speaks on any track."""
    now = 0.0
    for span in (*union(known), Span(start=duration, end=duration)):
        if span.start - now >= _LONG_SILENCE:
            why = (Remark.of(RemarkCode.NO_SPEECH),)
            yield Gap(start=round(now, 3), end=round(span.start, 3), remarks=why)
        now = max(now, span.end)


def _warnings(
    transcripts: Sequence[Transcript], lead: int, speech: Sequence[Span], duration: float
) -> Iterator[Remark]:
    for place, transcript in enumerate(transcripts):
        for warning in transcript.warnings:
            unsure = warning.code == RemarkCode.LANGUAGE_UNSURE
            if warning.code not in _OF_ONE_TRACK and (place == lead or not unsure):
                yield warning
    if taken := sum(map(_taken_out, transcripts)):
        yield Remark.of(RemarkCode.TAKEN_OUT, count=taken)
    spoken = sum(span.duration for span in speech)
    if not speech:
        yield Remark.of(RemarkCode.NOBODY_SPEAKS)
    elif duration > _SHORT and spoken < _LITTLE_SPEECH * duration:
        told = {"speech": clock(spoken), "total": clock(duration)}
        yield Remark.of(RemarkCode.LITTLE_SPEECH, **told)


def _taken_out(transcript: Transcript) -> int:
    """Return how many texts were taken out of a transcript."""
    told = [w for w in transcript.warnings if w.code == RemarkCode.TAKEN_OUT]
    return sum(int(warning.values["count"]) for warning in told)


def _common(span: Span, spans: Iterable[Span]) -> float:
    return sum(span.overlap(s) for s in spans)


def _moved(span: Moved, seconds: float) -> Moved:
    times = {"start": round(span.start + seconds, 3), "end": round(span.end + seconds, 3)}
    return span.model_copy(update=times)
